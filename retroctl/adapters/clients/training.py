"""A client's programme and assessments as kept."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from retroctl.domain.method.assessment import Assessment
from retroctl.domain.method.days import Day
from retroctl.domain.method.programme import ProgrammeName
from retroctl.errors import ClientError, JournalError

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    _Read = TypeVar("_Read")


@dataclass(frozen=True, slots=True)
class Begun:
    """A programme that was begun: which, when, by whom."""

    name: ProgrammeName
    started: Day
    by: str


def begun_of(name: str, started: str, by: str, file: str) -> Begun:
    """Read a programme. Raises JournalError naming the file."""
    return _read(file, "a programme", lambda: Begun(ProgrammeName(name), Day.parse(started), by))


def programme_json(begun: Begun | None) -> dict[str, str] | None:
    """A programme in plain words."""
    return None if begun is None else {"name": begun.name.value, "started": str(begun.started), "by": begun.by}


def assessment_json(taken: Assessment) -> dict[str, Any]:
    """What was measured."""
    return {
        each.name: value
        for each in fields(Assessment)
        if each.name != "day" and (value := getattr(taken, each.name)) not in (None, "")
    }


def assessment_of(day: str, data: str, file: str) -> Assessment:
    """Read an assessment. Raises JournalError naming the file."""

    def read() -> Assessment:
        values = json.loads(data)
        note = str(values.pop("note", ""))
        return Assessment(Day.parse(day), note=note, **{key: float(value) for key, value in values.items()})

    return _read(file, "an assessment", read)


def _read(file: str, what: str, read: Callable[[], _Read]) -> _Read:
    try:
        return read()
    except (ClientError, ValueError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        reason = " ".join(str(error).split())[:200]
        raise JournalError(f"{file}: {what} cannot be read ({reason}); put a backup in its place") from None
