"""Every reachable place meets every event: a small depth here, a larger one by `make explore`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from explored_events import EVENTS
from explored_space import UNREACHED, Found, explore

from retroctl.domain.envelope import Allowed, Envelope
from retroctl.domain.hold import HoldTimer
from retroctl.domain.session import progress, trainer
from retroctl.domain.transitions import TRANSITIONS, State

ROWS = {(state.value, trigger.value): to.value for state, row in TRANSITIONS.items() for trigger, to in row.items()}
TWICE = (
    "until it changes",
    "three seconds",
    "confirm",
    "START by the program",
    "HOLD",
    "down",
    "ease down",
    "a fall",
    "STOP",
    "a way out",
    "the console goes up, told",
    "the belt is at 0 at once",
    "STOP at the console",
    "control is lost",
    "the link goes, or comes back",
    "no frames",
    "no command is permitted",
    "a write hangs",
)
"""What is most likely to go wrong together."""


pytestmark = pytest.mark.xdist_group("explored")  # its fixtures are made once, and not by each worker


@pytest.fixture(scope="module")
def once() -> Found:
    return explore(depth=1)


@pytest.fixture(scope="module")
def twice() -> Found:
    return explore(depth=2, events=TWICE)


def test_every_event_in_every_state_breaks_no_rule_and_stop_works_from_wherever_it_leads(once: Found):
    assert once.broken == []
    assert once.steps == 18 * len(EVENTS)
    assert len(once.by_state) == 16


def test_nor_do_two_of_the_worst_in_a_row(twice: Found):
    assert twice.broken == []
    assert twice.places > 700


def test_every_row_of_the_table_is_taken_and_leads_where_it_says(once: Found, twice: Found):
    taken = {row: once.rows.get(row, set()) | twice.rows.get(row, set()) for row in {**once.rows, **twice.rows}}
    assert {row: to for row, to in taken.items() if to != {ROWS[row]}} == {}
    assert set(ROWS) - set(taken) == set(UNREACHED)


def test_the_documents_are_drawn_from_the_present_table():
    kept = json.loads((Path(__file__).parent / "reached.json").read_text())
    assert {(state, trigger): to for state, trigger, to in kept["rows"]} == ROWS, "make explore"
    assert kept["broken"] == 0


def test_a_session_that_forgets_stop_is_found(monkeypatch: pytest.MonkeyPatch):
    stop = trainer.stop
    monkeypatch.setattr(trainer, "stop", lambda core, event: None if core.state is State.READY else stop(core, event))
    assert [
        each for each in explore(depth=0).broken if each.startswith("ready / STOP: AssertionError: STOP led to ready")
    ]


def test_a_raise_before_the_hold_is_served_is_found(monkeypatch: pytest.MonkeyPatch):
    """Neither the session nor the gate asks for the hold any more: only the judge is left to see it."""
    monkeypatch.setattr(Envelope, "judge", lambda self, command, now: Allowed())
    remaining = HoldTimer.remaining
    monkeypatch.setattr(HoldTimer, "remaining", lambda self, hold_s, now: remaining(self, hold_s - 30.0, now))
    monkeypatch.setattr(progress, "_served_at", lambda core: (core.hold.settled_at or core.now) + 30.0)
    broken = explore(depth=1, events=("until it changes", "three seconds", "confirm")).broken
    assert any("s of a hold" in each for each in broken), broken
