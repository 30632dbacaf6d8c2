"""The parts of Garmin's TrainingCenterDatabase v2 schema that an activity uses, written out here: which elements may
stand in which, in what order, how often, and what they may hold.

The schema file itself comes without a licence that would let it be shipped; its content is documented widely.
"""

from __future__ import annotations

import math
import re
import xml.etree.ElementTree as ET
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DATABASE = "{http://www.garmin.com/xmlschemas/TrainingCenterDatabase/v2}"
EXTENSION = "{http://www.garmin.com/xmlschemas/ActivityExtension/v2}"
MANY = 10**9


def _time(text: str) -> bool:
    return text.endswith("Z") and datetime.fromisoformat(text).tzinfo is not None


def _double(text: str) -> bool:
    return math.isfinite(float(text)) and float(text) >= 0


def _short(text: str) -> bool:
    return re.fullmatch(r"\d+", text) is not None and int(text) <= 65535


def _rate(text: str) -> bool:
    return _short(text) and 1 <= int(text) <= 255


def _among(*words: str) -> Callable[[str], bool]:
    return lambda text: text in words


# element: its children in their order, each with least and most; or what its text must be
CHILDREN: dict[str, list[tuple[str, int, int]]] = {
    "TrainingCenterDatabase": [("Folders", 0, 1), ("Activities", 0, 1), ("Workouts", 0, 1), ("Author", 0, 1)],
    "Activities": [("Activity", 0, MANY)],
    "Activity": [("Id", 1, 1), ("Lap", 1, MANY), ("Notes", 0, 1), ("Training", 0, 1), ("Creator", 0, 1)],
    "Lap": [
        ("TotalTimeSeconds", 1, 1), ("DistanceMeters", 1, 1), ("MaximumSpeed", 0, 1), ("Calories", 1, 1),
        ("AverageHeartRateBpm", 0, 1), ("MaximumHeartRateBpm", 0, 1), ("Intensity", 1, 1), ("Cadence", 0, 1),
        ("TriggerMethod", 1, 1), ("Track", 0, MANY), ("Notes", 0, 1), ("Extensions", 0, 1),
    ],
    "Track": [("Trackpoint", 1, MANY)],
    "Trackpoint": [
        ("Time", 1, 1), ("Position", 0, 1), ("AltitudeMeters", 0, 1), ("DistanceMeters", 0, 1), ("HeartRateBpm", 0, 1),
        ("Cadence", 0, 1), ("SensorState", 0, 1), ("Extensions", 0, 1),
    ],
    "AverageHeartRateBpm": [("Value", 1, 1)],
    "MaximumHeartRateBpm": [("Value", 1, 1)],
    "HeartRateBpm": [("Value", 1, 1)],
    "Extensions": [("TPX", 0, MANY)],
    "TPX": [("Speed", 0, 1), ("RunCadence", 0, 1), ("Watts", 0, 1)],
}  # fmt: skip
TEXT: dict[str, Callable[[str], bool]] = {
    "Id": _time, "Time": _time, "TotalTimeSeconds": _double, "DistanceMeters": _double, "MaximumSpeed": _double,
    "Speed": _double, "Calories": _short, "Value": _rate, "Intensity": _among("Active", "Resting"),
    "TriggerMethod": _among("Manual", "Distance", "Location", "Time", "HeartRate"), "Notes": lambda _text: True,
}  # fmt: skip
ATTRIBUTES: dict[str, dict[str, Callable[[str], bool]]] = {
    "Activity": {"Sport": _among("Running", "Biking", "Other")},
    "Lap": {"StartTime": _time},
}


def faults(data: bytes) -> list[str]:
    """What the schema would object to."""
    root = ET.fromstring(data)  # noqa: S314 - our own file
    return list(_element(root, "TrainingCenterDatabase"))


def _element(element: ET.Element, wanted: str) -> Iterator[str]:
    name = element.tag.removeprefix(EXTENSION if wanted in ("TPX", "Speed") else DATABASE)
    if name != wanted:
        yield f"{element.tag} where {wanted} belongs"
        return
    expected = ATTRIBUTES.get(name, {})
    if set(element.attrib) != set(expected) or not all(good(element.attrib[key]) for key, good in expected.items()):
        yield f"{name}: attributes {element.attrib}"
    if name in TEXT:
        if len(element) or not TEXT[name](element.text or ""):
            yield f"{name}: {element.text!r}"
        return
    yield from _children(element, CHILDREN[name], name)


def _children(element: ET.Element, order: list[tuple[str, int, int]], name: str) -> Iterator[str]:
    left = list(element)
    for child, least, most in order:
        count = 0
        while left and left[0].tag.rpartition("}")[2] == child:
            yield from _element(left.pop(0), child)
            count += 1
        if not least <= count <= most:
            yield f"{name}: {count} times {child}"
    if left:
        yield f"{name}: {left[0].tag} is out of its order"
