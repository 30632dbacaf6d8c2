"""Which targets a test tries, and what to make of what came of them. Hundredths of km/h."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from retroctl.domain.commands import Answer
from retroctl.domain.limits import MAX_RAISE, BeltRange
from retroctl.units import Speed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from retroctl.domain.qualify.findings import StartRecord

MPH: Final = (1.50, 1.72)
KMH_AS_MPH: Final = (0.56, 0.68)
"""1 mile is 1.609344 km; the bounds of a session's unit check."""
ODOMETER_MPH: Final = (1.40, 1.85)
ODOMETER_WELL: Final = (0.75, 1.33)
"""Wider: the odometer counts whole metres, and frames come once a second."""
SAME: Final = 5
RISEN: Final = 30
FASTER: Final = 20
"""Settled so much over what was asked for is not a matter of rounding."""
EXCURSION: Final = 30
VISIBLE: Final = 10
"""A smaller step is not told from noise."""
RESTARTED: Final = 0.6
MUTE: Final = "its Control Point never answers within 3 s: whether a command, or a Stop, was taken is not known"


def unit_at_lowest(  # noqa: PLR0911 - one for each finding
    target: int, before: int, speed: int, peak: int
) -> tuple[tuple[str | None, str | None], str | None, str | None]:
    """From the lowest target: the units of targets and telemetry, what is dangerous, what is missing.

    `before`: what it ran at by itself; `speed`: settled after the target; `peak`: the fastest since.
    """
    rose = peak > before + VISIBLE
    fastest = peak if rose else speed
    asked, ran = f"asked for {target / 100:.2f} km/h", f"{fastest / 100:.2f} km/h"
    if _within(fastest / target, MPH):
        if rose:
            return ("mph", "km/h"), f"it takes targets for miles: {asked} it ran {ran}", None
        text = f"it takes targets for miles, or announces its speed range in miles: {asked} it ran {ran}"
        return ("mph", None), text, None
    if _within(speed / target, KMH_AS_MPH):
        return ("km/h", "mph"), f"it reports its speed in miles: {asked} it told {speed / 100:.2f}", None
    if rose and fastest > target + FASTER:
        return (None, None), f"it runs faster than asked: {asked} it ran {ran}", None
    if speed < target * KMH_AS_MPH[0]:
        text = f"it reports its speed in another unit, or does not obey: {asked} it told {speed / 100:.2f} km/h"
        return (None, None), text, None
    if speed > target + FASTER:
        return (None, None), None, f"its lowest speed is not what it announces: {asked} it stays at {ran}"
    if speed < target - FASTER:
        return (None, None), None, f"its lowest speed is not what it announces: {asked} it told {speed / 100:.2f} km/h"
    return ("km/h", "km/h"), None, None


def odometer(ratio: float | None) -> tuple[str | None, str | None, str | None]:
    """What the odometer says of the speed: dangerous, missing, worth a remark."""
    if ratio is None:
        return None, None, "it counts no distance, or too coarsely: its speed could not be checked against it"
    if _within(ratio, ODOMETER_MPH):
        text = f"it takes targets for miles and reports its speed in miles: its odometer runs {ratio:.2f} times as far"
        return text, None, None
    if not _within(ratio, ODOMETER_WELL):
        return None, f"its odometer and its speed disagree: {ratio:.2f} m for each metre by its speed", None
    return None, None, None


def first_raise(belt: BeltRange, ceiling: Speed) -> Speed | None:
    """The first target over the lowest: one raise, or one increment where that is more; None where there is none."""
    reach = belt.minimum.hundredths + max(MAX_RAISE.hundredths, belt.increment.hundredths)
    rung = belt.snap_down(min(Speed(reach), ceiling))
    return rung if rung > belt.minimum else None


def raised(target: int, before: int, speed: int, peak: int) -> tuple[str | None, str | None]:
    """From the first raise: dangerous, missing."""
    asked = f"asked for {target / 100:.2f} km/h"
    if peak > target + FASTER:
        unit = "it takes targets for miles: " if _within(peak / target, MPH) else "it runs faster than asked: "
        return f"{unit}{asked} it ran {peak / 100:.2f} km/h", None
    if abs(speed - target) <= FASTER:
        return None, None
    if _within(speed / target, KMH_AS_MPH) and abs(speed - before) > SAME:
        return f"it reports its speed in miles: {asked} it told {speed / 100:.2f}", None
    if abs(peak - target) <= FASTER:
        return None, f"it does not stay at a target: {asked} it fell back to {speed / 100:.2f} km/h"
    if abs(speed - before) <= SAME:
        return f"it does not obey targets: {asked} it stayed at {speed / 100:.2f} km/h", None
    return None, f"it does not reach a target: {asked} it stays at {speed / 100:.2f} km/h"


def one_increment(belt: BeltRange, rung: Speed, ceiling: Speed) -> Speed | None:
    """One increment over `rung`, or as many as can be seen."""
    steps = -(-VISIBLE // belt.increment.hundredths)
    target = Speed(rung.hundredths + steps * belt.increment.hundredths)
    return target if target <= ceiling else None


def off_the_grid(belt: BeltRange, rung: Speed, ceiling: Speed) -> Speed | None:
    """Between two increments, a little over where the belt is; None where the grid is too fine to tell."""
    if belt.increment.hundredths < VISIBLE:
        return None
    target = Speed(rung.hundredths + belt.increment.hundredths + belt.increment.hundredths // 2)
    return target if target <= ceiling else None


def below_the_range(belt: BeltRange) -> Speed | None:
    """One increment under the lowest, but never 0: that means different things to different machines."""
    step = max(VISIBLE, belt.increment.hundredths)
    return Speed(belt.minimum.hundredths - step) if belt.minimum.hundredths > step else None


def became(target: int, before: int, speed: int, answer: Answer | None, lowest: int) -> str:
    """One word for what became of a probe."""
    if abs(speed - target) < min(SAME, max(1, abs(target - before) // 2)):
        return "obeyed"
    if abs(speed - before) < SAME:
        return "refused" if answer in {Answer.REFUSED, Answer.NOT_PERMITTED} else "ignored"
    return "clamped" if target < lowest and abs(speed - lowest) <= SAME else "rounded"


def second_start(record: StartRecord, earlier: Sequence[StartRecord], again_at: float) -> str:
    """What a second Start in the countdown did, by how much later the belt moved."""
    usual_s = max((each.delay_s(None) or 0.0 for each in earlier), default=0.0)
    late_s = (record.delay_s(None) or 0.0) - usual_s
    return "restarts the countdown" if late_s > RESTARTED * (again_at - record.sent_at) else "ignored"


def _within(ratio: float, bounds: tuple[float, float]) -> bool:
    return bounds[0] <= ratio <= bounds[1]
