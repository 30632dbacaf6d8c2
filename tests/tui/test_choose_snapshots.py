"""Pictures of the choosing. Who changes one looks at it: `pytest --snapshot-update`, then the SVG in a browser."""

from __future__ import annotations

from pathlib import Path

import pytest
from choose_rig import ONE, TWO, Chooser, Office, machine

from retroctl.adapters.tui.choose.ports import Choice
from retroctl.app.client_given import Given
from retroctl.cli import choosing, client_work
from retroctl.cli.client_work import desk_of
from retroctl.domain.method.days import Day
from retroctl.units import Speed


async def machines(chooser, pilot):
    heard = (
        machine(ONE, -52, "Treadmill 3"),
        machine(TWO, -71, "FS-D9D0A1", remarks=("its advertisement has the two bytes of its type swapped",)),
        machine("AA:BB:CC:00:00:03", -84, "Rower by the window", says_treadmill=False),
        machine("AA:BB:CC:00:00:04", None, "Treadmill 1"),
    )
    await chooser.hear(pilot, *heard, seconds=12)
    await chooser.hear(pilot, *heard[:2])
    await chooser.press(pilot, "down", "down")


async def identify(chooser, pilot):
    await machines(chooser, pilot)
    await chooser.press(pilot, "up", "i")
    chooser.around.speed(Speed(80))
    await chooser.hear(pilot, seconds=0.4)


async def plan(chooser, pilot):
    await identify(chooser, pilot)
    await chooser.press(pilot, "enter", "enter", "down", "left")


async def client_form(chooser, pilot):
    await chooser.press(pilot, "end", "enter", "a", *"[b]Ann", "enter", *"2090", "ctrl+s")


async def clients(chooser, pilot):
    await chooser.press(pilot, "end", "enter", "down")


async def edit(chooser, pilot):
    await clients(chooser, pilot)
    await chooser.press(pilot, "e", *["down"] * 10)


async def level(chooser, pilot):
    await chooser.press(pilot, "end", "enter", "down", "l", "right")


ANN = Given(birth_year=1986, mass=72.5, resting_hr=61, forward="8km/h", screening="clear", consent="today")
BEN = Given(birth_year=1955, screening="followed-up", consent="today")


@pytest.mark.parametrize(
    "scene", [client_form, clients, edit, level], ids=["client", "clients", "client-edit", "level"]
)
def test_picture_of_a_form_about_a_client(snap_compare, tmp_path, monkeypatch, scene):
    monkeypatch.setattr(client_work, "today", lambda: Day.parse("2026-11-24"))
    monkeypatch.setattr(client_work, "account", lambda: "Kim")
    monkeypatch.setattr(choosing, "today", client_work.today)
    for name, given in (("Ann", ANN), ("Ben", BEN)):
        desk_of(tmp_path).add(name, given, None)
    chooser = Chooser(around=Office(tmp_path))

    async def play(pilot):
        await scene(chooser, pilot)

    assert snap_compare(chooser.app, terminal_size=(80, 24), run_before=play)


@pytest.mark.parametrize(
    ("scene", "size"),
    [(machines, (80, 24)), (identify, (80, 24)), (plan, (120, 40)), (machines, (20, 5))],
    ids=["machines", "identify", "plan-large", "tiny"],
)
def test_picture_of_choosing(snap_compare, scene, size):
    chooser = Chooser(Choice())

    async def play(pilot):
        await scene(chooser, pilot)

    assert snap_compare(chooser.app, terminal_size=size, run_before=play)


OF_A_FORM, OF_CHOOSING = (
    Path(__file__).parent / "__snapshots__/test_choose_snapshots" / name
    for name in ("test_picture_of_a_form_about_a_client", "test_picture_of_choosing")
)


@pytest.mark.parametrize(
    ("shown", "picture"),
    [
        ("choose", f"{OF_CHOOSING}[machines].svg"),
        ("client-edit", f"{OF_A_FORM}[client-edit].svg"),
        ("client-level", f"{OF_A_FORM}[level].svg"),
    ],
)
def test_the_documents_show_the_screen_as_it_is(shown, picture):
    """After `--snapshot-update`: copy the new one there."""
    document = Path(__file__).parents[2] / "docs/pictures" / f"{shown}.svg"
    assert document.read_bytes() == Path(picture).read_bytes(), f"cp '{picture}' {document}"
