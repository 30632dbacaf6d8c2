"""Story after story, in as many processes as asked for, until so many hours were lived or one broke a rule."""

from __future__ import annotations

import argparse
import multiprocessing
import queue
import sys
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from simulators.personality import PERSONALITIES
from simulators.storm import whole
from simulators.storm.judge import Violation
from simulators.storm.parts import SEEDS_APART, Kept
from simulators.storm.shrink import fails, shrunk
from simulators.storm.story import story
from simulators.storm.tally import Tally
from simulators.storm.world import lived

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from multiprocessing.process import BaseProcess
    from multiprocessing.queues import Queue

    from simulators.storm.scene import Told
    from simulators.storm.story import Story

PROGRESS_S: Final = 5.0
LOST_S: Final = 120.0
"""A process that says nothing for so long is lost: it says something every few seconds."""


@dataclass(frozen=True)
class Asked:
    """What is to be lived through."""

    hours: float
    seed: int
    stories: int | None
    machines: tuple[str, ...]
    processes: int
    whole: bool

    def live(self, each: Story) -> Told | None:
        """One story, by the core alone or by the whole program."""
        return whole.lived(each) if self.whole else lived(each)


@dataclass
class Part:
    """What one process reports: what it lived through since it reported last, or the story that it broke."""

    tally: Tally = field(default_factory=Tally)
    done: bool = False
    broken: tuple[Story, str] | None = None


def main() -> int:
    """Run the storm; 1 when a story broke a rule, and the shrunk story is printed."""
    asked, parts, kept = _asked()
    print(f"seed {asked.seed}, {asked.processes} process{'es' if asked.processes > 1 else ''}", flush=True)
    total, took_s = Tally(), 0.0
    for number in range(parts):
        part = replace(asked, hours=asked.hours / parts, seed=asked.seed + number * SEEDS_APART)
        found = None if kept is None else kept.find(part)
        if found is None:
            watch = _Watch(before=total)
            broken = _run(part, 0, watch.take) if asked.processes == 1 else _spread(part, watch)
            if broken is not None:
                return _broken(asked, *broken)
            found = watch.total, time.monotonic() - watch.began
            if kept is not None:
                kept.keep(part, *found)
        elif parts > 1:
            print(f"part {number + 1} of {parts}: kept from before", flush=True)
        total.add(found[0])
        took_s += found[1]
    print(total.in_words(took_s))
    return 0


class _Watch:
    """Adds up and says now and then how far it is."""

    def __init__(self, *, before: Tally) -> None:
        self.total, self._before = Tally(), before
        self.began = self._shown = time.monotonic()

    def take(self, part: Part) -> None:
        self.total.add(part.tally)
        if time.monotonic() - self._shown > PROGRESS_S:
            self._shown = time.monotonic()
            stories, seconds = self.total.stories + self._before.stories, self.total.seconds + self._before.seconds
            print(f"... {stories} stories, {seconds / 3600:.1f} h", file=sys.stderr, flush=True)


def _spread(asked: Asked, watch: _Watch) -> tuple[Story, str] | None:
    """The same in several processes; the first broken story ends them all."""
    context = multiprocessing.get_context("spawn")
    parts: Queue[Part] = context.Queue()
    workers = [context.Process(target=_work, args=(asked, number, parts)) for number in range(asked.processes)]
    for worker in workers:
        worker.start()
    running = asked.processes
    try:
        while running:
            part = _next_part(parts, workers)
            watch.take(part)
            running -= part.done
            if part.broken is not None:
                return part.broken
    finally:
        for worker in workers:
            worker.terminate()
    return None


def _next_part(parts: Queue[Part], workers: Sequence[BaseProcess]) -> Part:
    """Raises RuntimeError when a process has died, or says nothing any more."""
    for _ in range(int(LOST_S / PROGRESS_S)):
        try:
            return parts.get(timeout=PROGRESS_S)
        except queue.Empty:
            if any(worker.exitcode not in (None, 0) for worker in workers):
                break
    raise RuntimeError("a process of the storm is lost")


def _work(asked: Asked, number: int, parts: Queue[Part]) -> None:
    broken = _run(asked, number, parts.put)
    parts.put(Part(done=True, broken=broken))


def _run(asked: Asked, number: int, tell: Callable[[Part], None]) -> tuple[Story, str] | None:
    """Every story of one process: of `processes` each takes every so manieth seed."""
    hours, lived_s, told_at = asked.hours / asked.processes, 0.0, time.monotonic()
    tally, used = Tally(), time.process_time()
    seed, stories = asked.seed + number, 0
    while lived_s < hours * 3600 and (asked.stories is None or stories < asked.stories):
        each = story(seed, asked.machines)
        seed, stories = seed + asked.processes, stories + 1
        try:
            told = asked.live(each)
        except Exception as error:  # noqa: BLE001 - whatever it is, it ends the storm and is told with its seed
            return each, _kind_of(error)
        tally.take(told)
        lived_s += 0.0 if told is None else told.seconds
        if time.monotonic() - told_at > PROGRESS_S / 2:
            told_at = time.monotonic()
            tally.spent_s, used = time.process_time() - used, time.process_time()
            tell(Part(tally))
            tally = Tally()
    tally.spent_s = time.process_time() - used
    tell(Part(tally))
    return None


def _kind_of(error: Exception) -> str:
    kind = "rule broken" if isinstance(error, Violation) else "fault in the program"
    return f"{kind}: {type(error).__name__}: {error}"


def _broken(asked: Asked, each: Story, what: str) -> int:
    print(f"{what}\nshrinking the story of seed {each.seed} ...", flush=True)
    small = shrunk(each, asked.live)
    last = fails(small, asked.live)
    print(f"{small}\n=> {type(last).__name__}: {last}")
    machines = (
        "".join(f" --machine {name}" for name in asked.machines) if len(asked.machines) < len(PERSONALITIES) else ""
    )
    print(f"again: python -m simulators.storm --seed {each.seed} --stories 1{' --whole' * asked.whole}{machines}")
    return 1


def _asked() -> tuple[Asked, int, Kept | None]:
    parser = argparse.ArgumentParser(
        prog="python -m simulators.storm",
        description="Random sessions, people, machines and faults against the real program, judged by the true speed.",
        epilog="Example: python -m simulators.storm --hours 100 --seed 1",
    )
    parser.add_argument("--hours", type=float, default=20.0, metavar="H", help="hours of sessions (default 20)")
    parser.add_argument("--seed", type=int, default=1, metavar="S", help="seed of the first story (default 1)")
    parser.add_argument("--stories", type=int, metavar="N", help="at most so many stories in each process")
    parser.add_argument("--machine", action="append", metavar="NAME", help="only this machine; may be given again")
    parser.add_argument("--processes", type=int, default=1, metavar="N", help="so many processes (default 1)")
    parser.add_argument(
        "--whole",
        action="store_true",
        help="the whole program: real bleak on the radio in memory, real record; else the core alone",
    )
    parser.add_argument("--parts", type=int, default=1, metavar="N", help="in N parts, each with seeds of its own")
    parser.add_argument(
        "--keep",
        type=Path,
        metavar="FOLDER",
        help="keep there each part that is through; asked again, the storm goes on behind them",
    )
    given = parser.parse_args()
    machines = tuple(given.machine) if given.machine else tuple(PERSONALITIES)
    asked = Asked(given.hours, given.seed, given.stories, machines, max(1, given.processes), given.whole)
    return asked, max(1, given.parts), None if given.keep is None else Kept(given.keep)
