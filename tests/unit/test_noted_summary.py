"""What was noted, in the summary for programs and for people, and in the lines; bounded, and as plain text."""

from __future__ import annotations

import pytest
from bench import Bench

from retroctl.adapters.console.lines import _words
from retroctl.adapters.voice.grammar import Urgency, sentence
from retroctl.app.noted import MOST, noted, noted_lines
from retroctl.app.reports import Kind, Report
from retroctl.app.result import ExitStatus, Result
from retroctl.app.summary import NOTES
from retroctl.cli.summing_up import summary_lines, summary_of
from retroctl.config import load_settings
from retroctl.domain import events as ev
from retroctl.errors import ConfigError

RESULT = Result(ExitStatus.OK, "key", belt_at_rest=True, wrote=True)


@pytest.fixture
def bench():
    bench = Bench()
    bench.engine._tags = {2: "short\x1b[31m steps"}
    bench.hold_at(1.8)
    bench.tell(ev.RpeGiven(13), ev.HandsNoted(ev.Hands.ONE), ev.TagNoted(2), ev.TagNoted(9))
    bench.tell(ev.BalanceEventNoted(ev.BalanceEvent.STUMBLE))
    return bench


def test_the_summary_for_programs_keeps_its_keys_and_gains_four(bench):
    summary = summary_of(bench.engine.tally, RESULT, "file")
    assert list(summary) == [
        *("peak_kmh", "held", "duration_s", "distance_m", "kcal", "belt_at_rest", "record"),
        *("rpe", "hands", "balance_events", "tags"),
    ]
    assert summary["hands"] == [{"target_kmh": 1.0, "hands": "both"}, {"target_kmh": 1.8, "hands": "one"}]
    assert summary["rpe"] == [{"t": round(bench.now, 3), "target_kmh": 1.8, "rating": 13}]
    assert [event["event"] for event in summary["balance_events"]] == ["stumble"]
    assert [(tag["number"], tag["text"]) for tag in summary["tags"]] == [(2, "short\x1b[31m steps"), (9, "")]


def test_nothing_noted_is_nothing_said():
    assert noted(Bench().engine.tally) == {}
    assert noted_lines({}) == []


def test_the_summary_for_people_is_plain_text(bench):
    lines = "\n".join(summary_lines(summary_of(bench.engine.tally, RESULT, "file"), RESULT, []))
    assert "hands on the rails: 1.00 km/h both, 1.80 km/h one" in lines
    assert "RPE: 13 at 1.80 km/h" in lines
    assert "balance: stumble at 1.80 km/h" in lines
    assert "noted: short?[31m steps, at 1.80 km/h" in lines
    assert "\x1b" not in lines


def test_a_flood_of_tags_is_bounded(bench):
    bench.tell(*[ev.TagNoted(2)] * (NOTES + 50))
    assert len(bench.engine.tally.notes) == NOTES
    assert len(noted_lines(summary_of(bench.engine.tally, RESULT, "file"))) <= 2 * MOST + 2
    assert len(bench.of(Kind.NOTE)) > NOTES, "the record keeps all of them"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"note": "rpe", "value": 13, "target_kmh": 1.8}, "++ noted: rpe 13 at 1.80 km/h"),
        ({"note": "tag", "value": 2, "target_kmh": None, "text": "short steps"}, "++ noted: tag short steps"),
        ({"note": "tag", "value": 9, "target_kmh": None, "text": ""}, "++ noted: tag 9"),
    ],
)
def test_a_note_is_a_plain_line(data, words):
    assert _words(Report(1.0, Kind.NOTE, {"measured_kmh": None, **data})) == words


def test_that_the_keys_go_elsewhere_waits_for_an_announcement_and_is_not_lost():
    said = sentence("The keys go elsewhere.", mph=False)
    assert said is not None
    assert said.urgency > Urgency.ANNOUNCEMENT, "it cuts nothing off"
    assert said.lasts_s > 5.0


@pytest.mark.parametrize("tags", ["[]", '["x", ""]', '["' + "w" * 41 + '"]', str(list("abcdefghij")).replace("'", '"')])
def test_tags_that_fit_no_key_or_no_line_are_refused_by_name(tags, monkeypatch):
    monkeypatch.setenv("RETROCTL_TAGS", tags)
    with pytest.raises(ConfigError, match=r"RETROCTL_TAGS"):
        load_settings()


def test_tags_of_ones_own(monkeypatch):
    monkeypatch.setenv("RETROCTL_TAGS", '["short steps", "words only"]')
    assert load_settings().tags == ("short steps", "words only")
