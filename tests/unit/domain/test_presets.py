"""Sessions with a main set: how they are built, and what is refused by which rule."""

from __future__ import annotations

import pytest

from retroctl.domain.limits import BeltRange, Client, Level, caps_for
from retroctl.domain.method.practice import Kind, Shape, kind_of, shape_of
from retroctl.domain.plan import StageKind
from retroctl.domain.presets import main_set_plan
from retroctl.errors import PlanError
from retroctl.units import Speed

BELT = BeltRange(Speed(100), Speed(1600), Speed(10))
CAPS = caps_for(Client(Level.PRACTISED, comfortable_forward=Speed(1000), balance_mastered=True), BELT, qualified=True)


def test_intervals_are_a_warm_up_and_work_with_a_step_down_between():
    plan = main_set_plan("intervals", BELT, CAPS, top=Speed(300), interval_s=180, count=3)
    assert [(stage.target.kmh, stage.hold_s, stage.kind.value) for stage in plan.stages] == [
        (1.0, 60, "ladder"), (1.8, 60, "ladder"), (2.6, 60, "ladder"), (3.0, 180, "work"), (2.2, 60, "recovery"),
        (3.0, 180, "work"), (2.2, 60, "recovery"), (3.0, 180, "work"),
    ]  # fmt: skip
    assert shape_of(plan.stages) == Shape(Speed(300), 180, 3, 0.0, 540)
    assert kind_of(plan.stages) is Kind.MAIN_SET
    assert plan.remarks == ()


def test_without_a_top_it_goes_to_the_cap_and_says_where_the_grid_ends_it():
    plan = main_set_plan("steady", BeltRange(Speed(100), Speed(1600), Speed(50)), CAPS)
    assert plan.top == Speed(600)
    assert plan.remarks == ("the peak of 6.40 km/h is not on the machine's grid; it becomes 6.00 km/h",)


def test_rehab_is_rungs_all_the_way_and_yet_a_main_set():
    plan = main_set_plan("rehab", BELT, CAPS, top=Speed(100), interval_s=300, work=StageKind.LADDER)
    assert [(stage.target.kmh, stage.hold_s) for stage in plan.stages] == [(1.0, 300)]
    assert kind_of(plan.stages) is Kind.MAIN_SET


SLOW = BeltRange(Speed(700), Speed(1600), Speed(10))


@pytest.mark.parametrize(
    ("belt", "keys", "words"),
    [
        (BELT, {"top": Speed(90)}, "below the machine's lowest speed of 1.00 km/h (R6)"),
        (BELT, {"top": Speed(650)}, "over the cap of 6.40 km/h (level practised)"),
        (BELT, {"count": 0}, "0 intervals cannot be"),
        (BELT, {"count": 251}, "251 intervals cannot be"),
        (BELT, {"top": Speed(100), "count": 2}, "intervals need a speed above the machine's lowest"),
        (BELT, {"interval_s": 59.0}, "stage 8: a hold of 59 s is under the 60 s"),
        (BELT, {"recovery_s": float("nan"), "count": 2}, "a hold lasts at most 3600 seconds, not nan"),
        (SLOW, {}, "the cap of 6.40 km/h (level practised) is below the machine's lowest speed"),
    ],
)
def test_what_cannot_be_is_refused_with_its_reason(belt, keys, words):
    with pytest.raises(PlanError) as refused:
        main_set_plan("steady", belt, CAPS, **keys)
    assert words in str(refused.value)
