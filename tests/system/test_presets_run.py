"""Every preset is run whole on the simulated treadmill, in virtual time; facing changes are led."""

from __future__ import annotations

from dataclasses import replace

import pytest
from cli_inside import Inside

from retroctl.adapters.clients import ClientStore, Profile
from retroctl.adapters.journal.history import history
from retroctl.cli.person import today
from retroctl.domain.limits import Level
from retroctl.domain.method.facts import Clearance, Facts, Screening, ScreeningOutcome
from retroctl.domain.method.practice import Kind
from retroctl.errors import PlanError
from retroctl.units import Speed

DAY = today()
FIT = Facts(
    1986, level=Level.PRACTISED, balance_mastered=True, comfortable_forward=Speed(800), resting_bpm=60, consent=DAY,
    screening=Screening(ScreeningOutcome.CLEAR, DAY, DAY.plus(90)),
)  # fmt: skip
REHAB = replace(FIT, level=Level.REHAB, balance_mastered=False, clearance=Clearance("Dr Lee", DAY, DAY.plus(30)))


@pytest.fixture
def inside(monkeypatch, capfd, tmp_path) -> Inside:
    return Inside(monkeypatch, capfd, tmp_path)


def keep(inside: Inside, facts: Facts) -> str:
    return ClientStore(inside.folder).add("Ann", lambda client_id: Profile(client_id, "Ann", facts), by="Kim").id


@pytest.mark.virtual
@pytest.mark.parametrize(
    ("plan", "facts", "kind"),
    [
        ("intervals:count=2,interval_s=60,top=2.6km/h", FIT, Kind.MAIN_SET),
        ("steady:interval_s=120,top=2km/h", FIT, Kind.MAIN_SET),
        ("economy:interval_s=120,top=2km/h", FIT, Kind.MAIN_SET),
        ("rehab:interval_s=180,top=1.4km/h", REHAB, Kind.MAIN_SET),
    ],
)
async def test_a_preset_runs_to_its_end_and_is_practice(inside, plan, facts, kind):
    client_id = keep(inside, facts)
    assert await inside.run(client="Ann", plan=plan, top=None, hold=None) == 0, inside.error
    assert inside.record.plan["name"] == plan.split(":", maxsplit=1)[0]
    [done] = history(inside.folder / "records.sqlite3", client_id, with_simulated=True)
    assert (done.kind, done.completed, done.shape.peak) == (kind, True, done.peak)


@pytest.mark.virtual
async def test_a_balance_introduction_leads_each_turn_at_rest_to_the_end(inside):
    client_id = keep(inside, replace(FIT, balance_mastered=False, level=Level.NEW))
    asked: list[float] = []

    def hook(report):
        if report.kind == "cue" and report.data["text"] == "Stand still. Turn. Confirm.":
            asked.append(inside.true_speed)

    inside.hook = hook
    plan = "balance-introduction:total_s=600,forward=3km/h,count=2"
    assert await inside.run(client="Ann", plan=plan, top=None, hold=None) == 0
    assert asked == [0.0] * 4
    [done] = history(inside.folder / "records.sqlite3", client_id, with_simulated=True)
    assert (done.kind, done.completed, done.shape.count) == (Kind.INTRODUCTION, True, 2)


@pytest.mark.virtual
async def test_another_name_is_no_way_round_the_rule_between_sessions(inside, tmp_path):
    keep(inside, FIT)
    text = 'preset = "steady"\nname = "{}"\ntop = "{}"\ninterval_s = {}\n'
    first, second = tmp_path / "first.toml", tmp_path / "second.toml"
    first.write_text(text.format("monday", "2.0", 120))
    second.write_text(text.format("something else", "2.4", 180))
    assert await inside.run(client="Ann", plan=str(first), top=None, hold=None) == 0
    await inside.run(client="Ann", plan=str(second), top=None, hold=None)
    assert isinstance(inside.error, PlanError)
    assert "peak backward speed (from 2.00 km/h to 2.40 km/h) and interval length" in str(inside.error)
    assert inside.machines[-1].log == []
    second.write_text(text.format("something else", "2.0", 180))
    inside.error = None
    assert await inside.run(client="Ann", plan=str(second), top=None, hold=None) == 0
    remarks = inside.record.plan["remarks"]
    assert any("last completed main set (monday)" in each and "the interval length rises" in each for each in remarks)


@pytest.mark.virtual
async def test_rehab_without_a_clearance_never_touches_a_machine(inside):
    keep(inside, FIT)
    await inside.run(client="Ann", plan="rehab", top=None, hold=None)
    assert "(R20)" in str(inside.error)
    assert inside.machines[-1].log == []
