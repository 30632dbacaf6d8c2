"""The next session of a programme: from what was really done, one thing at a time, and why."""

from __future__ import annotations

from dataclasses import replace

import pytest

from retroctl.domain.events import BalanceEvent
from retroctl.domain.limits import Level
from retroctl.domain.method.days import Day
from retroctl.domain.method.facts import Clearance, Facts, Screening, ScreeningOutcome
from retroctl.domain.method.one_variable import Variable
from retroctl.domain.method.practice import Kind, Outing, Practice, Shape
from retroctl.domain.method.programme import PROGRAMMES, ProgrammeName
from retroctl.domain.method.proposal import NoSession, Proposal, next_session
from retroctl.errors import PlanError
from retroctl.units import Speed

START = Day.parse("2026-09-07")
CLEAR = Screening(ScreeningOutcome.CLEAR, START, START.plus(365))
FACTS = Facts(1986, level=Level.PRACTISED, balance_mastered=True, screening=CLEAR, consent=START, resting_bpm=60)
SIX = ProgrammeName.SIX_WEEK


def propose(facts: Facts, history: list[Practice], day: Day, name: ProgrammeName = SIX) -> Proposal:
    found = next_session(facts, history, name, START, day)
    assert isinstance(found, Proposal), found
    return found


def did(proposal: Proposal, day: Day, **fields) -> Practice:
    made = {"day": day, "kind": proposal.kind, "shape": proposal.shape, "peak": proposal.shape.peak, "rpe": 12}
    return Practice(**{**made, **fields})


def weeks(facts: Facts, count: int, name: ProgrammeName = SIX) -> list[tuple[Proposal, Practice]]:
    """Three sessions a week, all of them done as proposed."""
    history: list[tuple[Proposal, Practice]] = []
    for week in range(count):
        for weekday in (0, 2, 4):
            day = START.plus(7 * week + weekday)
            found = propose(facts, [done for _, done in history], day, name)
            history.append((found, did(found, day)))
    return history


def test_six_weeks_go_from_15_to_45_minutes_and_one_thing_rises_at_a_time():
    sessions = [proposal for proposal, _ in weeks(FACTS, 6)]
    minutes = [each.shape.main_s / 60 for each in sessions]
    assert minutes == [15, 15, 15, 21, 21, 21, 27, 27, 27, 33, 33, 33, 39, 39, 39, 45, 45, 45]
    rises = [each.variable for each in sessions]
    assert rises[:6] == [None, None, Variable.SPEED, Variable.COUNT, None, Variable.SPEED]
    assert [each.number for each in sessions] == list(range(1, 19))
    speeds = [each.shape.peak.kmh for each in sessions]
    assert speeds == sorted(speeds)
    assert speeds[0] == 2.0
    assert speeds[-1] == pytest.approx(4.4)


def test_after_its_last_session_a_programme_asks_for_an_assessment():
    history = [done for _, done in weeks(FACTS, 6)]
    found = next_session(FACTS, history, SIX, START, START.plus(42))
    assert isinstance(found, NoSession)
    assert "assess" in found.why[0]


def test_until_balance_is_mastered_there_are_ladders():
    novice = replace(FACTS, level=Level.NOVICE, balance_mastered=False)
    sessions = [proposal for proposal, _ in weeks(novice, 2)]
    assert {each.preset for each in sessions} == {"ladder"}
    assert sessions[0].shape == Shape(Speed(200), 120.0, 1, 0.0, 120.0)
    assert [each.variable for each in sessions] == [
        None, None, Variable.SPEED, Variable.LENGTH, None, Variable.SPEED,
    ]  # fmt: skip
    assert any("R13" in why for why in sessions[0].why)


def test_the_first_intervals_begin_where_the_ladders_have_come_to():
    ladder = Practice(START, Kind.LADDER, Shape(Speed(300), 120.0, 1, 0.0, 120.0), peak=Speed(300), rpe=12)
    assert propose(FACTS, [ladder], START.plus(2)).shape.peak == Speed(300)


def last_one(**fields) -> list[Practice]:
    shape = Shape(Speed(300), 180.0, 5, 0.0, 900.0)
    return [Practice(START, Kind.MAIN_SET, shape, **{"peak": Speed(300), "rpe": 12, **fields})]


@pytest.mark.parametrize(
    ("fields", "peak", "word"),
    [
        ({"events": (BalanceEvent.RAIL,)}, 300, "nothing rises (R15)"),
        ({"events": (BalanceEvent.STUMBLE, BalanceEvent.FALL)}, 220, "a step back (R15)"),
        ({"rpe": 15}, 260, "over 14"),
        ({"rpe": None}, 300, "no RPE"),
    ],
)
def test_a_bad_session_makes_the_next_one_no_harder(fields, peak, word):
    found = propose(FACTS, last_one(**fields), START.plus(2))
    assert found.shape.peak == Speed(peak)
    assert found.variable is None
    assert word in " ".join(found.why)


def test_a_session_that_was_cut_short_is_done_again():
    whole = last_one()
    cut = replace(whole[0], day=START.plus(2), completed=False)
    found = propose(FACTS, [*whole, cut], START.plus(4))
    assert found.shape == whole[0].shape
    assert "cut short" in " ".join(found.why)
    first = propose(FACTS, [cut], START.plus(4))
    assert first.shape.peak == Speed(200)


@pytest.mark.parametrize(
    ("days", "peak", "count"), [(7, 300, 5), (8, 300, 5), (14, 300, 5), (15, 220, 5), (28, 220, 5), (29, 200, 5)]
)
def test_days_without_a_session_cost_more_the_longer_they_last(days, peak, count):
    found = propose(FACTS, last_one(), START.plus(days))
    assert (found.shape.peak, found.shape.count) == (Speed(peak), count)
    assert found.variable is None


def test_three_sessions_in_seven_days_and_one_in_a_day_are_enough():
    done = last_one()[0]
    history = [done, replace(done, day=START.plus(2)), replace(done, day=START.plus(4))]
    for day, word in ((4, "today already"), (6, "the next from 2026-09-14")):
        found = next_session(FACTS, history, SIX, START, START.plus(day))
        assert isinstance(found, NoSession)
        assert word in found.why[0]
    assert isinstance(next_session(FACTS, history, SIX, START, START.plus(7)), Proposal)


def test_a_lower_cap_lowers_the_next_session():
    found = propose(
        replace(FACTS, level=Level.NEW),
        [replace(each, shape=replace(each.shape, peak=Speed(500))) for each in last_one()],
        START.plus(2),
    )
    assert found.shape.peak == Speed(320)
    assert "the cap is 3.20 km/h now" in found.why


def test_intervals_of_different_lengths_are_made_even_and_no_longer():
    mixed = [replace(last_one()[0], shape=Shape(Speed(300), 180.0, 5, 0.0, 600.0), rpe=None)]
    assert propose(FACTS, mixed, START.plus(2)).shape == Shape(Speed(300), 120.0, 5, 0.0, 600.0)
    empty = [replace(last_one()[0], shape=Shape(Speed(300), 180.0, 0), rpe=None)]
    assert propose(FACTS, empty, START.plus(2)).shape.main_s == 0.0


def test_who_may_not_run_today_gets_no_proposal():
    found = next_session(replace(FACTS, consent=None), [], SIX, START, START)
    assert isinstance(found, NoSession)
    assert "R30" in found.why[0]


def test_economy_is_for_mastered_balance_and_has_5_and_5_weeks():
    with pytest.raises(PlanError, match="R13"):
        next_session(replace(FACTS, balance_mastered=False), [], ProgrammeName.ECONOMY, START, START)
    trained = replace(FACTS, level=Level.TRAINED)
    sessions = [proposal for proposal, _ in weeks(trained, 10, ProgrammeName.ECONOMY)]
    assert len(sessions) == PROGRAMMES[ProgrammeName.ECONOMY].sessions == 30
    assert max(each.shape.peak for each in sessions[:15]) <= Speed(800)
    assert sessions[0].shape.peak == Speed(320)
    assert sessions[-1].shape.peak <= Speed(970)
    assert max(each.shape.interval_s for each in sessions) == 1200


def test_rehab_begins_low_ends_with_its_clearance_and_has_no_number_of_sessions():
    clearance = Clearance("Dr Lee", START, START.plus(20))
    rehab = replace(FACTS, level=Level.REHAB, balance_mastered=False, clearance=clearance)
    fast = Practice(START.plus(-9), Kind.LADDER, Shape(Speed(480), 120.0, 1, 0.0, 120.0), peak=Speed(480), rpe=12)
    first = propose(rehab, [fast], START, ProgrammeName.REHAB)
    assert first.shape == Shape(Speed(100), 300.0, 1, 0.0, 300.0)
    assert PROGRAMMES[ProgrammeName.REHAB].sessions is None
    after = next_session(rehab, [did(first, START)], ProgrammeName.REHAB, START, START.plus(21))
    assert isinstance(after, NoSession)
    assert "the clearance ended" in after.why[0]


def test_another_programme_goes_on_from_what_was_done_with_one_rise():
    """Fifteen intervals of 3 minutes become one of 10: longer, and nothing else."""
    trained = replace(FACTS, level=Level.TRAINED)
    intervals = Practice(START.plus(-2), Kind.MAIN_SET, Shape(Speed(900), 180.0, 15, 0.0, 2700.0), rpe=12)
    found = propose(trained, [intervals], START, ProgrammeName.ECONOMY)
    assert found.shape == Shape(Speed(800), 600.0, 1, 0.0, 600.0)
    assert found.variable is Variable.LENGTH
    short = replace(intervals, shape=Shape(Speed(400), 120.0, 1, 0.0, 120.0))
    assert propose(trained, [short], START, ProgrammeName.ECONOMY).shape.interval_s == 240.0


def test_rehab_begins_at_its_beginning_whatever_was_done_before_it():
    clearance = Clearance("Dr Lee", START, START.plus(20))
    rehab = replace(FACTS, level=Level.REHAB, clearance=clearance)
    intervals = Practice(START.plus(-2), Kind.MAIN_SET, Shape(Speed(400), 180.0, 15, 0.0, 2700.0), rpe=12)
    found = propose(rehab, [intervals], START, ProgrammeName.REHAB)
    assert found.shape == Shape(Speed(100), 180.0, 1, 0.0, 180.0)
    assert found.variable is None


def test_rehab_is_for_level_rehab():
    with pytest.raises(PlanError, match="R20"):
        next_session(FACTS, [], ProgrammeName.REHAB, START, START)


def test_time_rises_in_the_first_session_of_a_week_only():
    history = [done for _, done in weeks(FACTS, 1)]
    late = START.plus(7)
    short = replace(history[-1], rpe=None)
    same = propose(FACTS, [*history[:-1], short], late)
    assert same.shape.count == 5
    second = propose(FACTS, [*history[:-1], short, did(same, late)], late.plus(2))
    assert (second.number, second.shape.count, second.variable) == (5, 5, None)


# -- R25: outdoors

LAST = Practice(START, Kind.LADDER, Shape(Speed(280), 120.0, 1, 0.0, 120.0), peak=Speed(280), rpe=12)


def outdoors(day: Day, *outings: Outing) -> Proposal | NoSession:
    return next_session(FACTS, [LAST], SIX, START, day, outdoors=outings)


def test_a_session_outdoors_is_that_days_session_and_one_of_the_three_of_a_week():
    today = outdoors(START.plus(2), Outing(START.plus(2)))
    assert isinstance(today, NoSession)
    assert "today already" in today.why[0]
    third = outdoors(START.plus(4), Outing(START.plus(3)), Outing(START.plus(1)))
    assert isinstance(third, NoSession)
    assert f"the next from {START.plus(7)}" in third.why[0]


def test_a_calm_session_outdoors_is_none_of_the_programmes_and_changes_nothing():
    day = START.plus(3)
    assert outdoors(day, Outing(START.plus(1), rpe=11, minutes=20)) == outdoors(day)


@pytest.mark.parametrize(
    ("outing", "words", "slower"),
    [
        (Outing(START.plus(1), (BalanceEvent.FALL,)), "fell outdoors on 2026-09-08: a step back (R15)", 80),
        (Outing(START.plus(1), (BalanceEvent.STUMBLE,)), "a balance event outdoors on 2026-09-08: nothing rises", 0),
        (Outing(START.plus(1), rpe=19), "an RPE of 19 outdoors on 2026-09-08, over", 40),
    ],
)
def test_what_went_wrong_outdoors_holds_the_next_session_back(outing, words, slower):
    day = START.plus(3)
    calm, found = outdoors(day), outdoors(day, outing)
    assert isinstance(calm, Proposal)
    assert isinstance(found, Proposal)
    assert any(words in why for why in found.why)
    assert found.shape.peak.hundredths == calm.shape.peak.hundredths - slower
    assert found.variable is None


def test_what_went_wrong_outdoors_before_the_last_session_on_a_belt_is_over():
    fell = Outing(START.plus(-1), (BalanceEvent.FALL,))
    assert outdoors(START.plus(3), fell) == outdoors(START.plus(3))


def test_a_session_that_ran_past_midnight_is_both_days_session():
    done = replace(LAST, until=START.plus(1))
    assert (LAST.last_day, done.last_day, replace(LAST, until=START.plus(-1)).last_day) == (START, START.plus(1), START)
    found = next_session(FACTS, [done], SIX, START, START.plus(1))
    assert isinstance(found, NoSession)
    assert "today already" in found.why[0]
    assert isinstance(next_session(FACTS, [done], SIX, START, START.plus(2)), Proposal)


def test_a_session_dated_to_come_is_no_session_of_today():
    found = next_session(FACTS, [replace(LAST, day=START.plus(9))], SIX, START, START.plus(7))
    assert isinstance(found, NoSession)
    assert found.why[0].startswith(f"the last session is dated {START.plus(9)}, which is still to come")
