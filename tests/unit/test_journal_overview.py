"""Sessions in figures, from the record: what the end row says, and what an interrupted session's rows say."""

from __future__ import annotations

import json
import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_record import Made, RecordMaker

from retroctl.adapters.journal import read
from retroctl.adapters.journal.overview import figures_of, figures_of_rows, local_day, overview, plan_of
from retroctl.domain.events import BalanceEvent
from retroctl.domain.method.days import Day
from retroctl.domain.method.figures import Figures, Hold, Rating, Who
from retroctl.domain.method.practice import Kind
from retroctl.units import Speed

START_MS = 1_789_994_400_000


@pytest.fixture
def maker(tmp_path):
    made = RecordMaker(tmp_path)
    yield made
    made.close()


def made(number: int = 1, **more) -> Made:
    return Made(f"{number:016x}", START_MS + number * 86_400_000, **more)


def test_made_records_are_as_the_program_would_write_them(maker):
    maker.write(made(1), made(2, ended=False), made(3, reason="key", heart=False))

    for line in read.sessions(maker.file):
        record = read.session(maker.file, line.id)
        assert read.verify(record) == ()
        assert len(record.samples) > 300


def test_the_list_holds_every_session_the_latest_first_and_of_one_client_when_asked(maker):
    maker.write(made(1, client_id="a" * 16), made(2), made(3, client_id="a" * 16, simulated=True))

    assert [line.id[-1] for line in overview(maker.file)] == ["3", "2", "1"]
    assert [line.id[-1] for line in overview(maker.file, client_id="a" * 16)] == ["3", "1"]
    assert [line.id[-1] for line in overview(maker.file, limit=1)] == ["3"]
    assert overview(maker.file)[0].simulated
    assert overview(maker.file.with_name("none.sqlite3")) == []


def test_a_session_is_found_by_the_beginning_of_its_id(maker):
    maker.write(made(0x1F), made(0x20))

    assert [line.id for line in overview(maker.file, id_begins="0" * 14 + "1")] == [f"{0x1F:016x}"]
    assert len(overview(maker.file, id_begins="0000")) == 2
    assert overview(maker.file, id_begins="f") == []


def test_an_ended_session_in_figures(maker):
    maker.write(made(targets=(1.0, 1.8, 2.6), rated={1: 12, 2: 13}, events={0: "rail", 2: "stepped off"}))

    (line,) = overview(maker.file)
    figures = line.figures

    assert not line.interrupted
    assert (figures.name, figures.kind, figures.peak) == ("ladder", Kind.LADDER, Speed(260))
    assert (figures.completed, figures.at_rest) == (True, True)
    assert figures.holds[0] == Hold(Speed(100), 126.0, "both")
    assert figures.ratings == (Rating(12, Speed(180)), Rating(13, Speed(260)))
    assert [(each.event, each.at) for each in figures.events] == [
        (BalanceEvent.RAIL, Speed(100)),
        (BalanceEvent.STEPPED_OFF, Speed(260)),
    ]
    assert figures.backward_s == figures.moving_s
    assert figures.ending.who is Who.PLAN
    assert figures.spent is not None
    assert figures.spent.low < figures.spent.kcal < figures.spent.high


def test_an_interrupted_session_tells_what_its_rows_tell_and_no_more(maker):
    maker.write(made(ended=False, rated={1: 12}, events={0: "stumble"}))

    (line,) = overview(maker.file)
    figures = line.figures

    assert line.interrupted
    assert (figures.peak, figures.completed, figures.at_rest) == (Speed(260), False, None)
    assert (figures.backward_s, figures.moving_s, figures.spent) == (None, None, None)
    assert [rating.rating for rating in figures.ratings] == [12]
    assert [(each.event, each.t) for each in figures.events] == [(BalanceEvent.STUMBLE, 140.0)]
    assert figures.ending.who is Who.UNKNOWN


def test_what_was_said_afterwards_stands_for_exertion_that_was_not_noted(maker):
    maker.write(made(1), made(2, rated={0: 11}))
    with sqlite3.connect(maker.file) as connection:
        for number in (1, 2):
            connection.execute("INSERT INTO answers_after VALUES (?, 'rpe', 15, 0)", (f"{number:016x}",))
    connection.close()

    assert [line.figures.rpe for line in overview(maker.file)] == [11, 15]


def test_a_record_from_before_backward_time_was_counted(maker):
    plan = plan_of(json.dumps({"name": "ladder", "stages": made().stages}))

    assert figures_of(plan, {"duration_s": 300.0}).backward_s == 300.0
    mixed = {**made().stages[0], "facing": "forward"}
    forward = plan_of(json.dumps({"name": "x", "stages": [*made().stages, mixed]}))
    assert figures_of(forward, {"duration_s": 300.0}).backward_s is None
    assert figures_of(plan, {"duration_s": 300.0, "backward_s": 20.0}).backward_s == 20.0


@pytest.mark.parametrize("text", ["", "[]", "{", '{"stages": 3}', '{"stages": [{"kind": "x"}]}', '{"name": {"a": 1}}'])
def test_a_plan_that_cannot_be_read_gives_figures_all_the_same(text):
    plan = plan_of(text)

    assert plan.stages == ()
    assert figures_of(plan, {"held": [{"target_kmh": 1.0, "seconds": 70.0}]}).holds == (Hold(Speed(100), 70.0),)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
entry = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys(("target_kmh", "seconds", "hands", "rating", "event", "t"), anything),
)
outcomes = st.fixed_dictionaries(
    {},
    optional={
        **{
            key: st.lists(entry | anything, max_size=4) | anything for key in ("held", "hands", "rpe", "balance_events")
        },
        **dict.fromkeys(("duration_s", "backward_s", "kcal", "kcal_low", "belt_at_rest", "reason"), anything),
    },
)
PLAN = plan_of(json.dumps({"name": "ladder", "stages": made().stages}))


@given(outcomes | anything)
def test_no_end_row_however_damaged_breaks_the_list(outcome):
    figures = figures_of(PLAN, outcome)

    assert isinstance(figures, Figures)
    assert all(hold.seconds >= 0 for hold in figures.holds)
    assert figures.backward_s is None or figures.backward_s >= 0


@given(
    st.lists(
        st.tuples(st.none() | st.integers(0, 10**9), st.sampled_from(["held", "note"]), st.text() | entry.map(str))
    )
)
def test_no_row_of_an_interrupted_session_breaks_the_list(rows):
    assert figures_of_rows(PLAN, rows).ending.who is Who.UNKNOWN


def test_the_day_is_this_computers_and_a_clock_beyond_all_years_has_one_too(maker):
    maker.write(made(1))

    (line,) = overview(maker.file)

    assert local_day(line.started_utc) == Day(line.started_utc.astimezone().toordinal())
    assert local_day(read.utc(10**18)) == Day.of(9999, 12, 31)
    assert local_day(read.utc(-(10**18))) == Day(1)
