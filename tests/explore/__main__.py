"""Explore to a larger depth, print the figures, and keep what docs/STATES.md is drawn from: `make explore`."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parents[1]), str(HERE.parent), str(HERE)]

from explored_events import EVENTS  # noqa: E402 - found through the path above
from explored_space import UNREACHED, Found, explore  # noqa: E402

from retroctl.domain.transitions import TRANSITIONS  # noqa: E402


def main() -> int:
    """Explore, tell, keep."""
    parser = argparse.ArgumentParser(prog="tests/explore", description=__doc__)
    parser.add_argument("--depth", type=int, default=3, help="how many things happen one after another")
    parser.add_argument("--most", type=int, default=10**9, metavar="STEPS", help="end after so many steps")
    options = parser.parse_args()
    began, shown, told = time.process_time(), [0], [0]

    def progress(found: Found, known: int) -> None:
        for each in found.broken[told[0] :]:
            told[0] += 1
            print(each, flush=True)
        if found.steps >= shown[0] + 20000:
            shown[0] = found.steps
            print(
                f"  {found.steps} steps, {known} places, {len(found.rows)} rows, {len(found.broken)} broken", flush=True
            )

    found = explore(depth=options.depth, most=options.most, progress=progress)
    progress(found, found.places)
    seconds = time.process_time() - began
    rows = {(state.value, trigger.value): to.value for state, row in TRANSITIONS.items() for trigger, to in row.items()}
    missing = [row for row in rows if row not in found.rows]
    for state, trigger in missing:
        print(f"not reached: {state}, {trigger}: {UNREACHED.get((state, trigger), 'and nobody knows why')}")
    print(
        f"{found.places} places, {found.steps} steps to a depth of {found.depth}, {len(EVENTS)} events, "
        f"{len(found.rows)} of {len(rows)} rows of the table, {len(found.broken)} broken, {seconds:.0f} s of processor"
    )
    for state, count in sorted(found.by_state.items()):
        print(f"  {state:12} {count:6}")
    if not found.unfinished:
        kept = {
            "depth": found.depth,
            "events": len(EVENTS),
            "places": found.places,
            "steps": found.steps,
            "broken": len(found.broken),
            "by_state": dict(sorted(found.by_state.items())),
            "rows": [
                [state, trigger, to] for state, trigger in rows for to in sorted(found.rows.get((state, trigger), ()))
            ],
        }
        (HERE / "reached.json").write_text(json.dumps(kept, indent=1) + "\n")
    return 1 if found.broken or set(missing) != set(UNREACHED) else 0


if __name__ == "__main__":
    raise SystemExit(main())
