"""The computer's own power: it is kept from sleeping while a belt may move, and a battery that runs down is told."""

from retroctl.adapters.power.awake import Awake
from retroctl.adapters.power.battery import BatteryWatch, read_battery, warning_of
from retroctl.adapters.power.inhibit import Refused, hold_awake

__all__ = ["Awake", "BatteryWatch", "Refused", "hold_awake", "read_battery", "warning_of"]
