"""A workout file of whatever program, told apart by what is in it: names of files are not to be relied on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from retroctl.adapters.exchange.fit_workout import LARGEST as LARGEST_FIT
from retroctl.adapters.exchange.fit_workout import read_fit_workout
from retroctl.adapters.exchange.qz import read_qz
from retroctl.adapters.exchange.xmlread import LARGEST, read_xml
from retroctl.adapters.exchange.zwo import read_zwo
from retroctl.adapters.files import read_bounded, shown, shown_text
from retroctl.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from retroctl.app.conversion import ForeignWorkout


def read_workout(path: Path, *, reference_kmh: float | None) -> ForeignWorkout:
    """Read a Zwift workout, a QZ program or a FIT workout. Raises ConfigError, one line.

    `reference_kmh`: the forward speed that 100 % of a Zwift workout means, where the file does not say.
    """
    name = shown(path)
    data = read_bounded(path, LARGEST, "a workout")
    if data[8:12] == b".FIT":
        if len(data) > LARGEST_FIT:
            raise ConfigError(f"{name}: {len(data)} bytes are more than a FIT workout can have ({LARGEST_FIT})")
        return read_fit_workout(data, name)
    root = read_xml(data, name)
    match root.name:
        case "workout_file":
            return read_zwo(root, name, reference_kmh=reference_kmh)
        case "rows":
            return read_qz(root, name, title=shown_text(path.stem, 80))
        case _:
            raise ConfigError(
                f"{name}: XML, but its outermost element is {shown_text(root.name, 40)!r}; a Zwift workout's is "
                "workout_file, a QZ program's rows"
            )
