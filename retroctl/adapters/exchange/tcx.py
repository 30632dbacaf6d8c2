"""A session as TCX (Garmin's Training Center Database, version 2): laps, track points, distance, heart rate, speed.

The format has no treadmill, no facing and no target: it says `Running`, and the notes say the rest.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final
from xml.sax.saxutils import escape

from retroctl.adapters.files import shown_text
from retroctl.app.portable import Lap, Point, Portable, kcal_for_people, shares
from retroctl.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_DATABASE: Final = "http://www.garmin.com/xmlschemas/TrainingCenterDatabase/v2"
_EXTENSION: Final = "http://www.garmin.com/xmlschemas/ActivityExtension/v2"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MOST_KCAL: Final = 65535
_MOST_RATE: Final = 255


def write_tcx(session: Portable) -> bytes:
    """The file's bytes. Raises ConfigError for a session in which the belt never moved."""
    if not session.laps:
        raise ConfigError(
            f"session {session.id}: the belt never moved, so there is no run for a TCX file; json holds what there is"
        )
    return "\n".join([*_lines(session), ""]).encode()


def _lines(session: Portable) -> Iterator[str]:
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield f'<TrainingCenterDatabase xmlns="{_DATABASE}">'
    yield "  <Activities>"
    yield '    <Activity Sport="Running">'
    yield f"      <Id>{_time(session, session.laps[0].start_ms)}</Id>"
    total = 0 if session.kcal is None else min(kcal_for_people(session.kcal), _MOST_KCAL)
    kcal = shares(total, [lap.kcal or 0.0 for lap in session.laps])
    points = list(session.points)
    for number, (lap, share) in enumerate(zip(session.laps, kcal, strict=True)):
        last = number + 1 == len(session.laps)
        inside = [point for point in points if point.reading.session_ms < lap.end_ms or last]
        points = points[len(inside) :]
        yield from _lap(session, lap, share, inside)
    yield f"      <Notes>{escape(_notes(session))}</Notes>"
    yield "    </Activity>"
    yield "  </Activities>"
    yield "</TrainingCenterDatabase>"


def _lap(session: Portable, lap: Lap, kcal: int, points: Sequence[Point]) -> Iterator[str]:
    yield f'      <Lap StartTime="{_time(session, lap.start_ms)}">'
    yield f"        <TotalTimeSeconds>{lap.moving_s:.3f}</TotalTimeSeconds>"
    yield f"        <DistanceMeters>{lap.distance_m:.3f}</DistanceMeters>"
    yield f"        <MaximumSpeed>{lap.peak_hundredths / 360:.4f}</MaximumSpeed>"
    yield f"        <Calories>{kcal}</Calories>"
    rates = [rate for rate in lap.heart_rates if rate <= _MOST_RATE]
    if rates:
        mean = round(sum(rates) / len(rates))
        yield f"        <AverageHeartRateBpm><Value>{mean}</Value></AverageHeartRateBpm>"
        yield f"        <MaximumHeartRateBpm><Value>{max(rates)}</Value></MaximumHeartRateBpm>"
    yield "        <Intensity>Active</Intensity>"
    yield "        <TriggerMethod>Manual</TriggerMethod>"
    if points:
        yield "        <Track>"
        for point in points:
            yield from _point(session, point)
        yield "        </Track>"
    target = "" if lap.target_hundredths is None else f", target {lap.target_hundredths / 100:.2f} km/h"
    rpe = "" if lap.rpe is None else f", RPE {lap.rpe} (Borg 6-20)"
    yield f"        <Notes>{escape(shown_text(f'{lap.name}, facing {lap.facing.value}{target}{rpe}', 200))}</Notes>"
    yield "      </Lap>"


def _point(session: Portable, point: Point) -> Iterator[str]:
    reading = point.reading
    yield "          <Trackpoint>"
    yield f"            <Time>{_time(session, reading.session_ms)}</Time>"
    yield f"            <DistanceMeters>{point.distance_m:.3f}</DistanceMeters>"
    if reading.heart_rate is not None and 0 < reading.heart_rate <= _MOST_RATE:
        yield f"            <HeartRateBpm><Value>{reading.heart_rate}</Value></HeartRateBpm>"
    if reading.measured_hundredths is not None:
        speed = f"<Speed>{reading.measured_hundredths / 360:.4f}</Speed>"
        yield f'            <Extensions><TPX xmlns="{_EXTENSION}">{speed}</TPX></Extensions>'
    yield "          </Trackpoint>"


def _notes(session: Portable) -> str:
    kcal = "" if session.kcal is not None else " The calories of 0 mean: not known."
    return f"{shown_text(session.plan, 80)}. {shown_text(session.who, 80)}. {session.remark}{kcal}"


def _time(session: Portable, session_ms: int) -> str:
    at = _EPOCH + timedelta(milliseconds=session.started_utc_ms + session_ms)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
