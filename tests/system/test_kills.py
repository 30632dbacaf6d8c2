"""The whole program killed and in trouble, in processes of its own; `make kills` does the same a thousand times."""

from __future__ import annotations

import random
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if sys.platform != "linux":
    pytest.skip("it forks, and waits for a process by its descriptor", allow_module_level=True)

from kill_rig import LONGER, Job, Killer, alarms, judge, killer, readable, restart, summary, troubles

if TYPE_CHECKING:
    from collections.abc import Iterator

KILLED = -9
QUICK = {"file limit", "clock set back"}


pytestmark = pytest.mark.xdist_group("kills")  # its fixtures are made once, and not by each worker


@pytest.fixture(scope="module")
def kill() -> Iterator[Killer]:
    with killer() as server:
        yield server


def test_kills_at_write_points_lose_nothing_acknowledged_and_nothing_is_restarted(kill, tmp_path):
    """One file: each program finds what the killed one before it left."""
    for point, passage in (("session", 1), ("committed", 3), ("row", 7), ("thin", 1), ("end", 1)):
        assert kill.run(Job(str(tmp_path), point=point, passage=passage, batch_s=0.02)) == KILLED, point
        assert judge(tmp_path).faults == [], point
    found = judge(tmp_path)
    assert found.sessions == 4
    assert found.acknowledged >= 6
    assert readable(kill, tmp_path) == []
    assert restart(kill, tmp_path) == []


def test_kills_at_random_moments_lose_nothing_acknowledged(kill, tmp_path):
    chance = random.Random(8)  # noqa: S311 - a repeatable choice of moments
    for _ in range(5):
        assert kill.run(Job(str(tmp_path), LONGER, kill_after_s=chance.uniform(0.1, 0.9), batch_s=0.02)) == KILLED
        assert judge(tmp_path).faults == []
    assert readable(kill, tmp_path) == []
    assert restart(kill, tmp_path) == []


@pytest.mark.parametrize(
    ("job", "told"),
    [(job, told) for job, told in troubles() if job.trouble in QUICK],
    ids=lambda value: getattr(value, "trouble", None),
)
def test_in_trouble_nothing_acknowledged_is_lost_and_the_belt_comes_to_rest(kill, tmp_path, job, told):
    assert kill.run(replace(job, folder=str(tmp_path))) == 0, (tmp_path / "err").read_text()
    assert alarms(tmp_path) == told
    assert summary(tmp_path)["belt_at_rest"] is True
    assert judge(tmp_path).faults == []
    assert readable(kill, tmp_path) == []
    assert restart(kill, tmp_path) == []


def test_the_judge_misses_a_row_that_was_acknowledged(kill, tmp_path):
    """It can fail: one more commit is claimed than was made, and one hash is another."""
    assert kill.run(Job(str(tmp_path), LONGER, kill_after_s=0.8, batch_s=0.02)) == KILLED
    claimed = Path(tmp_path / "acknowledged")
    session_id, rows, digest, samples = claimed.read_text().splitlines()[-1].split(" ")
    for wrong in (
        (session_id, int(rows) + 1, digest, samples),
        (session_id, rows, "00" * 32, samples),
        ("f" * 16, 0, "", 0),
    ):
        claimed.write_text(" ".join(str(each) for each in wrong) + "\n")
        assert len(judge(tmp_path).faults) == 1, wrong
