"""Damaged and malicious files: one clear line, quickly, in little memory, and nothing is written."""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from exchange_rig import command

from retroctl.adapters.exchange.workouts import read_workout
from retroctl.adapters.files import read_bounded
from retroctl.adapters.plans import read_plan
from retroctl.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

ZWO = b"""<?xml version="1.0" encoding="UTF-8"?><workout_file><name>x</name><sportType>run</sportType><workout>
<SteadyState Duration="60" Power="0.25"/><IntervalsT Repeat="2" OnDuration="60" OffDuration="60" OnPower="0.3"
OffPower="0.2"/></workout></workout_file>"""
QZ = b"""<rows><row duration="00:01:00" speed="2.5" forcespeed="1"/>
<repeat times="2"><row distance="1" speed="3"/></repeat></rows>"""
LAUGHS = (
    b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "'
    + (b"&b;" * 10 + b'">]><workout_file><name>&c;</name></workout_file>')
)
STEAL = b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a SYSTEM "file:///etc/passwd">]><rows>&a;</rows>'


@pytest.fixture
def fit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> bytes:
    assert command(capsys, "export", "--plan", "ladder", "--format", "fit", "--out", "ladder.fit").status == 0
    return (tmp_path / "ladder.fit").read_bytes()


def refused(path: Path) -> str:
    with pytest.raises(ConfigError) as error:
        read_workout(path, reference_kmh=10.0)
    words = str(error.value)
    assert "\n" not in words
    assert len(words) < 400
    return words


@pytest.mark.parametrize("whole", [ZWO, QZ], ids=["zwo", "qz"])
def test_xml_cut_off_at_every_byte_is_refused(whole: bytes, tmp_path: Path) -> None:
    file = tmp_path / "w.xml"
    for length in range(len(whole)):
        file.write_bytes(whole[:length])
        refused(file)


def test_a_fit_workout_cut_off_at_every_byte_or_with_a_flipped_bit_is_refused(fit: bytes, tmp_path: Path) -> None:
    file = tmp_path / "w.fit"
    for length in range(len(fit)):
        file.write_bytes(fit[:length])
        refused(file)
    dice = random.Random(11)  # noqa: S311 - the same every time
    for place in dice.sample(range(len(fit)), 100):
        flipped = bytearray(fit)
        flipped[place] ^= 1 << dice.randrange(8)
        file.write_bytes(flipped)
        refused(file)


@pytest.mark.parametrize("whole", [ZWO, QZ], ids=["zwo", "qz"])
def test_xml_with_any_bit_flipped_is_refused_or_read_as_what_it_now_says(whole: bytes, tmp_path: Path) -> None:
    """A digit can become another: the file then says so. What must not happen is anything but a workout or one line."""
    dice = random.Random(5)  # noqa: S311
    file = tmp_path / "w.xml"
    read = 0
    for place in dice.sample(range(len(whole)), 100):
        flipped = bytearray(whole)
        flipped[place] ^= 1 << dice.randrange(8)
        file.write_bytes(flipped)
        try:
            workout = read_workout(file, reference_kmh=10.0)
        except ConfigError as error:
            assert len(str(error)) < 400  # noqa: PT017 - either is right
        else:
            read += 1
            assert all(step.seconds > 0 and 0 < step.from_kmh <= 45 for step in workout.steps)
    assert read < 60


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (LAUGHS, "document type"),
        (STEAL, "document type"),
        (b"<rows>" + b"<x>" * 100_000, "nested more than 20"),
        (b"<rows>" + b"<x/>" * 100_000 + b"</rows>", "more than 20000 elements"),
        (b"<rows>" + b"x" * 900_000 + b"</rows>", "characters of text"),
        (b"<" + b"r" * 900_000 + b"/>", "outermost element is 'rrr"),
        (b'<?xml version="1.0" encoding="klingon"?><rows/>', "unknown encoding"),
        (b'<?xml version="1.0" encoding="utf-7"?><rows/>', "encoding|cannot be read"),
        (b"<rows>\xff\xfe</rows>", "not a whole XML"),
        (b'<?xml version="1.0" encoding="UTF-16"?><rows/>', "not a whole XML"),
        (b"\x00" * 1000, "and no other that can be imported"),
        (b"\x1f\x8b\x08 packed", "and no other that can be imported .Zwift .zwo, QZ .xml, FIT workout"),
        (b"", "is empty"),
        (b"\x0e\x20\x00\x00\xff\xff\xff\xff.FIT\x00\x00" + b"\x00" * 50, "damaged FIT"),
        (b"<rows" + b' a="1"' * 2, "not a whole XML"),
        (b"<rows><row duration='00:01:00' speed='5'/><row/></rows>", "sets no speed"),
        (b"&" * 900_000, "not a whole XML"),
        (b"<![CDATA[" * 100_000, "not a whole XML"),
    ],
    ids=lambda value: str(value)[:24] if isinstance(value, str) else None,
)
def test_traps_are_refused_in_one_line(content: bytes, said: str, tmp_path: Path) -> None:
    file = tmp_path / "w.xml"
    file.write_bytes(content)
    assert re.search(said, refused(file))


def test_markup_in_names_stays_text(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    name = '&lt;script&gt;"]] [[stage]] \\ &#27;[31m &#x202e;evil'
    (tmp_path / "w.zwo").write_bytes(ZWO.replace(b"<name>x", b"<name>" + name.replace("&#27;", "").encode()))
    ran = command(
        capsys, "import", "w.zwo", "--scale", "0.5", "--reference", "10", "--out", "p.toml", "--client", "demo"
    )
    assert ran.status == 0, ran.err
    assert ran.out.isascii()
    assert read_plan("p.toml").name == '<script>"]] [[stage]] \\ [31m ?evil'
    # And on the way out again.
    command(capsys, "export", "--plan", "p.toml", "--format", "zwo", "--client", "demo", "--out", "o.zwo")
    assert read_workout(tmp_path / "o.zwo", reference_kmh=None).name == '<script>"]] [[stage]] \\ [31m ?evil'


@pytest.mark.parametrize("kind", ["folder", "pipe", "missing", "zero", "nul"])
def test_what_is_no_file_is_not_waited_for(kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = {"zero": "/dev/zero", "nul": "a\0b"}.get(kind, str(tmp_path / kind))
    if kind == "folder":
        os.mkdir(path)  # noqa: PTH102
    if kind == "pipe":
        if not hasattr(os, "mkfifo"):
            pytest.skip("no named pipes here")
        os.mkfifo(path)
    ran = command(capsys, "import", path, "--scale", "0.5")
    assert (ran.status, "\n" in ran.err) == (2, False)


@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="memory is measured by Linux's own count")  # noqa: PTH110
def test_a_gigabyte_of_nothing_costs_no_time_and_no_memory(tmp_path: Path) -> None:
    """As a program of its own, so that its memory can be measured."""
    script = (
        "import re, sys, time\nfrom retroctl.cli.app import run_app\n"
        "sys.argv = ['retroctl', 'import', sys.argv[1], '--scale', '0.5']\n"
        "try:\n    run_app()\nfinally:\n"
        "    print(re.search(r'VmHWM:\\s+(\\d+)', open('/proc/self/status').read())[1], time.process_time())\n"
    )
    for name, first in (("zeros", b""), ("json", b'{"schema"'), ("line", b'{"sessions": [\n')):
        file = tmp_path / name
        file.write_bytes(first)
        os.truncate(file, 1_000_000_000)
        done = subprocess.run(
            [sys.executable, "-c", script, str(file)], capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 2, done.stderr
        assert done.stderr.count("\n") == 1
        kilobytes, seconds = map(float, done.stdout.split()[-2:])
        assert kilobytes < 100_000, name
        assert seconds < 2, name


def test_a_file_that_grows_is_bounded_too(tmp_path: Path) -> None:
    file = tmp_path / "w"
    file.write_bytes(b"x" * 11)
    with pytest.raises(ConfigError, match="11 bytes are more than a thing can have"):
        read_bounded(file, 10, "a thing")
