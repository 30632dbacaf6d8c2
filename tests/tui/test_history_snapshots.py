"""Pictures of past sessions. Who changes one looks at it: `pytest --snapshot-update`, then the SVG in a browser."""

from __future__ import annotations

import pytest
from made_record import Made, RecordMaker

from retroctl.adapters.journal.overview import overview
from retroctl.adapters.tui.history.app import HistoryApp
from retroctl.cli.history import Past, open_session

START_MS = 1_789_994_400_000
NAMES = ("Ann", "Ben", "(erased)")
EVERY = (
    {"rated": {0: 11, 1: 12}},
    {"reason": "key", "events": {1: "stumble"}},
    {"ended": False},
    {"targets": (1.0, 1.8, 2.6, 3.4), "rated": {3: 14}},
    {"reason": "F4: the belt is over the cap"},
    {"simulated": True, "rated": {2: 13}, "events": {1: "rail"}},
)


@pytest.fixture
def app(tmp_path, monkeypatch):
    monkeypatch.setenv("TZ", "UTC")
    maker = RecordMaker(tmp_path)
    maker.write(
        *(Made(f"{n:08x}{n:08x}", START_MS + n * 86_400_000, **more) for n, more in enumerate(EVERY * 4, start=1))
    )
    maker.close()
    entries = [Past(line, NAMES[place % len(NAMES)]) for place, line in enumerate(overview(maker.file))]
    return HistoryApp(
        entries, lambda ident: open_session(maker.file, next(entry for entry in entries if entry.id == ident))
    )


@pytest.mark.parametrize(
    ("keys", "size"),
    [
        (("down", "down"), (80, 24)),
        (("enter",), (80, 24)),
        (("enter", "tab"), (100, 30)),
        (("enter",), (44, 14)),
    ],
    ids=["list", "opened", "facts", "narrow"],
)
def test_picture_of_past_sessions(snap_compare, app, keys, size):
    async def play(pilot):
        await pilot.pause()
        await pilot.press(*keys)
        await pilot.pause()

    assert snap_compare(app, terminal_size=size, run_before=play)
