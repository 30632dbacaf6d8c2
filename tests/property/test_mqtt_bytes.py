"""Any bytes on any topic: none starts, resumes or raises a belt. A request to stop stops it; the rest does nothing."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mqtt_rig import BELT_1, OnRig
from rig import Rig

from retroctl.adapters.mqtt.broker import Broker, parse_url
from retroctl.adapters.mqtt.messages import Stop, Unreadable, decoded
from retroctl.adapters.mqtt.topics import Leaf, Machine

BROKER = Broker.checked(parse_url("mqtt://127.0.0.1/club/belt-1"))
STOP = BELT_1.topic(Leaf.STOP)
WORDS = ("start", "resume", "speed", "incline", "run", "set", "hold", "arm", "confirm", "07", "PRESS", "online", "ON")

topics = st.one_of(
    st.just(STOP),
    st.sampled_from([BELT_1.topic(leaf) for leaf in Leaf]),
    st.sampled_from([Machine("club", "belt-2").topic(leaf) for leaf in Leaf]),
    st.sampled_from(WORDS).map(lambda word: f"retroctl/v1/club/belt-1/cmd/{word}"),
    st.just("homeassistant/status"),
    st.text(min_size=1, max_size=40),
)
request = st.fixed_dictionaries(
    {},
    optional={
        "schema": st.sampled_from(["retroctl.stop/1", *(f"retroctl.{word}/1" for word in WORDS)]) | st.text(max_size=5),
        "id": st.text(alphabet="abc.:_-09", min_size=1, max_size=8) | st.integers() | st.none(),
        "by": st.text(max_size=20),
        "target_kmh": st.floats(allow_nan=False),
        "command": st.sampled_from(WORDS),
    },
).map(lambda value: json.dumps(value).encode())
payloads = st.one_of(
    st.binary(max_size=60),
    request,
    st.just(b'{"schema": "retroctl.stop/1", "id": "a"}'),
    st.sampled_from(WORDS).map(str.encode),
    st.binary(min_size=1025, max_size=1100),
)
messages = st.lists(st.tuples(topics, payloads, st.booleans()), max_size=12)


def is_stop(topic: str, payload: bytes, retained: bool) -> bool:
    if topic != STOP or retained:
        return False
    try:
        return isinstance(decoded(Leaf.STOP, payload), Stop)
    except Unreadable:
        return False


@pytest.mark.parametrize("state", ["briefing", "armed", "holding"])
@settings(max_examples=25)
@given(came=messages)
def test_no_byte_on_any_topic_moves_a_belt(state, came):
    rig = Rig()
    if state == "briefing":
        rig.run_until(lambda: rig.state == "briefing", limit_s=10)
    elif state == "armed":
        rig.brief_and_arm()
    else:
        rig.start_and_hold()
    on = OnRig(rig, BROKER)
    written, speed = len(rig.written), rig.true_speed

    for topic, payload, retained in came:
        on.arrive(topic, payload, retained=retained)
    on.run_for(8.0)

    stopped = any(is_stop(*message) for message in came)
    assert bool(on.sources) == stopped
    assert set(rig.written[written:]) <= ({"0801", "00"} if stopped else set())
    assert rig.true_speed <= speed
    if stopped:
        assert rig.written[written] == "0801"
        assert rig.true_speed == 0
    else:
        assert rig.state == state
