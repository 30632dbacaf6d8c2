"""`run` with its voice: when it speaks, and a real process beside sound players of every kind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from retroctl.cli.options import RunOptions
from retroctl.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

GIVEN = dict.fromkeys(("address", "client", "plan", "top", "hold", "advance", "speed_range"), None)
SIM = GIVEN | {"sim": "standard", "plain": False, "jsonl": False, "yes": True, "coarse": False}


def options(**more: object) -> RunOptions:
    return RunOptions.checked(**(SIM | {"speedup": "1", "terminal": True} | more))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("asked", "speaks"),
    [
        ({}, True),
        ({"voice": False}, False),
        ({"terminal": False}, False),
        ({"speedup": "10"}, False),
        ({"terminal": False, "voice": True}, True),
        ({"speedup": "10", "voice": True}, True),
    ],
)
def test_it_speaks_to_a_person_in_real_time_and_wherever_it_is_asked_to(asked, speaks):
    assert options(**asked).voice is speaks


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"volume": "0"}, "from 1 to 100"),
        ({"volume": "101"}, "from 1 to 100"),
        ({"volume": "loud"}, "not a number"),
        ({"volume": "nan"}, "'nan' is not a number"),
        ({"volume": "50", "voice": False}, "exclude each other"),
    ],
)
def test_a_volume_that_makes_no_sense_is_refused_in_one_line(asked, words):
    with pytest.raises(ConfigError, match=words):
        options(**asked)


def test_the_volume_is_the_option_s_then_the_configuration_s(monkeypatch):
    monkeypatch.setenv("RETROCTL_VOLUME", "30")
    assert options().volume == 30
    assert options(volume="60").volume == 60


# -- real processes ------------------------------------------------------------------------------------------------

LIMIT_S = 90.0
"""A run takes ten seconds; a player of 300 s that was waited for would be found out."""
RUN = ["run", "--sim", "standard", "--jsonl", "--yes", "--speedup", "50", "--top", "1.8", "--hold", "60", "--voice"]
PLAYS = 'echo "$$ $(/usr/bin/wc -c < "$2")" >> "{log}"'
PLAYERS = {
    "plays": PLAYS,
    "has no device": f"{PLAYS}; exit 1",
    "hangs": f"{PLAYS}; exec /bin/sleep 300",
    "hangs on a sentence": f'{PLAYS}; if [ "$(/usr/bin/wc -c < "$2")" -gt 4000 ]; then exec /bin/sleep 300; fi',
    "crashes": f"{PLAYS}; kill -SEGV $$",
}


def spoken_run(folder: Path, script: str | None) -> tuple[list[dict], list[list[int]]]:
    """The JSON lines of a run, and the players that were started (process, bytes)."""
    programs, log = folder / "bin", folder / "played"
    programs.mkdir()
    if script is not None:
        aplay = programs / "aplay"
        aplay.write_text(f"#!/bin/sh\n{script.format(log=log)}\n")
        aplay.chmod(0o755)
    done = subprocess.run(
        [sys.executable, "-m", "retroctl", *RUN],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
        env={**os.environ, "PATH": str(programs), "RETROCTL_DATA_DIR": str(folder / "data")},
    )
    assert done.returncode == 0, done.stderr
    played = [[int(word) for word in line.split()] for line in log.read_text().splitlines()] if log.exists() else []
    return [json.loads(line) for line in done.stdout.splitlines()], played


def about_the_voice(lines: list[dict]) -> list[str]:
    return [line["reason"] for line in lines if line["type"] == "refusal" and line["rule"] == "voice"]


def alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="players as Linux has them, in place of the real ones")
@pytest.mark.parametrize("kind", [*PLAYERS, "is not there"])
def test_a_session_comes_to_its_end_whatever_the_sound_player_does(tmp_path, kind):
    lines, played = spoken_run(tmp_path, PLAYERS.get(kind))

    assert lines[-1]["belt_at_rest"] is True
    assert lines[-1]["peak_kmh"] == pytest.approx(1.8, abs=0.1)
    assert [process for process, _ in played if alive(process)] == [], "no player outlives the program"
    told = about_the_voice(lines)
    if kind == "plays":
        assert told == []
        assert len(played) >= 3
    elif kind == "is not there":
        assert told == ["silent: no sound player found; cues and count-downs are on the screen"]
    else:
        # Beside a session that runs so fast, a player that hangs may be cut off by Stop before it is found out.
        assert len(told) == 1 or (kind == "hangs on a sentence" and not told), "said once"
        assert all("aplay" in reason for reason in told)
