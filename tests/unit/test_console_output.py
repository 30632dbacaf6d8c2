"""Printing never holds anything up, loses nothing needlessly, and notices when nobody reads."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time

import pytest

from retroctl.adapters.console import output as output_module
from retroctl.adapters.console.output import LINES, Output

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX pipes")


@pytest.fixture
def pipe():
    ends = list(os.pipe())
    yield ends
    for end in ends:
        with contextlib.suppress(OSError):
            os.close(end)


def test_lines_come_in_their_order_and_whole(pipe):
    out = Output(pipe[1], lambda: None)
    for number in range(500):
        out.line(f"line {number}")

    assert out.close() is True
    assert os.read(pipe[0], 100_000).decode().splitlines() == [f"line {number}" for number in range(500)]


def test_a_reader_that_sleeps_blocks_neither_printing_nor_closing(pipe, monkeypatch):
    monkeypatch.setattr(output_module, "CLOSE_S", 0.2)
    out = Output(pipe[1], lambda: None)
    began = time.monotonic()
    for number in range(3 * LINES):
        out.line("x" * 100, telemetry=number % 2 == 0)

    assert out.close() is False
    assert time.monotonic() - began < 5
    os.close(pipe[0])  # lets the thread go


def test_telemetry_makes_room_for_what_matters(pipe, monkeypatch):
    monkeypatch.setattr(output_module, "CLOSE_S", 5.0)
    out = Output(pipe[1], lambda: None)
    for _ in range(2 * LINES):
        out.line("telemetry" * 20, telemetry=True)
    out.line("an alarm")
    read: list[bytes] = []

    def drain() -> None:
        while chunk := os.read(pipe[0], 65536):
            read.append(chunk)

    reader = threading.Thread(target=drain)
    reader.start()
    assert out.close() is True
    os.close(pipe[1])
    reader.join(10)

    assert b"".join(read).endswith(b"an alarm\n")


@pytest.mark.parametrize("printing", [True, False])
def test_a_reader_that_goes_is_noticed_whether_or_not_something_is_printed(pipe, printing):
    gone = threading.Event()
    out = Output(pipe[1], gone.set)
    os.close(pipe[0])
    if printing:
        out.line("anybody there?")

    assert gone.wait(5)
    out.line("no")
    assert out.close() is False


def test_a_descriptor_that_somebody_made_non_blocking_is_no_lost_reader(pipe):
    gone = threading.Event()
    os.set_blocking(pipe[1], False)
    out = Output(pipe[1], gone.set)
    size = 1_000_000
    out.line("x" * size)
    received = 0
    while received < size:
        received += len(os.read(pipe[0], 65536))

    assert out.close() is True
    assert not gone.is_set()


def test_text_that_no_encoding_takes_is_printed_all_the_same(pipe):
    out = Output(pipe[1], lambda: None)
    out.line("half a surrogate: \ud800")

    assert out.close() is True
    assert os.read(pipe[0], 100) == b"half a surrogate: ?\n"
