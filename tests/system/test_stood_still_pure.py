"""F15 in the session itself: nobody watched the belt for a while."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from states import in_state

from retroctl.app.reports import Kind
from retroctl.domain import events as ev

if TYPE_CHECKING:
    from bench import Bench


def said(bench: Bench) -> list[str]:
    return [alarm["text"].split(": ", 1)[1] for alarm in bench.of(Kind.ALARM) if alarm["id"] == "F15"]


def test_a_short_stall_blocks_raises_and_makes_consent_void_until_the_trainer_has_looked():
    bench = in_state("ready")
    bench.tell(ev.ProcessStalled(0.8))
    assert said(bench) == ["for 0.8 s; look at the belt, confirm to go on"]
    assert "F15" in bench.session.blocks
    bench.advance(30.0)
    assert bench.state == "ready"
    bench.tell(ev.ConfirmPressed())
    assert bench.session.blocks == set()
    bench.advance(7.0)
    assert bench.state == "settling"


def test_consent_given_before_a_stall_is_none_after_it():
    bench = in_state("holding")
    bench.advance(bench.session.hold_remaining_s(bench.now) - 5.0)
    bench.tell(ev.ConfirmPressed(), ev.ProcessStalled(0.8))
    bench.advance(30.0)
    assert bench.state == "ready"


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (ev.ProcessStalled(5.1), "for 5.1 s"),
        (ev.ComputerSlept(0.4), "it slept for 0 s"),
        (ev.ComputerSlept(3.0), "it slept for 3 s"),
    ],
)
def test_a_long_stall_and_any_sleep_stop_the_belt_for_good(event, words):
    bench = in_state("holding")
    bench.tell(event)
    assert bench.state == "stopping"
    assert said(bench) == [words]
    bench.until("faulted")
    assert bench.session.fault == "F15"


def test_5_s_are_a_short_stall():
    bench = in_state("holding")
    bench.tell(ev.ProcessStalled(5.0))
    assert bench.state == "holding"


@pytest.mark.parametrize("event", [ev.ProcessStalled(6.0), ev.ComputerSlept(3.0)])
def test_a_stop_under_way_goes_on_as_it_was_and_the_stall_is_told(event):
    bench = in_state("stopping")
    bench.tell(event)
    assert len(said(bench)) == 1
    bench.until("stopped")
    assert bench.session.fault is None


@pytest.mark.parametrize("state", ["stopped", "faulted"])
@pytest.mark.parametrize("event", [ev.ProcessStalled(6.0), ev.ComputerSlept(3.0)])
def test_after_the_end_there_is_nothing_to_watch(state, event):
    bench = in_state(state)
    bench.tell(event)
    assert said(bench) == []
    assert bench.state == state


@pytest.mark.parametrize(
    ("event", "told"), [(ev.ProcessStalled(0.8), 0), (ev.ProcessStalled(6.0), 1), (ev.ComputerSlept(3.0), 1)]
)
def test_before_arming_it_stops_nothing(event, told):
    bench = in_state("briefing")
    bench.tell(event)
    assert len(said(bench)) == told
    assert bench.state == "briefing"
    assert bench.session.blocks == set()
    assert bench.wire() == []


def test_rest_that_a_human_has_seen_is_noted_and_does_not_count_as_measured():
    bench = in_state("stopping")
    bench.tell(ev.RestWitnessed())
    assert bench.state == "stopping"
    assert "Noted: the trainer sees the belt at rest." in [cue["text"] for cue in bench.of(Kind.CUE)]
