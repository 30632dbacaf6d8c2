"""FIT workouts: read into steps, written from a plan. Both by fit-tool (the extra `fit`)."""

from __future__ import annotations

import io
import logging
import math
from typing import TYPE_CHECKING, Any, Final

from retroctl.adapters.exchange.fit_library import FitWriter, library
from retroctl.adapters.files import shown_text
from retroctl.app.conversion import ForeignStep, ForeignWorkout
from retroctl.domain.plan import Plan, StageKind
from retroctl.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator

LARGEST: Final = 1_000_000
"""A workout of 500 steps takes 20,000; what is larger is an activity, and that is told by its first message."""
_SHORTEST: Final = 14
_MOST_MESSAGES: Final = 2000
MOST_STEPS: Final = 500
MOST_REPEATS: Final = 200
_BASE_UTC_MS: Final = 1_700_000_000_000
"""A workout is not of a moment, and a file that is the same each time can be compared; FIT demands some time."""
_KINDS: Final = {
    StageKind.LADDER: "WARMUP",
    StageKind.WORK: "ACTIVE",
    StageKind.RECOVERY: "RECOVERY",
    StageKind.COOL_DOWN: "COOLDOWN",
}


def write_fit_workout(plan: Plan) -> bytes:
    """The plan as a FIT workout for running, a step for each stage. Raises ConfigError without the extra `fit`."""
    fit = library()
    builder = FitWriter()
    builder.add(
        _set(
            fit.FileIdMessage(local_id=0),
            type=fit.FileType.WORKOUT, manufacturer=fit.Manufacturer.DEVELOPMENT.value, product=0, serial_number=1,
            time_created=_BASE_UTC_MS,
        )
    )  # fmt: skip
    builder.add(
        _set(
            fit.WorkoutMessage(local_id=1),
            sport=fit.Sport.RUNNING, sub_sport=fit.SubSport.TREADMILL, num_valid_steps=len(plan.stages),
            workout_name=shown_text(plan.name, 80),
        )
    )  # fmt: skip
    for number, stage in enumerate(plan.stages):
        metres_a_second = stage.target.kmh / 3.6
        builder.add(
            _set(
                fit.WorkoutStepMessage(local_id=2),
                message_index=number, workout_step_name=f"{stage.kind.value} {stage.facing.value}",
                intensity=getattr(fit.Intensity, _KINDS[stage.kind]),
                duration_type=fit.WorkoutStepDuration.TIME, duration_time=round(stage.hold_s, 3),
                target_type=fit.WorkoutStepTarget.SPEED, target_value=0,
                custom_target_speed_low=metres_a_second, custom_target_speed_high=metres_a_second,
            )
        )  # fmt: skip
    return builder.whole()


def read_fit_workout(data: bytes, name: str) -> ForeignWorkout:
    """Read a workout. Raises ConfigError: damaged, no workout, or a step that gives no speed and time, named."""
    fit = library()
    messages = _messages(fit, data, name)
    heads = [message for message in messages if isinstance(message, fit.WorkoutMessage)]
    sport = heads[0].sport if heads else None
    if sport is not None and _value(sport) not in (
        _value(fit.Sport.RUNNING),
        _value(fit.Sport.GENERIC),
        _value(fit.Sport.WALKING),
    ):
        raise ConfigError(
            f"{name}: a workout for another sport (number {_value(sport)}); only runs have speeds to scale"
        )
    listed = [message for message in messages if isinstance(message, fit.WorkoutStepMessage)]
    steps = _Steps(fit, listed).all()
    if not steps:
        raise ConfigError(f"{name}: holds no workout steps")
    title = shown_text(str((heads[0].workout_name if heads else None) or ""), 80) or "fit"
    return ForeignWorkout(title, "FIT workout", tuple(steps))


def _messages(fit: Any, data: bytes, name: str) -> list[Any]:
    """Every data message. A damaged file shows in its checksum before anything in it is believed."""
    if len(data) < _SHORTEST or data[8:12] != b".FIT":
        raise ConfigError(f"{name}: not a FIT file")
    said = data[0] + int.from_bytes(data[4:8], "little") + 2
    if said != len(data):
        raise ConfigError(f"{name}: a damaged FIT file: it has {len(data)} bytes and says {said}")
    if fit.crc16(data):  # over a file with its own checksum behind it the sum is 0
        raise ConfigError(f"{name}: a damaged FIT file: its checksum is another")
    logger = logging.getLogger("fit_tool")
    quiet, logger.disabled = logger.disabled, True  # what it would warn of is told here, in one line
    try:
        return list(_workout_messages(fit, data, name))
    except ConfigError:
        raise
    except Exception as error:  # noqa: BLE001 - foreign bytes in a foreign decoder: whatever it raises, the file is bad
        reason = shown_text(str(error), 100) or type(error).__name__
        raise ConfigError(f"{name}: a damaged FIT file: {reason}") from None
    finally:
        logger.disabled = quiet


def _workout_messages(fit: Any, data: bytes, name: str) -> Iterator[Any]:
    """One message after the other, so that an activity of hours is put aside at its first one."""
    for number, record in enumerate(fit.iter_fit_stream(io.BytesIO(data))):
        if number > _MOST_MESSAGES:
            raise ConfigError(f"{name}: more than {_MOST_MESSAGES} messages are no workout")
        if record.is_definition:
            continue
        kind = record.message.type if isinstance(record.message, fit.FileIdMessage) else fit.FileType.WORKOUT
        if _value(kind) != fit.FileType.WORKOUT.value:
            what = "an activity" if _value(kind) == fit.FileType.ACTIVITY.value else "something else"
            raise ConfigError(f"{name}: a FIT file, but {what}, not a workout; a plan is made from a workout file")
        yield record.message


class _Steps:
    """The steps in the order in which they are run: a repeat step goes back to an earlier one."""

    def __init__(self, fit: Any, listed: list[Any]) -> None:
        self._fit, self._listed = fit, listed
        self._made: list[ForeignStep] = []

    def all(self) -> list[ForeignStep]:
        types = self._fit.WorkoutStepDuration
        flat: list[tuple[int, Any]] = []
        starts: list[int] = []
        for place, step in enumerate(self._listed):
            starts.append(len(flat))
            duration = step.duration_type
            if _value(duration) != types.REPEAT_UNTIL_STEPS_CMPLT.value:
                flat.append((place, step))
            else:
                self._repeat(place, step, flat, starts)
            if len(flat) > MOST_STEPS:
                raise ConfigError(f"step {place + 1}: makes more than {MOST_STEPS} steps")
        return [self._step(number, place, step) for number, (place, step) in enumerate(flat, start=1)]

    def _repeat(self, place: int, step: Any, flat: list[tuple[int, Any]], starts: list[int]) -> None:
        first, times = step.duration_value, step.target_value
        good = isinstance(first, int) and isinstance(times, int) and 0 <= first < place and 1 <= times <= MOST_REPEATS
        if not good:
            raise ConfigError(f"step {place + 1}: repeats from step {first} {times} times, which cannot be followed")
        again = flat[starts[first] :]
        for _ in range(times - 1):
            flat.extend(again)
            if len(flat) > MOST_STEPS:
                return

    def _step(self, number: int, place: int, step: Any) -> ForeignStep:
        where = f"step {number}" if number == place + 1 else f"step {number} (number {place + 1} in the file)"
        fit = self._fit
        duration, target = _value(step.duration_type), _value(step.target_type)
        if target != fit.WorkoutStepTarget.SPEED.value:
            raise ConfigError(f"{where}: has no speed as its target, so no stage can be made of it")
        # A zone of the watch (a target value above 0) is a speed that only the watch knows.
        low, high = step.custom_target_speed_low, step.custom_target_speed_high
        if step.target_value or not _positive(low) or not _positive(high):
            raise ConfigError(f"{where}: names a speed zone and no speed; give it speeds in the file")
        kmh = round((low + high) / 2 * 3.6, 2)
        if duration == fit.WorkoutStepDuration.TIME.value and _positive(step.duration_time):
            seconds = step.duration_time
        elif duration == fit.WorkoutStepDuration.DISTANCE.value and _positive(step.duration_distance):
            seconds = round(step.duration_distance / (kmh / 3.6), 1) if kmh else 0.0
        else:
            raise ConfigError(f"{where}: lasts neither a time nor a distance, so no stage can be made of it")
        return ForeignStep(where, seconds, kmh, kmh, self._kind(step))

    def _kind(self, step: Any) -> StageKind:
        names = {getattr(self._fit.Intensity, name).value: kind for kind, name in _KINDS.items()}
        names[self._fit.Intensity.REST.value] = StageKind.RECOVERY
        kind = names.get(_value(step.intensity), StageKind.WORK)
        return StageKind.WORK if kind is StageKind.LADDER else kind


def _positive(value: Any) -> bool:
    return isinstance(value, int | float) and math.isfinite(value) and value > 0


def _value(value: Any) -> Any:
    """The number of one of the library's enumerations; it gives plain numbers for those that it does not know."""
    return getattr(value, "value", value)


def _set(message: Any, **values: Any) -> Any:
    for name, value in values.items():
        setattr(message, name, value)
    return message
