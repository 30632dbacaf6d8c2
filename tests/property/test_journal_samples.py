"""Samples as bytes: what goes in comes out, and damage is an error, not a wrong number."""

from __future__ import annotations

import asyncio
import itertools
import tempfile
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from retroctl.adapters.journal import SqliteJournal, read
from retroctl.adapters.journal.samples import MAX_RECORDS, MINUTE_MS, Sample, pack, split, unpack

u16 = st.integers(0, 0xFFFF)
values = st.tuples(*[st.none() | u16] * 3)
minutes = st.integers(-5, 10**9).map(lambda n: n * MINUTE_MS)
rows_of_a_minute = st.lists(st.tuples(st.integers(0, MINUTE_MS - 1), values), min_size=1, max_size=200)


@given(minutes, rows_of_a_minute)
def test_a_minute_comes_back_as_it_was(start_ms, rows):
    samples = [Sample(start_ms + offset, *three) for offset, three in rows]
    assert {sample.minute_ms for sample in samples} == {start_ms}
    assert unpack(start_ms, pack([sample.record() for sample in samples])) == samples


@given(st.binary(max_size=400))
@example(b"")
@example(b"\x01")
@example(b"\x02")
@example(b"\x02\xff\xff")
@example(b"\x01123")
def test_any_bytes_give_samples_or_a_value_error(data):
    try:
        samples = unpack(0, data)
    except ValueError:
        return
    assert len(samples) <= MAX_RECORDS
    assert all(0 <= sample.session_ms < 0x10000 for sample in samples)


@given(rows_of_a_minute, st.data())
def test_a_packed_minute_cut_short_is_an_error(rows, data):
    chunk = pack([Sample(offset, *three).record() for offset, three in rows])
    cut = chunk[: data.draw(st.integers(0, len(chunk) - 1))]
    if chunk[0] == 2 or len(cut) % 9 != 1:
        with pytest.raises(ValueError, match="sample"):
            split(cut)


def test_a_chunk_that_would_unpack_to_a_thousand_times_too_much_is_refused():
    with pytest.raises(ValueError, match="do not unpack"):
        split(pack([b"\0" * 9] * (MAX_RECORDS * 1000)))
    assert len(split(pack([b"\0" * 9] * MAX_RECORDS))) == MAX_RECORDS


@given(st.integers() | st.none(), st.integers() | st.none(), st.integers() | st.none())
def test_a_value_that_does_not_fit_is_refused_not_bent(measured, target, heart_rate):
    sample = Sample(0, measured, target, heart_rate)
    if all(value is None or 0 <= value <= 0xFFFF for value in (measured, target, heart_rate)):
        assert unpack(0, pack([sample.record()])) == [sample]
    else:
        with pytest.raises(ValueError, match="does not fit"):
            sample.record()


def test_a_time_beyond_all_sessions_is_refused():
    with pytest.raises(ValueError, match="no session time"):
        Sample(2**53 + 1, 1, 1, 1).record()


steps = st.lists(
    st.tuples(st.integers(-30_000, 90_000), values, st.sampled_from(["sample", "row", "flush", "both"])), max_size=60
)


@settings(max_examples=40)
@given(steps)
def test_any_mixture_of_rows_samples_and_commits_is_read_back_in_order(sequence):
    """Also with session time that jumps back and forth."""

    async def write(folder):
        journal = await SqliteJournal.open(folder)
        session_id = await journal.begin_session(program_version="0", simulated=True)
        now = 0
        for step, three, what in sequence:
            now += step
            if what in {"sample", "both"}:
                journal.sample(now / 1000, *three)
            if what in {"row", "both"}:
                journal.append(now / 1000, "event", {"now": now})
            if what == "flush":
                assert await journal.flush()
        journal.end_session(now / 1000, {"now": now})
        assert await journal.close()
        return read.session(journal.file, session_id)

    with tempfile.TemporaryDirectory() as name:
        record = asyncio.run(write(Path(name)))
    moments = list(itertools.accumulate(step for step, _, _ in sequence))
    told = list(zip(moments, (what for _, _, what in sequence), (three for _, three, _ in sequence), strict=True))
    assert record.samples == tuple(Sample(now, *three) for now, what, three in told if what in {"sample", "both"})
    rows = [now for now, what, _ in told if what in {"row", "both"}]
    assert [row.data["now"] for row in record.rows if row.kind == "event"] == rows
    assert [row.session_ms for row in record.rows if row.kind == "event"] == rows
    assert read.verify(record) == ()
