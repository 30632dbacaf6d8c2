"""Output to a terminal that stops reading: nothing waits, pictures are dropped, the screen is painted anew."""

from __future__ import annotations

import os
import threading
import time

from retroctl.adapters.tui.writer import STORE_BYTES, Writer


def test_a_reader_that_stops_reading_holds_nobody_up_and_is_told_when_it_reads_again():
    theirs, ours = os.pipe()
    drained, gone = threading.Event(), threading.Event()
    writer = Writer(ours, drained.set, gone.set)
    writer.start()
    before = time.perf_counter()
    for _ in range(4 * STORE_BYTES // 1000):
        writer.write("x" * 1000)
    assert time.perf_counter() - before < 2.0
    assert not drained.is_set()
    read = 0
    while not drained.wait(0.001):
        read += len(os.read(theirs, 65536))
    assert read < STORE_BYTES + 200_000
    assert not gone.is_set()
    writer.stop()
    os.close(theirs)
    os.close(ours)


def test_a_reader_that_is_gone_is_told_once_and_writing_goes_on_for_nothing():
    theirs, ours = os.pipe()
    gone: list[int] = []
    told = threading.Event()
    writer = Writer(ours, lambda: None, lambda: (gone.append(1), told.set()))
    writer.start()
    os.close(theirs)
    writer.write("x")
    assert told.wait(5)
    for _ in range(10):
        writer.write("x")
    writer.stop()
    assert gone == [1]
    os.close(ours)


def test_stopping_prints_what_waits():
    theirs, ours = os.pipe()
    writer = Writer(ours, lambda: None, lambda: None)
    writer.start()
    writer.write("the terminal as it was é")
    writer.stop()
    assert os.read(theirs, 100).decode() == "the terminal as it was é"
    os.close(theirs)
    os.close(ours)
