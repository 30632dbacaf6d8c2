"""What is said of what: every sentence and alarm of a session has its clips, and nothing else can upset the voice."""

from __future__ import annotations

import ast
import re
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import retroctl.domain
from retroctl.adapters.voice.bank import Bank
from retroctl.adapters.voice.grammar import (
    ALARMS,
    ANNOUNCEMENT,
    COUNT,
    HOLD_SERVED,
    NOT_SPOKEN,
    SPOKEN,
    STOPS,
    TONES,
    Urgency,
    announcement,
    free_text,
    saying,
    sentence,
)
from retroctl.adapters.voice.numbers import duration, number, speed
from retroctl.app.reports import Kind, Report
from retroctl.cli.guarded import ALARM_ID, NOT_HERE
from retroctl.domain.effects import StopView
from retroctl.domain.failsafes import FAILSAFES
from retroctl.domain.session.core import ANNOUNCE_S
from retroctl.domain.stopping import REPEAT_S
from retroctl.units import Speed

SAID = {
    "Starting. Hands on the rails.": "Starting. Hands on the rails.",
    "1.0. Hold 60 seconds.": "Hold. One. Minute.",
    "2.6. Hold 120 seconds.": "Hold. Two. Minutes.",
    "2.6. Hold 90 seconds.": "Hold. Ninety. Seconds.",
    "2.6. Hold 150 seconds.": "Hold. Two. Minutes. Thirty. Seconds.",
    "Slower. 2.4.": "Slower. Two point Four.",
    "Slower. 0.8.": "Slower. Zero point Eight.",
    "Faster. 12.0.": "Faster. Twelve point Zero.",
    "Holding 1.8.": "Holding. One point Eight.",
    "Going on at 2.2.": "Going on. Two point Two.",
    "Stopping.": "Stopping.",
    "Stand still. Turn. Confirm.": "Stand still. Turn. Confirm.",
    "3": "(tone-count)",
}


def words(clips: tuple[str, ...]) -> str:
    return " ".join(SPOKEN.get(name, f"({name})") for name in clips)


@pytest.mark.parametrize(("shown", "heard"), SAID.items())
def test_a_sentence_on_the_screen_is_said_event_first(shown, heard):
    said = sentence(shown, mph=False)
    assert said is not None
    assert words(said.clips) == heard


def test_an_announcement_says_the_event_the_time_and_the_speed():
    said = announcement(Speed(260), ANNOUNCE_S, mph=False)
    assert words(said.clips) == "Faster in five. Two point Six."
    assert words(announcement(Speed(260), ANNOUNCE_S, mph=True).clips) == "Faster in five. One point Six."


def test_an_announcement_ends_before_its_first_count():
    """Whatever the speed, the sentence is over (or a count late by no more than it may be) when the counting begins."""
    bank = Bank()
    lengths = {
        tenths: bank.sound(announcement(Speed(tenths * 10), ANNOUNCE_S, mph=False).clips).seconds
        for tenths in range(1, 161)
    }
    assert max(lengths[tenths] for tenths in range(1, 100)) < 2.1, "up to 9.9 km/h"
    assert max(lengths.values()) < 2.3


def templates() -> list[str]:
    """Every sentence in the domain, as it is written there, with numbers for what is filled in."""
    found = []
    for path in Path(retroctl.domain.__path__[0]).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "cue":
                found += [text for part in alternatives(node.args[0]) for text in filled_in(part)]
    return found


def alternatives(node: ast.expr) -> list[ast.expr]:
    return [node.body, node.orelse] if isinstance(node, ast.IfExp) else [node]


def filled_in(node: ast.expr) -> list[str]:
    match node:
        case ast.Constant(value=str(text)):
            return [text]
        case ast.JoinedStr(values=values):
            text = "".join(
                part.value if isinstance(part, ast.Constant) else f"<{ast.unparse(part)}>" for part in values
            )
            if "facing" in text:
                return [re.sub("<.*?>", facing, text) for facing in ("backward", "forward")]
            text = re.sub(r"<[^>]*kmh:\.1f[^>]*>", "2.6", text)
            return [re.sub(r"<[^>]*:\.0f[^>]*>", "60", text)]
        case ast.Name():
            return []  # `cue` itself, handing on what it was given
    raise AssertionError(f"a sentence of a form this test does not know: {ast.unparse(node)}")


BY_THE_SYSTEM = {"Set the incline to <{pct:g}> % at the console."}
"""No clips: the system's own voice says it, where there is one. Any number may stand in it."""


def test_a_sentence_without_clips_is_left_to_the_systems_own_voice():
    for text in BY_THE_SYSTEM:
        assert free_text(Report(0, Kind.CUE, {"text": text.replace("<{pct:g}>", "1")})) is not None


def test_every_sentence_of_the_domain_has_its_clips():
    """A sentence added there is spoken, or listed as one that is not."""
    found = templates()
    assert len(found) >= 18
    for text in found:
        said = sentence(text, mph=False)
        assert (said is None) is (text in NOT_SPOKEN | BY_THE_SYSTEM), text
        assert said is None or set(said.clips) <= {*SPOKEN, *TONES}, text


def test_every_alarm_and_every_word_of_a_stop_has_its_clips():
    assert {str(failsafe) for failsafe in FAILSAFES} == set(ALARMS)
    assert {*STOPS} == {*StopView}
    for clips in (*ALARMS.values(), *STOPS.values()):
        assert set(clips) <= set(SPOKEN)


@pytest.mark.parametrize(
    ("report", "clips", "urgency"),
    [
        (Report(0, Kind.STOP, {"view": "NOT CONFIRMED - PULL THE CLIP"}), "not-confirmed pull-the-clip", Urgency.STOP),
        (Report(0, Kind.STOP, {"view": "STOPPED"}), "stopped", Urgency.STOP),
        (Report(0, Kind.CUE, {"text": "Stopping."}), "stopping", Urgency.STOP),
        (Report(0, Kind.ALARM, {"id": "F2", "text": "LINK LOST"}), "link-lost pull-the-clip", Urgency.ALARM),
        (Report(0, Kind.CUE, {"text": "Press STOP on the console. Pull the clip."}), "press-stop", Urgency.STOP),
        (Report(0, Kind.CALLOUT, {"name": "stop", "times": 2}), "pull-the-clip", Urgency.STOP),
        (Report(0, Kind.CALLOUT, {"name": "stop", "times": 3}), "press-stop", Urgency.STOP),
        (Report(0, Kind.ALARM, {"id": ALARM_ID, "text": NOT_HERE}), "no-guard", Urgency.ALARM),
        (Report(0, Kind.ALARM, {"id": ALARM_ID, "text": "NO GUARD YET: look"}), "no-guard", Urgency.ALARM),
        (
            Report(0, Kind.ALARM, {"id": ALARM_ID, "text": "the guard stops the belt: retroctl does not answer"}),
            "guard-stops pull-the-clip",
            Urgency.ALARM,
        ),
        (Report(0, Kind.ALARM, {"id": ALARM_ID, "text": "the guard is in place"}), "guard-in-place", Urgency.ALARM),
        (Report(0, Kind.CUE, {"text": "2"}), COUNT, Urgency.ANNOUNCEMENT),
        (Report(0, Kind.STATE, {"state": "ready"}), HOLD_SERVED, Urgency.TONE),
    ],
)
def test_how_urgent_a_report_is(report, clips, urgency):
    said = saying(report, mph=False)
    assert said is not None
    assert (" ".join(said.clips), said.urgency) == (clips, urgency)


@pytest.mark.parametrize("clip", ["press-stop", "pull-the-clip"])
def test_what_a_person_is_to_do_for_a_stop_is_said_whole_before_it_is_said_again(clip):
    """A stop cuts off the one before it."""
    assert Bank().sound((clip,)).seconds < REPEAT_S


def test_the_words_on_the_screen_of_an_announcement_are_not_said_twice():
    text = "Faster in 5 seconds: 2.6."
    assert ANNOUNCEMENT.fullmatch(text)
    assert sentence(text, mph=False) is None


def test_a_stop_under_way_is_said_once():
    assert saying(Report(0, Kind.STOP, {"view": "STOPPING"}), mph=False) is None


@pytest.mark.parametrize("tenths_mph", range(1, 100))
def test_a_machine_with_steps_of_a_tenth_of_a_mile_hears_its_own_speeds(tenths_mph):
    """The sentence has one decimal of km/h; the miles told from it are still the ones on the console."""
    target = Speed.from_mph(tenths_mph / 10)
    said = sentence(f"Slower. {target.kmh:.1f}.", mph=True)
    assert said is not None
    assert said.clips[1:] == speed(target, mph=True)
    assert said.clips[1:] == (f"{number(tenths_mph // 10)[0]}-point", *number(tenths_mph % 10))


@given(st.integers(0, 70_000))
def test_every_duration_and_number_is_made_of_clips(value):
    assert set(duration(value)) <= set(SPOKEN)
    assert set(number(value)) <= set(SPOKEN)
    for mph in (False, True):
        assert set(speed(Speed(min(value, 65535)), mph=mph)) <= set(SPOKEN)


values = st.one_of(st.none(), st.integers(), st.floats(), st.text(), st.lists(st.integers()))


@given(st.sampled_from(Kind), st.dictionaries(st.sampled_from(["text", "id", "view", "state"]), values), st.booleans())
def test_no_report_upsets_the_voice(kind, data, mph):
    """A listener that raises would stop the belt: whatever a report holds, it is said or it is not."""
    said = saying(Report(0, kind, data), mph=mph)
    assert said is None or set(said.clips) <= {*SPOKEN, *TONES}


@given(
    st.from_regex(
        r"(Faster|Slower)\. [0-9]{1,3}\.[0-9]\.|[0-9]{1,2}\.[0-9]\. Hold [0-9]{1,5} seconds\.", fullmatch=True
    )
)
def test_no_number_upsets_the_voice(text):
    said = sentence(text, mph=True)
    assert said is None or set(said.clips) <= set(SPOKEN)


def test_a_sentence_from_outside_is_not_spoken():
    """Only the fixed grammar is: nothing a machine or a plan is called can be heard as an instruction."""
    assert sentence("Faster. 99.9 km/h now!", mph=False) is None
    assert sentence("\x1b[2J Stopping.", mph=False) is None
    assert files("retroctl.adapters.voice").is_dir()
