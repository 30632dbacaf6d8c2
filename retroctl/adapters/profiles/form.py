"""The form of a profile file, made from the fields of `domain.profile.Profile`: strict reading, commented writing."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, Optional, get_args, get_type_hints

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, create_model

from retroctl.domain.profile import VERSION, Profile, Verdict
from retroctl.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

_LONGEST: Final = 300
_MOST: Final = 50
_SHOWN: Final = 40
_HEAD: Final = (
    "# What is known of this treadmill: written by `retroctl qualify`, read by `retroctl run` at every session.",
    "# It may be edited by hand. A figure that is left out was not measured. Speeds are km/h, times seconds.",
    "# The order of trust: dangerous = not commanded; incomplete = at most 3.2 km/h; qualified = the client's own cap.",
)
_NOTES: Final = {
    "version": "of this form",
    "verdict": "qualified, incomplete or dangerous",
    "command": 'measured: as the verdict says; "never": only watched, whatever was measured',
    "tested_on": "the date of the test; older than 365 days counts as never measured",
    "reasons": "why it is not qualified",
}


def _date(text: str) -> str:
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        raise ValueError("write the date as YYYY-MM-DD") from None
    return day.isoformat()


def _verdict(value: Any) -> Any:
    return Verdict(value) if isinstance(value, str) and value in list(Verdict) else value


_CONFIG: Final = ConfigDict(extra="forbid", strict=True, frozen=True)
_TYPES: Final[dict[Any, Any]] = {
    str: Annotated[str, Field(max_length=_LONGEST)],
    float: Annotated[float, Field(ge=0, le=100_000, allow_inf_nan=False)],
    int: Annotated[int, Field(ge=0, le=100_000)],
    bool: bool,
    Verdict: Annotated[Verdict, BeforeValidator(_verdict)],
}
_SPECIAL: Final[dict[str, Any]] = {
    "command": Literal["measured", "never"],
    "tested_on": Annotated[str, AfterValidator(_date)],
    "name": Annotated[str, Field(min_length=1, max_length=_LONGEST)],
    "address": Annotated[str, Field(min_length=1, max_length=_LONGEST)],
}


def _model(kind: type[Any]) -> type[BaseModel]:
    """A strict model of a dataclass."""
    hints = get_type_hints(kind)
    fields: dict[str, Any] = {}
    for each in dataclasses.fields(kind):
        default = ... if each.default is dataclasses.MISSING else each.default
        fields[each.name] = (_SPECIAL.get(each.name) or _annotation(hints[each.name]), default)
    return create_model(kind.__name__, __config__=_CONFIG, **fields)


def _annotation(hint: Any) -> Any:
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return _model(hint)
    if hint in _TYPES:
        return _TYPES[hint]
    first = get_args(hint)[0]
    if type(None) in get_args(hint):
        return Optional[_TYPES[first]]  # noqa: UP045 - made while the program runs, so the operator will not do
    several: Any = tuple
    return Annotated[several[_TYPES[first], ...], Field(max_length=_MOST), BeforeValidator(_as_tuple)]


def _as_tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


_FORM: Final = _model(Profile)


def parse(path: Path, data: dict[str, Any]) -> Profile:
    """The profile in a file's data. Raises ConfigError naming file and key."""
    given = dict(data)
    version = given.pop("version", None)
    if version != VERSION or isinstance(version, bool):
        raise ConfigError(
            f"{path}: version: it is {repr(version)[:_SHOWN]}, and this program reads {VERSION}; "
            "retroctl qualify writes anew"
        )
    try:
        profile: Profile = _filled(Profile, _FORM.model_validate(given))
    except ValidationError as error:
        first = error.errors()[0]
        key = _plain(".".join(str(part) for part in first["loc"]))
        told = "is not a key of a profile" if first["type"] == "extra_forbidden" else first["msg"]
        raise ConfigError(f"{path}: {key}: {told}") from None
    return profile


def _plain(key: str) -> str:
    """A key as one short line: a quoted one may hold anything."""
    shown = key[:_LONGEST]
    return shown if shown.isprintable() else repr(shown)


def _filled(kind: type[Any], model: BaseModel) -> Any:
    hints = get_type_hints(kind)
    values: dict[str, Any] = {}
    for each in dataclasses.fields(kind):
        value = getattr(model, each.name)
        if isinstance(value, BaseModel):
            value = _filled(hints[each.name], value)
        values[each.name] = value
    return kind(**values)


def render(profile: Profile) -> str:
    """The file's text."""
    lines = [*_HEAD, "", _line("version", VERSION, _NOTES["version"])]
    tables: list[str] = []
    for each in dataclasses.fields(profile):
        value = getattr(profile, each.name)
        if dataclasses.is_dataclass(value):
            tables += ["", f"[{each.name}]", *_table(value)]
        elif value is not None:
            lines.append(_line(each.name, value, _NOTES.get(each.name, "")))
    return "\n".join([*lines, *tables, ""])


def _table(section: Any) -> list[str]:
    lines: list[str] = []
    for each in dataclasses.fields(section):
        value, note = getattr(section, each.name), each.metadata["note"]
        lines.append(f"# {each.name}: not measured ({note})" if value is None else _line(each.name, value, note))
    return lines


def _line(key: str, value: Any, note: str) -> str:
    return f"{key} = {_toml(value)}{'  # ' if note else ''}{note}"


def _toml(value: Any) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(_toml(each) for each in value)}]"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    # A JSON string is a TOML string, but for the one control character that JSON lets stand.
    text = str(value)[:_LONGEST].encode("utf-8", "replace").decode("utf-8")  # a lone surrogate has no place in a file
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007F")
