"""A session as a FIT activity: running on a treadmill, a lap for each stage, a record for each second.

Written by fit-tool (the extra `fit`). Facing, target speed and the rating of perceived exertion have no place in
Garmin's own fields (its "perceived effort" is another scale), so they are developer fields, described in the file.
A second without a reading has no record: unknown is not zero.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from retroctl.adapters.exchange.fit_library import FitWriter, library
from retroctl.app.portable import Lap, Point, Portable, kcal_for_people, shares
from retroctl.domain.limits import Facing
from retroctl.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

APPLICATION: Final = UUID("6f2c1a3e-52c0-4b7d-9d0e-7265746f6374")
"""Names the developer fields as retroctl's."""
_UINT8, _FLOAT32 = 2, 136
"""Base types as the raw codes that go into the file: some readers refuse the profile's short numbers."""
_FIELDS: Final = (
    (0, "facing", "1 backward, 0 forward", _UINT8),
    # A whole number of hundredths would be smaller, but readers do not apply the scale of a developer field.
    (1, "target_speed", "km/h", _FLOAT32),
    (2, "rpe", "Borg 6-20", _UINT8),
)
_FACING, _TARGET, _RPE = 0, 1, 2
_SESSION_LOCAL: Final = {"file_id": 0, "developer": 1, "field": 2, "event": 3, "record": 4, "lap": 5, "session": 6}
_HUNDREDTHS_TO_MS: Final = 1 / 360


def write_fit(session: Portable, told: Callable[[int, int], None] = lambda _done, _of: None) -> bytes:
    """The file's bytes. `told` hears of progress: records done, and of how many.

    Raises ConfigError for a session in which the belt never moved, and where the extra `fit` is not installed.
    """
    if not session.laps:
        raise ConfigError(
            f"session {session.id}: the belt never moved, so there is no run for a FIT file; json holds what there is"
        )
    return _Writer(session, told).write()


class _Writer:
    def __init__(self, session: Portable, told: Callable[[int, int], None]) -> None:
        self._session, self._told = session, told
        self._fit = library()
        self._builder = FitWriter()
        self._start = self._utc(session.laps[0].start_ms)
        self._end = self._utc(session.laps[-1].end_ms)

    def write(self) -> bytes:
        self._head()
        self._event("START", self._start)
        self._records()
        self._event("STOP_ALL", self._end)
        kcal = self._kcal()
        for number, (lap, share) in enumerate(zip(self._session.laps, kcal, strict=True)):
            self._lap(number, lap, share)
        self._whole()
        return self._builder.whole()

    # -- the parts ---------------------------------------------------------------------------------------------------

    def _head(self) -> None:
        self._add(
            "FileIdMessage", "file_id",
            type=self._fit.FileType.ACTIVITY, manufacturer=self._fit.Manufacturer.DEVELOPMENT.value, product=0,
            time_created=self._start, serial_number=self._serial(), product_name="retroctl",
        )  # fmt: skip
        self._add("FileCreatorMessage", "file_id", software_version=_version(self._session.program_version))
        self._add("DeveloperDataIdMessage", "developer", developer_data_index=0, application_id=list(APPLICATION.bytes))
        for number, name, units, base in _FIELDS:
            self._add(
                "FieldDescriptionMessage", "field", developer_data_index=0, field_definition_number=number,
                fit_base_type_id=base, field_name=name, units=units,
            )  # fmt: skip

    def _event(self, kind: str, at: int) -> None:
        self._add(
            "EventMessage", "event",
            timestamp=at, event=self._fit.Event.TIMER, event_type=getattr(self._fit.EventType, kind), event_group=0,
        )  # fmt: skip

    def _records(self) -> None:
        seconds = _by_second(self._session, self._utc)
        for done, (at, point) in enumerate(seconds):
            reading = point.reading
            values: dict[str, Any] = {"timestamp": at, "distance": point.distance_m}
            if reading.measured_hundredths is not None:
                values["enhanced_speed"] = values["speed"] = reading.measured_hundredths * _HUNDREDTHS_TO_MS
            if reading.heart_rate is not None and 0 < reading.heart_rate < 255:
                values["heart_rate"] = reading.heart_rate
            message = self._message("RecordMessage", "record", values)
            message.developer_fields = list(self._developer(point))
            self._builder.add(message)
            if done % 500 == 0:
                self._told(done, len(seconds))
        self._told(len(seconds), len(seconds))

    def _developer(self, point: Point) -> Sequence[Any]:
        target = point.reading.target_hundredths
        known = {
            _FACING: int(point.facing is Facing.BACKWARD),
            _TARGET: None if target is None else target / 100,
            _RPE: point.rpe,
        }
        fields = []
        for number, name, units, base in _FIELDS:
            value = known[number]
            if value is None:
                continue
            field = self._fit.DeveloperField(
                field_id=number, developer_data_index=0, name=name, units=units, size=4 if base == _FLOAT32 else 1,
                base_type=self._fit.BaseType(base),
            )  # fmt: skip
            field.set_value(0, value)
            fields.append(field)
        return fields

    def _lap(self, number: int, lap: Lap, kcal: int | None) -> None:
        self._add(
            "LapMessage", "lap",
            message_index=number, event=self._fit.Event.LAP, event_type=self._fit.EventType.STOP,
            lap_trigger=self._fit.LapTrigger.MANUAL if number + 1 < len(self._session.laps)
            else self._fit.LapTrigger.SESSION_END,
            intensity=self._intensity(lap), **self._sums(lap.start_ms, lap.end_ms, lap.moving_s, lap.distance_m),
            **self._optional(kcal, lap.peak_hundredths, lap.heart_rates),
        )  # fmt: skip

    def _whole(self) -> None:
        session = self._session
        first, last = session.laps[0], session.laps[-1]
        self._add(
            "SessionMessage", "session",
            message_index=0, event=self._fit.Event.SESSION, event_type=self._fit.EventType.STOP,
            sport=self._fit.Sport.RUNNING, sub_sport=self._fit.SubSport.TREADMILL,
            trigger=self._fit.SessionTrigger.ACTIVITY_END, first_lap_index=0, num_laps=len(session.laps),
            sport_profile_name="Backward running",
            **self._sums(first.start_ms, last.end_ms, session.duration_s, session.distance_m),
            **self._optional(_whole(session.kcal), session.peak_hundredths, session.heart_rates),
        )  # fmt: skip
        self._add(
            "ActivityMessage", "event", timestamp=self._end, total_timer_time=session.duration_s, num_sessions=1,
            type=self._fit.Activity.MANUAL, event=self._fit.Event.ACTIVITY, event_type=self._fit.EventType.STOP,
        )  # fmt: skip

    # -- values ------------------------------------------------------------------------------------------------------

    def _sums(self, start_ms: int, end_ms: int, moving_s: float, distance_m: float) -> dict[str, Any]:
        mean = {"avg_speed": distance_m / moving_s, "enhanced_avg_speed": distance_m / moving_s} if moving_s else {}
        return {
            "timestamp": self._utc(end_ms), "start_time": self._utc(start_ms),
            "total_elapsed_time": (end_ms - start_ms) / 1000, "total_timer_time": moving_s,
            "total_moving_time": moving_s, "total_distance": distance_m, **mean,
        }  # fmt: skip

    def _optional(self, kcal: int | None, peak: int, rates: Sequence[int]) -> dict[str, Any]:
        known: dict[str, Any] = {
            "max_speed": peak * _HUNDREDTHS_TO_MS,
            "enhanced_max_speed": peak * _HUNDREDTHS_TO_MS,
        }
        if kcal is not None:
            known["total_calories"] = kcal
        possible = [rate for rate in rates if rate < 255]
        if possible:
            known |= {"avg_heart_rate": round(sum(possible) / len(possible)), "max_heart_rate": max(possible)}
        return known

    def _kcal(self) -> list[int | None]:
        """Whole kilocalories of the laps, whose sum is the session's."""
        total = _whole(self._session.kcal)
        if total is None:
            return [None] * len(self._session.laps)
        return list(shares(total, [lap.kcal or 0.0 for lap in self._session.laps]))

    def _intensity(self, lap: Lap) -> Any:
        cool = lap.target_hundredths is None or "cool-down" in lap.name
        return self._fit.Intensity.COOLDOWN if cool else self._fit.Intensity.ACTIVE

    def _utc(self, session_ms: int) -> int:
        """Milliseconds since 1970 at the second below: FIT counts whole seconds."""
        return (self._session.started_utc_ms + session_ms) // 1000 * 1000

    def _serial(self) -> int:
        """A number that is the same each time this session is exported, so that a site can tell a second copy."""
        digits = "".join(c for c in self._session.id if c in "0123456789abcdef")[:7]
        return int(digits or "1", 16) or 1

    def _add(self, kind: str, local: str, **values: Any) -> None:
        self._builder.add(self._message(kind, local, values))

    def _message(self, kind: str, local: str, values: dict[str, Any]) -> Any:
        message = getattr(self._fit, kind)(local_id=_SESSION_LOCAL[local])
        for name, value in values.items():
            setattr(message, name, value)
        return message


def _by_second(session: Portable, utc: Callable[[int], int]) -> list[tuple[int, Point]]:
    """The last reading of each second; a rating stays with the second in which it was given."""
    kept: dict[int, Point] = {}
    for point in session.points:
        at = utc(point.reading.session_ms)
        before = kept.get(at)
        if before is not None and point.rpe is None and before.rpe is not None:
            kept[at] = Point(point.reading, point.distance_m, point.facing, before.rpe)
        else:
            kept[at] = point
    return sorted(kept.items(), key=lambda item: item[0])


def _whole(kcal: float | None) -> int | None:
    return None if kcal is None else min(kcal_for_people(kcal), 65534)


def _version(text: str) -> int:
    """`1.2.3` as 102 (FIT has two digits for each)."""
    found = re.match(r"(\d{1,2})\.(\d{1,2})\b", text)
    return 0 if found is None else int(found[1]) * 100 + int(found[2])
