"""Plans of every shape run end to end: work and recovery, turns, odd machines, tight caps."""

from __future__ import annotations

import pytest
from bench import Bench
from rig import BELT, CLIENT, Rig

from retroctl.app.reports import Kind
from retroctl.domain import events as ev
from retroctl.domain.introduction import introduction_plan
from retroctl.domain.limits import BeltRange, Client, Facing, Level, caps_for
from retroctl.domain.plan import Stage, StageKind, build_plan, ladder_plan
from retroctl.domain.session import Advance
from retroctl.errors import PlanError
from retroctl.units import Speed
from simulators.machine import FtmsMachine
from simulators.personality import personality

CAPS = caps_for(CLIENT, BELT, qualified=True)
LADDER, WORK, RECOVERY = StageKind.LADDER, StageKind.WORK, StageKind.RECOVERY


def backward(*speeds: float, hold_s: float = 60.0) -> tuple[Stage, ...]:
    return tuple(Stage(WORK, Facing.BACKWARD, Speed.from_kmh(speed), hold_s) for speed in speeds)


def targets(bench: Bench | Rig) -> list[float]:
    return [command["target_kmh"] for command in bench.of(Kind.COMMAND) if command["name"] == "set-target-speed"]


def test_work_and_recovery_go_up_down_and_stay():
    plan = build_plan("intervals", backward(1.0, 1.8, 2.6, 1.0, 1.0, 1.8), BELT, CAPS)
    rig = Rig(plan=plan)
    rig.start()
    rig.run_until(lambda: bool(rig.ended), limit_s=1000)
    assert targets(rig) == [1.0, 1.8, 2.6, 1.0, 1.8, 1.0]
    assert [held["target_kmh"] for held in rig.of(Kind.HELD)] == [1.0, 1.8, 2.6, 1.0, 1.0, 1.8]
    assert all(held["seconds"] >= 60.0 for held in rig.of(Kind.HELD))
    assert rig.alarms() == []
    assert rig.ended[-1].reason == "completed"


def test_a_lower_stage_needs_no_consent_and_a_higher_one_does():
    bench = Bench(plan=build_plan("down and up", backward(1.0, 1.8, 1.0, 1.8), BELT, CAPS), advance=Advance.CONFIRM)
    bench.hold_at(1.8)
    bench.advance(200.0)
    assert targets(bench) == [1.0, 1.8, 1.0]
    assert bench.state == "ready"


def test_a_step_down_goes_back_in_the_plan_and_the_same_stages_come_again():
    bench = Bench(plan=build_plan("climb", backward(1.0, 1.8, 2.6), BELT, CAPS))
    bench.hold_at(2.6)
    bench.tell(ev.StepDownPressed())
    bench.until("holding")
    assert bench.session.stage_index == 1
    bench.climb()
    assert bench.session.stage_index == 2


@pytest.mark.parametrize("kind", list(ev.StartKind))
def test_backward_forward_backward_runs_from_end_to_end(kind):
    stages = (
        *backward(1.0, 1.8),
        Stage(WORK, Facing.FORWARD, Speed(300), 120.0),
        *backward(1.0, 1.8),
    )
    rig = Rig(plan=build_plan("turns", stages, BELT, CAPS))
    rig.brief_and_arm()
    for turn in range(3):
        rig.tell(ev.StartConfirmed(kind))
        if kind is ev.StartKind.CONSOLE:
            assert rig.machine.console_start(rig.now)
        rig.run_until(lambda: rig.state in {"turning", "stopped"}, limit_s=600)
        if turn == 2:
            break
        assert rig.true_speed == 0
        facing = rig.engine.session.facing
        rig.run_for(4.0)
        assert rig.state == "turning", "nothing turns by itself"
        assert rig.true_speed == 0
        rig.tell(ev.ConfirmPressed())
        assert rig.state == "armed"
        assert rig.engine.session.facing is not facing
        rig.run_for(2.0)
        assert rig.true_speed == 0, "a turn does not start the belt"
    assert rig.ended[-1].reason == "completed"
    assert rig.alarms() == []
    starts = [index for index, payload in enumerate(rig.written) if payload == "026400"]
    assert rig.written.count("0801") == 3
    assert len(starts) >= 3, "every start begins at the lowest speed"


def test_facing_does_not_change_on_a_moving_belt():
    bench = Bench(plan=_turning())
    bench.hold_at(1.0)
    bench.until("turning", limit_s=200)
    bench.send_frame(40)
    bench.tell(ev.ConfirmPressed())
    assert bench.session.facing is Facing.BACKWARD


def test_a_stop_on_the_way_to_a_turn_ends_the_plan():
    for person in (True, False):
        bench = Bench(plan=_turning())
        bench.hold_at(1.0)
        bench.until("stopping", limit_s=200)
        bench.tell(ev.StopRequested("key", person))
        bench.until("stopped", limit_s=20)
        assert bench.ended[-1].reason == "stopped"


def test_a_failsafe_on_the_way_to_a_turn_ends_the_plan():
    stages = (*backward(1.0, 1.8), Stage(WORK, Facing.FORWARD, Speed(100), 60.0))
    bench = Bench(plan=build_plan("turns", stages, BELT, CAPS))
    bench.hold_at(1.8)
    bench.until("easing_down", limit_s=100)
    bench.air.frames = False
    bench.advance(7.0)
    bench.air.frames = True
    bench.until("stopped", limit_s=20)
    assert bench.ended[-1].reason == "stopped"


def _turning(forward_s: float = 120.0):
    stages = (*backward(1.0), Stage(WORK, Facing.FORWARD, Speed(300), forward_s), *backward(1.0))
    return build_plan("turns", stages, BELT, CAPS)


def forward_bench(forward_s: float = 300.0, target: int = 300) -> Bench:
    """Holding at the lowest speed of a forward stage."""
    stages = (Stage(WORK, Facing.FORWARD, Speed(target), forward_s), *backward(1.0))
    bench = Bench(plan=build_plan("forward", stages, BELT, CAPS), client=CLIENT)
    bench.start()
    bench.until("holding")
    return bench


def test_forward_the_client_sets_the_speed_at_the_console_and_nobody_is_asked():
    bench = forward_bench()
    for goal in (150, 400, 250, 600):
        bench.belt.goal = goal
        bench.advance(20.0)
        assert bench.state == "holding"
        assert bench.target == goal / 100
    assert bench.alarms() == []
    assert targets(bench) == [1.0]


def test_forward_the_stage_lasts_as_planned_whatever_the_client_sets_and_the_belt_rests_at_its_end():
    bench = forward_bench(forward_s=300.0)
    began = bench.now
    bench.belt.goal = 600
    bench.advance(100.0)
    bench.until("turning", limit_s=300)
    assert bench.now - began == pytest.approx(300.0, abs=15.0)
    assert bench.alarms() == []
    assert targets(bench)[1:] == [5.8, 5.0, 4.2, 3.4, 3.0, 2.6, 1.8, 1.0]


def test_forward_a_key_raises_by_one_step_and_not_again_within_15_s():
    bench = forward_bench()
    bench.tell(ev.ConfirmPressed())
    bench.until("holding")
    assert targets(bench) == [1.0, 1.8]
    bench.tell(ev.ConfirmPressed())
    assert bench.refusals()[-1] == "R9"
    bench.advance(15.0)
    bench.tell(ev.ConfirmPressed())
    bench.until("holding")
    bench.advance(16.0)
    bench.tell(ev.ConfirmPressed())
    bench.until("holding")
    bench.advance(16.0)
    bench.tell(ev.ConfirmPressed())
    assert targets(bench) == [1.0, 1.8, 2.6, 3.0], "no further than the stage's own target"


def test_forward_nothing_is_raised_without_a_key():
    bench = forward_bench(forward_s=200.0)
    bench.advance(150.0)
    assert targets(bench) == [1.0]


def test_forward_the_forward_cap_is_kept():
    bench = forward_bench()
    bench.belt.set(8.5)
    bench.advance(2.0)
    assert bench.alarms() == ["F4"]


def test_forward_a_console_speed_told_while_the_first_target_settles_is_taken():
    stages = (Stage(WORK, Facing.FORWARD, Speed(300), 60.0), *backward(1.0))
    bench = Bench(plan=build_plan("forward", stages, BELT, CAPS))
    bench.start()
    bench.until("settling")
    bench.belt.goal = 160
    bench.status(0x05, 160, 0)
    bench.until("holding", limit_s=20)
    assert bench.target == 1.6
    assert bench.alarms() == []


def test_forward_a_console_speed_not_told_while_a_raise_settles_is_taken():
    bench = forward_bench()
    bench.tell(ev.ConfirmPressed())
    bench.belt.obeys = False
    bench.belt.goal = 220
    bench.until("holding", limit_s=20)
    assert bench.target == 2.2
    assert bench.alarms() == []
    assert bench.outcomes()[-1] == ("set-target-speed", "unknown")


def test_forward_stages_follow_one_another_without_a_raise_by_the_program():
    stages = tuple(Stage(WORK, Facing.FORWARD, Speed(target), 30.0) for target in (200, 500, 100))
    bench = Bench(plan=build_plan("forward", stages, BELT, CAPS))
    bench.start()
    bench.until("holding")
    bench.belt.goal = 200
    bench.until("stopped", limit_s=300)
    assert targets(bench) == [1.0, 1.0], "a lower stage is asked for, a higher one is the client's own"
    assert bench.ended[-1].reason == "completed"


@pytest.mark.parametrize(("intervals", "middles"), [(1, [300.0]), (2, [200.0, 400.0])])
def test_the_balance_introduction_spaces_its_intervals_evenly(intervals, middles):
    plan = introduction_plan(BELT, CAPS, total_s=600.0, intervals=intervals)
    at, found = 0.0, []
    for stage in plan.stages:
        if stage.facing is Facing.BACKWARD:
            assert stage.hold_s == 30.0
            assert stage.target == BELT.minimum
            found.append(at + stage.hold_s / 2)
        at += stage.hold_s
    assert found == middles
    assert at == 600.0


@pytest.mark.parametrize(("total_s", "intervals"), [(600.0, 0), (600.0, 3), (599.0, 1)])
def test_more_than_two_intervals_or_too_short_a_run_is_refused(total_s, intervals):
    with pytest.raises(PlanError, match="balance introduction"):
        introduction_plan(BELT, CAPS, total_s=total_s, intervals=intervals)


def test_the_balance_introduction_runs_from_end_to_end():
    bench = Bench(plan=introduction_plan(BELT, CAPS, total_s=600.0, intervals=2, forward=Speed(500)))
    bench.arm()
    while not bench.ended:
        bench.tell(ev.StartConfirmed(ev.StartKind.PROGRAM))
        bench.until("holding")
        if bench.session.facing is Facing.FORWARD:
            bench.belt.goal = 500
        bench.until("turning", "stopped", limit_s=400)
        if bench.state == "turning":
            bench.advance(3.0)
            bench.tell(ev.ConfirmPressed())
    assert bench.alarms() == []
    assert bench.ended[-1].reason == "completed"
    assert bench.judge.raises == 0


# -- machines and caps


@pytest.mark.parametrize(
    ("belt", "top", "expected"),
    [
        (BeltRange(Speed(80), Speed(1600), Speed(10)), 2.7, [0.8, 1.6, 2.4, 2.7]),
        (BeltRange(Speed(100), Speed(1600), Speed(50)), 2.5, [1.0, 1.5, 2.0, 2.5]),
        (BeltRange(Speed(80), Speed(1200), Speed(16)), 2.4, [0.8, 1.6, 2.4]),
        (BeltRange(Speed(50), Speed(300), Speed(1)), 1.5, [0.5, 1.3, 1.5]),
    ],
)
def test_every_machine_climbs_on_its_own_grid(belt, top, expected):
    bench = Bench(belt=belt, top=top, advance=Advance.AUTO)
    bench.start()
    bench.until("easing_down", limit_s=600)
    assert targets(bench)[: len(expected)] == expected
    assert bench.alarms() == []


def test_a_machine_with_steps_of_1_km_h_is_refused_unless_the_trainer_accepts_that():
    belt = BeltRange(Speed(100), Speed(1600), Speed(100))
    caps = caps_for(CLIENT, belt, qualified=True)
    with pytest.raises(PlanError, match="R7"):
        ladder_plan(belt, caps, top=Speed(300))
    bench = Bench(belt=belt, top=3.0, coarse=True, advance=Advance.AUTO)
    bench.start()
    bench.until("easing_down", limit_s=600)
    assert targets(bench)[:3] == [1.0, 2.0, 3.0]
    assert any("accepted" in remark for remark in bench.plan.remarks)


def test_on_a_coarse_machine_a_belt_that_never_moved_has_not_confirmed_the_next_rung():
    bench = Bench(belt=BeltRange(Speed(100), Speed(1600), Speed(50)), top=2.0)
    bench.hold_at(1.0)
    bench.belt.obeys = False
    bench.until("ready")
    bench.tell(ev.ConfirmPressed())
    bench.until("settling", limit_s=10)
    bench.advance(11.0)
    assert bench.alarms() == ["F9"]


def test_a_part_step_of_one_increment_must_be_seen_to_be_made():
    bench = Bench(top=1.9)
    bench.hold_at(1.8)
    bench.belt.obeys = False
    bench.until("ready")
    bench.tell(ev.ConfirmPressed())
    bench.until("settling", limit_s=10)
    bench.advance(11.0)
    assert bench.alarms() == ["F9"]


@pytest.mark.parametrize(("limit", "expected"), [(100, [1.0]), (130, [1.0, 1.3]), (105, [1.0])])
def test_a_cap_less_than_one_step_above_the_lowest_speed(limit, expected):
    client = Client(Level.REHAB, clinician_limit=Speed(limit))
    caps = caps_for(client, BELT, qualified=True)
    rig = Rig(client=client, plan=ladder_plan(BELT, caps))
    rig.start()
    rig.run_until(lambda: bool(rig.ended), limit_s=400)
    assert targets(rig)[: len(expected)] == expected
    assert max(targets(rig)) == expected[-1]


def test_a_cap_below_the_lowest_speed_is_refused_when_the_plan_is_built():
    caps = caps_for(Client(Level.REHAB, clinician_limit=Speed(90)), BELT, qualified=True)
    with pytest.raises(PlanError, match="cannot run on this machine"):
        ladder_plan(BELT, caps)


def test_a_machine_with_half_steps_runs_on_the_simulator():
    belt = BeltRange(Speed(100), Speed(1600), Speed(50))
    rig = Rig(machine=FtmsMachine(personality("inc-0.5"), seed=3), belt=belt, top=2.0)
    rig.start()
    rig.run_until(lambda: bool(rig.ended), limit_s=600)
    assert targets(rig) == [1.0, 1.5, 2.0, 1.5, 1.0]
    assert rig.alarms() == []
