"""A ladder on every named machine, and on chance combinations, judged by what the belt really did."""

from __future__ import annotations

import os
import random

import pytest
from belt_judge import BeltJudge
from cli_inside import Inside
from machine_trial import ADDRESS, Trial

from retroctl.adapters.ble.scan import choose, scan
from retroctl.cli.status import status_of
from simulators.belt import Belt
from simulators.catalogue import LINKS, NOT_ACTED_OUT
from simulators.injected import HAPPENINGS
from simulators.personality import PERSONALITIES, listing, personality

pytestmark = pytest.mark.virtual

REFUSED = [name for name, each in PERSONALITIES.items() if each.outcome == "refused"]
RUN = [name for name in PERSONALITIES if name not in REFUSED]

FOUND = [
    # Combinations that once went wrong: each was a belt said to rest that moved, or a raise that should not have been.
    "setpoint-telemetry+coasts-on",
    "zero-at-once+coasts-on",
    "always-zero+stop-third",
    "always-zero+stop-ignored",
    "mph-target+mph-telemetry",
    "mph-throughout+transient-zero",
    "mph-throughout+zero-counters",
    "in-tenths+silent-after-stop+refuse:seed=38",
    "in-tenths+duplicate:seed=45",
    "vanishes+loses-control-subscription",
    "setpoint-telemetry+slow-ramp",
    "fast-frames+transient-zero",
]

UNKNOWABLE = [
    # A belt that starts again by itself while what is told of it is old.
    {"starts-again", "late-speed"},
    {"starts-again", "delay"},
    {"starts-again", "reorder"},
    # It tells nothing of its belt but metres, and those need a while.
    {"mph-echo", "creeps"},
    {"mph-echo", "runaway"},
    {"mph-echo", "console"},
    # The other unit lasts three seconds, less than a failsafe wants to see.
    {"falls-back", "mph-target"},
    {"falls-back", "mph-echo"},
    {"falls-back", "unit-switched"},
    # No metres are counted, and nothing else tells miles, or motion, from what is told.
    {"mph-echo", "zero-counters"},
    {"mph-echo", "elevation-not-available"},
    {"always-zero", "zero-counters"},
    {"always-zero", "elevation-not-available"},
]


async def trial(name: str, **kwargs: float) -> Trial:
    run = Trial(personality(name), **kwargs)
    await run.run()
    return run


@pytest.mark.parametrize("name", RUN)
async def test_a_ladder_on_each_machine_ends_as_its_row_says(name):
    run = await trial(name)

    assert run.faults() == []
    assert run.outcome == PERSONALITIES[name].outcome, (run.reason, run.alarm_ids())
    for words in PERSONALITIES[name].shows:
        assert words in run.shown


@pytest.mark.parametrize("name", REFUSED)
async def test_a_machine_that_is_refused_is_left_as_it_is_with_one_line(name, monkeypatch, capfd, tmp_path):
    inside = Inside(monkeypatch, capfd, tmp_path)
    inside.personality = personality(name)

    status = await inside.run(top="2.6")

    assert (status_of(inside.error) if inside.error else status) in {2, 3}
    assert inside.written == []
    said = str(inside.error or inside.err) + "".join(str(line) for line in inside.lines)
    for words in PERSONALITIES[name].shows:
        assert words in said


@pytest.mark.parametrize("name", FOUND)
async def test_combinations_that_once_went_wrong(name):
    assert (await trial(name)).faults() == []


@pytest.mark.parametrize("fault", HAPPENINGS)
async def test_each_fault_by_chance_leaves_the_belt_at_rest_or_says_that_it_may_not_be(fault):
    for seed in range(4):
        run = await trial(f"standard+{fault}:seed={seed}")
        assert run.faults() == [], f"{fault}:seed={seed}"


def chance(number: int) -> str:
    """The combination of that number: two or three machines, often a fault, the same for ever."""
    dice = random.Random(number)  # noqa: S311 - repeatable on purpose
    while True:
        parts = dice.sample(list(PERSONALITIES), dice.choice((2, 2, 3)))
        parts += [dice.choice(list(HAPPENINGS))] if dice.random() < 0.5 else []
        if not any(pair <= set(parts) for pair in UNKNOWABLE):
            return "+".join(f"{part}:seed={number}" if part in HAPPENINGS else part for part in parts)


# 120 in `make test`; more with RETROCTL_FUZZ=2000.
BATCHES = max(1, int(os.environ.get("RETROCTL_FUZZ", "120")) // 20)


@pytest.mark.parametrize("batch", range(BATCHES))
async def test_any_combination_keeps_to_the_rules(batch):
    for number in range(batch * 20, batch * 20 + 20):
        name = chance(number)
        assert (await trial(name)).faults() == [], f"{number}: {name}"


async def test_a_stop_in_a_countdown_that_ignores_it_waits_for_the_belt():
    """The way out is taken while the belt stands; it starts all the same, and is stopped before the program ends."""
    run = Trial(personality("countdown-ignores-stop"))
    await run.begin()
    await run.until_state("starting")
    await run.clock.sleep(1.0)
    run.runner.leave("SIGTERM")

    result = await run.finish()

    assert (int(result.status), result.belt_at_rest) == (0, True)
    assert run.machine.drive.belt.peak_kmh() > 0
    assert run.true_speed == 0


@pytest.mark.parametrize("name", [each.name for each in LINKS if "service_data" in each.changes])
async def test_a_machine_that_advertises_oddly_is_found_all_the_same(name):
    run = Trial(personality(name))

    found = await scan(2.0, clock=run.clock, backend=run.front.scanner_backend)

    assert [machine.address for machine in found] == [ADDRESS]
    assert choose(found, None).address == ADDRESS


async def test_the_same_seed_is_the_same_run():
    runs = [await trial("standard+corrupt:seed=3+late:seed=9") for _ in range(2)]
    assert runs[0].written == runs[1].written
    assert runs[0].alarm_ids() == runs[1].alarm_ids()
    other = await trial("standard+corrupt:seed=4+late:seed=1+refuse:seed=2")
    assert (other.written, other.reports) != (runs[0].written, runs[0].reports)


async def test_the_judge_sees_a_belt_that_is_not_at_rest():
    run = await trial("stop-ignored")
    judge = BeltJudge(run.machine, 4.8, run.began, run.ended)
    assert judge.faults(claims_rest=True) == ["said to be at rest, runs at 1.00"]


async def test_the_judge_sees_what_must_not_leave():
    run = await trial("standard")
    machine, late = run.machine, run.ended
    machine.log += [
        entry._replace(at=late, data=bytes.fromhex(data)) for entry in machine.log[-1:] for data in ("07", "02e803")
    ]
    found = BeltJudge(machine, 4.8, run.began, late).faults(claims_rest=True)
    assert any("Start was sent 2 times" in each for each in found)
    assert any("over the cap" in each for each in found)
    assert any("after Stop" in each for each in found)


async def test_the_judge_sees_a_raise_too_soon_and_one_too_far():
    run = await trial("standard")
    machine, belt = run.machine, run.machine.drive.belt
    place = next(place for place, entry in enumerate(machine.log) if entry.data.hex() == "02b400")
    at = machine.log[place].at

    machine.drive.belt = bent(belt, at, {-30.0: 2.0, -20.0: 1.0, 0.0: 1.0, 2.0: 1.8})
    found = BeltJudge(machine, 4.8, run.began, run.ended).faults(claims_rest=True)
    assert any("after" in each and "at 1.00" in each for each in found)

    machine.drive.belt = bent(belt, at, {0.1: 3.0, 30.0: 3.0})
    found = BeltJudge(machine, 4.8, run.began, run.ended).faults(claims_rest=False)
    assert any("went from" in each for each in found)


def bent(belt: Belt, at: float, elsewhere: dict[float, float]) -> Belt:
    """The motion of a belt, but at other speeds at these seconds from `at` on."""
    other = Belt(0.0)
    points = {point.at: point.speed_kmh for point in belt.breakpoints if point.at < at + min(elsewhere)}
    points |= {at + offset: speed for offset, speed in elsewhere.items()}
    other._times, other._speeds = list(points), list(points.values())
    other._distances = [0.0] * len(points)
    return other


def test_the_list_names_every_machine_and_every_fault_with_what_it_does():
    text = "\n".join(listing())
    for name, each in (*PERSONALITIES.items(), *HAPPENINGS.items()):
        assert f"{name} " in text
        assert each.summary in text
    assert all(NOT_ACTED_OUT.values())
