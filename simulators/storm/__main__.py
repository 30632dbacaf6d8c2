"""`python -m simulators.storm --hours H --seed S`: story after story, until so many hours were lived."""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter

from simulators.personality import PERSONALITIES
from simulators.storm.judge import Violation
from simulators.storm.shrink import fails, shrunk
from simulators.storm.story import Story, story
from simulators.storm.world import World

PROGRESS_S = 5.0


def main() -> int:
    """Run the storm; 1 when a story broke a rule, and the shrunk story is printed."""
    asked = _asked()
    if not asked.machine:
        machines: tuple[str, ...] = tuple(PERSONALITIES)
    else:
        machines = tuple(asked.machine)
    began, used, shown = time.monotonic(), time.process_time(), time.monotonic()
    lived, number, seed, seconds = Counter[str](), 0, asked.seed, 0.0
    alarms, ends = Counter[str](), Counter[str]()
    while seconds < asked.hours * 3600 and (asked.stories is None or number < asked.stories):
        each = story(seed + number, machines)
        number += 1
        try:
            told = World(each).live()
        except Exception as error:  # noqa: BLE001 - whatever it is, it ends the storm and is told with its seed
            return _broken(each, error)
        seconds += told.seconds
        lived.update(frames=told.frames, writes=told.writes, raises=told.raises, acts=told.acts)
        alarms.update(told.alarms)
        ends[f"{told.state}, {'at rest' if told.at_rest else 'NOT at rest'}"] += 1
        if time.monotonic() - shown > PROGRESS_S:
            shown = time.monotonic()
            print(f"... {number} stories, {seconds / 3600:.1f} h", file=sys.stderr, flush=True)
    spent = time.process_time() - used
    print(
        f"{number} stories from seed {seed}: {seconds / 3600:.1f} h of sessions, "
        f"{lived['frames']} frames, {lived['writes']} writes, {lived['raises']} raises, {lived['acts']} odd acts "
        f"({lived['acts'] / max(1.0, seconds / 60):.1f} a minute); no rule broken"
    )
    print("alarms: " + ", ".join(f"{name} {count}" for name, count in sorted(alarms.items())))
    print("ended: " + ", ".join(f"{name} {count}" for name, count in ends.most_common()))
    ratio = seconds / max(spent, 1e-9)
    print(f"{spent:.1f} s of processor time ({time.monotonic() - began:.1f} s by the clock): {ratio:,.0f} x real time")
    return 0


def _broken(each: Story, error: Exception) -> int:
    kind = "rule broken" if isinstance(error, Violation) else "fault in the program"
    print(f"{kind}: {type(error).__name__}: {error}\nshrinking the story ...", flush=True)
    small = shrunk(each)
    last = fails(small)
    print(f"{small}\n=> {type(last).__name__}: {last}")
    print(f"again: python -m simulators.storm --seed {each.seed} --stories 1")
    return 1


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m simulators.storm",
        description="Random sessions, people, machines and faults against the real core, judged by the true speed.",
        epilog="Example: python -m simulators.storm --hours 100 --seed 1",
    )
    parser.add_argument("--hours", type=float, default=20.0, metavar="H", help="hours of sessions (default 20)")
    parser.add_argument("--seed", type=int, default=1, metavar="S", help="seed of the first story (default 1)")
    parser.add_argument("--stories", type=int, metavar="N", help="at most so many stories")
    parser.add_argument("--machine", action="append", metavar="NAME", help="only this machine; may be given again")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
