"""`retroctl floor` and `simulate --fleet` as commands: asked wrongly, without a broker, on a terminal, as a page."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
import urllib.request

import pytest

from retroctl.cli.app import run_app

NOBODY = "mqtt://127.0.0.1:1/west"
WRONG = {
    "no broker": (["floor"], "no broker is configured"),
    "no terminal": (
        ["floor", "--mqtt", NOBODY],
        "the floor needs a terminal; without one, serve it as a page: add --web",
    ),
    "no TLS": (["floor", "--mqtt", "mqtt://broker.example/west"], "without TLS anybody in the network can read along"),
    "no address": (["floor", "--mqtt", NOBODY, "--web", "here"], "--web 'here': write it as HOST:PORT"),
    "the network": (["floor", "--mqtt", NOBODY, "--web", "192.0.2.1"], "add --web-lan if they should"),
    "a fleet without a broker": (["simulate", "--fleet", "3"], "--fleet publishes on a broker: add --mqtt"),
    "a broker without a fleet": (["simulate", "--mqtt", NOBODY], "belong to a fleet"),
    "a fleet of none": (["simulate", "--fleet", "0", "--mqtt", NOBODY], "give a number from 1 to 1000"),
    "a fleet on the air": (["simulate", "--fleet", "1", "--mqtt", NOBODY, "--name", "x"], "for a treadmill on the air"),
    "a fleet of what": (["simulate", "what", "--fleet", "1", "--mqtt", NOBODY], "known are standard"),
    "no time": (["simulate", "--fleet", "1", "--mqtt", NOBODY, "--seconds", "0"], "give a number above 0"),
}


@pytest.mark.parametrize(("arguments", "words"), WRONG.values(), ids=WRONG)
def test_asked_wrongly_is_one_line_with_the_way_out(arguments, words, monkeypatch, capsys, tmp_path):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setattr(sys, "argv", ["retroctl", *arguments])
    with pytest.raises(SystemExit) as end:
        run_app()
    assert end.value.code == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert words in said


@pytest.mark.skipif(sys.platform == "win32", reason="pseudo-terminals")
def test_on_a_terminal_a_broker_that_is_away_is_said_and_q_leaves(tmp_path):
    from terminal import ProgramTerminal, terminals  # noqa: PLC0415 - not on Windows

    with terminals(ProgramTerminal, tmp_path) as make:
        t = make("floor", "--mqtt", NOBODY, painted=True)
        t.see("FLOOR west")
        t.see("NO BROKER")
        t.press("q")
        assert t.end() == 0
        assert t.err == ""
        assert t.restored


def test_without_a_terminal_the_page_is_served_until_somebody_ends_it(tmp_path):
    program = subprocess.Popen(
        [sys.executable, "-m", "retroctl", "floor", "--mqtt", NOBODY, "--web", "127.0.0.1:0"],
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "XDG_CONFIG_HOME": str(tmp_path)},
    )
    try:
        said = program.stderr.readline()
        url = re.search(r"http://\S+", said)[0]
        with urllib.request.urlopen(f"{url}events", timeout=30) as events:  # noqa: S310 - our own page
            assert b'"club":"west"' in events.readline()
        program.terminate()
        assert program.wait(30) == 0
        assert "no broker: no broker listens there" in program.stderr.read()
    finally:
        program.kill()
        program.stderr.close()


async def test_a_fault_in_hearing_is_said_and_everything_gets_old():
    from retroctl.app.floor import Floor  # noqa: PLC0415
    from retroctl.cli.floor import _broke  # noqa: PLC0415

    async def breaks():
        raise KeyError("x")

    floor = Floor(lambda: "")
    floor.linked(0.0)
    task = asyncio.create_task(breaks())
    await asyncio.wait({task})
    _broke(task, floor)
    assert floor.linked_at is None
    assert floor.link_words == "a fault in this program: KeyError: 'x'"


async def test_a_stop_that_never_left_is_said_by_name_when_the_floor_is_left(capsys):
    from retroctl.adapters.mqtt.broker import Broker, parse_url  # noqa: PLC0415
    from retroctl.app.floor import Floor  # noqa: PLC0415
    from retroctl.app.floor_news import Origin, StateNews  # noqa: PLC0415
    from retroctl.cli.floor import _watched  # noqa: PLC0415

    floor = Floor(lambda: "stop-1")
    async with _watched(floor, Broker.checked(parse_url(NOBODY)), "west") as watch:
        floor.hear(StateNews(Origin("belt-7", "a" * 32, 1, 0.0), "holding"), 0.0, 0.0)
        watch.send("belt-7", floor.stop("belt-7", 0.0))
    assert "STOP did NOT leave this computer for: belt-7 - GO THERE, PULL THE CLIP" in capsys.readouterr().err
