"""Past sessions on the screen: the list, one opened in its four views, foreign text, every size, and the ways out."""

from __future__ import annotations

from contextlib import asynccontextmanager

import pytest
from made_record import Made, RecordMaker

from retroctl.adapters.journal.overview import overview
from retroctl.adapters.tui.history.app import HistoryApp
from retroctl.adapters.tui.keymap import Urgent
from retroctl.adapters.tui.painted import Painted
from retroctl.cli.history import Past, open_session
from retroctl.errors import JournalError

START_MS = 1_789_994_400_000
NASTY = "[bold red]x[/] \x1b[31m\u202eevil\u2066 \U0001f3c3\u0301 \r\n\t" + "w" * 10_000


class Archive:
    """Sessions on the screen. `broken` makes opening fail."""

    def __init__(self, folder, *made: Made, names: tuple[str, ...] = ("Ann", "Ben"), first: str | None = None) -> None:
        maker = RecordMaker(folder)
        maker.write(*made)
        maker.close()
        self.file = maker.file
        self.broken = False
        self.entries = [Past(line, names[place % len(names)]) for place, line in enumerate(overview(self.file))]
        self.app = HistoryApp(self.entries, self.whole, first=first)

    def whole(self, session_id):
        if self.broken:
            raise JournalError("records.sqlite3 is damaged")
        return open_session(self.file, next(entry for entry in self.entries if entry.id == session_id))

    @asynccontextmanager
    async def open(self, width=100, height=30):
        async with self.app.run_test(size=(width, height)) as pilot:
            await pilot.pause()
            yield pilot
            self.app.exit()
        if self.app.failure is not None:
            raise self.app.failure

    async def press(self, pilot, *keys):
        await pilot.press(*keys)
        await pilot.pause()

    @property
    def text(self):
        return "\n".join(widget.shown for widget in self.app.screen.query(Painted) if widget.display)

    @property
    def page(self):
        return type(self.app.screen).__name__


def made(number: int = 1, **more) -> Made:
    return Made(f"{number:08x}{number:08x}", START_MS + number * 86_400_000, **more)


async def test_the_list_tells_what_each_session_came_to_and_the_cursor_moves(tmp_path):
    archive = Archive(tmp_path, made(1, rated={0: 12}), made(2, reason="key"), made(3, ended=False))
    async with archive.open() as pilot:
        assert "PAST SESSIONS  1 of 3" in archive.text
        assert "nothing is connected" in archive.text
        assert "> 2026-09-24" in archive.text
        assert "trainer: STOP key" in archive.text
        assert "interrupted" in archive.text
        assert "2.60   6:58  12   0  plan: to its end" in archive.text
        await archive.press(pilot, "down", "down", "down")
        assert "PAST SESSIONS  3 of 3" in archive.text
        await archive.press(pilot, "home")
        assert "PAST SESSIONS  1 of 3" in archive.text


async def test_a_session_opens_to_its_picture_and_its_other_views(tmp_path):
    archive = Archive(tmp_path, made(1, rated={2: 13}, events={1: "rail"}))
    async with archive.open() as pilot:
        await archive.press(pilot, "enter")
        assert "[PICTURE]" in archive.text
        assert "█ measured ━ commanded ┄ planned • heart rate" in archive.text
        assert "plan: to its end; the belt at rest (measured)" in archive.text
        assert "•••" in archive.text
        await archive.press(pilot, "tab")
        assert "energy      about" in archive.text
        assert "balance     rail at 1.80 km/h" in archive.text
        await archive.press(pilot, "tab")
        assert "2.60 km/h    2:00   hands both   RPE 13" in archive.text
        await archive.press(pilot, "tab")
        assert "→ target 1.00 km/h" in archive.text
        first = archive.text
        await archive.press(pilot, "end")
        assert archive.text != first
        assert "At rest (measured)." in archive.text
        await archive.press(pilot, "tab", "left")
        assert "[LOG]" in archive.text
        await archive.press(pilot, "backspace")
        assert archive.page == "ListPage"


async def test_n_and_p_go_through_the_sessions_and_the_list_follows(tmp_path):
    archive = Archive(tmp_path, *(made(number) for number in (1, 2, 3)), first=made(2).id)
    async with archive.open() as pilot:
        assert archive.page == "SessionPage"
        assert "2026-09-23" in archive.text
        await archive.press(pilot, "n", "n")
        assert "2026-09-22" in archive.text
        await archive.press(pilot, "p")
        assert "2026-09-23" in archive.text
        await archive.press(pilot, "backspace")
        assert "PAST SESSIONS  2 of 3" in archive.text


async def test_stop_keys_stop_nothing_here_they_only_close(tmp_path):
    archive = Archive(tmp_path, made(1))
    async with archive.open() as pilot:
        await archive.press(pilot, "enter", "space", "s", "h", "b", "full_stop")
        assert archive.page == "SessionPage"
        archive.app.urgent(Urgent.STOP)
        await pilot.pause()
        assert archive.page == "ListPage"
        await archive.press(pilot, "question_mark")
        assert "STOP keys stop nothing here" in archive.text
        archive.app.urgent(Urgent.STOP)
        await pilot.pause()
        archive.app.urgent(Urgent.HOLD)
        archive.app.urgent(Urgent.STOP)
        await pilot.pause()
    assert not archive.app.is_running


async def test_what_cannot_be_read_is_said_and_the_list_stays(tmp_path):
    archive = Archive(tmp_path, made(1), made(2))
    async with archive.open() as pilot:
        archive.broken = True
        await archive.press(pilot, "enter")
        assert archive.page == "ListPage"
        assert "! records.sqlite3 is damaged" in archive.text
        archive.broken = False
        await archive.press(pilot, "enter")
        archive.broken = True
        await archive.press(pilot, "n")
        assert archive.page == "ListPage"


async def test_without_a_session_the_way_to_the_first_one_is_told(tmp_path):
    archive = Archive(tmp_path)
    async with archive.open() as pilot:
        await archive.press(pilot, "enter", "down", "end")
        assert "No sessions yet. Try one without a treadmill: retroctl demo" in archive.text


async def test_a_belt_that_never_moved_has_words_for_a_picture(tmp_path):
    archive = Archive(tmp_path, made(1, targets=(0.0,)))
    async with archive.open() as pilot:
        await archive.press(pilot, "enter")
        assert "The belt never moved." in archive.text


@pytest.mark.parametrize("size", [(80, 24), (200, 60), (60, 20), (40, 12), (20, 5), (5, 2)])
async def test_foreign_text_is_plain_text_at_every_size(tmp_path, size):
    archive = Archive(tmp_path, made(1, machine=NASTY, name=NASTY), made(2), names=(NASTY,))
    async with archive.open(*size) as pilot:
        seen = [archive.text]
        for key in ("down", "enter", "tab", "tab", "tab", "end", "question_mark"):
            await archive.press(pilot, key)
            seen.append(archive.text)
        for text in seen:
            assert "\x1b" not in text
            assert "\u202e" not in text
            assert "w" * 500 not in text
        if size[0] >= 60:
            assert "[bold red]x[/]"[:9] in seen[0], "shown as it is, not as markup"
