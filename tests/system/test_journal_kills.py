"""The record when its writer is killed, and when two programs write it at once."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
from typing import get_args

import pytest

from retroctl.adapters.journal import FILE_NAME, read
from retroctl.adapters.journal.writer import WritePoint

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="kills and exit statuses of POSIX systems")

WRITER = """
import asyncio, os, signal, sys
from pathlib import Path
from retroctl.adapters.journal import SqliteJournal

folder, point, passages, rounds = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
passed = 0

def seam(at, connection):
    global passed
    passed += at == point
    if at == point and passed == passages:
        os.kill(os.getpid(), signal.SIGKILL)

async def main():
    journal = await SqliteJournal.open(folder, seam=seam)
    print(await journal.begin_session(program_version="0", simulated=True), flush=True)
    for n in range(rounds):
        journal.append(20 * n, "event", {"n": n})
        for second in range(20):
            journal.sample(20 * n + second, n, None, None)
        assert await journal.flush(), journal.problem
        print(n, flush=True)
    journal.end_session(20 * rounds, {"exit_status": 0})
    assert await journal.close(), journal.problem

asyncio.run(main())
"""


def start(folder, *, point="none", passages=0, rounds):
    arguments = [sys.executable, "-c", WRITER, str(folder), point, str(passages), str(rounds)]
    return subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def judge(folder, said):
    """Everything acknowledged is there, once and in order; at most the batch in flight may be there beside it."""
    session_id, *acknowledged = said
    record = read.session(folder / FILE_NAME, session_id)
    assert read.verify(record) == ()
    numbers = [row.data["n"] for row in record.rows if row.kind == "event"]
    assert numbers == list(range(len(numbers)))
    assert 0 <= len(numbers) - len(acknowledged) <= 1
    assert [sample.session_ms for sample in record.samples] == [1000 * n for n in range(20 * len(numbers))]
    assert [sample.measured_hundredths for sample in record.samples] == [n // 20 for n in range(20 * len(numbers))]
    return record


def test_no_acknowledged_row_is_lost_to_kills_at_random_moments(tmp_path):
    """Twelve writers of one file, each killed after a random number of acknowledgements, at whatever it does then."""
    chance = random.Random(8)  # noqa: S311 - a repeatable choice of moments
    for _ in range(12):
        with start(tmp_path, rounds=1_000_000) as writer:
            said = [writer.stdout.readline().strip() for _ in range(chance.randint(1, 60))]
            writer.kill()
            rest, errors = writer.stdout.read(), writer.stderr.read()
        assert errors == ""
        assert writer.returncode == -signal.SIGKILL
        record = judge(tmp_path, [*said, *rest.split()])
        assert record.summary.status == "interrupted"
    assert len(read.sessions(tmp_path / FILE_NAME)) == 12


@pytest.mark.parametrize("point", get_args(WritePoint))
def test_no_acknowledged_row_is_lost_to_a_kill_at_each_write_point(tmp_path, point):
    passages = {"connect": 1, "session": 1, "minute": 2, "thin": 2, "end": 1, "disconnect": 1}.get(point, 5)
    with start(tmp_path, point=point, passages=passages, rounds=9) as writer:
        out, errors = writer.communicate(timeout=30)
    assert errors == ""
    assert writer.returncode == -signal.SIGKILL
    if point in {"connect", "session"}:
        assert out == ""
    else:
        record = judge(tmp_path, out.split())
        assert record.summary.status == ("ended" if point == "disconnect" else "interrupted")
    with start(tmp_path, rounds=1) as writer:
        out, errors = writer.communicate(timeout=30)
    assert (writer.returncode, errors) == (0, "")
    assert judge(tmp_path, out.split()).summary.status == "ended"


def test_two_programs_write_their_sessions_into_one_file_at_once(tmp_path):
    """Both start on a file that is not there yet."""
    with start(tmp_path, rounds=300) as first, start(tmp_path, rounds=300) as second:
        told = [writer.communicate(timeout=60) for writer in (first, second)]
    for (out, errors), writer in zip(told, (first, second), strict=True):
        assert (writer.returncode, errors) == (0, "")
        record = judge(tmp_path, out.split())
        assert record.summary.status == "ended"
        assert len(record.samples) == 6000
    assert len(read.sessions(tmp_path / FILE_NAME)) == 2


def test_a_session_is_read_while_another_program_writes_it(tmp_path):
    with start(tmp_path, rounds=1_000_000) as writer:
        said = [writer.stdout.readline().strip()]
        for _ in range(20):
            said.append(writer.stdout.readline().strip())
            record = read.session(tmp_path / FILE_NAME, said[0])
            assert record.summary.status == "interrupted"
            assert len(record.rows) >= len(said) - 1
            assert read.verify(record) == ()
        writer.kill()
