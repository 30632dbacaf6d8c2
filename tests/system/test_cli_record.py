"""F14 by the whole program: a record that fails in mid-session, and one that cannot be begun."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from cli_inside import Inside, entering, once

from retroctl.adapters import sqlite as sqlite_adapter
from retroctl.adapters.journal import SqliteJournal
from retroctl.cli import session
from retroctl.cli.status import status_of
from retroctl.errors import JournalError

pytestmark = pytest.mark.virtual

TROUBLES = {
    "full": "database or disk is full",
    "locked": "database is locked",
    "read-only": "attempt to write a readonly database",
}


@pytest.fixture
def inside(monkeypatch, capfd, tmp_path) -> Inside:
    return Inside(monkeypatch, capfd, tmp_path / "data")


def failing(inside: Inside, monkeypatch, trouble: str) -> list[bool]:
    """A journal whose writes fail while the list that is given back is not empty."""
    on: list[bool] = []

    def seam(where, _connection) -> None:
        if on and where == "commit":
            raise sqlite3.OperationalError(TROUBLES[trouble])

    opened = SqliteJournal.open

    async def open_with_seam(folder):
        return await opened(folder, seam=seam)

    monkeypatch.setattr(session.SqliteJournal, "open", open_with_seam)
    return on


@pytest.mark.parametrize("trouble", TROUBLES)
async def test_a_record_that_fails_in_mid_session_alarms_and_eases_down(inside, monkeypatch, trouble):
    on = failing(inside, monkeypatch, trouble)
    inside.hook = once(entering("holding"), lambda: on.append(True))

    assert await inside.run(top="2.6") == 0

    alarms = [line for line in inside.lines if line["type"] == "alarm"]
    assert [alarm["id"] for alarm in alarms] == ["F14"]
    assert alarms[0]["text"].startswith("THE RECORD CANNOT BE WRITTEN")
    assert alarms[0]["text"].endswith("ease down?")
    assert any(line.get("state") == "easing_down" for line in inside.lines), "nobody is there to decide"
    assert inside.summary["peak_kmh"] == 1.0, "nothing was raised"
    assert inside.summary["belt_at_rest"] is True
    assert inside.true_speed == 0
    assert "the record of this session is not complete" in inside.err


async def test_a_record_that_works_again_lifts_the_block_and_loses_nothing(inside, monkeypatch):
    on = failing(inside, monkeypatch, "full")

    def for_three_seconds() -> None:
        on.append(True)
        inside.clock.call_at(inside.clock.now() + 3.0, on.clear)

    inside.hook = once(entering("holding"), for_three_seconds)

    assert await inside.run(top="1.8") == 0

    assert [line["id"] for line in inside.lines if line["type"] == "alarm"] == ["F14"]
    states = [row.data["state"] for row in inside.record.rows if row.kind == "state"]
    assert states[-1] == "stopped"
    assert "not complete" not in inside.err


async def test_a_record_held_by_another_program_ends_it_before_anything(inside, monkeypatch):
    monkeypatch.setattr(sqlite_adapter, "BUSY_S", 0.05)
    await (await SqliteJournal.open(inside.folder)).close()
    with closing(sqlite3.connect(inside.folder / "records.sqlite3", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        await inside.run()
        other.execute("ROLLBACK")

    assert isinstance(inside.error, JournalError)
    assert status_of(inside.error) == 2
    assert "\n" not in str(inside.error)
    assert inside.written == []
