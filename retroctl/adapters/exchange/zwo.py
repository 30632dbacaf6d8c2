"""Zwift workouts (`.zwo`): read into steps, written from a plan.

The format is XML without a published schema: `workout_file` holds `name`, `sportType`, perhaps `durationType` (`time`
or `distance`) and `thresholdSecPerKm`, and in `workout` the steps. A run's `Power` is a fraction of a reference speed:
the runner's threshold pace where the file gives it, else of the race pace that Zwift knows of its user, which a file
cannot say; then the trainer gives it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final
from xml.sax.saxutils import escape, quoteattr

from retroctl.adapters.files import shown_text
from retroctl.app.conversion import ForeignStep, ForeignWorkout
from retroctl.domain.plan import StageKind
from retroctl.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from retroctl.adapters.exchange.xmlread import Element
    from retroctl.domain.plan import Plan

MOST_REPEATS: Final = 200
MOST_STEPS: Final = 500
_RAMPS: Final = {"warmup": StageKind.WORK, "cooldown": StageKind.COOL_DOWN, "ramp": StageKind.WORK}
_STEADY: Final = ("steadystate", "solidstate")
_FREE: Final = ("freeride", "freerun", "maxeffort", "restday")
_SAID: Final = ("textevent", "textnotification", "gameplayevent", "cadence")
_ENDS: Final = (("low", "high"), ("high", "low"))
_DESCRIPTION: Final = "Backward running: these are backward speeds, for a client facing away from the console."
EXPORT_KMH: Final = 10.0
"""The reference of exported files, written into them: with it a `Power` of 0.10 is 1.00 km/h."""


def read_zwo(root: Element, name: str, *, reference_kmh: float | None) -> ForeignWorkout:
    """Read a workout from its `workout_file`.

    `reference_kmh` is the forward speed that a `Power` of 1 means; needed where the file does not say.

    Raises ConfigError naming the step.
    """
    sport = root.text_of("sporttype").lower()
    if sport not in ("", "run", "running"):
        raise ConfigError(f"{name}: a workout for {shown_text(sport)!r}; only runs have speeds that can be scaled")
    remarks: list[str] = []
    if not sport:
        remarks.append("the file does not say whether it is a run; its powers were taken as shares of a running speed")
    reference = _reference(root, name, reference_kmh)
    by_distance = root.text_of("durationtype").lower() == "distance"
    body = root.child("workout")
    if body is None or not body.children:
        raise ConfigError(f"{name}: holds no workout steps")
    steps: list[ForeignStep] = []
    paces: set[str] = set()
    for element in body.children:
        for step in _steps(element, len(steps), reference, by_distance=by_distance):
            steps.append(step)
            if len(steps) > MOST_STEPS:
                raise ConfigError(f"{name}: more than {MOST_STEPS} steps")
        paces |= {element.attributes["pace"]} if "pace" in element.attributes else set()
    if not steps:
        raise ConfigError(f"{name}: holds no workout steps")
    if len(paces) > 1:
        remarks.append(
            f"its steps refer to {len(paces)} different race paces; {reference:g} km/h was taken as each of them"
        )
    messages = sum(child.name in _SAID for element in body.children for child in (element, *element.children))
    if messages:
        remarks.append(f"messages for the screen are not kept ({messages})")
    title = shown_text(root.text_of("name"), 80) or "zwift"
    return ForeignWorkout(title, "Zwift workout", tuple(steps), tuple(remarks))


def write_zwo(plan: Plan) -> bytes:
    """The plan as a Zwift run. Its threshold is written with it, so that the speeds come back as they are."""
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        "<workout_file>",
        "  <author>retroctl</author>",
        f"  <name>{escape(shown_text(plan.name, 80))}</name>",
        f"  <description>{_DESCRIPTION}</description>",
        "  <sportType>run</sportType>",
        "  <durationType>time</durationType>",
        f"  <thresholdSecPerKm>{3600 / EXPORT_KMH:g}</thresholdSecPerKm>",
        "  <workout>",
    ]
    for number, stage in enumerate(plan.stages, start=1):
        message = f"Stage {number}, {stage.kind.value}, facing {stage.facing.value}: {stage.target}"
        lines += [
            f'    <SteadyState Duration="{stage.hold_s:.10g}" Power="{stage.target.kmh / EXPORT_KMH:.4f}">',
            f'      <textevent timeoffset="0" message={quoteattr(message)}/>',
            "    </SteadyState>",
        ]
    lines += ["  </workout>", "</workout_file>", ""]
    return "\n".join(lines).encode()


def _reference(root: Element, name: str, given: float | None) -> float:
    threshold = root.text_of("thresholdsecperkm")
    if given is not None:
        return given
    if not threshold:
        raise ConfigError(
            f"{name}: its speeds are shares of a speed that the file does not give; name the forward speed that 100 % "
            "means with --reference, such as --reference 10km/h"
        )
    seconds = _number(threshold, f"{name}: thresholdSecPerKm")
    if not 80 <= seconds <= 3600:
        raise ConfigError(f"{name}: thresholdSecPerKm {seconds:g} is no pace to run at; give --reference instead")
    return 3600 / seconds


def _steps(element: Element, before: int, reference: float, *, by_distance: bool) -> Iterator[ForeignStep]:
    """The steps that one element stands for; `before` are numbered already."""
    where = _where(element, before + 1)
    if element.name in _SAID:
        return
    if element.name in _FREE:
        raise ConfigError(
            f"{where}: sets no speed, so no stage can be made of it; take it out or write one in its place"
        )
    for number, part in enumerate(_parts(element, where), start=before + 1):
        amount, low, high, kind, incline = part
        here = _where(element, number)
        begin, end = low * reference, high * reference
        seconds = amount
        if by_distance:
            if not (math.isfinite(begin + end) and begin > 0 and end > 0):
                raise ConfigError(f"{here}: a Power that is not above 0 is no speed to run at")
            seconds = round(amount / ((begin + end) / 2 / 3.6), 1)
        yield ForeignStep(here, seconds, round(begin, 6), round(end, 6), kind, incline)


def _parts(element: Element, where: str) -> Iterator[tuple[float, float, float, StageKind, float]]:
    """Duration (or distance), power at the beginning and at the end, kind and incline of each part of an element."""
    incline = _of(element, where, "incline", "slope", otherwise=0.0)
    if element.name in _STEADY:
        low = _of(element, where, "power", "powerlow", "powerhigh")
        high = low if "power" in element.attributes else _of(element, where, "powerhigh", "powerlow")
        yield _of(element, where, "duration"), low, high, StageKind.WORK, incline
    elif element.name in _RAMPS:
        low, high = _of(element, where, "powerlow", "power"), _of(element, where, "powerhigh", "power")
        yield _of(element, where, "duration"), low, high, _RAMPS[element.name], incline
    elif element.name == "intervalst":
        repeats = _of(element, where, "repeat", otherwise=1.0)
        if not (1 <= repeats <= MOST_REPEATS and repeats == int(repeats)):
            raise ConfigError(f"{where}: Repeat {repeats:g}: a whole number from 1 to {MOST_REPEATS}")
        halves = (_interval(element, where, "on", StageKind.WORK), _interval(element, where, "off", StageKind.RECOVERY))
        for _ in range(int(repeats)):
            yield from (half for half in halves if half is not None)
    elif "duration" in element.attributes or "onduration" in element.attributes:
        raise ConfigError(f"{where}: a step of a kind that is not known here; nothing is left out unasked")


def _where(element: Element, number: int) -> str:
    return f"step {number} ({shown_text(element.name, 30)}, line {element.line})"


def _interval(
    element: Element, where: str, half: str, kind: StageKind
) -> tuple[float, float, float, StageKind, float] | None:
    """One half of an interval; older files give a least and a most power. None where it lasts no time at all."""
    amount = _of(element, where, f"{half}duration")
    if amount == 0:
        return None
    incline = _of(element, where, f"{half}slope", f"{half}incline", "slope", "incline", otherwise=0.0)
    least, most = (
        _of(element, where, f"{half}power", f"power{half}{end}", f"power{half}{other}") for end, other in _ENDS
    )
    return amount, least, most, kind, incline


def _of(element: Element, where: str, *keys: str, otherwise: float | None = None) -> float:
    """The first of these attributes that is there, as a number."""
    for key in keys:
        if key in element.attributes:
            return _number(element.attributes[key], f"{where}: {key}")
    if otherwise is None:
        raise ConfigError(f"{where}: says nothing of its {keys[0]}")
    return otherwise


def _number(text: str, what: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise ConfigError(f"{what} {shown_text(text, 30)!r} is not a number") from None
    if not math.isfinite(value):
        raise ConfigError(f"{what} {shown_text(text, 30)!r} is not a finite number")
    return value
