"""What is asked wrongly: status 2, one line that names the thing and the way out, and no treadmill is touched."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from retroctl.cli import machine, session
from retroctl.cli.app import run_app

SIM = ["run", "--sim", "standard", "--yes"]
COMMANDS = ["run", "demo", "scan", "observe", "simulate", "decode", "doctor", "history", "report", "floor"]

WRONG = {
    "top a word": ([*SIM, "--top", "abc"], "--top: 'abc' is not a speed; write it as"),
    "top nan": ([*SIM, "--top", "nan"], "'nan' is not a speed"),
    "top inf": ([*SIM, "--top", "inf"], "'inf' is not a speed"),
    "top negative": ([*SIM, "--top", "-5"], "'-5' is not a speed"),
    "top 0": ([*SIM, "--top", "0"], "above 0"),
    "top in furlongs": ([*SIM, "--top", "5 furlongs"], "'5 furlongs' is not a speed"),
    "top beyond the wire": ([*SIM, "--top", "700"], "faster than any treadmill"),
    "hold 59.9": ([*SIM, "--hold", "59.9"], "60 seconds at least (R9); give 60 or more"),
    "hold nan": ([*SIM, "--hold", "nan"], "'nan' is not a number"),
    "hold negative": ([*SIM, "--hold", "-1"], "give 60 or more"),
    "hold for ever": ([*SIM, "--hold", "1000000000"], "at most 3600 seconds"),
    "an hour at each speed": ([*SIM, "--hold", "3600"], "stage 4: with it the plan lasts 240 minutes, over the 180"),
    "the same on a machine that begins faster": (
        [*SIM, "--hold", "3600"],
        "if yours begins over 1 km/h, give its speeds: --range",
    ),
    "an hour at each speed of such a range": (
        [*SIM, "--hold", "3600", "--range", "1.0-16.0/0.1"],
        "stage 4: with it the plan lasts 240 minutes",
    ),
    "a top over every machine's cap": ([*SIM, "--top", "3.3"], "is over the cap of 3.20 km/h (level new)"),
    "intervals before balance": ([*SIM, "--plan", "intervals"], "balance"),
    "a preset that lasts for ever": ([*SIM, "--plan", "intervals:count=100,interval_s=3600"], "over the 180"),
    "hold a word": ([*SIM, "--hold", "long"], "'long' is not a number"),
    "an unknown simulator": (["run", "--sim", "nope", "--yes"], "known are standard"),
    "an unknown client": ([*SIM, "--client", "bob"], "no client is called 'bob'"),
    "yes on a real machine": (["run", "--yes"], "--yes is for the simulated treadmill only"),
    "speedup on a real machine": (["run", "--speedup", "3"], "real belts run in real time"),
    "speedup 0": ([*SIM, "--speedup", "0"], "from 1 to 1000"),
    "speedup nan": ([*SIM, "--speedup", "nan"], "'nan' is not a number"),
    "a real machine without a terminal": (["run"], "needs a trainer at a terminal"),
    "no terminal and no yes": (["run", "--sim", "standard"], "add --yes"),
    "nobody to confirm": ([*SIM, "--advance", "confirm"], "needs a person at a terminal"),
    "advance a word": ([*SIM, "--advance", "soon"], "give auto or confirm"),
    "two machines asked for": ([*SIM, "--address", "x"], "exclude each other"),
    "two outputs asked for": ([*SIM, "--plain", "--jsonl"], "exclude each other"),
    "a range that is none": ([*SIM, "--range", "fast"], "write it as 1.0-16.0/0.1"),
    "a range upside down": ([*SIM, "--range", "5-1/0.1"], "a lowest speed of 5.00 km/h, over its highest"),
    "a range from 0": ([*SIM, "--range", "0-16/0.1"], "that is a lowest speed of 0; write it as 1.0-16.0/0.1"),
    "a plan that is not there": ([*SIM, "--plan", "nowhere.toml"], "neither a preset (balance-introduction, "),
    "a plan and a top": ([*SIM, "--plan", "x.toml", "--top", "2"], "a plan file gives its own"),
    "an unknown option": ([*SIM, "--fast"], "No such option: --fast"),
    "an unknown command": (["frob"], "'frob'"),
    "a missing value": (["run", "--sim"], "--sim"),
    "too much": (["run", "extra"], "extra"),
    "seconds a word": (["scan", "--seconds", "soon"], "--seconds"),
    "seconds nan": (["observe", "--sim", "standard", "--seconds", "nan"], "'--seconds': 'nan' is not a number"),
    "bytes that are none": (["decode", "2acd", "zz"], "not hexadecimal"),
    "a characteristic that is none": (["decode", "zzzz", "00"], "not a characteristic known here"),
    "terminal escapes": ([*SIM, "--client", "\x1b[2J\nbob"], "no client is called"),
    "a very long word": ([*SIM, "--top", "9" * 5000], "faster than any treadmill"),
}


@pytest.fixture(autouse=True)
def no_treadmill(monkeypatch, tmp_path):
    def touched(*_args, **_named):
        raise AssertionError("a treadmill was looked for")

    monkeypatch.setenv("RETROCTL_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setattr(session, "simulated", touched)
    monkeypatch.setattr(machine, "scan", touched)
    monkeypatch.setattr(machine, "find", touched)


def retroctl(monkeypatch, capsys, *arguments: str) -> tuple[int, str, str]:
    monkeypatch.setattr(sys, "argv", ["retroctl", *arguments])
    with pytest.raises(SystemExit) as ended:
        run_app()
    captured = capsys.readouterr()
    return int(ended.value.code or 0), captured.out, captured.err


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_word_is_one_line_and_status_2(monkeypatch, capsys, tmp_path, what):
    arguments, words = WRONG[what]

    status, out, err = retroctl(monkeypatch, capsys, *arguments)

    assert status == 2
    assert out == ""
    assert words in err
    assert re.fullmatch(r"retroctl: [^\x00-\x1f]{10,1100}\n", err)
    assert not (tmp_path / "data").exists()


def test_a_configuration_that_is_wrong_names_file_and_key(monkeypatch, capsys, tmp_path):
    file = tmp_path / "config.toml"
    file.write_text("hold_s = 30")
    monkeypatch.setattr("retroctl.config.config_file", lambda: file)

    status, _, err = retroctl(monkeypatch, capsys, *SIM)

    assert status == 2
    assert str(file) in err
    assert "hold_s" in err


def test_no_command_at_all_shows_the_help(monkeypatch, capsys):
    status, out, err = retroctl(monkeypatch, capsys)

    assert status == 0
    assert "retroctl demo" in out
    assert err == ""


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_every_command_teaches_by_example_within_80_columns(monkeypatch, capsys, command):
    status, out, _ = retroctl(monkeypatch, capsys, command, "--help")

    assert status == 0
    assert f"retroctl {command}" in out.partition("Example")[2]
    assert max(len(line) for line in out.splitlines()) <= 80


def test_help_imports_nothing_heavy():
    code = "import sys, retroctl.cli.app; print(*sys.modules)"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    loaded = set(printed.split())

    assert not loaded & {"bleak", "pydantic", "pydantic_settings", "asyncio", "sqlite3", "filelock", "simulators"}


@pytest.mark.skipif(sys.platform == "win32", reason="the processor time of children is not known there")
def test_help_is_there_within_200_ms_of_a_bare_interpreter():
    def took_ms(*command: str) -> float:
        before = os.times()
        subprocess.run([sys.executable, *command], capture_output=True, check=True)
        after = os.times()
        return 1000 * sum(after[2:4]) - 1000 * sum(before[2:4])

    # Processor time, and the quickest of seven: what else this computer does is not our delay.
    runs = [(took_ms("-c", "pass"), took_ms("-m", "retroctl", "--help")) for _ in range(7)]
    assert min(helped for _, helped in runs) - min(bare for bare, _ in runs) < 200


def program(output: int, *arguments: str, **environment: str) -> tuple[int, bytes]:
    """The program with its output going there: its status, and what it said on standard error."""
    command, given = [sys.executable, "-m", "retroctl", *arguments], {**os.environ, **environment}
    ended = subprocess.run(command, stdout=output, stderr=subprocess.PIPE, check=False, env=given)
    return ended.returncode, ended.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_an_output_on_a_full_disk_is_said_in_one_line_and_is_no_fault_of_ours():
    with Path("/dev/full").open("wb") as full:
        status, said = program(full.fileno(), "plan", "list")
    assert (status, said) == (2, b"retroctl: the output: no room left on the disk; free some space\n")


@pytest.mark.parametrize("arguments", [("machine", "list"), ("simulate", "--list")])
def test_a_reader_that_went_away_is_no_fault(arguments, tmp_path):
    reading, writing = os.pipe()
    os.close(reading)
    ended = program(writing, *arguments, RETROCTL_DATA_DIR=str(tmp_path))
    os.close(writing)
    assert ended == (0, b"")


@pytest.mark.skipif(os.name == "nt", reason="a POSIX time zone")
def test_a_time_zone_that_cannot_be_is_read_as_utc(tmp_path):
    assert program(subprocess.DEVNULL, "client", "list", TZ="UTC+99", RETROCTL_DATA_DIR=str(tmp_path)) == (0, b"")
