"""What is known of one machine: measured by a test, or declared by hand; and whether a session may rely on it.

A profile never loosens anything but one thing: a qualified machine is not held to the cap of level new.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from retroctl.domain.limits import BeltRange

VERSION: Final = 1
OLD_AFTER_DAYS: Final = 365
"""Belts wear, firmware changes: an older measurement counts as none."""


class Verdict(StrEnum):
    """What a test came to."""

    QUALIFIED = "qualified"
    DANGEROUS = "dangerous"
    INCOMPLETE = "incomplete"


def _note(text: str, default: Any = None) -> Any:
    """A field with the comment that explains it in the file."""
    return field(default=default, metadata={"note": text})


@dataclass(frozen=True, slots=True)
class Announced:
    """The Supported Speed Range as the machine gave it, or as it was typed."""

    minimum_kmh: float = _note("lowest speed it announces", 0.0)
    maximum_kmh: float = _note("highest speed it announces", 0.0)
    increment_kmh: float = _note("smallest step it announces", 0.0)
    typed: bool = _note("true: read from the console and typed, the machine announced none", False)  # noqa: FBT003 - its default


@dataclass(frozen=True, slots=True)
class Obeyed:
    """What it did with targets."""

    lowest_kmh: float | None = _note("measured when its lowest speed was asked for")
    highest_tried_kmh: float | None = _note("the highest target of the test; what is above was not tried")
    highest_error_kmh: float | None = _note("largest difference between a target on its grid and the settled speed")
    one_increment: str | None = _note("a target one increment further: obeyed, ignored or refused")
    off_the_grid: str | None = _note("a target between two increments: refused, obeyed, rounded or ignored")
    below_the_range: str | None = _note("a target one increment below the lowest: refused, obeyed, clamped or ignored")


@dataclass(frozen=True, slots=True)
class Units:
    """Kilometres or miles."""

    target: str | None = _note("unit in which it takes targets: km/h or mph")
    telemetry: str | None = _note("unit in which it reports its speed: km/h or mph")
    odometer_ratio: float | None = _note("metres on its odometer for each metre by its speed; 1 where all is well")


@dataclass(frozen=True, slots=True)
class Start:
    """From Start to motion."""

    delay_s: float | None = _note("from Start to the first motion, median, seconds")
    delay_max_s: float | None = _note("the longest of them, seconds")
    speed_kmh: float | None = _note("the speed it takes by itself after a start")
    second_start: str | None = _note("a second Start in the countdown: ignored, restarts the countdown, not tried")


@dataclass(frozen=True, slots=True)
class Ramps:
    """How quickly it changes speed, km/h per second."""

    up_kmh_per_s: float | None = _note("towards a higher target")
    down_kmh_per_s: float | None = _note("towards a lower target")
    stop_kmh_per_s: float | None = _note("after Stop")


@dataclass(frozen=True, slots=True)
class Stops:
    """The stops of the test. Percentiles over all stops from the lowest speed; seconds from the write of Stop."""

    count: int = _note("stops from the lowest speed that ended at measured rest", 0)
    unanswered: int = _note("of all stops, so many without an answer on the Control Point", 0)
    answer_p50_s: float | None = _note("to the answer, half of them within")
    answer_p95_s: float | None = _note("to the answer, 95 of 100 within")
    answer_max_s: float | None = _note("to the answer, the longest")
    falling_p50_s: float | None = _note("to the belt beginning to fall")
    falling_p95_s: float | None = _note("to the belt beginning to fall, 95 of 100 within")
    falling_max_s: float | None = _note("to the belt beginning to fall, the longest")
    rest_p50_s: float | None = _note("to rest, from the lowest speed")
    rest_p95_s: float | None = _note("to rest, 95 of 100 within")
    rest_max_s: float | None = _note("to rest, the longest")
    from_top_kmh: float | None = _note("the highest speed from which it was stopped")
    from_top_rest_s: float | None = _note("to rest from there")
    ramping_rise_kmh: float | None = _note("stopped in a raise: by how much the speed still rose after Stop")
    ramping_rest_s: float | None = _note("stopped in a raise: to rest")


@dataclass(frozen=True, slots=True)
class Pausing:
    """Pause (08 02) and resume. Sessions use neither."""

    pause: str | None = _note("obeyed, ignored or refused")
    resume: str | None = _note("Start from the rest of a pause: obeyed, ignored or not tried")
    resume_speed_kmh: float | None = _note("the speed it takes by itself after resuming")


@dataclass(frozen=True, slots=True)
class Tells:
    """What it says by itself."""

    answers: str | None = _note("on its Control Point: yes, sometimes or never")
    always_success: bool | None = _note("true: it answered success to targets that it did not obey")
    request_control: str | None = _note("its answer to Request Control: success, refused or none")
    frame_interval_s: float | None = _note("median time between two frames of Treadmill Data, seconds")
    machine_status: tuple[int, ...] = _note(
        "op codes of Machine Status seen: 2 stopped, 3 safety key, 4 started ...", ()
    )
    dropped_link: str | None = _note("what the belt did when the link was dropped: goes on, slows down or stops")
    safety_key: str | None = _note("pulled: reported, seen in the speed only, or not tried")


@dataclass(frozen=True, slots=True)
class Profile:
    """One machine. Speeds are km/h, times seconds; None is "not measured"."""

    name: str
    address: str
    tested_on: str
    """The date, YYYY-MM-DD, of the test or of the declaration."""
    verdict: Verdict = Verdict.INCOMPLETE
    program_version: str = ""
    command: str = "measured"
    """`measured`: as the verdict says. `never`: declared by hand, only watched, speeds are called out."""
    reasons: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    duration_s: float | None = None
    announced: Announced = Announced()
    obeyed: Obeyed = Obeyed()
    units: Units = Units()
    start: Start = Start()
    ramps: Ramps = Ramps()
    stops: Stops = Stops()
    pausing: Pausing = Pausing()
    tells: Tells = Tells()


@dataclass(frozen=True, slots=True)
class Standing:
    """What a session may rely on. `words` is one line for the trainer, and when refused the reason."""

    qualified: bool
    may_command: bool
    words: str


UNKNOWN: Final = Standing(
    qualified=False,
    may_command=True,
    words="this machine's behaviour was never measured: at most 3.2 km/h. With nobody on the belt: retroctl qualify",
)


def standing(  # noqa: PLR0911 - one for each reason
    profile: Profile | None, *, name: str, belt: BeltRange, typed: bool, age_days: int
) -> Standing:
    """What the profile found under a machine's address is worth today.

    `name`, `belt`: the machine as it is now; `typed`: its range was typed; `age_days`: days since the test.
    What forbids control holds whatever else has changed; what permits more holds only where nothing has.
    """
    if profile is None:
        return UNKNOWN
    other = "" if profile.name == name else f"its profile is of {profile.name!r}, not of {name!r}"
    if profile.command == "never":
        return _forbidden("its profile says command = never: it is only watched; change speeds at its console", other)
    if profile.verdict is Verdict.DANGEROUS:
        why = profile.reasons[0] if profile.reasons else "its test was dangerous"
        return _forbidden(f"it is not commanded: {why} (measured {profile.tested_on})", other)
    if other:
        return _distrusted(other)
    if profile.verdict is Verdict.INCOMPLETE:
        return _distrusted(f"its test is incomplete: {profile.reasons[0] if profile.reasons else 'no reason is given'}")
    if not 0 <= age_days <= OLD_AFTER_DAYS:
        return _distrusted(f"its test of {profile.tested_on} is not of the last {OLD_AFTER_DAYS} days")
    was = (profile.announced.minimum_kmh, profile.announced.maximum_kmh, profile.announced.increment_kmh)
    if was != (belt.minimum.kmh, belt.maximum.kmh, belt.increment.kmh) or profile.announced.typed != typed:
        return _distrusted("its speed range is not the one that it was tested with")
    return Standing(qualified=True, may_command=True, words=f"qualified on {profile.tested_on}")


def _forbidden(why: str, other: str) -> Standing:
    """`other`: that the profile was made under another name; the address is the same, so it forbids all the same."""
    way_out = f" ({other}; where that is another machine: retroctl machine forget)" if other else ""
    return Standing(qualified=False, may_command=False, words=f"{why}{way_out}")


def _distrusted(why: str) -> Standing:
    return Standing(
        qualified=False,
        may_command=True,
        words=f"{why}; so at most 3.2 km/h. With nobody on the belt: retroctl qualify",
    )
