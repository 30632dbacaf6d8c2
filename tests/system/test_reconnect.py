"""A link that drops, by the whole application: back at once, in time, too late, never, and again and again."""

from __future__ import annotations

import itertools

import pytest
from port_run import PortRun

from retroctl.app.ports import Disconnected, FrameArrived
from retroctl.app.reports import Kind
from retroctl.domain import events as ev

pytestmark = pytest.mark.virtual

FAST = bytes.fromhex("0000e803")
"""Treadmill Data: 10 km/h."""


async def test_a_link_that_is_back_at_once_only_observes_until_the_trainer_confirms():
    run = await PortRun().hold()
    before = len(run.written)
    run.port.drop()
    await run.clock.sleep(10.0)
    assert run.links() == ["lost", "restored"]
    assert run.state == "lost"
    assert run.written[before:] == []
    assert run.alarms() == ["F2"]
    assert run.of(Kind.ALARM)[0]["text"].startswith("LINK LOST - BELT MAY BE MOVING - PULL THE CLIP")
    assert run.true_speed == pytest.approx(1.0), "a belt goes on when its link drops"
    run.runner.tell(ev.ConfirmPressed())
    await run.until("holding")
    assert run.written[before:] == ["00"], "control, and never a start"
    hold_began = run.clock.now()
    await run.until("ready", within_s=70.0)
    assert run.clock.now() - hold_began >= 59.0, "the hold is served anew"
    run.runner.stop("key")
    await run.until("stopped")
    run.runner.leave("key")
    assert (await run.end()).status == 0


async def absent(seconds: float) -> PortRun:
    """A machine whose data come again so long after the last."""
    run = await PortRun().hold()
    last = [report.t for report in run.reports if report.kind is Kind.TELEMETRY][-1]
    now = run.clock.now() - run.runner.began_at
    run.port.drop(absent_s=seconds - (now - last) - run.port.machine._phase_s - 0.01)
    # What the pauses leave to chance is not what is asked here: look for it all the time.
    run.runner._connection._reconnector._jitter = lambda: -0.45
    return run


async def test_data_that_are_back_after_4_9_s_leave_the_belt_to_the_trainer():
    run = await absent(4.7)
    await run.clock.sleep(8.0)
    assert run.state == "lost"
    gaps = [report.t for report in run.reports if report.kind is Kind.TELEMETRY]
    longest = max(later - earlier for earlier, later in itertools.pairwise(gaps))
    assert 4.0 <= longest <= 5.0
    assert "0801" not in run.written
    run.runner.tell(ev.ConfirmPressed())
    await run.until("holding")
    run.runner.leave("key")
    assert (await run.end()).belt_at_rest


async def test_data_that_are_back_after_5_1_s_find_a_stop_that_was_the_first_thing_written():
    run = await absent(5.3)
    before = len(run.written)
    await run.until("stopping")
    await run.until("faulted", "stopped", within_s=30)
    log = run.port.machine.log[before:]
    assert (log[0].data.hex(), log[0].connection) == ("0801", 2)
    assert log[0].at == run.port.opened[1], "within the call that connects"
    assert "07" not in run.written[before:]
    run.runner.leave("key")
    assert (await run.end()).belt_at_rest


async def test_a_link_that_never_comes_back_is_given_up_after_a_minute_and_said_not_to_be_at_rest():
    run = await PortRun().hold()
    dropped = run.clock.now()
    run.port.drop(absent_s=100_000)
    result = await run.end()
    assert (result.status, result.belt_at_rest) == (4, False)
    assert result.reason == "the treadmill was not found again"
    assert 60.0 <= run.clock.now() - dropped <= 65.0
    tries = [at for at in run.port.asked if at >= dropped]
    assert 20 <= len(tries) <= 60
    pauses = [later - earlier for earlier, later in itertools.pairwise(tries)]
    assert pauses[0] < pauses[1] < pauses[2] <= max(pauses) < 3.2
    assert set(run.links()) == {"lost", "not restored"}


async def test_a_storm_of_lost_links_for_a_minute_starts_and_raises_nothing_and_ends_at_rest():
    run = await PortRun().hold()
    before = len(run.written)
    run.port.lives_s = 0.3
    run.port.drop()
    calm = run.clock.call_at(run.clock.now() + 60.0, lambda: setattr(run.port, "lives_s", float("inf")))
    for _ in range(12):
        await run.clock.sleep(5.0)
        run.runner.tell(ev.ConfirmPressed())  # somebody who is impatient
    await run.until("stopping", "lost", "settling", "holding", "stopped", "faulted")
    run.runner.stop("key")
    await run.until("stopped", "faulted", within_s=30.0)
    assert set(run.written[before:]) <= {"00", "0801"}
    assert run.true_speed == 0.0
    connections = len(run.port.opened)
    assert 15 <= connections <= 70, "with pauses that grow: not one connection each 300 ms"
    tasks = [task for task in run.runner._tasks if task.get_name() == "connect again"]
    assert len(tasks) <= 1
    calm.cancel()
    run.runner.leave("key")
    assert (await run.end()).status == 0


async def test_a_storm_that_meets_a_latched_stop_writes_it_first_each_time():
    run = await PortRun().hold()
    before = len(run.written)
    run.port.drop(absent_s=1.0)
    run.port.lives_s = 0.3
    run.runner.stop("key")
    await run.clock.sleep(20.0)
    firsts = {}
    for entry in run.port.machine.log[before:]:
        firsts.setdefault(entry.connection, entry.data.hex())
    assert set(firsts.values()) == {"0801"}
    assert len(firsts) >= 3
    run.port.lives_s = float("inf")
    await run.until("stopped", within_s=30.0)
    assert run.true_speed == 0.0
    run.runner.leave("key")
    await run.end()


async def test_what_an_earlier_connection_still_delivers_is_dropped():
    run = await PortRun().hold()
    old = run.port.generation
    run.port.drop()
    await run.clock.sleep(3.0)
    run.runner.tell(ev.ConfirmPressed())
    await run.until("holding")
    told = len(run.of(Kind.TELEMETRY))
    for _ in range(20):
        run.port.sink(FrameArrived(old, "2acd", FAST))
    run.port.sink(Disconnected(old))
    await run.clock.sleep(0.1)
    assert run.state == "holding"
    assert all(frame["measured_kmh"] < 2 for frame in run.of(Kind.TELEMETRY)[told:])
    run.runner.leave("key")
    assert (await run.end()).belt_at_rest


async def test_before_arming_a_lost_link_ends_the_session_and_is_not_made_again():
    run = await PortRun().brief()
    run.port.drop()
    assert (await run.end()).status == 3
    assert len(run.port.opened) == 1
    assert run.written == []
