"""A thousand random workouts out and in again in every format, cut off and with flipped bits; and the time of exports.

.venv/bin/python tests/benchmarks/exchange.py [COUNT]
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).parents[1]))

from exchange_rig import HALF_HOUR, write_session
from workout_dice import BELT, CAPS, CLIENT, FORMATS, random_plan, told, written

from retroctl.adapters.exchange.fit_activity import write_fit
from retroctl.adapters.exchange.sessions_json import write_sessions_json
from retroctl.adapters.exchange.tables import write_samples
from retroctl.adapters.exchange.tcx import write_tcx
from retroctl.adapters.exchange.workouts import read_workout
from retroctl.adapters.journal import FILE_NAME
from retroctl.adapters.journal import portable as stored
from retroctl.app.conversion import Wishes, converted
from retroctl.cli.exchange_export import portable_of
from retroctl.errors import ConfigError


def workouts(folder: Path, count: int) -> None:
    """Round trips must be exact; a damaged file must be refused, or be a workout that says something else."""
    for format_ in FORMATS:
        file = folder / f"w.{format_}"
        began, slowest = time.process_time(), 0.0
        cut = flipped = other = 0
        for seed in range(count):
            dice = Random(seed)  # noqa: S311 - the same every time
            plan = random_plan(dice)
            whole = written(plan, format_)
            file.write_bytes(whole)
            start = time.process_time()
            back = converted(read_workout(file, reference_kmh=None), Wishes(1.0), BELT, CAPS, CLIENT).plan
            slowest = max(slowest, time.process_time() - start)
            assert [(s.target.hundredths, s.hold_s) for s in back.stages] == told(plan, format_), (format_, seed)
            file.write_bytes(whole[: dice.randrange(len(whole.rstrip()))])
            cut += _refused(file)
            damaged = bytearray(whole)
            damaged[dice.randrange(len(whole))] ^= 1 << dice.randrange(8)
            file.write_bytes(damaged)
            refused = _refused(file)
            flipped, other = flipped + refused, other + (not refused)
        assert cut == count, (format_, cut)
        assert format_ != "fit" or flipped == count, flipped
        print(
            f"{format_}: {count} round trips exact, {cut} cut off and refused, {flipped} with a flipped bit refused "
            f"({other} read as what they then say); {time.process_time() - began:.1f} s, slowest import {slowest:.2f} s"
        )


def exports(folder: Path) -> None:
    """Half an hour with heart rate."""
    session_id = write_session(folder, hold_s=HALF_HOUR).id
    session = portable_of(folder / FILE_NAME, session_id, {})
    for name, write in (
        ("FIT", write_fit),
        ("TCX", write_tcx),
        ("CSV", write_samples),
        ("JSON", lambda _: b"".join(write_sessions_json([stored.dump(folder / FILE_NAME, session_id)]))),
    ):
        start = time.process_time()
        size = len(write(session))
        print(f"{name}: 30 minutes, {size / 1000:.0f} kB in {time.process_time() - start:.2f} s")


def _refused(file: Path) -> bool:
    try:
        read_workout(file, reference_kmh=None)
    except ConfigError:
        return True
    return False


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        exports(Path(scratch))
        workouts(Path(scratch), int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
