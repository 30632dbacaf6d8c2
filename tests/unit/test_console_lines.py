"""Plain lines: what a person reads, within the width there is."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retroctl.adapters.console.jsonl import JsonLines
from retroctl.adapters.console.lines import PlainLines
from retroctl.adapters.console.text import plain
from retroctl.app.reports import JSON_LINE_KINDS, Kind, Report
from retroctl.app.snapshot import Snapshot
from retroctl.domain.transitions import State
from retroctl.units import Speed

HOLDING = Snapshot(
    State.HOLDING, 0, Speed(100), 0.1, Speed(100), 120.0, 30.0, Speed(180), "30 s of this hold are left", None
)


class Paper:
    """An output that keeps what is printed."""

    def __init__(self) -> None:
        self.printed = ""

    def line(self, text: str, *, telemetry: bool = False) -> None:
        self.text(f"{text}\n", telemetry=telemetry)

    def text(self, text: str, *, telemetry: bool = False) -> None:
        self.printed += text


def telemetry(t: float, measured: float = 1.0, target: float | None = 1.0) -> Report:
    return Report(t, Kind.TELEMETRY, {"measured_kmh": measured, "target_kmh": target})


def on_terminal(picture: Snapshot | None, columns: int = 80) -> tuple[Paper, PlainLines]:
    paper = Paper()
    return paper, PlainLines(paper, lambda: picture, columns=lambda: columns)


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("waits", [None, "the trainer's confirmation", "on HOLD until the trainer confirms", "x" * 60])
def test_the_status_line_never_wraps(state, waits):
    picture = dataclasses.replace(HOLDING, state=state, raise_waits_for=waits, hold_remaining_s=0.0, measured_age_s=9.0)
    paper, lines = on_terminal(picture)
    lines(telemetry(5000.0, 10.25, 10.20))

    assert len(paper.printed.removeprefix("\r\x1b[K")) < 80


def test_a_served_hold_that_waits_for_the_trainer_says_which_key():
    picture = dataclasses.replace(
        HOLDING, state=State.READY, hold_remaining_s=0.0, raise_waits_for="the trainer's confirmation"
    )
    paper, lines = on_terminal(picture)
    lines(telemetry(130.0))

    assert paper.printed.endswith("hold served  next 1.80  ENTER = faster")


def test_old_speeds_are_called_old():
    paper, lines = on_terminal(dataclasses.replace(HOLDING, measured_age_s=4.0))
    lines(telemetry(130.0))
    assert "4 s OLD" in paper.printed


def test_a_line_replaces_the_status_line_and_does_not_run_into_it():
    paper, lines = on_terminal(HOLDING)
    lines(telemetry(1.0))
    lines(Report(2.0, Kind.CUE, {"text": "Slower."}))

    assert paper.printed.endswith('\r\x1b[K  0:02  "Slower."\n')


def test_during_the_briefing_no_status_line_pushes_the_question_away():
    paper, lines = on_terminal(dataclasses.replace(HOLDING, state=State.BRIEFING))
    lines(telemetry(1.0))
    assert paper.printed == ""


def test_without_a_terminal_telemetry_is_rare():
    paper = Paper()
    lines = PlainLines(paper, lambda: HOLDING)
    for t in range(60):
        lines(telemetry(float(t)))
    assert len(paper.printed.splitlines()) == 4


@given(st.text(max_size=300), st.integers(1, 200))
def test_foreign_text_neither_controls_the_terminal_nor_runs_over_its_edge(text, columns):
    paper, lines = on_terminal(None, columns)
    lines(Report(3.0, Kind.REFUSAL, {"rule": "R9", "reason": text}))

    assert all(len(line) <= max(40, columns - 1) for line in paper.printed.splitlines())
    assert all(letter.isprintable() or letter == "\n" for letter in paper.printed)


@pytest.mark.parametrize(
    ("report", "words"),
    [
        (
            Report(0.0, Kind.COMMAND, {"name": "stop", "hex": "0801", "source": "key"}),
            "-> STOP the belt  [0801]  (key)",
        ),
        (Report(0.0, Kind.OUTCOME, {"name": "start", "result": "rejected"}), "<- START the belt: rejected"),
        (Report(0.0, Kind.ALARM, {"id": "F2", "text": "LINK LOST"}), "!! F2  LINK LOST"),
        (Report(0.0, Kind.STOP, {"view": "STOPPING"}), "== STOPPING"),
        (Report(0.0, Kind.LINK, {"link": "not restored", "reason": "too far"}), "link not restored: too far"),
        (Report(0.0, Kind.LINK, {"strap": "The strap is connected."}), "The strap is connected."),
        (Report(0.0, Kind.LINK, {"write": "0801", "failed": "gone"}), "the write 0801 failed: gone"),
    ],
)
def test_what_is_said(report, words):
    paper = Paper()
    PlainLines(paper, lambda: None)(report)
    assert words in paper.printed


@pytest.mark.parametrize("kind", list(Kind))
def test_only_documented_types_are_json_lines(kind):
    paper = Paper()
    data = {"view": "STOPPING"} if kind is Kind.STOP else {}
    JsonLines(paper)(Report(1.5, kind, data))

    if kind is Kind.STOP:
        assert paper.printed == '{"t": 1.5, "type": "cue", "text": "STOPPING"}\n'
    elif kind in JSON_LINE_KINDS:
        assert paper.printed == f'{{"t": 1.5, "type": "{kind.value}"}}\n'
    else:
        assert paper.printed == ""


@given(st.text())
def test_plain_text_is_printable_and_short(text):
    assert plain(text).isprintable()
    assert len(plain(text)) <= 200
