"""A plan file: either a ladder (`top`, `hold_s`) or its stages one by one. Unknown keys are errors.

name = "first session"
top = "2.6 km/h"          # a ladder from the machine's lowest speed to here ...
hold_s = 90

name = "two speeds"       # ... or the stages themselves
[[stage]]
target = "1.0 km/h"
hold_s = 120
[[stage]]
target = "1.8 km/h"
hold_s = 60
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from retroctl.domain.limits import BeltRange, Caps, Facing
from retroctl.domain.plan import DEFAULT_HOLD_S, EASE_RUNG_BACKWARD_S, Plan, Stage, StageKind, build_plan, ladder_plan
from retroctl.errors import ConfigError
from retroctl.units import Speed

PRESETS: Final = frozenset({"ladder"})
LARGEST: Final = 100_000
"""A plan file is a page of text; anything larger is something else."""
LONGEST_NAME: Final = 200


def _speed(value: Any) -> Any:
    if isinstance(value, Speed):
        return value
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError("write a speed as 5, 5.0km/h or 3.1mph")  # noqa: TRY004 - pydantic collects ValueError
    try:
        return Speed.parse(str(value))
    except ConfigError as error:
        raise ValueError(str(error)) from None


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


class PlanRequest(_Strict):
    """A plan as written, before the machine and the client are known."""

    name: str = Field(default="ladder", min_length=1, max_length=80)
    top: WrittenSpeed | None = None
    hold_s: float = Field(default=DEFAULT_HOLD_S, ge=60, le=3600, allow_inf_nan=False)
    ease_rung_s: float = Field(default=EASE_RUNG_BACKWARD_S[1], ge=15, le=30, allow_inf_nan=False)
    stage: list[StageRequest] = Field(default_factory=list[StageRequest], max_length=500)

    def build(self, belt: BeltRange, caps: Caps, *, coarse_accepted: bool = False) -> Plan:
        """The plan on this machine under these caps. Raises PlanError naming stage and rule."""
        if not self.stage:
            return ladder_plan(
                belt,
                caps,
                top=self.top,
                hold_s=self.hold_s,
                ease_rung_s=self.ease_rung_s,
                coarse_accepted=coarse_accepted,
                name=self.name,
            )
        stages = tuple(Stage(each.kind, each.facing, each.target, each.hold_s) for each in self.stage)
        return build_plan(self.name, stages, belt, caps, ease_rung_s=self.ease_rung_s, coarse_accepted=coarse_accepted)


def read_plan(source: str) -> PlanRequest:
    """Read a preset's name or a TOML file. Raises ConfigError naming file and key."""
    if source in PRESETS:
        return PlanRequest(name=source)
    path = Path(source)
    data = _toml(path)
    try:
        request = PlanRequest.model_validate(data)
    except ValidationError as error:
        raise ConfigError(f"{_shown(path)}: {_first(error)}") from None
    if request.stage and request.top is not None:
        raise ConfigError(f"{_shown(path)}: top: a plan has either a top or stages, not both")
    return request


def _first(error: ValidationError) -> str:
    """The first thing that is wrong: its key and what to write instead."""
    first = error.errors()[0]
    key = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        known = ", ".join(PlanRequest.model_fields) + "; in a stage: " + ", ".join(StageRequest.model_fields)
        return f"{key}: is not a key of a plan (keys: {known})"
    if key == "stage":
        return f"{key}: write [[stage]] before each stage, with two brackets"
    return f"{key}: {first['msg']}"


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
        return tomllib.loads(written.decode("utf-8"))
    except UnicodeDecodeError:
        raise ConfigError(f"{shown}: not a text file (UTF-8); a plan is written in TOML") from None
    except RecursionError:
        raise ConfigError(f"{shown}: nested too deeply for a plan") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{shown}: not TOML: {error}") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise ConfigError(f"{shown}: cannot be read: {reason}") from None
