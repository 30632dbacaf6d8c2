# ruff: noqa: INP001, S603  # a script of its own, in no package; every command is written in this file
"""Build the wheel, install it in an empty environment outside the checkout, and run a session with it.

Shows that what people install is complete: no file, module or dependency is there only because the checkout is.
Standard library only, and the same on Linux, macOS and Windows; run it with the Python that has `build`.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import venv
import zipfile
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
SESSION = ["run", "--sim", "standard", "--jsonl", "--yes", "--speedup", "50", "--top", "1.8", "--hold", "60"]
PEAK_KMH = 1.8
BANK = "retroctl/adapters/voice/bank/"


def run(*command: str | Path, seconds: float, **options: object) -> subprocess.CompletedProcess[str]:
    """Run one step without a terminal; its standard output is kept, its errors are shown."""
    return subprocess.run(  # type: ignore[call-overload, no-any-return]
        [str(part) for part in command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        timeout=seconds,
        check=False,
        **options,
    )


def must(step: subprocess.CompletedProcess[str]) -> str:
    """Give the output of a step that ended well; end with its output otherwise."""
    if step.returncode != 0:
        sys.exit(f"try_wheel: status {step.returncode} from {step.args}\n{step.stdout}")
    return step.stdout


def judge(output: str) -> str:
    """Read the session's JSON lines; end unless the last one says that it went up, came down and stands."""
    lines = [json.loads(line) for line in output.splitlines()]
    summary = lines[-1] if lines else {}
    if summary.get("type") != "summary" or summary.get("belt_at_rest") is not True:
        sys.exit(f"try_wheel: the last line is not the summary of a belt at rest: {summary}")
    if abs(summary["peak_kmh"] - PEAK_KMH) > 0.1 or not Path(summary["record"]).exists():
        sys.exit(f"try_wheel: not the session that was asked for, or no record of it: {summary}")
    return f"{len(lines)} lines, peak {summary['peak_kmh']} km/h, belt at rest"


def voice_bank(wheel: Path) -> int:
    """Count the clips of the voice in a wheel; end unless each is there as it was rendered, with its licence."""
    with zipfile.ZipFile(wheel) as archive:
        held = set(archive.namelist())
        if f"{BANK}LICENSE.md" not in held:
            sys.exit("try_wheel: the licence of the voice's clips is not in the wheel")
        sums = [line.split() for line in archive.read(f"{BANK}SHA256SUMS").decode().splitlines()]
        for expected, name in sums:
            if hashlib.sha256(archive.read(f"{BANK}{name}")).hexdigest() != expected:
                sys.exit(f"try_wheel: {name} is not the clip that was rendered")
    return len(sums)


def main() -> None:
    """Build, install, run, judge."""
    with tempfile.TemporaryDirectory(prefix="retroctl-wheel-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        must(run(sys.executable, "-m", "build", "--wheel", "--outdir", folder, CHECKOUT, seconds=300))
        (wheel,) = folder.glob("*.whl")
        clips = voice_bank(wheel)
        environment = folder / "empty"
        venv.create(environment, with_pip=True)
        programs = environment / ("Scripts" if os.name == "nt" else "bin")
        must(run(programs / "python", "-m", "pip", "install", "-qq", "--no-input", wheel, seconds=300))
        elsewhere = folder / "elsewhere"
        elsewhere.mkdir()
        # Nothing of this checkout or of the user's own settings; the record goes where it can be thrown away.
        outside = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "RETROCTL_"))}
        outside |= {"RETROCTL_DATA_DIR": str(elsewhere), "XDG_CONFIG_HOME": str(elsewhere)}
        session = run(programs / "retroctl", *SESSION, seconds=120, cwd=elsewhere, env=outside)
        sys.stdout.write(f"try_wheel: {wheel.name}: {judge(must(session))}; {clips} clips of the voice\n")


if __name__ == "__main__":
    main()
