"""Machines that lose a subscription although they answered it well."""

from __future__ import annotations

import pytest
from machine_trial import Trial

from retroctl.errors import WriteRefused
from simulators.personality import personality

pytestmark = pytest.mark.virtual


async def connected(name: str) -> Trial:
    run = Trial(personality(name).but(needs_control=False))
    await run.runner.connect()
    return run


async def test_a_stop_refused_for_a_lost_subscription_gets_through():
    run = await connected("loses-control-subscription")
    run.machine.console_start(run.clock.now())
    await run.clock.sleep(10.0)
    assert run.true_speed == 1.0

    await run.runner._connection.treadmill.write(b"\x08\x01")
    await run.clock.sleep(10.0)

    assert run.true_speed == 0
    assert [(entry.data.hex(), entry.error) for entry in run.machine.log] == [("0801", 0xFD), ("0801", None)]
    await run.runner.abandon()


async def test_it_is_made_anew_once_and_then_the_refusal_is_told():
    run = await connected("standard")
    run.machine.faults.reject_writes = [0xFD, 0xFD, 0xFD]

    for _ in range(2):
        with pytest.raises(WriteRefused, match="FD"):
            await run.runner._connection.treadmill.write(b"\x08\x01")

    assert len(run.machine.log) == 3
    await run.runner.abandon()


async def test_a_subscription_that_cannot_be_made_anew_leaves_the_refusal():
    run = await connected("standard")
    run.machine.faults.reject_writes = [0xFD]
    run.runner._connection.treadmill._link.subscribe_again = _refused

    with pytest.raises(WriteRefused, match="FD"):
        await run.runner._connection.treadmill.write(b"\x08\x01")
    await run.runner.abandon()


async def _refused() -> None:
    raise OSError("gone")


async def test_treadmill_data_that_do_not_come_are_subscribed_once_more():
    run = await connected("loses-data-subscription")
    subscribed: list[str] = []
    subscribe = run.machine.subscribe
    run.machine.subscribe = lambda name, now: (subscribed.append(name), subscribe(name, now))[1]  # type: ignore[method-assign]

    await run.clock.sleep(6.0)

    assert subscribed == ["2acd"]
    await run.runner.abandon()


@pytest.mark.parametrize("name", ["standard", "no-data"])
async def test_treadmill_data_that_come_are_left_alone_and_so_is_a_link_that_ended(name):
    run = await connected(name)
    if name == "no-data":
        run.front.drop()
    subscribed: list[str] = []
    run.machine.subscribe = lambda name, now: subscribed.append(name)  # type: ignore[method-assign, assignment]
    await run.clock.sleep(6.0)
    assert subscribed == []
    await run.runner.abandon()
