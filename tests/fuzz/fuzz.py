"""Coverage-guided fuzzing with atheris: `python tests/fuzz/fuzz.py [SECONDS] [TARGET...]` (600 seconds, all targets).

Each target gets its share of the time, begins with its seeds and its corpus, and puts what reached new code back into
tests/corpus (at most MOST items, the shortest first). What comes out of a reader and is not documented is printed with
its bytes, which go into the corpus, and the exit status is 1: then the reader is mended.

Where atheris cannot be had (it needs Linux or macOS), bytes are changed without looking at coverage; `--plain` does the
same anywhere.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path
from random import Random
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

try:
    import atheris
except ImportError:
    atheris = None

MOST = 400
DEFAULT_S = 600.0
INSTRUMENTED = ["retroctl", "fit_tool", "tomllib"]
TRIED = "number_of_executed_units"


def guided(target: Any, seconds: float, folder: Path) -> None:
    """Fuzz in this process, which ends here."""

    def try_out(data: bytes) -> None:
        try:
            target.try_out(data)
        except BaseException:
            (folder / "crash-guided").write_bytes(data)
            raise

    atheris.Setup(
        [
            "fuzz",
            f"-max_total_time={max(1, round(seconds))}",
            f"-max_len={target.longest}",
            f"-artifact_prefix={folder}/crash-",
            "-timeout=10",
            "-rss_limit_mb=2048",
            "-print_final_stats=1",
            "-verbosity=0",
            "-use_value_profile=1",
            str(folder / "items"),
        ],
        try_out,
    )
    atheris.Fuzz()


def plainly(target: Any, seconds: float, folder: Path) -> None:
    """Without coverage: known items with bytes changed, removed, doubled and exchanged."""
    dice = Random(0)  # noqa: S311 - no secret
    known = [each.read_bytes() for each in (folder / "items").iterdir()] or [b""]
    end, tried = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        data = bytearray(dice.choice(known))
        for _ in range(dice.randint(1, 6)):
            place, other = dice.randrange(len(data) + 1), dice.choice(known)
            match dice.randrange(4):
                case 0:
                    data[place : place + 1] = bytes((dice.randrange(256),))
                case 1:
                    del data[place : place + dice.randint(1, 8)]
                case 2:
                    data[place:place] = other[: dice.randrange(len(other) + 1)]
                case _:
                    data[place:] = other[dice.randrange(len(other) + 1) :]
        tried += 1
        data = data[: target.longest]
        try:
            target.try_out(bytes(data))
        except BaseException:
            (folder / "crash-plain").write_bytes(data)
            raise
    print(f"{TRIED}: {tried}", file=sys.stderr)


def forked(target: Any, seconds: float, folder: Path, *, plain: bool) -> tuple[int, str]:
    """In a process of its own, for which nothing is imported anew; its status and what it said."""
    said = folder / "said"
    process = os.fork()
    if process == 0:
        descriptor = os.open(said, os.O_WRONLY | os.O_CREAT, 0o600)
        os.dup2(descriptor, 1)
        os.dup2(descriptor, 2)
        status = 1
        try:
            (plainly if plain else guided)(target, seconds, folder)
            status = 0
        except BaseException as error:  # noqa: BLE001 - this is what is looked for
            print(repr(error), file=sys.stderr, flush=True)
        finally:
            os._exit(status)
    _, status = os.waitpid(process, 0)
    return os.waitstatus_to_exitcode(status), said.read_text(errors="replace")


def fuzz(name: str, seconds: float, *, plain: bool) -> bool:
    """Fuzz one target and keep what was found; whether it was well."""
    from fuzz_targets import TARGETS, keep, kept  # noqa: PLC0415 - imported under instrumentation before

    target = TARGETS[name]
    chosen = {*target.seeds, *kept(name)}
    with tempfile.TemporaryDirectory() as work:
        folder = Path(work)
        (folder / "items").mkdir()
        for number, data in enumerate(sorted(chosen)):
            (folder / "items" / f"{number:06}").write_bytes(data)
        status, said = forked(target, seconds, folder, plain=plain)
        crashes = [each.read_bytes() for each in folder.glob("crash-*")]
        found = {each.read_bytes() for each in (folder / "items").iterdir()}
    chosen |= set(crashes)
    for data in sorted(found - chosen, key=lambda each: (len(each), each)):
        if len(chosen) >= MOST:
            break
        chosen.add(data)
    keep(name, chosen - set(target.seeds))
    for data in crashes:
        print(f"FOUND  {name}: {data!r}\n{said[-3000:]}", flush=True)
    if status and not crashes:
        print(f"FAILED  {name}: status {status}\n{said[-3000:]}", flush=True)
    executed = next((line.split()[-1] for line in said.splitlines() if TRIED in line), "?")
    print(f"{name}: {executed} executions, {len(found)} items reached new code, {len(chosen)} kept", flush=True)
    return status == 0


def main() -> int:
    arguments = sys.argv[1:]
    plain = atheris is None or "--plain" in arguments
    rest = [each for each in arguments if each != "--plain"]
    if plain:
        from fuzz_targets import TARGETS  # noqa: PLC0415
    else:
        with atheris.instrument_imports(include=INSTRUMENTED):
            from fuzz_targets import TARGETS  # noqa: PLC0415
    seconds = float(rest[0]) if rest else DEFAULT_S
    wanted = rest[1:] or list(TARGETS)
    print(f"{'plain' if plain else 'coverage-guided'}, {seconds / len(wanted):.1f} s each", flush=True)
    return 0 if all(fuzz(name, seconds / len(wanted), plain=plain) for name in wanted) else 1


if __name__ == "__main__":
    sys.exit(main())
