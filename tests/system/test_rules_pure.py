"""The rules of the session, each acted out on a belt made by hand."""

from __future__ import annotations

import pytest
from bench import FAILED, INVALID, NOT_PERMITTED, Bench
from rig import answers

from retroctl.app.reports import Kind
from retroctl.domain import events as ev
from retroctl.domain.commands import Answer, SetTargetSpeed
from retroctl.domain.session import Advance
from retroctl.units import Speed


def targets(bench: Bench) -> list[float]:
    return [command["target_kmh"] for command in bench.of(Kind.COMMAND) if command["name"] == "set-target-speed"]


# -- before anything moves


def test_nothing_is_written_until_the_trainer_arms():
    bench = Bench()
    bench.brief()
    bench.tell(ev.StartConfirmed(ev.StartKind.PROGRAM), ev.ConfirmPressed(), ev.EaseDownPressed(), ev.StepDownPressed())
    bench.advance(100.0)
    assert bench.wire() == []


def test_a_belt_that_moves_while_it_is_watched_ends_the_session_without_a_write():
    bench = Bench()
    bench.belt.set(2.0)
    bench.advance(20.0)
    assert [end.reason for end in bench.ended] == ["already moving"]
    assert bench.wire() == []


def test_a_machine_that_sends_no_speed_ends_the_session_once():
    bench = Bench()
    bench.air.frames = False
    bench.advance(60.0)
    bench.tell(ev.Ticked(), ev.Ticked())
    assert [end.reason for end in bench.ended] == ["no data"]


def start_all_the_same(bench: Bench) -> None:
    """Every key that could begin a session; nothing is written."""
    bench.tell(*(ev.StartConfirmed(kind) for kind in ev.StartKind), ev.ConfirmPressed())
    bench.advance(30.0)
    assert bench.state == "briefing"
    assert bench.wire() == []


@pytest.mark.parametrize("item", list(ev.BriefingItem))
def test_any_no_in_the_briefing_keeps_the_session_from_arming(item):
    bench = Bench()
    bench.brief()
    bench.tell(ev.BriefingAnswered(item, yes=False, text="4"), ev.ArmRequested())
    assert bench.state == "briefing"
    assert bench.refusals() == ["R1"]
    start_all_the_same(bench)


@pytest.mark.parametrize("item", list(ev.BriefingItem))
def test_any_gap_in_the_briefing_keeps_the_session_from_arming(item):
    bench = Bench()
    bench.until("briefing")
    bench.tell(*(answer for answer in answers() if answer.item is not item), ev.ArmRequested())
    assert bench.state == "briefing"
    start_all_the_same(bench)


@pytest.mark.parametrize(("item", "text"), [(ev.BriefingItem.GAZE_TARGET, " "), (ev.BriefingItem.CONFIDENCE, "6")])
def test_an_empty_gaze_target_and_a_confidence_off_the_scale_are_gaps(item, text):
    bench = Bench()
    bench.brief()
    bench.tell(ev.BriefingAnswered(item, yes=True, text=text), ev.ArmRequested())
    assert bench.state == "briefing"
    start_all_the_same(bench)


# -- starting


def test_a_program_start_is_00_then_07_once_then_the_lowest_speed():
    bench = Bench()
    bench.start()
    bench.until("holding")
    assert bench.wire() == ["00", "07", "026400"]


def test_nothing_in_20_s_after_a_start_is_a_stop_and_never_another_07():
    bench = Bench()
    bench.belt.obeys = False
    bench.start()
    bench.advance(19.9)
    assert bench.state == "starting"
    bench.advance(0.3)
    assert bench.wire() == ["00", "07", "0801"]
    bench.until("stopped", limit_s=20)


def test_the_lowest_speed_is_not_written_before_the_belt_ran_steadily_for_2_s():
    bench = Bench()
    bench.start()
    bench.until("settling")
    moving = [at for at, speed in bench.judge.frames if speed > 0]
    assert bench.now - moving[0] >= 2.0
    assert bench.wire()[-1] == "026400"


def test_a_confirmation_older_than_10_s_starts_nothing():
    bench = Bench()
    bench.air.answer_s = None
    bench.air.write_s = float("inf")
    bench.start()
    bench.advance(15.0)
    assert "07" not in bench.wire()


def test_a_start_at_the_console_inside_the_window_is_the_start_and_control_is_asked_once_it_runs_steadily():
    bench = Bench()
    bench.start(ev.StartKind.CONSOLE)
    bench.advance(55.0)
    assert bench.wire() == []
    bench.belt.goal = 100
    bench.advance(2.5)
    assert bench.wire() == [], "still getting up to speed"
    bench.until("settling", limit_s=20)
    assert bench.wire() == ["00", "026400"]


def test_the_console_window_closes_after_60_s_and_motion_outside_it_is_f12():
    bench = Bench()
    bench.start(ev.StartKind.CONSOLE)
    bench.advance(60.1)
    assert bench.state == "armed"
    bench.belt.goal = 100
    bench.advance(3.0)
    assert bench.alarms() == ["F12"]
    assert bench.wire()[0] == "0801"
    assert "07" not in bench.wire()


def test_a_start_from_a_moving_belt_is_refused():
    bench = Bench()
    bench.arm()
    bench.send_frame(60)
    bench.tell(ev.StartConfirmed(ev.StartKind.PROGRAM))
    assert "07" not in bench.wire()


def test_a_machine_that_refuses_to_start_is_not_asked_again():
    bench = Bench()
    bench.air.result = {7: FAILED}
    bench.start()
    bench.advance(40.0)
    assert bench.wire().count("07") == 1
    assert ("start", "rejected") in bench.outcomes()


# -- holds, consent, announcements


def test_the_hold_is_served_at_60_s_and_not_a_tenth_before():
    bench = Bench()
    bench.start()
    bench.until("holding")
    settled = bench.now
    bench.tell(ev.Ticked())
    bench.advance(59.9)
    assert bench.state == "holding"
    bench.advance(0.1)
    assert bench.state == "ready"
    assert bench.now - settled == pytest.approx(60.0)


def test_consent_before_the_last_15_s_is_refused_and_does_not_count():
    bench = Bench()
    bench.hold_at(1.0)
    bench.advance(44.5)
    bench.tell(ev.ConfirmPressed())
    assert bench.refusals() == ["R9"]
    bench.advance(60.0)
    assert bench.state == "ready"
    assert bench.target == 1.0


def test_consent_in_the_last_15_s_is_used_when_the_hold_is_served():
    bench = Bench()
    bench.hold_at(1.0)
    bench.advance(46.0)
    bench.tell(ev.ConfirmPressed())
    bench.until("announcing", limit_s=14.5)
    bench.until("holding", limit_s=20)
    assert bench.target == 1.8


def test_consent_is_used_once():
    bench = Bench()
    bench.hold_at(1.8)
    bench.advance(200.0)
    assert bench.state == "ready"
    assert bench.target == 1.8


def test_a_key_held_down_is_one_consent():
    bench = Bench()
    bench.hold_at(1.0)
    bench.until("ready")
    for _ in range(40):
        bench.tell(ev.ConfirmPressed())
        bench.advance(0.05)
    bench.advance(90.0)
    assert targets(bench) == [1.0, 1.8]


def test_key_repeats_of_an_early_press_do_not_become_a_late_consent():
    bench = Bench()
    bench.hold_at(1.0)
    bench.advance(40.0)
    while bench.session.hold_remaining_s(bench.now):
        bench.tell(ev.ConfirmPressed())
        bench.advance(0.5)
    bench.advance(5.0)
    assert bench.state == "ready"


@pytest.mark.parametrize(
    "block",
    [ev.HoldPressed(), ev.BalanceEventNoted(ev.BalanceEvent.RAIL), ev.RecordFailed("no room"), ev.ControlLost()],
)
def test_a_block_makes_consent_void(block):
    bench = Bench()
    bench.hold_at(1.0)
    bench.advance(50.0)
    bench.tell(ev.ConfirmPressed(), block)
    bench.advance(8.0)
    bench.tell(ev.RecordRestored())
    bench.advance(100.0)
    assert targets(bench) == [1.0]


def test_hold_vetoes_a_raise_to_the_last_moment_of_its_announcement():
    bench = Bench(advance=Advance.AUTO)
    bench.start()
    bench.until("announcing")
    bench.advance(4.99)
    bench.tell(ev.HoldPressed())
    bench.advance(100.0)
    assert targets(bench) == [1.0]
    assert bench.state == "ready"
    bench.tell(ev.ConfirmPressed())
    bench.until("settling", limit_s=10)
    assert targets(bench) == [1.0, 1.8]


def test_hold_also_keeps_the_plan_from_ending():
    """HOLD means: stay at this speed, until the trainer confirms."""
    bench = Bench(top=1.0)
    bench.hold_at(1.0)
    bench.tell(ev.HoldPressed())
    bench.advance(300.0)
    assert bench.state == "ready"
    bench.tell(ev.ConfirmPressed())
    bench.until("stopped", limit_s=30)
    assert bench.ended[-1].reason == "completed"


def test_without_an_announcement_that_ends_nothing_is_raised():
    bench = Bench(voice=False)
    bench.hold_at(1.0)
    bench.until("ready")
    bench.tell(ev.ConfirmPressed())
    bench.advance(14.9)
    assert bench.state == "announcing"
    bench.advance(0.2)
    assert bench.state == "ready"
    assert targets(bench) == [1.0]
    assert "announcement" in bench.refusals()


def test_an_announcement_that_ended_too_early_is_stale_when_the_raise_is_due():
    bench = Bench(voice=False)
    bench.hold_at(1.0)
    bench.until("ready")
    bench.tell(ev.ConfirmPressed())
    bench.advance(1.0)
    bench.tell(ev.AnnouncementFinished(1))
    bench.advance(20.0)
    assert targets(bench) == [1.0]


def test_hands_free_raises_without_a_key_but_only_after_the_hold_and_the_announcement():
    bench = Bench(advance=Advance.AUTO)
    bench.start()
    bench.until("stopped", limit_s=400)
    assert targets(bench) == [1.0, 1.8, 2.6, 1.8, 1.0]
    assert bench.ended[-1].reason == "completed"


def test_an_outcome_is_told_for_every_command():
    bench = Bench(advance=Advance.AUTO)
    bench.start()
    bench.until("stopped", limit_s=400)
    assert [name for name, _ in bench.outcomes()] == [command["name"] for command in bench.of(Kind.COMMAND)]
    assert {result for _, result in bench.outcomes()} == {"confirmed"}


@pytest.mark.parametrize(("away_s", "broken"), [(0.9, False), (3.1, True)])
def test_an_excursion_breaks_the_hold_only_when_it_lasts(away_s, broken):
    bench = Bench()
    bench.air.interval_s = 0.25
    bench.hold_at(1.8)
    bench.advance(30.0)
    bench.belt.speed = bench.belt.goal = 140.0
    bench.advance(away_s)
    bench.belt.speed = bench.belt.goal = 180.0
    bench.advance(0.3)
    assert ((bench.session.hold_remaining_s(bench.now) or 60.0) > 32.0) is broken


def test_a_gap_in_the_data_restarts_the_hold():
    bench = Bench()
    bench.hold_at(1.0)
    bench.advance(50.0)
    bench.air.frames = False
    bench.advance(3.0)
    bench.air.frames = True
    bench.until("holding", limit_s=10)
    assert (bench.session.hold_remaining_s(bench.now) or 0.0) > 59.0


def test_a_single_frame_of_0_neither_stops_nor_raises():
    bench = Bench(advance=Advance.AUTO)
    bench.start()
    bench.until("announcing")
    bench.advance(4.95)
    bench.send_frame(0)
    bench.advance(30.0)
    assert bench.alarms() == []
    assert targets(bench) == [1.0, 1.8]


def test_a_frame_of_0_that_came_twice_is_still_one_frame():
    bench = Bench()
    bench.hold_at(1.0)
    bench.tell(ev.StopRequested("key"))
    bench.send_frame(0)
    bench.send_frame(0)
    assert bench.state == "stopping"


# -- down


def test_a_step_down_comes_at_once_and_ends_advancing_until_the_trainer_confirms():
    bench = Bench(advance=Advance.AUTO)
    bench.start()
    bench.until("holding")
    bench.until("settling", limit_s=100)
    bench.until("holding")
    bench.tell(ev.StepDownPressed())
    assert targets(bench) == [1.0, 1.8, 1.0]
    bench.advance(200.0)
    assert targets(bench) == [1.0, 1.8, 1.0]
    bench.tell(ev.ConfirmPressed())
    bench.until("settling", limit_s=10)
    assert targets(bench)[-1] == 1.8


def test_there_is_no_step_below_the_lowest_speed():
    bench = Bench()
    bench.hold_at(1.0)
    bench.tell(ev.StepDownPressed())
    assert bench.refusals() == ["down"]
    assert targets(bench) == [1.0]


def test_easing_down_walks_the_rungs_20_s_each_and_stops_at_the_lowest():
    bench = Bench()
    bench.hold_at(2.6)
    bench.tell(ev.EaseDownPressed())
    bench.until("stopped", limit_s=60)
    eased = [(c["t"], c.get("target_kmh")) for c in bench.of(Kind.COMMAND) if c["t"] > 130][1:]
    assert [target for _, target in eased] == [1.8, 1.0, None]
    assert eased[1][0] - eased[0][0] == pytest.approx(20.0, abs=0.01)
    assert eased[2][0] - eased[1][0] == pytest.approx(20.0, abs=0.01)


def test_easing_down_waits_for_a_slow_belt_and_does_not_call_it_disobedient():
    bench = Bench(plan=None, top=5.0)
    bench.hold_at(2.6)
    bench.belt.rate = 4.0
    bench.tell(ev.EaseDownPressed())
    bench.advance(39.0)
    assert bench.alarms() == []
    assert bench.state == "easing_down"


def test_a_belt_that_does_not_slow_down_when_eased_is_stopped():
    bench = Bench()
    bench.hold_at(2.6)
    bench.belt.obeys = False
    bench.tell(ev.EaseDownPressed())
    bench.advance(21.0)
    assert set(bench.alarms()) & {"F3", "F9"}
    assert bench.state == "stopping"


# -- the console


def test_a_speed_lowered_at_the_console_is_adopted_and_never_fought():
    bench = Bench()
    bench.hold_at(2.6)
    bench.belt.set(1.4)
    bench.advance(200.0)
    assert bench.state == "overridden"
    assert bench.alarms() == ["F6"]
    assert bench.target == 1.4
    assert targets(bench) == [1.0, 1.8, 2.6]
    bench.tell(ev.ConfirmPressed())
    bench.climb()
    assert bench.target == 1.8, "the first rung above the adopted speed, after a whole hold"


@pytest.mark.parametrize("rise", [10, 20, 40, 50])
def test_a_small_rise_at_the_console_is_adopted_without_being_announced(rise):
    bench = Bench()
    bench.hold_at(1.8)
    bench.belt.goal += rise
    bench.advance(30.0)
    if rise == 10:
        assert bench.state == "holding", "within the tolerance it cannot be told from the belt's own ways"
        return
    assert bench.state == "overridden"
    assert bench.target == 1.8 + rise / 100
    bench.tell(ev.ConfirmPressed())
    bench.climb()
    assert bench.target == 2.6


def test_a_rise_at_the_console_that_the_machine_announces_is_adopted_up_to_the_cap():
    bench = Bench(top=5.0)
    bench.hold_at(1.8)
    # Not by what miles are more than kilometres: nobody who only sees the speed could tell that from another unit.
    bench.status(0x05, *(320).to_bytes(2, "little"))
    bench.belt.goal = 320
    bench.advance(20.0)
    assert bench.state == "overridden"
    assert bench.alarms() == ["F6"]
    bench.tell(ev.ConfirmPressed())
    bench.climb()
    assert bench.target == 3.4


def test_a_step_of_one_increment_announced_by_the_console_is_seen():
    bench = Bench()
    bench.hold_at(1.8)
    bench.status(0x05, 190, 0)
    assert bench.state == "overridden"


def test_the_echo_of_our_own_target_is_not_an_override():
    bench = Bench()
    bench.hold_at(1.8)
    bench.status(0x05, 180, 0)
    bench.status(0x05, 178, 0)
    assert bench.state == "holding"


def test_a_rise_at_the_console_over_the_cap_is_not_adopted_and_stops_when_the_belt_follows():
    bench = Bench()
    bench.hold_at(1.8)
    bench.status(0x05, *(900).to_bytes(2, "little"))
    assert bench.alarms() == ["F6"]
    assert bench.target == 1.8
    bench.belt.set(9.0)
    bench.advance(3.0)
    assert {"F3", "F4"} & set(bench.alarms())
    assert bench.wire()[-1] == "0801"


# -- late and odd answers


@pytest.mark.parametrize("result", [INVALID, FAILED])
def test_a_refused_target_holds_tells_and_waits_for_the_trainer(result):
    bench = Bench()
    bench.hold_at(1.0)
    bench.air.result = {2: result}
    bench.until("ready")
    bench.tell(ev.ConfirmPressed())
    bench.until("settling", limit_s=10)
    bench.until("ready", limit_s=100)
    assert bench.alarms() == ["F9"]
    assert bench.target == 1.0
    assert ("set-target-speed", "rejected") in bench.outcomes()
    bench.advance(100.0)
    assert targets(bench) == [1.0, 1.8], "never asked again by itself"


def test_a_refused_target_that_the_belt_obeys_all_the_same_is_a_change_nobody_asked_for():
    bench = Bench()
    bench.hold_at(1.0)
    bench.air.result = {2: FAILED}
    bench.until("ready")
    bench.tell(ev.ConfirmPressed())
    bench.until("settling", limit_s=10)
    bench.advance(2.0)
    bench.belt.goal = 180
    bench.advance(20.0)
    assert bench.state in {"overridden", "stopped", "faulted"}
    assert targets(bench) == [1.0, 1.8]


def test_a_target_that_nobody_answers_is_confirmed_by_the_belt():
    bench = Bench()
    bench.hold_at(1.0)
    bench.air.answer_s = None
    bench.climb()
    assert bench.alarms() == []
    assert bench.outcomes()[-1] == ("set-target-speed", "confirmed")


def test_a_target_that_the_belt_ignores_is_unknown_after_10_s():
    bench = Bench()
    bench.hold_at(1.0)
    bench.belt.obeys = False
    bench.until("ready")
    bench.tell(ev.ConfirmPressed())
    bench.until("settling", limit_s=10)
    bench.advance(10.5)
    assert bench.alarms() == ["F9"]
    assert bench.outcomes()[-1] == ("set-target-speed", "unknown")
    assert bench.target == 1.0


def test_not_permitted_that_arrives_late_still_blocks_raises_until_control_is_back():
    bench = Bench()
    bench.hold_at(1.8)
    bench.tell(ev.CommandAnswered(SetTargetSpeed(Speed(180)), Answer.NOT_PERMITTED))
    assert bench.alarms() == ["F8"]
    assert bench.state == "overridden"
    bench.tell(ev.ConfirmPressed())
    assert bench.wire()[-1] == "00"
    bench.climb()
    assert bench.target == 2.6


def test_control_that_is_denied_at_the_start_abandons_it_and_may_be_tried_again():
    bench = Bench()
    bench.air.result = {0: NOT_PERMITTED}
    bench.start()
    bench.advance(1.0)
    assert bench.state == "armed"
    assert "07" not in bench.wire()
    bench.air.result = 1
    bench.tell(ev.StartConfirmed(ev.StartKind.PROGRAM))
    bench.until("holding")
    bench.climb()


@pytest.mark.parametrize("air", [{"answer_s": None}, {"result": {0: FAILED}}])
def test_control_that_is_not_granted_in_words_is_a_warning(air):
    """Some machines never answer Request Control, or answer 04, and obey all the same."""
    bench = Bench()
    for name, value in air.items():
        setattr(bench.air, name, value)
    bench.hold_at(1.8)
    assert bench.alarms() == []
    assert "F8" in bench.refusals()
