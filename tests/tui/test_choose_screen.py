"""The screen before a session: what is shown, what the keys do, and what is given back."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest
from choose_rig import ONE, TWO, Chooser, Made, machine

from retroctl.adapters.tui.choose import app as choose_app
from retroctl.adapters.tui.choose import errands
from retroctl.adapters.tui.choose.ports import Choice, ClientRow, Said
from retroctl.adapters.tui.themes import THEMES
from retroctl.errors import TreadmillError
from retroctl.units import Speed


def row_of(chooser: Chooser, words: str) -> str:
    return next(line for line in chooser.text.splitlines() if words in line)


async def test_the_only_machine_is_preselected_once_listened_for_and_enter_takes_it():
    chooser = Chooser()
    async with chooser.open() as pilot:
        await chooser.hear(pilot, machine())
        assert row_of(chooser, "Belt 1").startswith("  "), "one second of listening is no reason to believe it is alone"
        await chooser.press(pilot, "enter")
        assert "none is chosen yet" in chooser.text
        await chooser.hear(pilot, seconds=9)
        assert row_of(chooser, "Belt 1").startswith("> ")
        await chooser.press(pilot, "enter")
        assert chooser.page == "ClientPage"
        await chooser.press(pilot, "enter")
        assert chooser.page == "PlanPage"
        await chooser.press(pilot, "enter")
    assert chooser.app.return_value == Choice(address=ONE)
    assert chooser.around.ended == ["search"]


async def test_of_several_machines_none_is_picked_and_a_second_takes_the_preselection_back():
    chooser = Chooser()
    async with chooser.open() as pilot:
        await chooser.hear(pilot, machine(), seconds=9)
        await chooser.hear(pilot, machine(TWO, -40, "Belt 2"))
        assert ">" not in row_of(chooser, "Belt 1") + row_of(chooser, "Belt 2")
        assert "Several answer" in chooser.text
        await chooser.press(pilot, "enter")
        assert chooser.page == "MachinePage"
        assert "choose one with the arrow keys" in chooser.text
        await chooser.press(pilot, "down", "enter")
        assert chooser.app.draft.choice.address == TWO, "the strongest is the first row"


async def test_what_the_trainer_chose_stays_under_the_cursor_whatever_is_heard():
    chooser = Chooser()
    async with chooser.open() as pilot:
        await chooser.hear(pilot, machine(ONE, -80, "Belt 1"), machine(TWO, -50, "Belt 2"))
        await chooser.press(pilot, "end", "up")
        assert row_of(chooser, "Belt 1").startswith("> ")
        before = [row.machine.address for row in chooser.app.machines.rows]
        for number in range(10, 20):
            await chooser.hear(pilot, machine(f"AA:BB:CC:00:00:{number}", -30, f"near {number}"))
        for _ in range(20):
            await chooser.hear(pilot, machine(ONE, -30, "Belt 1"))
        assert [row.machine.address for row in chooser.app.machines.rows][:2] == before
        assert row_of(chooser, "Belt 1").startswith("> ")
        await chooser.press(pilot, "r")
        assert chooser.app.machines.rows[0].machine.rssi_dbm == -30, "a new search sorts anew"
        assert row_of(chooser, "Belt 1").startswith("> ")


async def test_signal_is_bars_a_word_and_a_figure_and_a_machine_that_vanishes_says_since_when():
    chooser = Chooser()
    async with chooser.open() as pilot:
        await chooser.hear(pilot, machine(ONE, -50), machine(TWO, -90, "Belt 2", says_treadmill=None))
        assert "▂▄▆█ near -50 dBm" in row_of(chooser, "Belt 1")
        assert "faint -90 dBm" in row_of(chooser, "Belt 2")
        assert "fitness machine" in row_of(chooser, "Belt 2")
        await chooser.hear(pilot, machine(TWO, -90, "Belt 2"), seconds=14)
        assert "silent 14 s" in row_of(chooser, "Belt 1")


async def test_sixty_machines_scroll_and_the_last_row_is_for_practice():
    chooser = Chooser()
    async with chooser.open() as pilot:
        await chooser.hear(pilot, *(machine(f"AA:BB:CC:00:00:{n:02}", -30 - n, f"Belt {n}") for n in range(60)))
        assert "60 heard" in chooser.text
        await chooser.press(pilot, "end")
        assert row_of(chooser, "simulated: standard").startswith(">")
        assert "SIMULATED" in row_of(chooser, "simulated: standard")
        await chooser.press(pilot, "up", "pageup")
        assert any(line.startswith("> Belt 4") for line in chooser.text.splitlines())
        await chooser.press(pilot, "end", "enter", "enter", "enter")
    assert chooser.app.return_value == Choice(sim="standard")


async def test_more_machines_than_can_be_are_counted_and_not_kept():
    chooser = Chooser()
    async with chooser.open() as pilot:
        await chooser.hear(pilot, *(machine(f"{n}", -60, f"Belt {n}") for n in range(300)))
        assert len(chooser.app.machines.rows) == 200
        assert "100 more not listed" in chooser.text


async def test_nothing_heard_says_what_to_do_and_an_error_too():
    chooser = Chooser()
    async with chooser.open() as pilot:
        await chooser.hear(pilot, seconds=9)
        assert "Nothing heard: most often a phone app holds it" in chooser.text
    broken = Chooser(around=Made(error=TreadmillError("Bluetooth is switched off on this computer: switch it on")))
    async with broken.open() as pilot:
        await broken.hear(pilot)
        assert "NO SEARCH: Bluetooth is switched off on this computer: switch it on. Then r." in broken.text
        broken.around.error = None
        await broken.press(pilot, "r")
        assert "NO SEARCH" not in broken.text
        assert broken.app.searching


async def test_a_search_that_never_ends_is_given_up_and_said(monkeypatch):
    monkeypatch.setattr(choose_app, "SEARCH_GRACE_S", 0.0)
    chooser = Chooser(around=Made(listen_s=0.05))
    async with chooser.open() as pilot:
        async with asyncio.timeout(10):
            await asyncio.wait({chooser.app._search})
        await chooser.hear(pilot)
        assert "did not answer in time" in chooser.text
        assert chooser.around.ended == ["search"]


async def test_identify_shows_what_the_machine_says_and_measures_with_its_age_and_lets_go():
    chooser = Chooser(around=Made(said=Said(None, "not announced", control=False, remarks=("odd [bold]",))))
    async with chooser.open() as pilot:
        await chooser.hear(pilot, machine(), seconds=9)
        await chooser.press(pilot, "i")
        assert chooser.around.ended == ["search"], "a radio that searches connects badly"
        assert chooser.around.watched == [Choice(address=ONE)]
        for words in ("not announced", "NO: it can only be watched", "- odd [bold]", "NOBODY on the belt", "NOT KNOWN"):
            assert words in chooser.text
        chooser.around.speed(Speed(120))
        await chooser.hear(pilot, seconds=1)
        assert "BELT: MOVES  measured 1.20 km/h, 1.0 s ago" in chooser.text
        await chooser.hear(pilot, seconds=4)
        assert "NOT KNOWN FOR 5 s  last 1.20 km/h" in chooser.text
        await chooser.press(pilot, "backspace")
        assert chooser.page == "MachinePage"
        assert chooser.around.ended == ["search", "link"]
        assert chooser.app.searching, "and the list goes on"


async def test_identify_gives_the_range_to_the_plan_and_enter_takes_the_machine_after_letting_go():
    chooser = Chooser()
    async with chooser.open() as pilot:
        await chooser.hear(pilot, machine(), seconds=9)
        await chooser.press(pilot, "i", "enter")
        assert chooser.page == "ClientPage"
        assert chooser.around.ended == ["search", "link"]
        await chooser.press(pilot, "enter")
        assert "not known yet" not in chooser.text
    unknown = Chooser()
    async with unknown.open() as pilot:
        await unknown.hear(pilot, machine(), seconds=9)
        await unknown.press(pilot, "enter", "enter")
        assert "speeds are not known yet" in unknown.text


@pytest.mark.parametrize("key", ["escape", "ctrl+c"])
async def test_a_connection_that_hangs_is_left_at_once(key):
    chooser = Chooser(around=Made(said=None))
    async with chooser.open() as pilot:
        await chooser.hear(pilot, machine(), seconds=9)
        await chooser.press(pilot, "i")
        assert "connecting" in chooser.text
        await chooser.press(pilot, key)
        if key != "ctrl+c":
            assert chooser.page == "MachinePage"
    assert chooser.around.ended[:2] == ["search", "link"]
    assert chooser.app.return_value is None


async def test_identify_has_bounds_of_its_own():
    chooser = Chooser(around=Made(said=None))
    async with chooser.open() as pilot:
        await chooser.hear(pilot, machine(), seconds=9)
        await chooser.press(pilot, "i")
        await chooser.hear(pilot, seconds=80)
        assert "did not answer in time: wake it" in chooser.text
        assert chooser.around.ended == ["search", "link"]
    patient = Chooser()
    async with patient.open() as pilot:
        await patient.hear(pilot, machine(), seconds=9)
        await patient.press(pilot, "i")
        await patient.hear(pilot, seconds=601)
        assert "let go of after 10 minutes" in patient.text
        assert patient.around.ended == ["search", "link"]
        await patient.press(pilot, "enter")
        assert patient.page == "IdentifyCard", "what is not connected any more is not taken as identified"


async def test_a_link_that_another_program_may_hold_is_not_identified():
    chooser = Chooser()
    async with chooser.open() as pilot:
        await chooser.hear(pilot, machine(ONE, None), seconds=9)
        await chooser.press(pilot, "i")
        assert chooser.page == "MachinePage"
        assert "would end it for that too" in chooser.text
        assert chooser.around.watched == []


async def test_the_simulators_client_is_offered_on_the_simulator_only():
    chooser = Chooser()
    async with chooser.open() as pilot:
        await chooser.hear(pilot, machine(), seconds=9)
        await chooser.press(pilot, "end", "enter")
        assert "demo" in chooser.text
        await chooser.press(pilot, "down", "enter", "backspace", "backspace")
        assert chooser.app.draft.choice.client == "demo"
        await chooser.press(pilot, "home", "enter")
        assert "demo" not in chooser.text, "nor is what was chosen for the simulator kept for a real belt"
        await chooser.press(pilot, "enter", "enter")
    assert chooser.app.return_value == Choice(address=ONE)


async def test_what_the_options_give_is_shown_and_not_asked():
    chooser = Chooser(Choice(client="demo", top="2.6", advance="confirm"))
    async with chooser.open() as pilot:
        await chooser.hear(pilot, machine(), seconds=9)
        assert "client: demo" in chooser.text
        await chooser.press(pilot, "enter")
        assert chooser.page == "PlanPage"
        assert "2.6 km/h" in row_of(chooser, "(given with --top)")
        assert "given with --advance" in chooser.text
        await chooser.press(pilot, "up", "up", "right")
        assert chooser.app.draft.field == "hold", "the only field left"
        await chooser.press(pilot, "enter")
    assert chooser.app.return_value == Choice(address=ONE, client="demo", top="2.6", hold="130", advance="confirm")


async def to_the_plan(chooser, pilot):
    await chooser.hear(pilot, machine(), seconds=9)
    await chooser.press(pilot, "i", "enter", "enter")
    assert chooser.page == "PlanPage"


async def test_the_plan_is_stepped_typed_and_drawn():
    chooser = Chooser()
    async with chooser.open() as pilot:
        await to_the_plan(chooser, pilot)
        assert "1.00  1.80  2.60  3.20 km/h, each held 2:00" in chooser.text
        assert "cap 3.20" in chooser.text
        await chooser.press(pilot, "down", "left", "left")
        assert chooser.app.draft.choice.top == "3"
        await chooser.press(pilot, "right", "right", "right")
        assert chooser.app.draft.choice.top is None, "above the last step is the cap"
        await chooser.press(pilot, "1", "full_stop", "8", "enter")
        assert chooser.app.draft.choice.top == "1.8"
        await chooser.press(pilot, "down", "left", "right", "right")
        await chooser.press(pilot, "enter")
    assert chooser.app.return_value == Choice(address=ONE, top="1.8", hold="130")


async def test_while_a_plan_is_worked_out_nothing_is_run_and_the_keys_live(monkeypatch):
    monkeypatch.setattr(errands, "WAIT_S", 60.0)  # also of a computer that is late
    around, answers = Made(), threading.Event()
    real = around.preview

    def slow(*given):
        assert answers.wait(60)
        return real(*given)

    chooser = Chooser(around=around)
    async with chooser.open() as pilot:
        await to_the_plan(chooser, pilot)
        monkeypatch.setattr(around, "preview", slow)
        await pilot.press("down", "left", "enter")
        chooser.hand += 2
        chooser.app.draw()
        await pilot.pause()
        assert " WORKING IT OUT  waiting for the clients' file, 2 s (at most 60)" in chooser.text
        assert "ENTER go on" not in chooser.text
        assert not chooser.app._exit
        await pilot.press("backspace")
        assert chooser.page == "ClientPage"
        answers.set()
        await chooser.press(pilot, "enter", "enter")
    assert chooser.app.return_value == Choice(address=ONE, top="3.1")


async def test_a_refusal_stands_in_place_and_enter_does_not_go_on():
    chooser = Chooser()
    async with chooser.open() as pilot:
        await to_the_plan(chooser, pilot)
        await chooser.press(pilot, "down", "9", "enter")
        assert " REFUSED  the top of the ladder: 9.00 km/h is over the cap of 3.20 km/h" in chooser.text
        await chooser.press(pilot, "enter")
        assert chooser.page == "PlanPage"
        await chooser.press(pilot, "e", *["backspace"] * 3, "x", "enter")
        assert "'x' is not a speed" in chooser.text
        await chooser.press(pilot, "e", "backspace", "enter", "enter")
    assert chooser.app.return_value == Choice(address=ONE)


@pytest.fixture
def plans(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("g.toml").write_text('name = "two [speeds]"\n[[stage]]\ntarget = "1.0"\n[[stage]]\ntarget = "1.8"\n')
    Path("b.toml").write_text('name = "jump"\n[[stage]]\ntarget = "1.0"\n[[stage]]\ntarget = "2.8"\n')


async def test_plan_files_are_offered_drawn_and_refused_by_stage_and_rule(plans):
    chooser = Chooser(around=Made(files=["g.toml", "b.toml"]))
    async with chooser.open(100, 30) as pilot:
        await to_the_plan(chooser, pilot)
        await chooser.press(pilot, "right")
        assert "two [speeds]: 1.00  1.80 km/h" in chooser.text
        assert "the plan gives it" in chooser.text
        await chooser.press(pilot, "right")
        assert " REFUSED  stage 2: 1.00 km/h to 2.80 km/h" in chooser.text
        assert "(R7)" in chooser.text
        await chooser.press(pilot, "right", "e", "g", "full_stop", "t", "o", "m", "l", "enter")
        assert "two [speeds]" in chooser.text
        await chooser.press(pilot, "enter")
    assert chooser.app.return_value == Choice(address=ONE, plan="g.toml")


@pytest.mark.parametrize("key", ["ctrl+q", "Q", "ctrl+c", "ctrl+z"])
async def test_every_key_that_leaves_gives_nothing_back(key):
    chooser = Chooser()
    async with chooser.open() as pilot:
        await chooser.hear(pilot, machine(), seconds=9)
        await chooser.press(pilot, "enter", key)
    assert chooser.app.return_value is None
    assert not chooser.app.searching


async def test_escape_closes_a_card_and_the_typed_line_before_it_leaves():
    chooser = Chooser()
    async with chooser.open() as pilot:
        await chooser.press(pilot, "question_mark")
        assert "search again" in chooser.text
        assert chooser.page == "HelpCard"
        await chooser.press(pilot, "escape")
        await to_the_plan(chooser, pilot)
        await chooser.press(pilot, "e", "q", "escape")
        assert chooser.page == "PlanPage"
        assert chooser.app.draft.choice.plan is None
        await chooser.press(pilot, "ctrl+p")
        assert chooser.page == "PlanPage", "no palette"


async def test_a_key_held_down_does_not_run_through_the_pages():
    chooser = Chooser()
    async with chooser.open() as pilot:
        await chooser.hear(pilot, machine(), seconds=9)
        for _ in range(8):
            chooser.hand += 0.03
            await pilot.press("enter")
            await pilot.pause()
        assert chooser.page == "ClientPage"


NASTY = (
    "[bold red]x[/]",
    "\x1b[2J\x1b]0;x\x07",
    "مرحبا\u202e\u2066",
    "👩‍👩‍👧‍👦🏃",
    "x" * 10_000,
    "e" + "\u0301" * 10_000,
    "",
    "\n\n",
)


@pytest.mark.parametrize("size", [(80, 24), (20, 5), (1, 1)])
async def test_foreign_text_stays_plain_on_every_page_and_in_every_size(size):
    rows = [ClientRow(str(number), name, "new", "cap", note=name) for number, name in enumerate(NASTY)]
    chooser = Chooser(around=Made(rows=rows, said=Said(None, "none", control=True, remarks=NASTY)))
    async with chooser.open(*size) as pilot:
        heard = [machine(f"{number:02}", -50, name, remarks=NASTY) for number, name in enumerate(NASTY)]
        await chooser.hear(pilot, *heard)
        await chooser.press(pilot, "down")
        assert chooser.text.isprintable() or set(chooser.text) >= {"\n"}
        for letter in chooser.text:
            assert letter.isprintable() or letter == "\n"
        if size == (80, 24):
            assert "[bold red]x[/]" in chooser.text
        await chooser.press(pilot, "i", "backspace", "t", "question_mark", "escape", "enter", "down", "enter")
        assert chooser.page == "PlanPage"
        await chooser.press(pilot, "down", "left", "question_mark", "escape", "backspace", "backspace")
        assert chooser.page == "MachinePage"
        assert max(len(line) for line in chooser.text.splitlines()) < 400


async def test_colours_go_round():
    chooser = Chooser()
    async with chooser.open() as pilot:
        await chooser.press(pilot, *["t"] * len(THEMES))
        assert chooser.app.theme == THEMES[0].name
        await chooser.press(pilot, "t")
        assert chooser.app.theme == THEMES[1].name
