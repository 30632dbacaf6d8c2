"""The calendar of a programme: eighteen boxes, and more where sessions were missed."""

from __future__ import annotations

from dataclasses import replace

from retroctl.domain.method.calendar import MOST_WEEKS, Mark, calendar, counted
from retroctl.domain.method.days import Day
from retroctl.domain.method.practice import Kind, Practice, Shape
from retroctl.domain.method.programme import ProgrammeName
from retroctl.units import Speed

START = Day.parse("2026-01-05")
SIX = ProgrammeName.SIX_WEEK
ONE = Practice(START, Kind.LADDER, Shape(Speed(200), 120.0, 1, 0.0, 120.0))
DONE, CUT, MISSED, DUE, AHEAD = Mark.DONE, Mark.CUT_SHORT, Mark.MISSED, Mark.DUE, Mark.AHEAD


def on(*days: int) -> list[Practice]:
    return [replace(ONE, day=START.plus(day)) for day in days]


def marks(history: list[Practice], today: int, name: ProgrammeName = SIX) -> list[list[Mark]]:
    return [[box.mark for box in week.boxes] for week in calendar(name, START, history, START.plus(today))]


def test_it_begins_with_eighteen_boxes_of_which_one_is_due():
    weeks = marks([], 0)
    assert weeks == [[DUE, AHEAD, AHEAD], *[[AHEAD] * 3] * 5]
    assert marks([], -1) == [[AHEAD] * 3] * 6, "until its first day nothing is due"


def test_done_cut_short_missed_and_due_stand_in_their_weeks():
    history = [*on(-1, 0, 2), replace(on(4)[0], completed=False), *on(7)]
    weeks = calendar(SIX, START, history, START.plus(15))
    assert [[box.mark for box in week.boxes] for week in weeks] == [
        [DONE, DONE, CUT], [DONE, MISSED, MISSED], [DUE, AHEAD, AHEAD], *[[AHEAD] * 3] * 3,
    ]  # fmt: skip
    assert [week.first for week in weeks[:2]] == [START, START.plus(7)]
    assert weeks[0].boxes[2].session == history[3]
    assert counted(weeks) == {DONE: 3, CUT: 1, MISSED: 2, DUE: 1, AHEAD: 11}


def test_it_goes_on_until_the_sessions_are_done_and_ends_there():
    every = [7 * week + day for week in range(6) for day in (0, 2, 4)]
    assert marks(on(*every), 60) == [[DONE] * 3] * 6
    late = on(*(day for day in every if day < 35), 49)
    assert marks(late, 50)[5:] == [[MISSED] * 3, [MISSED] * 3, [DONE, DUE, AHEAD]]
    assert marks([*late, *on(51, 56)], 70)[7:] == [[DONE, DONE, MISSED], [DONE]]
    assert len(marks([], 9999)) == MOST_WEEKS


def test_more_than_three_in_a_week_are_all_there():
    assert marks(on(0, 1, 2, 3), 4)[0] == [DONE] * 4


def test_rehab_has_no_number_of_weeks():
    assert marks(on(0), 8, ProgrammeName.REHAB) == [[DONE, MISSED, MISSED], [DUE, AHEAD, AHEAD]]
