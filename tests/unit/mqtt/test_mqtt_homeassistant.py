"""What Home Assistant is told: valid by its own rules, true of the messages, with one button, which stops."""

from __future__ import annotations

import json
import re

import jinja2
import jsonschema
import pytest
from homeassistant_schema import CONFIG_TOPIC, DEVICE_DISCOVERY
from mqtt_rig import BELT_1

from retroctl.adapters.mqtt.homeassistant import config_topic, device, discovery, forgetting
from retroctl.adapters.mqtt.messages import State, Status, Stop, decoded, encoded
from retroctl.adapters.mqtt.topics import Leaf, Machine

SAID = {"seq": 1, "ts": "2026-01-02T03:04:05.678Z", "run": "0" * 32}
STATE = State(**SAID, state="holding", measured_kmh=1.8, measured_age_s=0.2, target_kmh=1.8, problem=True)


def rendered(template: str, message: object) -> str:
    """As Home Assistant does, with Jinja."""
    values = json.loads(encoded(message))  # type: ignore[arg-type]
    return jinja2.Environment(autoescape=False).from_string(template).render(value_json=values)  # noqa: S701 - no HTML


@pytest.mark.parametrize("heart_rate", [False, True])
def test_the_discovery_message_is_what_home_assistant_asks_for(heart_rate):
    message = discovery(BELT_1, version="0.1.0", heart_rate=heart_rate)
    payload = json.loads(message.payload)

    jsonschema.validate(payload, DEVICE_DISCOVERY)
    assert re.fullmatch(CONFIG_TOPIC, message.topic)
    assert message.retain
    ids = [each["unique_id"] for each in payload["components"].values()]
    assert len(set(ids)) == len(ids)
    assert ("heart_rate_bpm" in payload["components"]) == heart_rate


def test_the_schema_would_notice():
    for spoil in (
        lambda p: p.pop("origin"),
        lambda p: p["components"]["stop"].pop("command_topic"),
        lambda p: p["components"]["measured_kmh"].update(unit_of_measurement="s"),
        lambda p: p["components"]["problem"].pop("unique_id"),
        lambda p: p["device"].pop("identifiers"),
    ):
        payload = device(BELT_1, version="0.1.0", heart_rate=False)
        spoil(payload)
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(payload, DEVICE_DISCOVERY)


def test_there_is_one_way_to_act_and_it_is_stop():
    components = device(BELT_1, version="0.1.0", heart_rate=True)["components"]
    acting = [each for each in components.values() if each["platform"] not in {"sensor", "binary_sensor"}]
    (button,) = acting
    assert button["platform"] == "button"
    assert button["command_topic"] == BELT_1.topic(Leaf.STOP)
    assert button["retain"] is False
    environment = jinja2.Environment(autoescape=False)  # noqa: S701 - no HTML
    now = type("Now", (), {"timestamp": staticmethod(lambda: 1764000000.25)})
    pressed = environment.from_string(button["command_template"]).render(now=now)
    stop = decoded(Leaf.STOP, pressed.encode())
    assert stop == Stop(id="ha-1764000000250", by="Home Assistant")


def test_each_template_finds_its_value_in_a_state():
    components = device(BELT_1, version="0.1.0", heart_rate=True)["components"]
    shown = {
        key: rendered(each["value_template"], STATE) for key, each in components.items() if "value_template" in each
    }
    assert shown["state"] == "holding"
    assert (shown["measured_kmh"], shown["target_kmh"]) == ("1.8", "1.8")
    assert shown["problem"] == "ON"
    assert shown["hold_left_s"] == "None", "which Home Assistant takes for unknown"
    assert "" not in shown.values()


@pytest.mark.parametrize("reason", ["online running", "offline lost", "offline ended", "silent silent"])
def test_availability_is_the_status(reason):
    word, why = reason.split()
    (availability,) = device(BELT_1, version="0.1.0", heart_rate=False)["availability"]
    status = Status(**SAID, status=word, reason=why, version="0.1.0", simulated=True, treadmill="Belt")
    assert availability["topic"] == BELT_1.topic(Leaf.STATUS)
    assert rendered(availability["value_template"], status) == word


def test_no_two_machines_are_one_device():
    """One would take the other's button: STOP would stop the wrong belt."""
    letters = ("a", "a_", "a__", "a_b", "a__b", "b", "b_", "a-b", "b_a")
    machines = [Machine(club, name) for club in letters for name in letters]
    assert len({config_topic(machine) for machine in machines}) == len(machines)
    assert config_topic(BELT_1) == "homeassistant/device/retroctl_club_belt-1/config"


def test_forgetting_is_nothing_retained_in_the_same_place():
    message = forgetting(BELT_1)
    assert (message.topic, message.payload, message.retain) == (config_topic(BELT_1), b"", True)
