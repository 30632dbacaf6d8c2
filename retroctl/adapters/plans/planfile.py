"""A plan file: a preset with its keys, or its stages one by one. Unknown keys are errors.

name = "first session"
top = "2.6 km/h"          # a ladder from the machine's lowest speed to here ...
hold_s = 90

preset = "intervals"      # ... or another preset with keys of its own ...
count = 5
interval_s = 180

name = "two speeds"       # ... or the stages themselves
[[stage]]
target = "1.0 km/h"
hold_s = 120
[[stage]]
target = "1.8 km/h"
hold_s = 60
"""

from __future__ import annotations

import re
import sys
import tomllib
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from retroctl.adapters.plans.presets import PRESETS, Preset, build
from retroctl.domain.limits import BeltRange, Caps, Facing
from retroctl.domain.plan import DEFAULT_HOLD_S, EASE_RUNG_BACKWARD_S, Plan, Stage, StageKind, build_plan
from retroctl.domain.presets import COUNT, RECOVERY_S, STEADY_S
from retroctl.errors import ConfigError
from retroctl.units import Speed
from retroctl.written import decimal, whole

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

LARGEST: Final = 100_000
"""A plan file is a page of text; anything larger is something else."""
LONGEST_NAME: Final = 200
_LARGEST_SHOWN: Final = 10**9
"""A whole number in a file may have any number of digits."""
LONGEST_PLAN_NAME: Final = 80
_ALWAYS: Final = frozenset({"name", "preset"})
_WITH_STAGES: Final = frozenset({"stage", "ease_rung_s"})

_OUT_OF_BOUNDS: Final = frozenset({"finite_number", "greater_than", "greater_than_equal", "less_than_equal"})
_BOUNDS: Final = {
    "hold_s": "60 to 3600 (R9)",
    "interval_s": "60 to 3600 (R9)",
    "recovery_s": "60 to 3600 (R9)",
    "total_s": "600 to 3600 (R13)",
    "count": "1 to 100 (R11)",
}
_IN_A_STAGE: Final = {"hold_s": "60 or more (R9)", "incline_pct": "0 to 15 (R14)"}
"""What may be written in place of a number that cannot be, and the rule."""
_WORDS: Final = {"kind": StageKind, "facing": Facing}
_NO_TABLE: Final = frozenset({"model_type", "dict_type"})


def _speed(value: Any) -> Any:
    if isinstance(value, Speed):
        return value
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError("write a speed as 5, 5.0km/h or 3.1mph")  # noqa: TRY004 - pydantic collects ValueError
    try:
        return Speed.parse(str(value))
    except ConfigError as error:
        raise ValueError(str(error)) from None


def _one_line(value: Any) -> Any:
    if isinstance(value, str) and not value.isprintable():
        raise ValueError("a name is one line of printable characters")
    return value


WrittenSpeed = Annotated[Speed, BeforeValidator(_speed)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, arbitrary_types_allowed=True, frozen=True)


class StageRequest(_Strict):
    """One stage as written."""

    target: WrittenSpeed
    hold_s: float = Field(default=DEFAULT_HOLD_S, gt=0, allow_inf_nan=False)
    kind: Annotated[StageKind, BeforeValidator(lambda v: StageKind(v) if v in list(StageKind) else v)] = (
        StageKind.LADDER
    )
    facing: Annotated[Facing, BeforeValidator(lambda v: Facing(v) if v in list(Facing) else v)] = Facing.BACKWARD
    incline_pct: float = Field(default=0.0, ge=0, le=15, allow_inf_nan=False)


class PlanRequest(_Strict):
    """A plan as written, before the machine and the client are known."""

    name: Annotated[str, BeforeValidator(_one_line)] = Field(
        default="ladder", min_length=1, max_length=LONGEST_PLAN_NAME
    )
    preset: Annotated[Preset, BeforeValidator(lambda v: Preset(v) if v in list(Preset) else v)] = Preset.LADDER
    top: WrittenSpeed | None = None
    hold_s: float = Field(default=DEFAULT_HOLD_S, ge=60, le=3600, allow_inf_nan=False)
    interval_s: float = Field(default=STEADY_S, ge=60, le=3600, allow_inf_nan=False)
    count: int = Field(default=COUNT, ge=1, le=100)
    recovery_s: float = Field(default=RECOVERY_S, ge=60, le=3600, allow_inf_nan=False)
    total_s: float = Field(default=1800.0, ge=600, le=3600, allow_inf_nan=False)
    forward: WrittenSpeed | None = None
    ease_rung_s: float = Field(default=EASE_RUNG_BACKWARD_S[1], ge=15, le=30, allow_inf_nan=False)
    stage: list[StageRequest] = Field(default_factory=list[StageRequest], max_length=500)

    def build(self, belt: BeltRange, caps: Caps, *, coarse_accepted: bool = False, incline: bool = False) -> Plan:
        """The plan on this machine under these caps. Raises PlanError naming stage and rule.

        `incline`: whether stages may have one as far as the client goes; `refuse_incline` has the last word (R14).
        """
        if not self.stage:
            given = {key: getattr(self, key) for key in PRESETS[self.preset].keys & self.model_fields_set}
            return build(self.preset, self.name, belt, caps, given, coarse_accepted=coarse_accepted)
        stages = tuple(Stage(each.kind, each.facing, each.target, each.hold_s, each.incline_pct) for each in self.stage)
        return build_plan(
            self.name,
            stages,
            belt,
            caps,
            ease_rung_s=self.ease_rung_s,
            coarse_accepted=coarse_accepted,
            incline=incline,
        )


def read_plan(source: str) -> PlanRequest:
    """Read a preset's name, a preset with its keys (`intervals:count=5,top=3km/h`), or a TOML file.

    Raises ConfigError naming file and key.
    """
    preset, colon, written = source.partition(":")
    if preset in list(Preset) and (colon or not written):
        keys = _keys(source, written) if colon else {}
        return _request({**keys, "preset": preset}, _quoted(source) if colon else preset)
    path = Path(source)
    return _request(_toml(path), _shown(path))


def _request(data: dict[str, Any], shown: str) -> PlanRequest:
    """The request, with no key that its preset does not have."""
    try:
        request = PlanRequest.model_validate(data)
    except ValidationError as error:
        raise ConfigError(f"{shown}: {_first(error)}") from None
    if data.get("stage") == []:
        raise ConfigError(f"{shown}: stage: a plan needs at least one stage")
    if request.stage and request.top is not None:
        raise ConfigError(f"{shown}: top: a plan has either a top or stages, not both")
    known = _WITH_STAGES if request.stage else PRESETS[request.preset].keys
    for key in PlanRequest.model_fields:
        if key in data and key not in _ALWAYS | known:
            whose = "a plan with stages" if request.stage else f"the preset {request.preset}"
            raise ConfigError(f"{shown}: {key}: {whose} has no such key (keys: {', '.join(sorted(known)) or 'none'})")
    if request.stage and "preset" in data:
        raise ConfigError(f"{shown}: preset: a plan has either a preset or stages, not both")
    if "name" in data or request.stage:
        return request
    return request.model_copy(update={"name": request.preset.value})


def _keys(source: str, written: str) -> dict[str, Any]:
    """`count=5,top=3km/h` as a file would have it: numbers where they are numbers, otherwise text."""
    shown, keys = _quoted(source), {}
    for part in re.split(r",(?![0-9])", written):  # a key begins with a letter, so this one is a decimal comma
        match = re.fullmatch(r"\s*(\w+)\s*=\s*(\S.*?)\s*", part)
        if match is None:
            raise ConfigError(f"{shown}: write a preset's keys as {source.partition(':')[0]}:KEY=VALUE,KEY=VALUE")
        key, value = match.groups()
        if key in keys:
            raise ConfigError(f"{shown}: {key}: given twice")
        if key in ("name", "stage", "preset"):
            raise ConfigError(f"{shown}: {key}: only in a plan file")
        keys[key] = _value(value)
    return keys


def _value(text: str) -> Any:
    for number in (whole, decimal):
        with suppress(ConfigError):
            return number(text)
    return text


def _place(loc: tuple[int | str, ...]) -> str:
    """Where something is wrong; a stage by its number, counted from 1 as everywhere else."""
    match loc:
        case ("stage", int(index), *rest):
            return f"stage {index + 1}" + "".join(f": {part}" for part in rest)
        case _:
            return ".".join(str(part) for part in loc)


def _first(error: ValidationError) -> str:
    """The first thing that is wrong: its key and what to write instead."""
    first = error.errors()[0]
    key = _place(first["loc"])[:LONGEST_NAME]
    key, name = (key if key.isprintable() else f"{key!r}"), str(first["loc"][-1])
    if first["type"] == "extra_forbidden":
        known = ", ".join(PlanRequest.model_fields) + "; in a stage: " + ", ".join(StageRequest.model_fields)
        return f"{key}: is not a key of a plan (keys: {known})"
    if key == "stage" and first["type"] == "too_long":
        return f"{key}: {first['ctx']['actual_length']} stages are too many; a plan has {first['ctx']['max_length']}"
    if key == "stage" or first["type"] in _NO_TABLE:
        return f"{key}: write [[stage]] before each stage, with two brackets"
    if key == "preset":
        return f"{key}: give one of {', '.join(Preset)}"
    return f"{key}: {_instead(name, first)}"


def _instead(name: str, wrong: ErrorDetails) -> str:
    """What is wrong with a value, and what may be written in its place."""
    if name in _WORDS:
        return f"give one of {', '.join(_WORDS[name])}"
    bounds = (_IN_A_STAGE if wrong["loc"][0] == "stage" else _BOUNDS).get(name)
    if bounds is not None and wrong["type"] in _OUT_OF_BOUNDS:
        value = wrong["input"]
        readable = isinstance(value, float) or abs(value) < _LARGEST_SHOWN
        return f"{f'{value:g}' if readable else 'such a number'} cannot be; give {bounds}"
    return f"{wrong['msg'].removeprefix('Value error, ')}"


def _quoted(source: str) -> str:
    return f"{source[:LONGEST_NAME]!r}"


def _shown(path: Path) -> str:
    text = str(path)
    return text if text.isprintable() and len(text) <= LONGEST_NAME else f"{text[:LONGEST_NAME]!r}"


def _toml(path: Path) -> dict[str, Any]:
    shown = _shown(path)
    try:
        if not path.exists():
            presets = ", ".join(sorted(PRESETS))
            raise ConfigError(f"{shown!r} is neither a preset ({presets}) nor a file")
        if not path.is_file():
            raise ConfigError(f"{shown}: not a file; --plan takes a TOML file or a preset")
        with path.open("rb") as file:
            written = file.read(LARGEST + 1)
        if len(written) > LARGEST:
            raise ConfigError(f"{shown}: larger than a plan file can be ({LARGEST} bytes)")
        data = _parsed(written.decode("utf-8-sig"), shown)  # some editors put a mark before the text
    except UnicodeDecodeError:
        raise ConfigError(f"{shown}: not a text file (UTF-8); a plan is written in TOML") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise ConfigError(f"{shown}: cannot be read: {reason}") from None
    if not data:
        raise ConfigError(f"{shown}: holds no plan; retroctl plan new writes one to edit")
    return data


def _parsed(text: str, shown: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise ConfigError(f"{shown}: nested too deeply for a plan") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{shown}: not TOML: {error}") from None
    except ValueError:  # Python's own limit, whatever the document
        raise ConfigError(f"{shown}: a number of more than {sys.get_int_max_str_digits()} digits") from None
