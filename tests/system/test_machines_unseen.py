"""Machines that are in no list, decent ones with other figures and odd ones: the whole ladder, or the right words."""

from __future__ import annotations

import odd_machines as odd
import pytest
from machine_trial import Trial

from retroctl.app.reports import Kind
from retroctl.domain import events as ev
from retroctl.units import Speed
from simulators import quirks, quirks_telling
from simulators.recipe import Personality
from simulators.traits import EVERYTHING

pytestmark = pytest.mark.virtual


async def trial(*behaviours: type[odd.Behaviour], **changes: object) -> Trial:
    run = Trial(Personality("unseen", "", changes, behaviours))
    await run.run()
    return run


LOW = {"minimum": Speed(50), "start_speed": Speed(50)}

DECENT = {
    "lowest-0.3": {"minimum": Speed(30), "start_speed": Speed(30)},
    "lowest-2.0": {"minimum": Speed(200), "start_speed": Speed(200)},
    "pad-up-to-6": LOW | {"maximum": Speed(600)},
    "steps-0.01": {"increment": Speed(1)},
    "steps-0.05": LOW | {"increment": Speed(5)},
    "steps-0.16": {"minimum": Speed(80), "start_speed": Speed(80), "increment": Speed(16)},
    "steps-0.25": {"increment": Speed(25)},
    "steps-0.80": {"increment": Speed(80)},
    "ramps-0.05-up-0.1-down": {"ramp_up": 0.05, "ramp_down": 0.1, "stop_rate": 0.1},
    "falls-0.05-at-stop": {"stop_rate": 0.05},
    "a-record-every-1.95-s": {"record_interval_s": 1.95},
    "ramps-3": {"ramp_up": 3.0, "ramp_down": 3.0, "stop_rate": 3.0},
    "no-countdown": {"countdown_s": 0.0},
    "countdown-12": {"countdown_s": 12.0},
    "starts-at-4": {"start_speed": Speed(400)},
    "sluggish": {"lag_s": 4.0},
    "answers-after-2.5-s": {"answer_s": 2.5},
    "five-records-a-second": {"record_interval_s": 0.2},
    "a-record-every-1.5-s": {"record_interval_s": 1.5},
    "speed-alone": {"record_flags": 0},
    "every-field": {"record_flags": 0x1FFE, "payload": 240},
    "no-feature": {"characteristics": EVERYTHING - {"2acc"}},
    "no-status": {"characteristics": EVERYTHING - {"2ada", "2ad3"}},
    "indicates-and-notifies": {"control_point_properties": ("write", "write-without-response", "indicate", "notify")},
}


@pytest.mark.parametrize("changes", DECENT.values(), ids=DECENT)
async def test_a_decent_machine_with_other_figures_gets_its_whole_ladder(changes):
    run = await trial(**changes)

    assert run.faults() == []
    assert (run.outcome, run.alarm_ids()) == ("ladder", [])


ODD_BUT_HARMLESS = {
    "answers twice": (odd.AnswersTwice,),
    "answers for others": (odd.AnswersForOthers,),
    "always the same answer": (odd.AlwaysTheSameAnswer,),
    "smoothed speed": (odd.SmoothedSpeed,),
    "mean of ten seconds": (odd.MeanOfTenSeconds,),
    "told in the countdown": (odd.ToldInTheCountdown,),
    "noisy": (odd.Noisy,),
    "runs down": (odd.RunsDown,),
    "metres stuck": (odd.MetresStuck,),
    "metres by tens": (odd.MetresByTens,),
    "incline wanders": (odd.InclineWanders,),
    "other words": (odd.OtherWords,),
    "targets told": (odd.TargetsTold,),
    "target told as zero": (odd.TargetToldAsZero,),
    "rounds to miles": (odd.RoundsToMiles,),
    "staged": (odd.Staged,),
    "speeds up at Stop": (odd.SpeedsUpAtStop,),
    "Stop only while steady": (odd.StopOnlySteady,),
    "Stop refused by ATT": (odd.StopRefusedByAtt,),
}


@pytest.mark.parametrize("behaviours", ODD_BUT_HARMLESS.values(), ids=ODD_BUT_HARMLESS)
async def test_an_odd_machine_that_obeys_gets_its_whole_ladder_without_an_alarm(behaviours):
    run = await trial(*behaviours)

    assert run.faults() == []
    assert (run.outcome, run.alarm_ids()) == ("ladder", [])


NAMED = {
    "targets swapped": ((odd.TargetsSwapped,), {}, "stopped", "F3 THE BELT RUNS FASTER THAN ASKED"),
    "targets in m/s": ((odd.TargetsInMetresASecond,), {}, "stopped", "asked for at most 1.00 km/h"),
    "starts fast and ignores targets": (
        (odd.IgnoresTargets,),
        {"start_speed": Speed(250)},
        "stopped",
        "asked for 1.00 km/h, measured 2.50 km/h",
    ),
    "refuses and takes swapped targets": (
        (odd.TargetsSwapped,),
        {"results": {2: 0x04}},
        "stopped",
        "F3 THE BELT RUNS FASTER THAN ASKED",
    ),
    "ignores targets": ((odd.IgnoresTargets,), {}, "held", "F9"),
    "down is up": ((odd.DownIsUp,), {}, "ladder", "F3"),
    "seconds of the minute": ((odd.SecondsOfTheMinute,), {}, "stopped", "its clock went back from 5"),
    "Stop crashes Bluetooth": ((odd.StopCrashes,), {}, "ladder", "F2"),
    "control for one command": ((odd.ControlForOne,), {}, "held", "Control Not Permitted"),
    "control hangs": ((odd.ControlHangs,), {}, "stopped", "the link was lost before the belt moved"),
    "start hangs": ((odd.StartHangs,), {}, "stopped", "a write does not return"),
    "pauses by itself": ((odd.PausesByItself,), {}, "stopped", "F7"),
    "speeds up when lost": ((odd.SpeedsUpWhenLost,), {}, "stopped", "F3"),
    "no control, tells 0": ((quirks.StopIgnored, odd.MetresStuck), {}, "not confirmed", "PULL THE CLIP"),
}


@pytest.mark.parametrize("name", NAMED)
async def test_an_odd_machine_that_does_not_obey_is_named_and_ends_at_rest_or_unconfirmed(name):
    behaviours, changes, outcome, words = NAMED[name]
    run = await trial(*behaviours, **changes)

    assert run.faults() == []
    assert run.outcome == outcome
    assert words in run.shown


async def test_a_belt_that_outruns_its_first_target_is_stopped_before_it_is_at_the_cap():
    run = await trial(odd.TargetsSwapped)

    assert run.machine.traits.maximum.kmh == 16  # where it was heading, under a cap of 4.8
    assert 2.0 < run.machine.drive.belt.peak_kmh() < 3.5


@pytest.mark.parametrize("answer_s", [1.0, 1.6, 2.5, 2.9])
async def test_a_stop_that_is_denied_late_gets_control_and_stops_the_belt(answer_s):
    """The denial comes when Stop is being repeated already: without control each repeat would be denied as well."""
    run = await trial(odd.ControlForAMinute, answer_s=answer_s)

    assert run.faults() == []
    assert (run.status, run.claims_rest) == (0, True)
    assert "Control Not Permitted" in run.shown


@pytest.mark.parametrize("kind", [quirks.SetpointTelemetry, quirks_telling.ZeroAtOnce])
async def test_a_machine_that_tells_its_target_is_waited_for_as_long_as_a_slow_belt_needs(kind):
    run = await trial(kind, minimum=Speed(200), start_speed=Speed(200), stop_rate=0.1)

    assert run.faults() == []
    assert (run.status, run.claims_rest, run.true_speed) == (0, True, 0.0)
    stopped_at = next(entry.at for entry in run.machine.log if entry.data == b"\x08\x01")
    assert run.ended - stopped_at > 20.0


async def test_a_belt_that_pauses_by_itself_is_told_to_stop_and_does_not_go_on():
    run = await trial(odd.PausesByItself)

    await run.clock.sleep(60.0)
    assert run.true_speed == 0
    assert "0801" in run.written


async def test_a_belt_that_sped_up_while_the_link_was_lost_is_no_speed_to_go_on_at():
    run = Trial(Personality("unseen", "", {}, (odd.SpeedsUpWhenLost,)))
    loop_over = []

    def confirm() -> None:
        run.runner.tell(ev.ConfirmPressed())
        if not loop_over:
            run.clock.call_at(run.clock.now() + 0.9, confirm)

    run.clock.call_at(run.clock.now() + 50.0, confirm)
    await run.run()
    loop_over.append(True)

    assert run.faults() == []
    assert any(refused["rule"] == "F3" for refused in run.of(Kind.REFUSAL))
    assert run.reason.startswith("F3")


async def test_a_link_that_is_lost_before_the_belt_moved_is_not_called_a_stop_at_the_machine():
    run = await trial(odd.ControlHangs)

    assert "F7" not in run.alarm_ids()
    assert run.machine.drive.belt.peak_kmh() == 0
