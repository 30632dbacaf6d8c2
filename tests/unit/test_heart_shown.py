"""The heart rate where people read it: with its limit, loud over it, and unknown called unknown."""

from __future__ import annotations

import dataclasses

import pytest
from bench import Bench

from retroctl.adapters.console.lines import heart_short
from retroctl.adapters.tui.widgets import heart_words
from retroctl.adapters.tui.words import line_of
from retroctl.adapters.voice.grammar import saying
from retroctl.app.attendant import LIGHT, PATIENCE_S, Attendant
from retroctl.app.clock import LoopClock
from retroctl.app.reports import Kind, Report
from retroctl.app.snapshot import snapshot
from retroctl.domain import events as ev
from retroctl.domain.heart import HeartWatch
from retroctl.domain.method.heart import HeartLimits

LIMITS = HeartLimits(None, 150, 168, 14, rpe_leads=False, why="level practised")
UNKNOWN = {"id": "F10", "text": "HEART RATE UNKNOWN: no heart rate from the strap for 5 s; raises wait for RPE"}
NEAR = {"id": "F10", "text": "HEART RATE OVER THE LIMIT: 170, near the highest; stop?"}
OVER = {"id": "F10", "text": "HEART RATE OVER THE LIMIT: over 150 for 15 s; raises wait"}
STEP_DOWN = {"id": "F10", "text": "HEART RATE OVER THE LIMIT: still over 150; step down?"}


def test_a_snapshot_tells_the_rate_its_age_and_its_limit():
    bench = Bench(heart=HeartWatch(LIMITS, chosen=True))
    bench.hold_at(1.0)
    shown = snapshot(bench.engine, bench.now)
    assert (shown.strap, shown.heart_rate_bpm, shown.heart_age_s) == (True, None, None)
    assert shown.heart_unknown == "no heart rate has come from the strap yet"
    assert heart_words(shown) == [("UNKNOWN", "$warning reverse bold")]
    bench.tell(ev.HeartRateReceived(112, beats=True))
    shown = snapshot(bench.engine, bench.now + 2)
    assert (shown.heart_rate_bpm, shown.heart_age_s, shown.heart_limit_bpm, shown.heart_over) == (112, 2.0, 150, False)
    assert heart_words(shown) == [("112 of 150", "")]
    assert heart_words(dataclasses.replace(shown, heart_limit_bpm=None)) == [("112", "")]
    bench.tell(ev.HeartRateReceived(155, beats=True))
    shown = snapshot(bench.engine, bench.now)
    assert heart_words(shown) == [("155 of 150", "$error reverse bold")]
    assert heart_words(snapshot(bench.engine, bench.now + 9)) == [("UNKNOWN 7 s", "$warning reverse bold")]
    assert heart_words(snapshot(Bench().engine, 1.0)) == [("--", "")]


def test_the_band_of_rehab_stands_beside_the_rate_and_under_it_is_said_and_is_no_alarm():
    """Found by hand: the page of the method promised it, and only the upper end was ever shown."""
    bench = Bench(heart=HeartWatch(dataclasses.replace(LIMITS, low_bpm=104, high_bpm=124), chosen=True))
    bench.hold_at(1.0)
    before = bench.alarms()
    for rate, words in ((103, "103 of 104-124, under"), (104, "104 of 104-124"), (124, "124 of 104-124")):
        bench.tell(ev.HeartRateReceived(rate, beats=True))
        shown = snapshot(bench.engine, bench.now)
        assert heart_words(shown) == [(words, "")]
        assert heart_short(shown) == f"HR {rate}/104-124"
    assert bench.alarms() == before
    bench.tell(ev.HeartRateReceived(125, beats=True))
    assert heart_words(snapshot(bench.engine, bench.now)) == [("125 of 104-124", "$error reverse bold")]


@pytest.mark.parametrize(
    ("alarm", "clips"),
    [
        (UNKNOWN, ("heart-rate-unknown",)),
        (NEAR, ("heart-rate-high", "near-the-highest")),
        (OVER, ("heart-rate-high",)),
        ({"id": "F9", "text": "near"}, ("not-done",)),
    ],
)
def test_the_voice_never_says_too_high_of_what_it_does_not_know(alarm, clips):
    said = saying(Report(1.0, Kind.ALARM, alarm), mph=False)
    assert said is not None
    assert said.clips == clips


def test_what_becomes_of_the_strap_is_a_line_on_the_trainers_screen():
    shown = line_of(Report(1.0, Kind.LINK, {"strap": "The strap is connected."}))
    assert shown is not None
    assert "The strap is connected." in str(shown)


async def answers(*reports: Report, alone: bool = True, rates: bool = False) -> list[ev.Event]:
    clock, told = LoopClock(), []
    attendant = Attendant(clock, told.append, alone=alone, rates=rates)
    for report in reports:
        attendant(report)
        await clock.sleep(0.1)
    await clock.sleep(PATIENCE_S + 1)
    return told


def state(name: str) -> Report:
    return Report(0.0, Kind.STATE, {"state": name})


def alarm(data: dict) -> Report:
    return Report(0.0, Kind.ALARM, data)


@pytest.mark.virtual
async def test_with_nobody_there_a_rating_is_given_where_one_is_waited_for_and_only_there():
    known = Report(0.0, Kind.CUE, {"text": "Heart rate known again."})
    rating = [ev.RpeGiven(LIGHT)]
    assert await answers(alarm(UNKNOWN), state("ready")) == rating
    assert await answers(state("ready"), alarm(UNKNOWN)) == rating
    assert await answers(alarm(UNKNOWN), known, state("ready")) == []
    assert await answers(state("ready"), alarm(OVER)) == []
    assert await answers(state("holding"), state("ready"), rates=True) == rating
    assert await answers(alarm(UNKNOWN), state("ready"), alone=False) == []


@pytest.mark.virtual
@pytest.mark.parametrize("proposed", [STEP_DOWN, NEAR])
async def test_with_nobody_there_what_is_proposed_becomes_easing_down(proposed):
    assert await answers(state("holding"), alarm(proposed)) == [ev.EaseDownPressed()]
