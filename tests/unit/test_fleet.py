"""A fleet in virtual time: whole sessions, one after another, nothing trips; machines that misbehave; its figures."""

from __future__ import annotations

import asyncio

import pytest
from mqtt_rig import StillHub

from retroctl.adapters.mqtt.broker import Broker, parse_url
from retroctl.adapters.mqtt.publisher import MachinePublisher
from retroctl.cli.fleet import Fleet, Lateness, WatchedClock, words

BROKER = "mqtt://127.0.0.1/west"


@pytest.fixture
def unheard(monkeypatch):
    """No broker is there, so no goodbye is waited for: that would be in real time."""

    async def close(_publisher):
        await asyncio.sleep(0)

    monkeypatch.setattr(MachinePublisher, "close", close)


def fleet_of(count, **more):
    lateness = Lateness()
    broker = Broker.checked(parse_url(BROKER))
    return Fleet(StillHub(), broker, count, clock=WatchedClock(lateness), lateness=lateness, **more)


async def lived(fleet, seconds):
    asyncio.get_running_loop().call_later(seconds, fleet.leave, "the test is over")
    await fleet.run()


@pytest.mark.virtual
@pytest.mark.usefixtures("unheard")
async def test_each_runs_its_ladder_to_the_end_and_begins_again_and_nothing_trips():
    fleet = fleet_of(2)
    await lived(fleet, 800.0)
    assert dict(fleet.results) == {"the end of easing down": 2, "the test is over": 2}
    assert not fleet.alarms
    assert fleet.not_at_rest == 0
    assert fleet.running == {}
    assert fleet.lateness.missed == 0
    assert "0 controllers run, 0 on the broker" in words(fleet)
    assert words(fleet).endswith("alarms: none")


@pytest.mark.virtual
@pytest.mark.usefixtures("unheard")
async def test_a_belt_that_ignores_stop_is_counted_as_not_at_rest():
    fleet = fleet_of(1, sim="stop-ignored")
    await lived(fleet, 30.0)
    assert fleet.not_at_rest == 1


def test_lateness_is_bounded_and_counts_what_was_missed():
    lateness = Lateness()
    for late_s in (0.0005,) * 98 + (0.15, 99.0):
        lateness.note(late_s)
    assert (lateness.count, lateness.missed, lateness.worst_s) == (100, 2, 99.0)
    assert (lateness.share(0.5), lateness.share(0.98), lateness.share(0.99), lateness.share(1.0)) == (1, 1, 151, 10_000)
    lateness.reset()
    assert (lateness.count, lateness.missed, lateness.share(0.99)) == (0, 0, 0)


@pytest.mark.virtual
@pytest.mark.usefixtures("unheard")
async def test_a_fault_of_ours_in_one_brings_all_belts_to_rest_and_is_raised(monkeypatch):
    fleet = fleet_of(3)
    session = fleet._session

    async def faulty(name, treadmill):
        if name == "sim-002":
            await asyncio.sleep(60)
            raise ZeroDivisionError
        await session(name, treadmill)

    monkeypatch.setattr(fleet, "_session", faulty)
    with pytest.raises(ExceptionGroup) as raised:
        async with asyncio.timeout(300):
            await fleet.run()
    assert raised.group_contains(ZeroDivisionError)
    assert fleet.running == {}
    assert fleet.not_at_rest == 0
