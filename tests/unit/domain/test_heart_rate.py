"""F10 and the RPE gate: what is over the limit blocks at once, what is not known is never fine, nothing moves by it."""

from __future__ import annotations

import pytest
from bench import Bench
from states import in_state

from retroctl.app.reports import Kind
from retroctl.domain import events as ev
from retroctl.domain.commands import SetTargetSpeed
from retroctl.domain.failsafes import FailsafeId
from retroctl.domain.heart import HeartNews, HeartWatch
from retroctl.domain.limits import Level
from retroctl.domain.method.heart import HeartLimits, without_facts
from retroctl.domain.session import Advance
from retroctl.domain.transitions import RUNNING_STATES, State
from retroctl.domain.verdict import Allowed, Refused
from retroctl.units import Speed

LIMITS = HeartLimits(None, 150, 168, 14, rpe_leads=False, why="level practised")


class Strap:
    """Sends once a second what it is told to."""

    def __init__(self, bench: Bench, bpm: int | None = 110, *, beats: bool = True) -> None:
        self.bench, self.bpm, self.beats, self.on = bench, bpm, beats, True
        self._beat()

    def _beat(self) -> None:
        if self.on:
            self.bench.tell(ev.HeartRateReceived(self.bpm, self.beats))
        self.bench.later(1.0, self._beat)


def with_strap(limits: HeartLimits | None = LIMITS, **options) -> tuple[Bench, Strap]:
    bench = Bench(heart=HeartWatch(limits, chosen=True), **options)
    return bench, Strap(bench)


def f10(bench: Bench) -> list[str]:
    return [alarm["text"] for alarm in bench.of(Kind.ALARM) if alarm["id"] == "F10"]


def test_under_the_limit_a_heart_rate_changes_nothing():
    bench, _ = with_strap()
    bench.hold_at(2.6)
    assert f10(bench) == []
    assert bench.session.heart.known(bench.now) == 110
    assert bench.session.blocks == frozenset()


def test_over_the_limit_raises_wait_at_once_it_is_told_at_15_s_and_a_step_down_proposed_at_30_s():
    bench, strap = with_strap()
    bench.hold_at(1.8)
    bench.until("ready")
    strap.bpm = 151
    bench.advance(1.0)
    began, wire = bench.now, bench.wire()
    assert bench.session.blocks == {FailsafeId.F10}
    assert bench.session.raise_waits_for(bench.now) == "the heart rate is over the limit of 150"
    bench.tell(ev.ConfirmPressed())
    assert bench.refusals()[-1] == "F10"
    bench.advance(13.0)
    assert f10(bench) == []
    bench.advance(3.0)
    assert f10(bench) == ["HEART RATE OVER THE LIMIT: over 150 for 15 s; raises wait"]
    bench.advance(15.0)
    assert f10(bench)[1:] == ["HEART RATE OVER THE LIMIT: still over 150; step down?"]
    bench.advance(61.0)
    assert len(f10(bench)) == 4, "proposed again every 30 s"
    assert bench.now > began + 90
    assert bench.wire() == wire, "proposed, never done"
    assert bench.state == "ready"


def test_a_rate_that_went_over_must_be_under_for_5_s_and_the_consent_is_given_anew():
    bench, strap = with_strap()
    bench.hold_at(1.8)
    bench.until("ready")
    bench.tell(ev.ConfirmPressed())
    assert bench.state == "announcing"
    strap.bpm = 160
    bench.advance(1.1)
    assert bench.state == "ready"
    assert bench.refusals() == ["F10"]
    strap.bpm = 149
    bench.advance(4.0)
    assert bench.session.blocks == {FailsafeId.F10}
    strap.bpm = 152  # it was not back yet
    bench.advance(1.0)
    strap.bpm = 140
    bench.advance(6.1)
    assert bench.session.blocks == frozenset()
    bench.advance(20.0)
    assert bench.state == "ready", "the consent of before is void"
    bench.climb()
    assert bench.target == pytest.approx(2.6)


def test_near_the_highest_a_stop_is_proposed_at_once_and_again_and_never_done():
    bench, strap = with_strap()
    bench.hold_at(1.8)
    strap.bpm = 168
    bench.advance(1.0)
    assert f10(bench) == ["HEART RATE OVER THE LIMIT: 168, near the highest; stop?"]
    bench.advance(13.5)
    near = [text for text in f10(bench) if "stop?" in text]
    assert len(near) == 1
    bench.advance(2.5)
    assert len([text for text in f10(bench) if "stop?" in text]) == 2
    assert bench.state in {"holding", "ready"}
    assert "0801" not in bench.wire()


@pytest.mark.parametrize("advance", list(Advance))
def test_a_silent_strap_is_noticed_after_5_s_and_blocks_until_a_rating_or_data(advance):
    bench, strap = with_strap(advance=advance, top=3.4)
    bench.hold_at(1.0)
    strap.on = False
    heard = bench.now
    bench.advance(3.9)
    assert f10(bench) == []
    bench.advance(1.6)
    assert f10(bench) == ["HEART RATE UNKNOWN: no heart rate from the strap for 5 s; raises wait for RPE"]
    assert bench.of(Kind.ALARM)[-1]["t"] - heard <= 5.1
    bench.until("ready", limit_s=100)
    bench.tell(ev.ConfirmPressed())
    bench.advance(20.0)
    assert (bench.state, bench.target) == ("ready", 1.0)
    assert "ask RPE" in bench.session.raise_waits_for(bench.now)
    bench.tell(ev.RpeGiven(12))
    bench.tell(ev.ConfirmPressed())
    bench.until("settling", limit_s=30)
    assert bench.target == pytest.approx(1.8)
    bench.until("ready", limit_s=100)
    assert bench.session.blocks == {FailsafeId.F10}, "the rating was about the speed before"
    strap.on = True
    bench.advance(1.0)
    assert [cue["text"] for cue in bench.of(Kind.CUE)][-1:] != []
    assert "Heart rate known again." in [cue["text"] for cue in bench.of(Kind.CUE)]
    assert bench.session.blocks == frozenset()


def test_a_rating_from_before_the_limit_was_passed_does_not_stand_in_for_a_lost_strap():
    bench, strap = with_strap()
    bench.hold_at(1.0)
    bench.until("ready")
    bench.tell(ev.RpeGiven(11))
    strap.bpm = 155
    bench.advance(2.0)
    strap.on = False
    bench.advance(10.0)
    assert bench.session.blocks == {FailsafeId.F10}
    bench.tell(ev.RpeGiven(12))
    assert bench.session.blocks == frozenset()


def test_a_frozen_rate_without_beats_is_unknown_after_10_s_and_with_beats_it_is_not():
    bench, strap = with_strap()
    bench.hold_at(1.0)
    bench.advance(20.0)
    assert bench.session.heart.why_unknown(bench.now) is None, "the same rate, with beats"
    strap.beats = False
    bench.advance(9.0)
    assert bench.session.heart.known(bench.now) == 110
    bench.advance(2.1)
    assert bench.session.heart.known(bench.now) is None
    assert f10(bench) == ["HEART RATE UNKNOWN: the strap repeats 110 without a beat; raises wait for RPE"]


def test_a_frozen_rate_over_the_limit_blocks_like_a_live_one_and_no_rating_helps():
    bench, strap = with_strap()
    bench.hold_at(1.0)
    strap.bpm, strap.beats = 155, False
    bench.until("ready")
    bench.tell(ev.RpeGiven(8))
    bench.tell(ev.ConfirmPressed())
    bench.advance(20.0)
    assert bench.target == 1.0
    assert bench.refusals()[-1] == "F10"


def test_a_strap_without_skin_is_unknown_at_once_and_told_after_5_s():
    bench, strap = with_strap()
    bench.hold_at(1.0)
    strap.bpm = None
    bench.advance(1.0)
    assert bench.session.blocks == {FailsafeId.F10}
    assert f10(bench) == []
    bench.advance(5.0)
    assert len(f10(bench)) == 1


def test_a_strap_that_never_came_blocks_from_the_first_rung_and_is_told_when_the_belt_runs():
    bench = Bench(heart=HeartWatch(LIMITS, chosen=True))
    bench.arm()
    assert f10(bench) == []
    bench.tell(ev.StartConfirmed(ev.StartKind.PROGRAM))
    bench.until("ready")
    assert f10(bench) == ["HEART RATE UNKNOWN: no heart rate has come from the strap yet; raises wait for RPE"]
    assert bench.session.blocks == {FailsafeId.F10}


def test_without_a_strap_nothing_is_asked_and_a_confirmation_is_enough():
    bench = Bench(heart=HeartWatch(LIMITS, chosen=False))
    bench.hold_at(2.6)
    assert f10(bench) == []


def test_without_a_known_limit_a_strap_needs_a_rating_of_each_speed():
    bench, _ = with_strap(without_facts(Level.NEW))
    bench.hold_at(1.0)
    bench.until("ready")
    assert "the limit of the heart rate is not known" in bench.session.raise_waits_for(bench.now)
    bench.tell(ev.RpeGiven(13))
    bench.climb()
    assert bench.session.blocks == {FailsafeId.F10}


def test_a_rating_over_the_levels_waits_for_a_lower_one():
    bench = Bench(heart=HeartWatch(LIMITS, chosen=False))
    bench.hold_at(1.0)
    bench.until("ready")
    bench.tell(ev.ConfirmPressed())
    bench.tell(ev.RpeGiven(15))
    assert bench.state == "ready", "the raise that was announced is withdrawn"
    assert "RPE" in bench.refusals()
    bench.advance(5.0)
    bench.tell(ev.ConfirmPressed())
    assert bench.target == 1.0
    assert bench.refusals()[-1] == "RPE"
    bench.advance(1.0)  # a key held down counts once
    bench.tell(ev.RpeGiven(14))
    bench.climb()
    bench.tell(ev.RpeGiven(20))
    assert bench.session.raise_waits_for(bench.now).endswith("s of this hold are left")
    bench.until("ready")
    assert "RPE 20 is over 14" in bench.session.raise_waits_for(bench.now)
    assert bench.session.blocks == frozenset(), "a rating is no failsafe"


def test_down_and_stop_are_never_held_by_it():
    bench, strap = with_strap()
    bench.hold_at(1.8)
    strap.bpm = 200
    bench.tell(ev.RpeGiven(20))
    bench.advance(1.0)
    bench.tell(ev.StepDownPressed())
    bench.until("holding", limit_s=20)
    assert bench.target == 1.0
    bench.tell(ev.StopRequested("key"))
    assert bench.state == "stopping"
    assert bench.wire()[-1] == "0801"


def test_while_easing_down_a_step_down_is_not_proposed():
    bench, strap = with_strap(top=5.0)
    bench.hold_at(2.6)
    strap.bpm = 160
    bench.tell(ev.EaseDownPressed())
    bench.advance(35.0)
    assert bench.state == "easing_down"
    assert len(f10(bench)) == 1


@pytest.mark.parametrize("state", list(State))
def test_a_heart_rate_writes_nothing_and_moves_no_state_but_an_announcement(state):
    for bpm in (None, 90, 200):
        bench = in_state(state)
        bench.session.heart.limits = LIMITS
        wire = list(bench.wire())
        bench.tell(ev.HeartRateReceived(bpm, beats=True))
        assert bench.wire() == wire
        blocked = bpm != 90
        expected = "ready" if state is State.ANNOUNCING and blocked else state
        assert bench.state == expected
        told = f10(bench)
        assert bool(told) is (blocked and state in RUNNING_STATES)


def test_the_gate_refuses_a_raise_over_the_limit_by_itself():
    bench, _ = with_strap(hold_s=60.0)
    bench.hold_at(1.0)
    bench.until("ready")
    gate, now = bench.engine.envelope, bench.now

    def verdict(at: float) -> object:
        gate.observe(ev.ConfirmPressed(), at)
        gate.observe(ev.AnnouncementFinished(1), at)
        return gate.judge(SetTargetSpeed(Speed(180)), at)

    gate.observe(ev.HeartRateReceived(151), now)
    refused = verdict(now)
    assert isinstance(refused, Refused)
    assert (refused.rule, refused.reason) == ("F10", "the heart rate is over the limit of 150")
    gate.observe(ev.HeartRateReceived(None), now)
    assert isinstance(verdict(now), Refused), "a frame without a rate does not say that it is over"
    gate.observe(ev.HeartRateReceived(150), now)
    assert isinstance(verdict(now), Allowed)


def test_the_gate_takes_consent_from_before_as_void():
    bench, _ = with_strap()
    bench.hold_at(1.0)
    bench.until("ready")
    gate, now = bench.engine.envelope, bench.now
    gate.observe(ev.ConfirmPressed(), now)
    gate.observe(ev.HeartRateReceived(180), now)
    gate.observe(ev.HeartRateReceived(100), now)
    gate.observe(ev.AnnouncementFinished(1), now)
    refused = gate.judge(SetTargetSpeed(Speed(180)), now)
    assert isinstance(refused, Refused)
    assert refused.rule == "R8"


def test_an_episode_does_not_outlive_a_gap():
    watch = HeartWatch(LIMITS, chosen=True)
    watch.heard(160, beats=True, now=0.0)
    assert watch.over(4.0)
    assert not watch.over(6.0)
    watch.heard(140, beats=True, now=20.0)
    assert not watch.over(20.0)
    assert watch.due(20.0) == []
    assert watch.age(21.0) == 1.0


def test_without_a_strap_there_is_no_news():
    watch = HeartWatch(None, chosen=False)
    assert watch.due(100.0) == []
    assert watch.high_bpm is None
    watch.heard(200, beats=False, now=100.0)
    assert watch.due(100.0) == []
    assert watch.due(106.0) == [HeartNews.LOST]


@pytest.mark.parametrize("odd", [1, 24, 251, 255, 300, 65535])
def test_a_rate_that_no_heart_has_is_unknown_neither_fine_nor_over(odd):
    bench, strap = with_strap()
    bench.hold_at(1.0)
    bench.until("ready")
    strap.bpm = odd
    bench.advance(1.0)
    assert bench.session.heart.known(bench.now) is None
    reason = f"the strap gives {odd} a minute, which is no heart's rate"
    assert bench.session.raise_waits_for(bench.now) == f"{reason}: ask RPE at this speed first, and note it"
    assert f10(bench) == [], "one bad frame is not worth an alarm"
    bench.advance(5.0)
    assert f10(bench) == ["HEART RATE UNKNOWN: no heart rate from the strap for 5 s; raises wait for RPE"]
    bench.tell(ev.RpeGiven(11))
    bench.tell(ev.ConfirmPressed())
    bench.until("settling", limit_s=30)
    assert bench.target == pytest.approx(1.8), "session and gate agree that a rating of this speed is enough"
    strap.bpm = 110
    bench.advance(1.0)
    assert bench.session.blocks == frozenset()


@pytest.mark.parametrize("rate", [25, 250])
def test_the_slowest_and_the_quickest_hearts_are_taken_in(rate):
    watch = HeartWatch(None, chosen=True)
    watch.heard(rate, beats=True, now=1.0)
    assert watch.known(1.0) == rate
