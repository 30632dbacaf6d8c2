"""Clients on the client page: added, shown, changed, levelled, cleared; and every way out of a form."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from contextlib import closing
from functools import partial

import pytest
from choose_rig import Chooser, Office
from textual import events
from textual.widgets import Input

from retroctl.adapters.clients import ClientStore
from retroctl.adapters.tui.choose import errands
from retroctl.adapters.tui.choose.client_form import FormCard
from retroctl.adapters.tui.keymap import Urgent
from retroctl.adapters.tui.painted import Painted
from retroctl.app.client_forms import Act, ClientForms
from retroctl.app.client_given import FIELDS, Given
from retroctl.cli.client_work import desk_of
from retroctl.cli.person import today
from retroctl.domain.limits import Level

FIT = Given(birth_year=1986, screening="clear", consent="today")


@pytest.fixture
def office(tmp_path):
    return Office(tmp_path)


async def at_the_clients(chooser, pilot, *keys):
    await chooser.press(pilot, "end", "enter")
    assert chooser.page == "ClientPage"
    await chooser.press(pilot, *keys)


async def write(chooser, pilot, **fields):
    """Put the cursor on each field and write: into a text as a paste would, words by arrows."""
    card = chooser.app.screen
    for name, text in fields.items():
        row = card.query_one(f"#field-{name.replace('_', '-')}")
        row.focus()
        await pilot.pause()
        if isinstance(row, Input):
            row.value = text
        else:
            steps = row.field.choices.index(text) - row.field.choices.index(row.written)
            await chooser.press(pilot, *["right" if steps > 0 else "left"] * abs(steps))
    await chooser.press(pilot, "pagedown", "enter")


def add(office, name="Ann", given=FIT):
    kept = desk_of(office.folder).add(name, given, "Kim")
    office.look_again()
    return kept


async def test_a_client_is_added_by_keys_alone_and_taken(office):
    chooser = Chooser(around=office)
    async with chooser.open() as pilot:
        await at_the_clients(chooser, pilot)
        assert "a add a client" in chooser.text
        await chooser.press(pilot, "a")
        assert "A new client, at level new" in chooser.text
        await chooser.press(pilot, *"A s.b", "enter", *"1986", *["down"] * 9)
        await chooser.press(pilot, "right", *["down"] * 3, *"today", "ctrl+s")
        assert chooser.page == "ClientPage"
        assert "> A s.b" in chooser.text, "the letters and the space of STOP are text here"
        assert "Added A s.b, at level new." in chooser.text
        await chooser.press(pilot, "enter")
        assert chooser.app.draft.choice.client == "A s.b"
    kept = ClientStore(office.folder).find("A s.b").facts
    assert (kept.birth_year, kept.level, kept.consent) == (1986, Level.NEW, today())
    assert kept.screening.outcome == "clear"


async def test_keys_that_come_faster_than_the_screen_go_where_they_were_meant(office):
    """As from a paste, or over a slow connection: none is waited for."""
    chooser = Chooser(around=office)
    async with chooser.open() as pilot:
        await at_the_clients(chooser, pilot, "a")
        keys = [*"Bo", "enter", *"1986", "enter", *"72,5", "ctrl+s", "ctrl+s"]
        for key in keys:
            chooser.app.post_message(events.Key(key, key if len(key) == 1 else None))
        async with asyncio.timeout(20):
            while chooser.page != "ClientPage":
                await pilot.pause()
                await chooser.settle(pilot)
                assert "NOT KEPT" not in chooser.text
    kept = ClientStore(office.folder).find("Bo").facts
    assert (kept.birth_year, kept.mass_kg) == (1986, 72.5)


async def test_what_cannot_be_is_said_in_the_form_and_nothing_is_kept(office):
    chooser = Chooser(around=office)
    async with chooser.open() as pilot:
        await at_the_clients(chooser, pilot, "a")
        await write(chooser, pilot, name="Ben", birth_year="2090")
        assert chooser.page == "FormCard"
        assert " NOT KEPT  a birth year of 2090 cannot be" in chooser.text
    assert ClientStore(office.folder).all() == ()


async def test_a_hint_of_two_lines_is_seen_whole(office):
    add(office)
    chooser = Chooser(around=office)
    async with chooser.open() as pilot:
        await at_the_clients(chooser, pilot, "down", "e", *["down"] * 10)
        hint = chooser.app.screen.query_one("#hint", Painted)
        assert "Noted: clear, until" in " ".join(hint.shown.split())
        assert hint.size.height == 2


async def test_who_may_not_run_today_is_seen_in_the_list(office):
    add(office)
    add(office, "Ben", Given(birth_year=1986, consent="today"))
    chooser = Chooser(around=office)
    async with chooser.open() as pilot:
        await at_the_clients(chooser, pilot)
        seen = {line.split()[0]: line for line in chooser.text.splitlines() if "level" in line}
        assert seen["Ben"].endswith("up to 3.20 km/h  NOT TODAY")
        assert "NOT TODAY" not in seen["Ann"]


async def test_markup_in_a_name_is_shown_as_it_is_on_every_card(office):
    name = "[bold red]x[/] <b>"
    add(office, name)
    chooser = Chooser(around=office)
    async with chooser.open() as pilot:
        await at_the_clients(chooser, pilot, "down", "i")
        assert name in chooser.text
        await chooser.press(pilot, "escape", "l")
        assert name in chooser.text


async def test_a_client_who_is_chosen_and_renamed_stays_chosen(office):
    add(office)
    chooser = Chooser(around=office)
    async with chooser.open() as pilot:
        await at_the_clients(chooser, pilot, "down", "enter", "backspace", "e")
        await write(chooser, pilot, name="Annabel")
    assert chooser.app.draft.choice.client == "Annabel"


async def test_a_level_is_set_by_the_trainer_alone_with_its_conditions_before_the_eyes_and_recorded(office):
    client = add(office)
    chooser = Chooser(around=office)
    async with chooser.open() as pilot:
        await at_the_clients(chooser, pilot, "down", "l")
        assert "It changes only when you set it here." in chooser.text
        await chooser.press(pilot, "right")
        assert "not met  2 completed backward sessions (0 done)" in chooser.text
        assert "met      a screening that is valid today" in chooser.text
        assert "unknown  no balance event in the last two of them" in chooser.text
        await chooser.press(pilot, "ctrl+s")
        assert "To decide otherwise: write the reason after `despite`, which is recorded" in chooser.said
        assert ClientStore(office.folder).find("Ann").facts.level is Level.NEW
        await write(chooser, pilot, despite="six years elsewhere", by="Kim")
        assert "Ann is at level novice now, set by Kim." in chooser.text
        assert "level novice" in chooser.text
        await chooser.press(pilot, "l", "ctrl+s")
        assert "Ann is at level novice already" in chooser.text
    last = ClientStore(office.folder).changes(client.id)[-1]
    assert (last.what, last.by) == ("level", "Kim")
    assert (last.data["from"], last.data["to"], last.data["despite"]) == ("new", "novice", "six years elsewhere")
    assert [each["met"] for each in last.data["conditions"]] == ["met", "not met", "unknown"]


async def test_a_key_held_down_keeps_nothing(office):
    chooser = Chooser(around=office)
    async with chooser.open() as pilot:
        await at_the_clients(chooser, pilot, "a", *"Ann", "enter", *"1986")
        await chooser.press(pilot, "pagedown", "up")
        for _ in range(5):
            chooser.hand += 0.03
            await pilot.press("enter")
        await pilot.pause()
        assert chooser.page == "FormCard"
        assert ClientStore(office.folder).all() == ()


async def test_nobody_and_the_demonstration_are_not_changed(office):
    chooser = Chooser(around=office)
    async with chooser.open() as pilot:
        await at_the_clients(chooser, pilot, "i", "e", "l", "c")
        assert chooser.page == "ClientPage"


async def test_a_client_who_was_erased_meanwhile_is_told(office):
    client = add(office)
    chooser = Chooser(around=office)
    async with chooser.open() as pilot:
        await at_the_clients(chooser, pilot, "down")
        ClientStore(office.folder).erase(client.id)
        await chooser.press(pilot, "e")
        assert chooser.page == "ClientPage"
        assert "no client" in chooser.text
        assert "Ann" not in chooser.text.split("no client")[0], "and is not offered any more"


async def test_keys_of_stop_close_a_form_at_once_and_what_was_written_is_not_lost(office):
    chooser = Chooser(around=office)
    async with chooser.open() as pilot:
        await at_the_clients(chooser, pilot, "a", "A", "n", "n")
        for way in ("escape", "ctrl+q", "f5"):
            if way == "f5":  # the driver's key, which needs a terminal
                chooser.app.urgent(Urgent.STOP)
                await pilot.pause()
            else:
                await chooser.press(pilot, way)
            assert chooser.page == "ClientPage"
            assert "Not kept. What you wrote stands in the form when you open it again." in chooser.text
            await chooser.press(pilot, "a")
            assert chooser.app.screen.values["name"] == "Ann"
        assert ClientStore(office.folder).all() == ()
        await write(chooser, pilot, birth_year="1986")
        assert "Added Ann" in chooser.text
        await chooser.press(pilot, "a")
        assert chooser.app.screen.values["name"] == "", "what was kept does not stand there again"


@pytest.mark.parametrize("act", [*Act, None])
async def test_ctrl_c_leaves_the_program_from_every_form(office, act):
    client = add(office)
    chooser = Chooser(around=office)
    async with chooser.open() as pilot:
        await at_the_clients(chooser, pilot)
        if act is None:
            chooser.app.open_sheet(client.id)
        else:
            chooser.app.open_form(act, client.id)
        await chooser.settle(pilot)
        await chooser.press(pilot, "ctrl+c")
        assert chooser.app._exit
    assert chooser.app.return_value is None


async def test_a_file_that_cannot_be_read_is_told_and_nothing_is_written(office):
    client = add(office)
    chooser = Chooser(around=office)
    async with chooser.open() as pilot:
        await at_the_clients(chooser, pilot, "a")
        (office.folder / "clients.sqlite3").write_bytes(b"x" * 5000)
        await write(chooser, pilot, name="Ben", birth_year="1986")
        assert " NOT KEPT " in chooser.text
        assert "clients.sqlite3" in chooser.text
        await chooser.press(pilot, "escape")
        chooser.app.open_form(Act.EDIT, client.id)
        await chooser.settle(pilot)
        assert "clients.sqlite3" in chooser.text
        chooser.app.open_sheet(client.id)
        await chooser.settle(pilot)
        assert "clients.sqlite3" in chooser.text
    assert (office.folder / "clients.sqlite3").read_bytes() == b"x" * 5000


async def test_a_client_who_cannot_be_read_hides_nobody_and_says_the_way_out(office):
    ann = add(office)
    add(office, "Bo")
    with closing(sqlite3.connect(office.folder / "clients.sqlite3")) as connection:
        connection.execute("UPDATE clients SET profile = '{' WHERE name = 'Ann'")
        connection.commit()
    office.look_again()
    chooser = Chooser(around=office)
    async with chooser.open() as pilot:
        await at_the_clients(chooser, pilot, "down")
        for key in ("", "e", "l", "c"):
            await chooser.press(pilot, *key)
            assert chooser.page == "ClientPage"
            assert f"retroctl client erase {ann.id}" in " ".join(chooser.text.split())
        assert "level unknown    UNREADABLE" in chooser.text
        await chooser.press(pilot, "down", "i")
        assert "Bo   id" in chooser.text


@pytest.mark.parametrize("size", [(80, 24), (20, 5)])
async def test_the_field_that_is_written_in_is_seen_in_every_size(office, size):
    client = add(office, "مرحبا e\u0301" + "x" * 60)
    chooser = Chooser(around=office)
    async with chooser.open(*size) as pilot:
        await at_the_clients(chooser, pilot)
        for act in (Act.EDIT, Act.LEVEL):
            chooser.app.open_form(act, client.id)
            await chooser.settle(pilot)
            for key in ("pagedown", "up", "pageup"):
                await chooser.press(pilot, key)
                seen = chooser.app.focused.region
                assert 0 <= seen.y < size[1] - 1, "above the line of keys"
                assert seen.width > 0
            await chooser.press(pilot, "escape")
        chooser.app.open_sheet(client.id)
        await chooser.settle(pilot)
        await chooser.press(pilot, "end", "pageup", "i")
        assert chooser.page == "ClientPage"


# -- a file that does not answer


@pytest.fixture
def held(office, monkeypatch):
    """What is asked of the files waits until this is set, in its own thread."""
    monkeypatch.setattr(errands, "WAIT_S", 60.0)  # also of a computer that is late
    answers = threading.Event()

    def slow(real, *given):
        assert answers.wait(60)
        return real(*given)

    for name in ("open", "keep", "beside"):
        monkeypatch.setattr(office.forms, name, partial(slow, getattr(office.forms, name)))
    return answers


async def shown_after(chooser, pilot, seconds, *keys):
    """Press without waiting for what is read, and look a while later."""
    await pilot.press(*keys)
    chooser.hand += seconds
    chooser.app.draw()
    await pilot.pause()
    return chooser.text


async def test_while_the_file_is_waited_for_the_keys_live_and_what_was_left_does_not_open(office, held):
    add(office)
    chooser = Chooser(around=office)
    async with chooser.open() as pilot:
        await at_the_clients(chooser, pilot, "down")
        assert "waiting" not in await shown_after(chooser, pilot, 0.2, "e")
        assert "waiting for the clients' file, 2 s (at most 60)" in await shown_after(chooser, pilot, 1.8)
        assert "> nobody named" in await shown_after(chooser, pilot, 1, "up")
        held.set()
        await chooser.settle(pilot)
        assert chooser.page == "ClientPage"
        await chooser.press(pilot, "down", "l", "right")
        assert "2 completed backward sessions" in chooser.text


async def test_from_a_file_that_is_waited_for_ctrl_c_leaves_at_once(office, held):
    add(office)
    chooser = Chooser(around=office)
    async with chooser.open() as pilot:
        await at_the_clients(chooser, pilot, "down")
        await pilot.press("e", "ctrl+c")
        assert chooser.app._exit
    assert not held.is_set()
    held.set()


async def test_a_form_says_that_it_is_being_kept_and_what_became_of_it_also_when_it_was_left(office, held):
    chooser = Chooser(around=office)
    async with chooser.open() as pilot:
        await at_the_clients(chooser, pilot)
        held.set()
        await chooser.press(pilot, "a", *"Ann", "enter", *"1986")
        held.clear()
        assert " KEEPING  waiting for the clients' file, 3 s" in await shown_after(
            chooser, pilot, 3, "ctrl+s", "ctrl+s"
        )
        await shown_after(chooser, pilot, 1, "escape")
        assert chooser.page == "ClientPage"
        assert "waiting for the clients' file, 4 s" in chooser.text
        held.set()
        await chooser.settle(pilot)
        assert "Added Ann" in chooser.text
        assert "> Ann" in chooser.text
        await chooser.press(pilot, "a")
        assert chooser.app.screen.values["name"] == ""
    assert len(ClientStore(office.folder).all()) == 1


async def test_after_the_deadline_it_is_not_known_whether_it_was_kept_until_it_is(office, held, monkeypatch):
    monkeypatch.setattr(errands, "WAIT_S", 0.05)
    chooser = Chooser(around=office)
    async with chooser.open() as pilot:
        await at_the_clients(chooser, pilot)
        chooser.app.push_screen(FormCard(ClientForms(desk_of(office.folder, FIELDS)).open(Act.ADD, None)))
        await pilot.pause()
        await chooser.press(pilot, *"Ann", "enter", *"1986", "ctrl+s")
        assert "NOT KNOWN WHETHER IT WAS KEPT the clients' file or the record has not answered" in chooser.said
        held.set()
        async with asyncio.timeout(20):
            await chooser.app.errands._thread
        await pilot.pause()
        assert chooser.page == "ClientPage"
        assert "Added Ann" in chooser.text
    assert [each.name for each in ClientStore(office.folder).all()] == ["Ann"]


async def test_beside_a_level_stands_that_the_file_is_waited_for(office, held):
    client = add(office)
    chooser = Chooser(around=office)
    async with chooser.open() as pilot:
        await at_the_clients(chooser, pilot)
        chooser.app.push_screen(FormCard(ClientForms(desk_of(office.folder, FIELDS)).open(Act.LEVEL, client.id)))
        await pilot.pause()
        assert "waiting for the clients' file" in await shown_after(chooser, pilot, 1, "right", "right")
        assert "practised" in chooser.text
        held.set()
        await chooser.settle(pilot)
        assert "level practised (up to 6.40 km/h) asks for" in chooser.text


async def test_a_fault_of_ours_in_the_thread_is_told_by_the_command_line(office, monkeypatch):
    monkeypatch.setattr(office.forms, "open", lambda *_given: 1 // 0)
    chooser = Chooser(around=office)
    with pytest.raises(ZeroDivisionError):
        async with chooser.open() as pilot:
            await at_the_clients(chooser, pilot, "a")
