"""The energy estimate against vectors computed by hand from the published equations."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from retroctl.app.summary import Tally, energy_words
from retroctl.domain import energy as model
from retroctl.domain.energy import Gait, Reach, energy, in_words, two_digits
from retroctl.units import Speed

WHOLE = json.loads((Path(__file__).parents[1] / "vectors" / "energy.json").read_text(encoding="utf-8"))
VECTORS = WHOLE["vectors"]


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["id"] for vector in VECTORS])
def test_the_estimate_is_that_of_the_vector(vector):
    given, expected = vector["inputs"], vector["expected"]
    estimate = energy(
        given["speed_kmh"],
        given["mass_kg"],
        backward=given["direction"] == "backward",
        gait=Gait(given["gait"]),
        grade_pct=given["grade_percent"],
    )
    assert estimate.vo2 == pytest.approx(expected["vo2_ml_kg_min"], abs=0.001)
    assert estimate.mets == pytest.approx(expected["mets"], abs=0.001)
    assert estimate.kcal_per_min == pytest.approx(expected["kcal_min"], abs=0.001)
    assert estimate.reach == expected["range_flag"]
    if "kcal_min_low" in expected:
        assert estimate.kcal_per_min_low == pytest.approx(expected["kcal_min_low"], abs=0.001)
        assert estimate.kcal_per_min_high == pytest.approx(expected["kcal_min_high"], abs=0.001)
    else:
        assert estimate.kcal_per_min_low == estimate.kcal_per_min_high == estimate.kcal_per_min


@pytest.mark.parametrize(("speed_kmh", "gait"), [(5.86, Gait.WALK), (5.87, Gait.RUN)])
def test_people_change_from_walking_to_running_backward_at_5_87_km_h(speed_kmh, gait):
    assert energy(speed_kmh, 70.0) == energy(speed_kmh, 70.0, gait=gait)


@pytest.mark.parametrize(("speed_kmh", "mass_kg", "grade_pct"), [(-0.1, 70, 0), (5, 0, 0), (5, -1, 0), (5, 70, -0.1)])
def test_what_the_equations_do_not_cover_is_refused(speed_kmh, mass_kg, grade_pct):
    with pytest.raises(ValueError, match="energy"):
        energy(speed_kmh, mass_kg, grade_pct=grade_pct)


def test_the_constants_are_those_of_the_vectors():
    known = WHOLE["constants"]
    assert known["backward_multiplier"] == model.BACKWARD_FACTOR
    assert known["kcal_per_litre_o2"] == model.KCAL_PER_LITRE_O2
    assert known["rest_vo2"] == model.REST_VO2
    assert known["gait_switch_backward_kmh"] == model.BACKWARD_RUN_FROM_KMH
    assert [list(model.BANDS[gait]) for gait in (Gait.WALK, Gait.RUN)] == [known["band_walk"], known["band_run"]]


@pytest.mark.parametrize("vector", WHOLE["session_vectors"], ids=lambda vector: vector["id"])
def test_a_session_adds_up_to_its_vector(vector):
    given, expected = vector["inputs"], vector["expected"]
    backward, forward = Tally(given["mass_kg"]), Tally(given["mass_kg"])
    at = 0
    for rung in given["rungs"]:
        for second in range(at, at + rung["seconds"] + 1):  # a rung begins in the second in which the last one ends
            for tally, facing in ((backward, True), (forward, False)):
                tally.measured(Speed.from_kmh(rung["speed_kmh"]), float(second), backward=facing)
        at += rung["seconds"]
    assert backward.kcal == pytest.approx(expected["kcal_total"], abs=vector["tolerance"])
    assert forward.kcal == pytest.approx(expected["kcal_forward_same_session"], abs=vector["tolerance"])
    assert backward.distance_m == pytest.approx(expected["distance_m"], abs=vector["tolerance"])
    assert backward.kcal / forward.kcal == pytest.approx(1.30)
    assert backward.kcal_low == pytest.approx(0.90 * backward.kcal)
    assert backward.kcal_high == pytest.approx(1.26 * backward.kcal)
    assert backward.extrapolated_s == 360


@pytest.mark.parametrize("point", WHOLE["measured_checks"]["points"], ids=lambda point: point["id"])
def test_what_was_measured_lies_in_the_band(point):
    given = point["inputs"]
    estimate = energy(
        given["speed_m_min"] * 60 / 1000, 70.0, gait=Gait(given["gait"]), grade_pct=given["grade_percent"]
    )
    ratio = point["measured_vo2_ml_kg_min"] / estimate.vo2
    assert ratio == pytest.approx(point["measured_over_model"], abs=0.002)
    low, high = model.BANDS[Gait(given["gait"])]
    assert low <= ratio <= high


@pytest.mark.parametrize("refused", WHOLE["refusals"], ids=lambda refused: str(refused["inputs"]))
def test_what_the_vectors_refuse_is_refused(refused):
    given = {"speed_kmh": 5.0, "mass_kg": 70.0, "grade_pct": 0.0}
    names = {"grade_percent": "grade_pct"}
    given |= {names.get(key, key): value for key, value in refused["inputs"].items()}
    with pytest.raises(ValueError, match="energy"):
        energy(**given)


def test_a_quick_walk_counted_as_a_run_is_marked():
    assert energy(4.0, 70.0, gait=Gait.RUN).reach is Reach.EXTRAPOLATED
    assert energy(7.0, 70.0, gait=Gait.RUN).reach is Reach.JOG_ONLY


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0, "0"),
        (0.0123, "0.012"),
        (4.66, "4.7"),
        (9.96, "10"),
        (24.3, "24"),
        (123.4, "120"),
        (996, "1000"),
        (1349, "1300"),
    ],
)
def test_people_get_two_digits_at_most(value, shown):
    assert two_digits(value) == shown


def test_what_is_no_number_is_not_shown_as_one():
    for value in (float("nan"), float("inf")):
        with pytest.raises(ValueError, match="no number"):
            two_digits(value)


def test_energy_is_told_with_its_band_and_as_an_estimate():
    assert in_words(5.254, 4.728, 6.62) == "about 5.3 kcal (4.7 to 6.6), an estimate"
    assert in_words(123, 123, 123) == "about 120 kcal, an estimate"
    assert in_words(3, 2.7, 3.8, extrapolated=True).endswith(
        "an estimate, extrapolated at these low speeds; falls by up to a fifth with practice"
    )
    assert energy_words({"kcal": None}) == ""
    assert energy_words({"kcal": 121.7, "kcal_low": 110.0, "kcal_high": 153.0}) == (
        "about 120 kcal (110 to 150), an estimate"
    )


@pytest.mark.parametrize(
    "given", [(math.nan, 70.0, 0.0), (5.0, math.nan, 0.0), (5.0, math.inf, 0.0), (5.0, 70.0, math.nan)]
)
def test_what_is_no_number_has_no_estimate(given):
    speed_kmh, mass_kg, grade_pct = given
    with pytest.raises(ValueError, match="finite"):
        energy(speed_kmh, mass_kg, grade_pct=grade_pct)
