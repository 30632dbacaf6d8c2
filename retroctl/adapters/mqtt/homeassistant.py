"""What Home Assistant is told of a machine: one retained message of device discovery, and how it is taken back.

Sensors, a sensor for problems, and one button, which stops. There is nothing that starts, raises or sets anything.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from retroctl.adapters.mqtt.narrator import short
from retroctl.adapters.mqtt.outbox import Outgoing
from retroctl.adapters.mqtt.topics import Leaf

if TYPE_CHECKING:
    from retroctl.adapters.mqtt.topics import Machine

PREFIX: Final = "homeassistant"
HAIL: Final = f"{PREFIX}/status"
"""Home Assistant says `online` here when it has started; then it is told again."""
EXPIRES_S: Final = 10
"""A value that was not told again for so long is unknown: the state comes once a second."""

_STOP_TEMPLATE: Final = (
    '{"schema": "retroctl.stop/1", "id": "ha-{{ (now().timestamp() * 1000) | int }}", "by": "Home Assistant"}'
)


def device_id(machine: Machine) -> str:
    """The machine's name among Home Assistant's devices. No two machines share one: a/b_c and a_b/c do not either."""
    club, name = (each.replace("_", "__") for each in (machine.club, machine.name))
    return f"retroctl_{club}_{name}"


def config_topic(machine: Machine) -> str:
    """Where the discovery message is kept."""
    return f"{PREFIX}/device/{device_id(machine)}/config"


def discovery(machine: Machine, *, version: str, heart_rate: bool) -> Outgoing:
    """The message that makes the machine appear. `heart_rate`: it was opted in, so there is a sensor for it."""
    payload = json.dumps(device(machine, version=version, heart_rate=heart_rate), ensure_ascii=False)
    return Outgoing(config_topic(machine), payload.encode(), retain=True, latest=True)


def forgetting(machine: Machine) -> Outgoing:
    """The message that makes it disappear: nothing, retained."""
    return Outgoing(config_topic(machine), b"", retain=True, latest=True)


def device(machine: Machine, *, version: str, heart_rate: bool) -> dict[str, Any]:
    """The device, its origin (both are asked for), and what belongs to it."""
    own = device_id(machine)
    state = machine.topic(Leaf.STATE)

    def sensor(key: str, name: str, **more: Any) -> dict[str, Any]:
        template = f"{{{{ value_json.{key} }}}}"
        return {
            "platform": "sensor",
            "unique_id": f"{own}_{key}",
            "name": name,
            "value_template": template,
            "expire_after": EXPIRES_S,
            **more,
        }

    speed = {"device_class": "speed", "unit_of_measurement": "km/h", "suggested_display_precision": 1}
    seconds = {"device_class": "duration", "unit_of_measurement": "s", "suggested_display_precision": 0}
    components: dict[str, dict[str, Any]] = {
        "state": sensor("state", "State", json_attributes_topic=state),
        "measured_kmh": sensor("measured_kmh", "Measured speed", state_class="measurement", **speed),
        "target_kmh": sensor("target_kmh", "Target speed", **speed),
        "hold_left_s": sensor("hold_left_s", "Hold left", **seconds),
        "measured_age_s": sensor(
            "measured_age_s", "Age of the measured speed", entity_category="diagnostic", **seconds
        ),
        "stop_state": sensor("stop", "Stop"),
        "problem": {
            "platform": "binary_sensor",
            "unique_id": f"{own}_problem",
            "name": "Problem",
            "device_class": "problem",
            "value_template": "{{ 'ON' if value_json.problem else 'OFF' }}",
            "expire_after": EXPIRES_S,
        },
        "stop": {
            "platform": "button",
            "unique_id": f"{own}_press_stop",
            "name": "STOP the belt",
            "icon": "mdi:stop-circle",
            "command_topic": machine.topic(Leaf.STOP),
            "command_template": _STOP_TEMPLATE,
            "retain": False,
        },
    }
    if heart_rate:
        components["heart_rate_bpm"] = sensor("heart_rate_bpm", "Heart rate", unit_of_measurement="bpm")
    return {
        "device": {
            "identifiers": [own],
            "name": f"Treadmill {machine.name}",
            "manufacturer": "retroctl",
            "model": "FTMS treadmill",
            "sw_version": short(version),
        },
        "origin": {"name": "retroctl", "sw_version": short(version)},
        "components": components,
        "availability": [
            {"topic": machine.topic(Leaf.STATUS), "value_template": "{{ value_json.status }}"},
        ],
        "state_topic": state,
        "qos": 1,
    }
