"""What Home Assistant asks of a device discovery message, written down as a JSON Schema.

Source: Home Assistant core, `homeassistant/components/mqtt/schemas.py` (the device discovery, origin, device and
availability schemas), `sensor.py`, `binary_sensor.py` and `button.py` of the same component, read in November 2026; and
its page "MQTT", https://www.home-assistant.io/integrations/mqtt/, section "Device discovery payload". The parts that
this program uses are here, and `additionalProperties` is false where Home Assistant would drop an unknown key unsaid.
"""

from __future__ import annotations

from typing import Any

TEMPLATE = {"type": "string", "pattern": "\\{\\{.*\\}\\}"}
TOPIC_TO_READ = {"type": "string", "minLength": 1, "pattern": "^[^\\u0000]+$"}
TOPIC_TO_WRITE = {"type": "string", "minLength": 1, "pattern": "^[^#+\\u0000]+$"}
TEXT = {"type": "string"}
NAME = {"type": ["string", "null"]}

_AVAILABILITY = {
    "type": "array",
    "minItems": 1,
    "items": {
        "type": "object",
        "required": ["topic"],
        "additionalProperties": False,
        "properties": {
            "topic": TOPIC_TO_READ,
            "payload_available": {"type": "string"},
            "payload_not_available": {"type": "string"},
            "value_template": TEMPLATE,
        },
    },
}
_COMMON: dict[str, Any] = {
    "platform": {"type": "string"},
    "unique_id": {"type": "string", "minLength": 1},
    "name": NAME,
    "icon": {"type": "string", "pattern": "^mdi:"},
    "entity_category": {"enum": ["config", "diagnostic"]},
    "json_attributes_topic": TOPIC_TO_READ,
    "json_attributes_template": TEMPLATE,
    "enabled_by_default": {"type": "boolean"},
    "qos": {"enum": [0, 1, 2]},
}
_READ = {"value_template": TEMPLATE, "state_topic": TOPIC_TO_READ, "expire_after": {"type": "integer", "minimum": 0}}


def _component(platform: str, required: list[str], **properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "required": ["platform", "unique_id", *required],
        "additionalProperties": False,
        "properties": {**_COMMON, **properties, "platform": {"const": platform}},
    }


SENSOR = _component(
    "sensor",
    [],
    **_READ,
    device_class={"enum": ["speed", "duration", "distance", None]},
    unit_of_measurement={"type": ["string", "null"]},
    state_class={"enum": ["measurement", "total", "total_increasing", "measurement_angle", None]},
    suggested_display_precision={"type": "integer", "minimum": 0},
    force_update={"type": "boolean"},
)
# A sensor with a device class has one of its units.
SENSOR["allOf"] = [
    {
        "if": {"properties": {"device_class": {"const": "speed"}}, "required": ["device_class"]},
        "then": {"properties": {"unit_of_measurement": {"enum": ["km/h", "m/s", "mph", "ft/s", "kn"]}}},
    },
    {
        "if": {"properties": {"device_class": {"const": "duration"}}, "required": ["device_class"]},
        "then": {"properties": {"unit_of_measurement": {"enum": ["d", "h", "min", "s", "ms"]}}},
    },
]
BINARY_SENSOR = _component(
    "binary_sensor",
    [],
    **_READ,
    device_class={"enum": ["problem", "connectivity", "running", None]},
    payload_on={"type": "string"},
    payload_off={"type": "string"},
)
BUTTON = _component(
    "button",
    ["command_topic"],
    command_topic=TOPIC_TO_WRITE,
    command_template=TEMPLATE,
    payload_press={"type": "string"},
    retain={"type": "boolean"},
    device_class={"enum": ["identify", "restart", "update", None]},
)
DEVICE_DISCOVERY: dict[str, Any] = {
    "type": "object",
    "required": ["device", "origin", "components"],
    "additionalProperties": False,
    "properties": {
        "device": {
            "type": "object",
            "anyOf": [{"required": ["identifiers"]}, {"required": ["connections"]}],
            "additionalProperties": False,
            "properties": {
                "identifiers": {"type": "array", "minItems": 1, "items": {"type": "string"}},
                "connections": {"type": "array"},
                **dict.fromkeys(("name", "manufacturer", "model", "model_id", "sw_version", "hw_version"), TEXT),
            },
        },
        "origin": {
            "type": "object",
            "required": ["name"],
            "additionalProperties": False,
            "properties": {
                **dict.fromkeys(("name", "sw_version", "support_url"), TEXT),
            },
        },
        "components": {
            "type": "object",
            "minProperties": 1,
            "additionalProperties": {"oneOf": [SENSOR, BINARY_SENSOR, BUTTON]},
        },
        "availability": _AVAILABILITY,
        "availability_mode": {"enum": ["all", "any", "latest"]},
        "state_topic": TOPIC_TO_READ,
        "command_topic": TOPIC_TO_WRITE,
        "qos": {"enum": [0, 1, 2]},
        "encoding": {"type": "string"},
    },
}
CONFIG_TOPIC = r"homeassistant/device/[a-zA-Z0-9_-]+/config"
"""The object id takes letters, digits, underscore and hyphen."""
