"""The messages: strict, described by a schema that is current, and never more than a message or a refusal."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retroctl.adapters.mqtt.messages import (
    MODELS,
    MOST_BYTES,
    Event,
    Session,
    StageOf,
    State,
    Stop,
    Unreadable,
    decoded,
    encoded,
    now_ts,
    schema_text,
    seconds_since,
)
from retroctl.adapters.mqtt.topics import Leaf, Machine, of_club, parsed
from retroctl.errors import ConfigError

FILE = Path(__file__).parents[3] / "docs" / "mqtt-messages.schema.json"
SAID = {"seq": 1, "ts": "2026-01-02T03:04:05.678Z", "run": "0" * 32}


def test_the_schema_in_docs_is_current_and_is_a_schema():
    assert FILE.read_text() == schema_text()
    jsonschema.Draft202012Validator.check_schema(json.loads(FILE.read_text()))


@pytest.mark.parametrize(
    ("leaf", "payload", "why"),
    [
        (Leaf.STOP, b"", "EOF"),
        (Leaf.STOP, b"\xff\xfe", "JSON"),
        (Leaf.STOP, b"null", "object"),
        (Leaf.STOP, b"[" * 1000, "recursion"),
        (Leaf.STOP, b'{"schema": "retroctl.stop/1"}', "id"),
        (Leaf.STOP, b'{"schema": "retroctl.stop/2", "id": "a"}', "schema"),
        (Leaf.STOP, b'{"schema": "retroctl.start/1", "id": "a"}', "schema"),
        (Leaf.STOP, b'{"schema": "retroctl.stop/1", "id": 1}', "id"),
        (Leaf.STOP, b'{"schema": "retroctl.stop/1", "id": "a b"}', "id"),
        (Leaf.STOP, b'{"schema": "retroctl.stop/1", "id": "a"}' + b" " * 1024, "bytes"),
        (Leaf.STATE, json.dumps({**SAID, "schema": "retroctl.state/1", "state": "x", "more": 1}).encode(), "more"),
        (
            Leaf.STATE,
            json.dumps({**SAID, "schema": "retroctl.state/1", "state": "x", "measured_kmh": float("nan")}).encode(),
            "measured_kmh",
        ),
        (
            Leaf.STATE,
            json.dumps({**SAID, "schema": "retroctl.state/1", "state": "x", "hold_left_s": 1e308}).encode(),
            "hold_left_s",
        ),
        (Leaf.STATE, json.dumps({**SAID, "schema": "retroctl.state/1", "state": "x", "seq": 2**53}).encode(), "seq"),
        (Leaf.EVENT, json.dumps({**SAID, "schema": "retroctl.event/1", "t": 1, "event": "note"}).encode(), "event"),
    ],
)
def test_what_is_no_message_of_its_topic_is_refused_with_a_reason(leaf, payload, why):
    with pytest.raises(Unreadable, match=why):
        decoded(leaf, payload)


def test_a_stop_may_carry_what_is_not_known_here_and_may_be_old():
    stop = decoded(Leaf.STOP, b'{"schema": "retroctl.stop/1", "id": "a", "ts": "1999-01-01T00:00:00Z", "new": {}}')
    assert isinstance(stop, Stop)


@pytest.mark.parametrize("what", ["ts", "by"])
@pytest.mark.parametrize("value", [1_790_000_000, 1.5, True, None, ["a"], {"a": 1}, "", "\u202e\x00", "w" * 700])
def test_whatever_is_said_about_a_stop_by_the_way_is_no_reason_not_to_stop(what, value):
    payload = json.dumps({"schema": "retroctl.stop/1", "id": "a", what: value}).encode()
    stop = decoded(Leaf.STOP, payload)
    assert isinstance(stop, Stop)
    kept = getattr(stop, what)
    assert kept is None or (isinstance(value, str) and value.startswith(kept) and len(kept) <= 80)


def test_a_message_is_read_as_it_was_made_and_fits_the_schema():
    schema = json.loads(FILE.read_text())
    whole = [
        State(**SAID, state="holding", stage=3, measured_kmh=1.8, blocks=("F1",), stop="stopping", problem=True),
        Event(**SAID, t=1.0, event="alarm", id="F1", text="no data"),
        Session(
            **SAID,
            phase="begun",
            simulated=True,
            treadmill="Belt",
            stages=(StageOf(kind="ladder", facing="backward", target_kmh=1.0, hold_s=60.0),),
        ),
        Stop(id="a"),
    ]
    for message in whole:
        leaf = next(leaf for leaf, model in MODELS.items() if model is type(message))
        assert decoded(leaf, encoded(message)) == message
        jsonschema.validate(json.loads(encoded(message)), schema)


def test_the_longest_session_fits_into_a_message():
    stage = StageOf(kind="ladder", facing="backward", target_kmh=10.05, hold_s=3600.0)
    longest = Session(**SAID, phase="begun", simulated=True, treadmill="x" * 80, stages=(stage,) * 120)
    assert len(encoded(longest)) < MOST_BYTES


@given(
    st.sampled_from(list(Leaf)),
    st.binary(max_size=200)
    | st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
        max_leaves=8,
    ).map(lambda value: json.dumps(value).encode()),
)
def test_any_bytes_are_a_message_or_unreadable(leaf, payload):
    try:
        message = decoded(leaf, payload)
    except Unreadable as error:
        why = str(error)
    else:
        why = ""
        assert type(message) is MODELS[leaf]
    assert len(why) < 320


def test_ages_are_counted_from_the_time_in_the_message():
    assert abs(seconds_since(now_ts())) < 5
    assert seconds_since("2020-01-01T00:00:00.000Z") > 1e8


def test_topics_are_of_this_program_or_of_nobody():
    assert parsed("retroctl/v1/club/belt-1/cmd/stop") == (Machine("club", "belt-1"), Leaf.STOP)
    assert of_club("club", Leaf.ACK) == "retroctl/v1/club/+/cmd/ack"
    for strange in (
        "retroctl/v1/club/belt-1/cmd/start",
        "retroctl/v2/club/b/state",
        "x",
        "retroctl/v1//b/state",
        "retroctl/v1/Club/b/state",
    ):
        assert parsed(strange) is None


@pytest.mark.parametrize("name", ["", "a/b", "+", "#", "$sys", "Belt", "ä", "a" * 41, "-a", "a\n"])
def test_names_that_cannot_be_part_of_a_topic_are_refused(name):
    with pytest.raises(ConfigError, match="a-z"):
        Machine("club", name)
