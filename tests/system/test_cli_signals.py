"""Real processes: the contract of JSON lines, signals, closed and stalled pipes. The belt's true speed is looked up.

All runs are begun together (most of a run is waiting for a scaled clock) and judged one by one.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from terminal import STOP_PATH

from retroctl.adapters.journal import read

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals and pipes"),
    pytest.mark.xdist_group("signals"),  # its runs are begun once, and not by each worker
]

DRIVER = Path(__file__).parent.parent / "cli_driver.py"
LIMIT_S = 60.0
SIM = ["run", "--sim", "standard", "--jsonl", "--yes", "--speedup", "200", "--top", "1.8", "--hold", "60"]
PLAIN = [argument for argument in SIM if argument != "--jsonl"]
IGNORED = ["stop-ignored" if argument == "standard" else argument for argument in SIM]
STAGES = ["idle", "observing", "starting", "settling", "holding", "announcing", "easing_down", "stopping"]
F_SETPIPE_SZ = 1031


@dataclass
class Run:
    """One process and what became of it."""

    folder: Path
    arguments: list[str]
    lines: list[str] = field(default_factory=list)
    err: str = ""
    status: int | None = None
    process: Any = None

    @property
    def truth(self) -> dict[str, Any]:
        return json.loads((self.folder / "truth").read_text())

    @property
    def objects(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.lines]

    @property
    def record(self) -> read.SessionRecord:
        file = self.folder / "data" / "records.sqlite3"
        return read.session(file, read.sessions(file)[0].id)

    def start(self, **options: Any) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(DRIVER), str(self.folder / "truth"), *self.arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "RETROCTL_DATA_DIR": str(self.folder / "data")},
            **options,
        )

    def until(self, stage: str) -> None:
        for line in self.process.stdout:
            self.lines.append(line)
            if f'"state": "{stage}"' in line:
                return
        raise AssertionError(f"{stage} was not reached: {self.lines[-3:]} {self.process.stderr.read()}")

    def end(self) -> Run:
        rest, self.err = self.process.communicate(timeout=LIMIT_S)
        self.lines += rest.splitlines(keepends=True)
        self.status = self.process.returncode
        return self

    def end_unread(self) -> Run:
        with self.process:
            self.err = self.process.stderr.read()
            self.status = self.process.wait(timeout=LIMIT_S)
        return self


def to_the_end(run: Run) -> Run:
    run.start()
    return run.end()


def signalled(run: Run, stage: str, *signals: int) -> Run:
    run.start()
    run.until(stage)
    for number in signals:
        run.process.send_signal(number)
        time.sleep(0.02)  # two signals at once may be one: not a wait for the program
    return run.end()


def reader_gone(run: Run, stage: str) -> Run:
    run.start()
    if stage:
        run.until(stage)
    run.process.stdout.close()
    return run.end_unread()


def reader_asleep(run: Run) -> Run:
    """The pipe holds 4 kB and nobody reads."""
    run.start()
    with contextlib.suppress(OSError):
        fcntl.fcntl(run.process.stdout, F_SETPIPE_SZ, 4096)
    return run.end_unread()


S = signal.Signals
CASES: dict[str, Any] = {
    "whole": to_the_end,
    "ignored": to_the_end,
    **{f"SIGINT {stage}": lambda run, stage=stage: signalled(run, stage, S.SIGINT) for stage in STAGES},
    **{
        f"{name} {stage}": lambda run, stage=stage, name=name: signalled(run, stage, S[name])
        for name, stage in (
            ("SIGTERM", "idle"),
            ("SIGTERM", "announcing"),
            ("SIGHUP", "holding"),
            ("SIGTSTP", "holding"),
            ("SIGTSTP", "easing_down"),
            ("SIGQUIT", "starting"),
            ("SIGQUIT", "stopping"),
        )
    },
    "SIGINT twice": lambda run: signalled(run, "holding", S.SIGINT, S.SIGINT, S.SIGTERM),
    **{
        f"closed {stage or 'at once'}": lambda run, stage=stage: reader_gone(run, stage)
        for stage in ("", "observing", "starting", "holding", "easing_down", "stopping")
    },
    "stalled": reader_asleep,
}
WAYS = [name for name in CASES if name not in ("whole", "ignored", "stalled")]


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    with ThreadPoolExecutor(4) as pool:
        futures: dict[str, Future[Run]] = {}
        for name, case in CASES.items():
            folder = tmp_path_factory.mktemp(name.replace(" ", "-"))
            arguments = IGNORED if name == "ignored" else SIM
            futures[name] = pool.submit(case, Run(folder, arguments))
        yield lambda name: futures[name].result(timeout=LIMIT_S)


KEYS = {
    "state": {"state", "stage", "target_kmh"},
    "command": {"name", "hex", "source"},
    "outcome": {"name", "result"},
    "telemetry": {"measured_kmh", "target_kmh"},
    "cue": {"text"},
    "refusal": {"rule", "reason"},
    "alarm": {"id", "text"},
    "summary": {"peak_kmh", "held", "duration_s", "distance_m", "kcal", "belt_at_rest", "record"},
}


def test_a_whole_session_keeps_the_contract_of_json_lines(runs):
    run = runs("whole")

    assert run.status == 0
    assert run.err == ""
    lines = run.objects
    assert lines[0]["t"] == 0
    assert [line["t"] for line in lines] == sorted(line["t"] for line in lines)
    for line in lines:
        kind = line["type"]
        target = {"target_kmh"} if line.get("name") == "set-target-speed" else set()
        assert set(line) == {"t", "type"} | KEYS[kind] | target, line
    assert [line["type"] for line in lines].count("summary") == 1
    summary = lines[-1]
    assert summary["type"] == "summary"
    assert summary["belt_at_rest"] is True
    assert summary["peak_kmh"] == pytest.approx(1.8)
    assert [held["target_kmh"] for held in summary["held"]] == [1.0, 1.8]
    assert all(held["seconds"] >= 60 for held in summary["held"])
    targets = [line["target_kmh"] for line in lines if line["type"] == "command" and "target_kmh" in line]
    assert targets == [1.0, 1.8, 1.0]
    assert Path(summary["record"]).is_file()


def test_the_hold_lasts_its_60_seconds_by_the_lines_themselves(runs):
    lines = runs("whole").objects
    held_from = next(line["t"] for line in lines if line.get("state") == "holding")
    raised = next(line["t"] for line in lines if line["type"] == "command" and line.get("target_kmh") == 1.8)
    assert raised - held_from >= 60


def test_the_record_of_a_whole_session_is_kept_and_sound(runs):
    run = runs("whole")
    assert read.verify(run.record) == ()
    assert run.record.summary.status == "ended"
    assert run.record.summary.outcome["exit_status"] == 0
    assert len(run.record.samples) > 120


@pytest.mark.parametrize("way", WAYS)
def test_every_way_out_of_the_process_leaves_the_belt_at_rest_and_says_so(runs, way):
    run = runs(way)

    assert run.status == 0, run.err
    assert run.truth["true_speed"] == [0.0]
    # On a late computer a session that was ending anyway has ended before the signal came.
    itself = way.endswith("stopping") and run.err == "" and run.objects[-1].get("belt_at_rest")
    assert itself or "the belt is at rest (measured)" in run.err
    assert len(run.err.splitlines()) == (0 if itself else 1)
    if not way.startswith("closed"):
        assert run.objects[-1]["type"] == "summary"
        assert run.objects[-1]["belt_at_rest"] is True
    assert run.record.summary.outcome["belt_at_rest"] is True


def test_a_reader_that_never_reads_holds_nothing_up(runs):
    run = runs("stalled")

    assert run.status == 0
    assert run.truth["true_speed"] == [0.0]
    assert run.truth["written"][:4] == ["00", "07", "026400", "02b400"]
    assert set(run.truth["written"][4:]) <= STOP_PATH
    assert "0801" in run.truth["written"]
    assert "the belt is at rest (measured)" in run.err
    assert run.record.summary.outcome["peak_kmh"] == pytest.approx(1.8)
    assert all(held["seconds"] >= 60 for held in run.record.summary.outcome["held"])


def test_a_belt_that_ignores_stop_gives_status_4_within_the_bound(runs):
    run = runs("ignored")

    assert run.status == 4
    assert run.truth["true_speed"][0] > 0
    assert run.objects[-1]["belt_at_rest"] is False
    assert "NOT CONFIRMED AT REST" in run.err
    assert len(run.err.splitlines()) == 1
    began = next(line["t"] for line in run.objects if line.get("state") == "stopping")
    assert run.objects[-1]["t"] - began <= 15 + 5  # the wait for rest, then letting go of the link


def test_closed_standard_streams_do_not_end_up_in_the_record(tmp_path):
    run = Run(tmp_path, PLAIN)
    command = [sys.executable, str(DRIVER), str(tmp_path / "truth"), *PLAIN]
    done = subprocess.run(
        ["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", *command],
        env={**os.environ, "RETROCTL_DATA_DIR": str(tmp_path / "data")},
        check=False,
        timeout=LIMIT_S,
    )

    assert done.returncode == 0
    assert run.truth["true_speed"] == [0.0]
    assert read.verify(run.record) == ()
