"""`run --client`: the whole program with a client of the store, on the simulated treadmill in virtual time."""

from __future__ import annotations

from dataclasses import replace

import pytest
from cli_inside import Inside

from retroctl.adapters.clients import ClientStore, Profile
from retroctl.adapters.journal import read
from retroctl.cli.person import today
from retroctl.domain.limits import Level
from retroctl.domain.method.facts import Clearance, Facts, Screening, ScreeningOutcome
from retroctl.errors import ClientError, JournalError, PlanError

DAY = today()
FIT = Facts(
    1986, mass_kg=70.0, mass_day=DAY, screening=Screening(ScreeningOutcome.CLEAR, DAY, DAY.plus(90)), consent=DAY
)


@pytest.fixture
def inside(monkeypatch, capfd, tmp_path) -> Inside:
    return Inside(monkeypatch, capfd, tmp_path)


def keep(inside: Inside, facts: Facts = FIT, name: str = "Ann [b]") -> Profile:
    return ClientStore(inside.folder).add(name, lambda client_id: Profile(client_id, name, facts), by="Kim")


@pytest.mark.virtual
async def test_a_session_runs_at_the_clients_level_and_the_record_has_the_id_and_no_name(inside):
    ann = keep(inside)
    assert await inside.run(client="ann [b]", top="1.8") == 0
    summary = inside.record.summary
    assert summary.client_id == ann.id
    assert inside.record.settings["cap_kmh"] == 3.2
    assert inside.record.settings["energy_model"] == "ACSM x 1.30"
    assert inside.summary["kcal"] > 0
    assert inside.summary["kcal_low"] < inside.summary["kcal"] < inside.summary["kcal_high"]
    assert inside.summary["kcal_extrapolated"] is True
    assert b"Ann [b]" not in b"".join(file.read_bytes() for file in inside.folder.glob("records*"))


@pytest.mark.virtual
async def test_between_sessions_one_thing_may_rise_and_it_is_named(inside):
    keep(inside)
    assert await inside.run(client="Ann [b]", top="1.8", hold="60") == 0
    await inside.run(client="Ann [b]", top="2.6", hold="120")
    assert isinstance(inside.error, PlanError)
    for words in ("peak backward speed (from 1.80 km/h to 2.60 km/h)", "interval length (from 60 s to 120 s)", "(R11)"):
        assert words in str(inside.error)
    assert inside.machines[-1].log == []
    assert len(read.sessions(inside.folder / "records.sqlite3")) == 1, "what was asked for wrongly was no session"
    assert await inside.run(client="Ann [b]", top="2.6", hold="60") == 0
    remarks = inside.record.plan["remarks"]
    assert any("the peak backward speed rises, and nothing else (R11)" in remark for remark in remarks)
    assert await inside.run(client="Ann [b]", top="1.8", hold="60") == 0
    assert any("nothing rises (R11)" in remark for remark in inside.record.plan["remarks"])


@pytest.mark.virtual
@pytest.mark.parametrize(
    ("facts", "words"),
    [
        (replace(FIT, screening=Screening(ScreeningOutcome.CLEAR, DAY.plus(-9), DAY.plus(-1))), "screening expired"),
        (replace(FIT, clearance=Clearance("Dr Lee", DAY.plus(-9), DAY.plus(-1))), "clearance ended"),
        (replace(FIT, consent=None), "no consent"),
        (replace(FIT, level=Level.REHAB), "needs a clinician's clearance"),
    ],
    ids=["screening", "clearance", "consent", "rehab"],
)
async def test_no_session_is_begun_with_who_may_not_run_today(inside, facts, words):
    keep(inside, facts)
    with pytest.raises(ClientError, match=words):
        await inside.run(client="Ann [b]")
    assert inside.machines == []
    assert not (inside.folder / "records.sqlite3").exists()


@pytest.mark.virtual
async def test_no_session_is_begun_on_a_damaged_file(inside):
    keep(inside)
    file = inside.folder / "clients.sqlite3"
    file.write_bytes(file.read_bytes()[:5000])
    with pytest.raises(JournalError, match="damaged"):
        await inside.run(client="Ann [b]")
    assert inside.machines == []


@pytest.mark.virtual
async def test_a_top_over_the_cap_of_the_level_or_of_the_age_is_refused(inside):
    keep(inside)
    await inside.run(client="Ann [b]", top="3.3")
    assert "over the cap of 3.20 km/h (level new)" in str(inside.error)
    clearance = Clearance("Dr Lee", DAY, DAY)
    keep(inside, replace(FIT, birth_year=DAY.year - 65, level=Level.PRACTISED, clearance=clearance), "Bo")
    await inside.run(client="Bo", top="2.1")
    assert "over the cap of 2.00 km/h (as level rehab: an age of 65 or more)" in str(inside.error)
    assert [machine.log for machine in inside.machines] == [[], []]
