"""Days as values: the core reads no calendar, so the edge hands in today."""

from __future__ import annotations

import re
from dataclasses import dataclass

from retroctl.errors import ClientError

LAST_ORDINAL = 3_652_059
"""9999-12-31, the last day that Python's own dates know."""

_WRITTEN = re.compile(r"(\d{4})-(\d{2})-(\d{2})", re.ASCII)
_MONTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


@dataclass(frozen=True, order=True, slots=True)
class Day:
    """A day of the calendar, counted from 0001-01-01 as 1, as `date.toordinal` does. Shown as 2026-11-24."""

    ordinal: int

    def __post_init__(self) -> None:
        if not 1 <= self.ordinal <= LAST_ORDINAL:
            raise ValueError(f"there is no day {self.ordinal}")

    @classmethod
    def of(cls, year: int, month: int, day: int) -> Day:
        """The day of that date. Raises ValueError where the calendar has none."""
        if not (1 <= year <= 9999 and 1 <= month <= 12):
            raise ValueError(f"there is no month {year}-{month}")
        leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
        if not 1 <= day <= _MONTHS[month - 1] + (leap and month == 2):
            raise ValueError(f"there is no day {year}-{month}-{day}")
        before = year - 1
        years = before * 365 + before // 4 - before // 100 + before // 400
        return cls(years + sum(_MONTHS[: month - 1]) + (leap and month > 2) + day)

    @classmethod
    def parse(cls, text: str) -> Day:
        """Read 2026-11-24. Raises ClientError naming what was written."""
        match = _WRITTEN.fullmatch(text.strip())
        try:
            if match is not None:
                return cls.of(int(match[1]), int(match[2]), int(match[3]))
        except ValueError:
            pass
        raise ClientError(f"{text!r} is not a day; write it as 2026-11-24")

    @property
    def year(self) -> int:
        """The year of the date."""
        return self._civil[0]

    @property
    def _civil(self) -> tuple[int, int, int]:
        """Year, month, day, by the rule of 146,097 days in 400 years, counted from a March so that leap days end it."""
        days = self.ordinal + 305
        era, of_era = divmod(days, 146_097)
        year = (of_era - of_era // 1460 + of_era // 36_524 - of_era // 146_096) // 365
        of_year = of_era - (365 * year + year // 4 - year // 100)
        month = (5 * of_year + 2) // 153
        day = of_year - (153 * month + 2) // 5 + 1
        month += 3 if month < 10 else -9
        return year + era * 400 + (month <= 2), month, day

    def plus(self, days: int) -> Day:
        """So many days later. Raises ValueError beyond the calendar."""
        return Day(self.ordinal + days)

    def days_since(self, earlier: Day) -> int:
        """Days from `earlier` to here; negative when it is later."""
        return self.ordinal - earlier.ordinal

    def __str__(self) -> str:
        year, month, day = self._civil
        return f"{year:04}-{month:02}-{day:02}"
