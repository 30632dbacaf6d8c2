"""The energy estimate against vectors computed by hand from the published equations."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from retroctl.domain.energy import Gait, energy

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "energy.json").read_text(encoding="utf-8"))["vectors"]


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
