"""What is called out, on every way out of the program: lines, JSON lines, voice, wall, keys."""

from __future__ import annotations

import dataclasses
import json

import pytest
from test_console_lines import HOLDING, Paper

from retroctl.adapters.console.jsonl import JsonLines
from retroctl.adapters.console.lines import PlainLines
from retroctl.adapters.console.trainer import KeyTrainer
from retroctl.adapters.voice.grammar import Urgency, saying
from retroctl.adapters.wall.news import news
from retroctl.app.reports import Kind, Report
from retroctl.domain.callout import AGAIN_S, LEAVE, MODE, PRESS_STOP, CallOut
from retroctl.domain.commands import Outcome, RequestControl, SetTargetSpeed, StartOrResume, Stop
from retroctl.units import REST, Speed

BY_HAND = dataclasses.replace(HOLDING, by_hand=True)
SET = Report(9.0, Kind.CALLOUT, {"name": "set-target-speed", "target_kmh": 1.8, "text": "Set 1.80.", "times": 1})
STOP = Report(9.0, Kind.CALLOUT, {"name": "stop", "text": PRESS_STOP, "times": 3})


# -- the wire that is a person ---------------------------------------------------------------------------------------


def test_an_instruction_says_in_which_direction_and_in_both_units():
    told = [CallOut().ask(SetTargetSpeed(Speed(180)), Speed(now), 0.0).text for now in (100, 260, 178)]
    assert told == [
        "At the console: set 1.80 km/h (1.1 mph).",
        "At the console: lower to 1.80 km/h (1.1 mph).",
        "At the console: leave it at 1.80 km/h (1.1 mph).",
    ]


def test_it_is_told_again_until_nobody_waits_for_it_any_more():
    hand = CallOut()
    assert hand.next_deadline() is None
    assert hand.ask(StartOrResume(), REST, 0.0).times == 1
    assert hand.due(REST, AGAIN_S - 0.1) is None
    assert hand.due(REST, AGAIN_S).times == 2
    assert hand.next_deadline() == 2 * AGAIN_S
    assert hand.follow(StartOrResume()) is None
    assert hand.follow(None) is None
    assert hand.next_deadline() is None
    assert hand.due(REST, 100.0) is None


@pytest.mark.parametrize(
    ("fell_to", "told"), [(174, None), (175, "leave it at"), (185, "leave it at"), (186, "lower to")]
)
def test_a_belt_that_fell_under_what_it_was_to_be_lowered_to_is_not_sent_up_to_it(fell_to, told):
    hand = CallOut()
    hand.ask(SetTargetSpeed(Speed(180)), Speed(260), 0.0)
    instruction = hand.due(Speed(fell_to), AGAIN_S)
    assert instruction is None if told is None else told in instruction.text
    assert hand.next_deadline() == 2 * AGAIN_S, "it is looked at again"
    assert hand.due(Speed(260), 2 * AGAIN_S).times == (2 if told is None else 3)


def test_a_raise_is_told_again_as_a_raise():
    hand = CallOut()
    hand.ask(SetTargetSpeed(Speed(180)), Speed(100), 0.0)
    assert hand.due(Speed(100), AGAIN_S).text == "At the console: set 1.80 km/h (1.1 mph)."


def test_a_person_needs_no_permission():
    assert CallOut().ask(RequestControl(), REST, 0.0) is None


@pytest.mark.parametrize(("outcome", "told"), [(Outcome.UNKNOWN, LEAVE), (Outcome.CONFIRMED, None)])
def test_a_raise_that_was_not_made_is_taken_back_in_words(outcome, told):
    hand = CallOut()
    hand.ask(SetTargetSpeed(Speed(180)), Speed(100), 0.0)
    hand.settled(outcome)
    instruction = hand.follow(None)
    assert (None if instruction is None else instruction.text) == told


def test_a_new_instruction_or_a_stop_takes_nothing_back():
    hand = CallOut()
    hand.ask(SetTargetSpeed(Speed(180)), Speed(100), 0.0)
    hand.settled(Outcome.UNKNOWN)
    assert hand.follow(Stop()) is None
    assert [hand.ask(Stop(), Speed(100), at).times for at in (1.0, 2.5, 4.0)] == [1, 2, 3]


# -- shown -----------------------------------------------------------------------------------------------------------


def test_lines_mark_it_and_count_the_repeats():
    paper = Paper()
    lines = PlainLines(paper, lambda: BY_HAND)
    lines(SET)
    lines(STOP)
    assert paper.printed == f"  0:09  >> Set 1.80.\n  0:09  >> {PRESS_STOP}  (said 3 times)\n"


def test_armed_says_who_stops_the_belt():
    for picture, words in ((BY_HAND, "you press it"), (HOLDING, "every way out stops the belt")):
        paper = Paper()
        PlainLines(paper, lambda picture=picture: picture)(Report(3.0, Kind.STATE, {"state": "armed"}))
        assert words in paper.printed


def test_json_lines_never_call_it_a_command():
    paper = Paper()
    JsonLines(paper)(SET)
    line = json.loads(paper.printed)
    assert (line["type"], line["name"], line["target_kmh"]) == ("callout", "set-target-speed", 1.8)
    assert "hex" not in line


def test_the_voice_says_what_to_set_and_repeats_a_stop():
    assert saying(SET, mph=False).clips[0] == "client-sets-speed"
    assert len(saying(SET, mph=False).clips) > 1
    for times, clip in ((2, "pull-the-clip"), (3, "press-stop"), (4, "pull-the-clip")):
        said = saying(Report(1.0, Kind.CALLOUT, {**STOP.data, "times": times}), mph=False)
        assert (said.clips, said.urgency) == ((clip,), Urgency.STOP)
    for name, times, clips in (("start", 1, None), ("start", 2, ("press-start",)), ("stop", 1, None)):
        said = saying(Report(1.0, Kind.CALLOUT, {"name": name, "text": "", "times": times}), mph=False)
        assert (None if said is None else said.clips) == clips
    assert saying(Report(0.0, Kind.CALLOUT, {"name": "mode", "text": MODE, "times": 1}), mph=False) is None
    assert saying(Report(0.0, Kind.STOP, {"view": PRESS_STOP}), mph=False) is None, "its sentence says it"


def test_the_wall_knows_who_sets_the_belt():
    for picture in (BY_HAND, HOLDING):
        assert json.loads(news(picture, pace=1).removeprefix(b"data: "))["by_hand"] is picture.by_hand


def test_no_key_is_offered_that_starts_such_a_belt():
    for first, offered in ((Report(0.0, Kind.CALLOUT, {"name": "mode"}), False), (SET, False), (None, True)):
        said: list[str] = []
        trainer = KeyTrainer(said.append, lambda _: None, lambda _: None, lambda _: None)
        if first is not None:
            trainer(first)
        trainer(Report(3.0, Kind.STATE, {"state": "armed"}))
        assert any("this program starts the belt" in line for line in said) is offered
