"""Pictures of the choosing. Who changes one looks at it: `pytest --snapshot-update`, then the SVG in a browser."""

from __future__ import annotations

import pytest
from choose_rig import ONE, TWO, Chooser, Office, machine

from retroctl.adapters.tui.choose.ports import Choice
from retroctl.app.client_given import Given
from retroctl.cli import client_work
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


async def level(chooser, pilot):
    await chooser.press(pilot, "end", "enter", "down", "l", "right")


@pytest.mark.parametrize("scene", [client_form, level], ids=["client", "level"])
def test_picture_of_a_form_about_a_client(snap_compare, tmp_path, monkeypatch, scene):
    monkeypatch.setattr(client_work, "today", lambda: Day.parse("2026-11-24"))
    monkeypatch.setattr(client_work, "account", lambda: "Kim")
    desk_of(tmp_path).add("Ann", Given(birth_year=1986, screening="clear", consent="today"), None)
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
