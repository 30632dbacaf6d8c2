"""Days, what is noted of a client, who may run today, and how hard."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retroctl.domain.limits import LEVEL_CAPS, BeltRange, Level, caps_for
from retroctl.domain.method.days import LAST_ORDINAL, Day
from retroctl.domain.method.facts import Clearance, Facts, Screening, ScreeningOutcome
from retroctl.domain.method.heart import at_share, highest_rate, intensity
from retroctl.domain.method.today import not_today
from retroctl.errors import ClientError
from retroctl.units import Speed

TODAY = Day.parse("2026-11-24")
YESTERDAY, TOMORROW = TODAY.plus(-1), TODAY.plus(1)
BELT = BeltRange(Speed(100), Speed(2000), Speed(10))
CLEAR = Screening(ScreeningOutcome.CLEAR, TODAY, TODAY.plus(365))
CLEARANCE = Clearance("Dr Lee", TODAY, TOMORROW)
FIT = Facts(1986, screening=CLEAR, consent=TODAY, resting_bpm=60)
VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "energy.json").read_text(encoding="utf-8"))


def rules(facts: Facts) -> list[str]:
    return [reason.rule for reason in not_today(facts, TODAY)]


def texts(facts: Facts) -> str:
    return "; ".join(str(reason) for reason in not_today(facts, TODAY))


# -- days


@given(st.integers(1, LAST_ORDINAL))
def test_days_are_those_of_pythons_calendar(ordinal):
    day, date = Day(ordinal), dt.date.fromordinal(ordinal)
    assert str(day) == date.isoformat()
    assert Day.parse(date.isoformat()) == day
    assert day.year == date.year


@pytest.mark.parametrize(
    "text", ["2026-02-29", "2026-13-01", "2026-00-10", "0000-01-01", "2026-4-1", "24.11.2026", "", "\uff12026-11-24"]
)
def test_what_is_no_day_is_refused_by_name(text):
    with pytest.raises(ClientError, match="2026-11-24"):
        Day.parse(text)


def test_days_count_and_end_with_the_calendar():
    assert Day.parse("2024-02-29").plus(1) == Day.parse("2024-03-01")
    assert TOMORROW.days_since(YESTERDAY) == 2
    for ordinal in (0, LAST_ORDINAL + 1):
        with pytest.raises(ValueError, match="no day"):
            Day(ordinal)


# -- facts


@pytest.mark.parametrize(
    "wrong",
    [
        {"mass_kg": 0}, {"mass_kg": 700}, {"mass_kg": float("nan")}, {"mass_kg": float("inf")}, {"mass_kg": -70},
        {"resting_bpm": 24}, {"resting_bpm": 121}, {"max_bpm": 231}, {"max_bpm": 80, "resting_bpm": 61},
        {"comfortable_forward": Speed(49)}, {"comfortable_forward": Speed(2501)},
    ],
)  # fmt: skip
def test_what_cannot_be_noted_of_a_client_is_refused(wrong):
    with pytest.raises(ClientError):
        Facts(1986, **wrong)


@pytest.mark.parametrize("year", [2090, 2027, 2014, 1915])
def test_a_birth_year_that_cannot_be_is_refused(year):
    with pytest.raises(ClientError, match="birth year"):
        Facts(year).check(TODAY)


@pytest.mark.parametrize("year", [1916, 2013])
def test_the_oldest_and_the_youngest_are_taken(year):
    Facts(year).check(TODAY)


@pytest.mark.parametrize(
    "later",
    [
        {"mass_kg": 70.0, "mass_day": TOMORROW}, {"consent": TOMORROW}, {"incline_confirmed": TOMORROW},
        {"screening": Screening(ScreeningOutcome.CLEAR, TOMORROW, TOMORROW)},
        {"clearance": Clearance("Dr Lee", TOMORROW, TOMORROW)},
    ],
)  # fmt: skip
def test_nothing_is_dated_in_the_days_to_come(later):
    with pytest.raises(ClientError, match="still to come"):
        Facts(1986, **later).check(TODAY)


def test_a_screening_holds_for_twelve_months_at_most():
    assert Screening(ScreeningOutcome.CLEAR, TODAY, TODAY.plus(365)).expires == Day.parse("2027-11-24")
    for expires in (TODAY.plus(366), YESTERDAY):
        with pytest.raises(ClientError, match="screening"):
            Screening(ScreeningOutcome.CLEAR, TODAY, expires)


@pytest.mark.parametrize(
    "wrong",
    [
        {"by": " "}, {"ends": YESTERDAY}, {"max_speed": Speed(0)}, {"low_bpm": 20}, {"high_bpm": 500},
        {"low_bpm": 130, "high_bpm": 130}, {"rpe_max": 5}, {"rpe_max": 21},
    ],
)  # fmt: skip
def test_a_clearance_that_cannot_be_is_refused(wrong):
    with pytest.raises(ClientError):
        Clearance(**{"by": "Dr Lee", "day": TODAY, "ends": TOMORROW, **wrong})


# -- caps


@pytest.mark.parametrize(
    ("facts", "why"),
    [(Facts(1961), "65 or more"), (Facts(1900), "65 or more"), (Facts(1990, fall_history=True), "falls")],
)
@pytest.mark.parametrize("level", list(Level))
def test_age_65_or_falls_mean_the_cap_of_rehab_at_every_level(facts, why, level):
    client = replace(facts, level=level, balance_mastered=True).limits(TODAY)
    caps = caps_for(client, BELT, qualified=True)
    assert caps.backward == LEVEL_CAPS[Level.REHAB]
    assert caps.forward == LEVEL_CAPS[Level.REHAB]
    assert why in caps.backward_reason or level is Level.REHAB
    assert not client.hands_free


def test_a_client_of_64_keeps_the_cap_of_the_level():
    client = Facts(1962, level=Level.NOVICE, comfortable_forward=Speed(700)).limits(TODAY)
    caps = caps_for(client, BELT, qualified=True)
    assert (caps.backward, caps.forward) == (Speed(480), Speed(700))


def test_the_clinicians_speed_is_a_limit():
    cleared = replace(FIT, level=Level.NOVICE, clearance=Clearance("Dr Lee", TODAY, TOMORROW, max_speed=Speed(150)))
    caps = caps_for(cleared.limits(TODAY), BELT, qualified=True)
    assert (caps.backward, caps.backward_reason) == (Speed(150), "the clinician's limit")


# -- who may run today


def test_a_client_with_consent_and_a_clear_screening_may_run():
    assert not_today(FIT, TODAY) == ()


def test_the_last_valid_day_counts_and_the_next_does_not():
    for field, last in (
        ("screening", Screening(ScreeningOutcome.CLEAR, YESTERDAY, TODAY)),
        ("clearance", Clearance("Dr Lee", YESTERDAY, TODAY)),
    ):
        facts = replace(FIT, **{field: last})
        assert not_today(facts, TODAY) == ()
        assert [reason.rule for reason in not_today(facts, TOMORROW)] == ["R20"]


@pytest.mark.parametrize(
    "facts",
    [
        replace(FIT, screening=Screening(ScreeningOutcome.CLEAR, TODAY.plus(1), TODAY.plus(30))),
        replace(FIT, consent=TODAY.plus(1)),
        replace(FIT, clearance=Clearance("Dr B", TODAY.plus(1), TODAY.plus(30))),
        replace(FIT, birth_year=TODAY.year - 5),
    ],
)
def test_nobody_runs_on_what_a_clock_set_back_makes_impossible(facts):
    assert rules(facts) == ["R20"]
    assert "to come" in texts(facts) or "birth year" in texts(facts)


def test_a_clinicians_floor_over_the_ceiling_is_no_band_to_train_in():
    clearance = Clearance("Dr B", TODAY, TODAY.plus(30), low_bpm=150)
    facts = replace(FIT, level=Level.REHAB, clearance=clearance)
    assert rules(facts) == ["R20"]
    assert "from 150 to 130 beats a minute is none" in texts(facts)


def test_each_thing_that_is_missing_is_named_with_its_rule():
    assert rules(Facts(1986)) == ["R30", "R20"]
    assert "no consent" in texts(replace(FIT, consent=None))
    assert "no screening" in texts(replace(FIT, screening=None))
    expired = Screening(ScreeningOutcome.CLEAR, TODAY.plus(-400), TODAY.plus(-35))
    assert "the screening expired on 2026-10-20 (R20)" in texts(replace(FIT, screening=expired))
    ended = Clearance("Dr Lee", TODAY.plus(-9), YESTERDAY)
    assert texts(replace(FIT, clearance=ended)) == "the clearance ended on 2026-11-23 (R20)"


@pytest.mark.parametrize(
    "facts",
    [
        replace(FIT, level=Level.REHAB), replace(FIT, birth_year=1961), replace(FIT, fall_history=True),
        replace(FIT, screening=Screening(ScreeningOutcome.REFERRED, TODAY, TOMORROW)),
        replace(FIT, screening=Screening(ScreeningOutcome.BALANCE, TODAY, TOMORROW)),
    ],
)  # fmt: skip
def test_rehab_age_falls_and_a_doubtful_screening_need_a_clearance(facts):
    assert "needs a clinician's clearance" in texts(facts)
    assert not_today(replace(facts, clearance=CLEARANCE), TODAY) == ()


def test_rehab_without_a_band_of_heart_rates_does_not_run():
    facts = replace(FIT, level=Level.REHAB, clearance=CLEARANCE, resting_bpm=None)
    assert "band" in texts(facts)
    banded = replace(facts, clearance=replace(CLEARANCE, low_bpm=90, high_bpm=110))
    assert not_today(banded, TODAY) == ()


# -- how hard


@pytest.mark.parametrize("vector", VECTORS["heart_rate_vectors"], ids=lambda vector: vector["id"])
def test_heart_rates_are_those_of_the_vectors(vector):
    known, expected = vector["inputs"], vector["expected"]
    highest = highest_rate(known["age"], beta_blocker=known["beta_blocker"])
    assert highest == pytest.approx(expected["hr_max"], abs=0.005)
    for share, bpm in ((known["low_fraction"], "low_bpm"), (known["high_fraction"], "high_bpm")):
        assert at_share(known["resting_bpm"], highest, share) == pytest.approx(expected[bpm], abs=0.005)


def test_a_measured_highest_rate_wins():
    assert highest_rate(40, beta_blocker=True, measured=171) == 171


@pytest.mark.parametrize(
    ("level", "high", "rpe"),
    [
        (Level.NEW, 130, 13), (Level.NOVICE, 130, 13), (Level.PRACTISED, 150, 14), (Level.RUNNER, 166, 16),
        (Level.TRAINED, 166, 16),
    ],
)  # fmt: skip
def test_each_level_has_its_ceiling(level, high, rpe):
    limits = intensity(replace(FIT, level=level), TODAY)
    assert (limits.low_bpm, limits.high_bpm, limits.near_max_bpm, limits.rpe_max) == (None, high, 168, rpe)
    assert not limits.rpe_leads


def test_rehab_has_a_band_and_the_clinicians_replaces_it():
    rehab = replace(FIT, level=Level.REHAB, clearance=CLEARANCE)
    limits = intensity(rehab, TODAY)
    assert (limits.low_bpm, limits.high_bpm, limits.rpe_max) == (108, 130, 12)
    own = replace(rehab, clearance=replace(CLEARANCE, low_bpm=95, high_bpm=140, rpe_max=13))
    limits = intensity(own, TODAY)
    assert (limits.low_bpm, limits.high_bpm, limits.rpe_max) == (95, 140, 13)
    assert limits.why == "the clinician's limit"


def test_elsewhere_the_clinician_may_only_lower():
    higher = replace(FIT, clearance=replace(CLEARANCE, low_bpm=100, high_bpm=200, rpe_max=18))
    assert intensity(higher, TODAY).high_bpm == 130
    assert intensity(higher, TODAY).rpe_max == 13
    assert intensity(higher, TODAY).low_bpm is None
    lower = replace(FIT, clearance=replace(CLEARANCE, high_bpm=115, rpe_max=11))
    assert (intensity(lower, TODAY).high_bpm, intensity(lower, TODAY).rpe_max) == (115, 11)
    unknown = replace(lower, resting_bpm=None)
    assert intensity(unknown, TODAY).high_bpm == 115


def test_no_limit_is_over_90_per_cent_of_the_reserve():
    wild = replace(FIT, level=Level.REHAB, clearance=replace(CLEARANCE, high_bpm=200))
    assert intensity(wild, TODAY).high_bpm == 168


def test_where_the_formula_says_nothing_rpe_leads():
    for facts in (replace(FIT, resting_bpm=None), Facts(1930, resting_bpm=115, beta_blocker=True)):
        limits = intensity(facts, TODAY)
        assert limits.high_bpm is None
        assert limits.rpe_leads
    assert intensity(replace(FIT, beta_blocker=True), TODAY).rpe_leads
    assert intensity(replace(FIT, birth_year=1961), TODAY).rpe_max == 12
