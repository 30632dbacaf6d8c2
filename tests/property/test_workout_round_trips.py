"""Random plans that the rules allow come back from every format as they were; damaged files never do.

A few here; `make bench-exchange` does a thousand.
"""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import pytest
from workout_dice import BELT, CAPS, CLIENT, FORMATS, random_plan, told, written

from retroctl.adapters.exchange.workouts import read_workout
from retroctl.app.conversion import Wishes, converted
from retroctl.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("format_", FORMATS)
def test_a_plan_comes_back_as_it_was(format_: str, tmp_path: Path) -> None:
    file = tmp_path / f"w.{format_}"
    for seed in range(20):
        plan = random_plan(Random(seed))  # noqa: S311 - the same every time
        file.write_bytes(written(plan, format_))
        workout = read_workout(file, reference_kmh=None)
        back = converted(workout, Wishes(1.0), BELT, CAPS, CLIENT).plan
        assert [(s.target.hundredths, s.hold_s) for s in back.stages] == told(plan, format_), seed


@pytest.mark.parametrize("format_", FORMATS)
def test_a_file_cut_off_is_refused(format_: str, tmp_path: Path) -> None:
    file = tmp_path / f"w.{format_}"
    dice = Random(1)  # noqa: S311
    whole = written(random_plan(dice), format_)
    for length in dice.sample(range(len(whole.rstrip())), 40):
        file.write_bytes(whole[:length])
        with pytest.raises(ConfigError):
            read_workout(file, reference_kmh=None)
