"""A session that the program itself ran, as it is looked back on: the list and the page say what the summary said."""

from __future__ import annotations

import pytest
from cli_inside import Inside

from retroctl.adapters.clients import ClientStore, Profile
from retroctl.adapters.journal.overview import overview
from retroctl.app.summary import Tally
from retroctl.cli.history import Wanted, history_command
from retroctl.cli.person import today
from retroctl.cli.report import report_command
from retroctl.domain.method.facts import Facts, Screening, ScreeningOutcome
from retroctl.domain.method.figures import Who
from retroctl.units import Speed

DAY = today()
FIT = Facts(
    1986, mass_kg=70.0, mass_day=DAY, screening=Screening(ScreeningOutcome.CLEAR, DAY, DAY.plus(90)), consent=DAY
)


@pytest.fixture
def inside(monkeypatch, capfd, tmp_path) -> Inside:
    return Inside(monkeypatch, capfd, tmp_path)


@pytest.mark.virtual
async def test_what_the_summary_said_is_what_history_and_report_say(inside, monkeypatch):
    ClientStore(inside.folder).add("Ann", lambda ident: Profile(ident, "Ann", FIT), by="Kim")
    assert await inside.run(client="Ann", top="1.8") == 0

    (line,) = overview(inside.folder / "records.sqlite3")
    figures, told = line.figures, inside.summary

    assert [(hold.target.kmh, round(hold.seconds, 1)) for hold in figures.holds] == [
        (hold["target_kmh"], hold["seconds"]) for hold in told["held"]
    ]
    assert (figures.ending.who, figures.completed, figures.at_rest) == (Who.PLAN, True, True)
    assert figures.backward_s == figures.moving_s == told["duration_s"]
    assert figures.spent is not None
    assert (figures.spent.kcal, figures.spent.low) == (told["kcal"], told["kcal_low"])

    history_command(Wanted("Ann", None, None, everything=False, plain=True, screen=False))
    history_command(Wanted(None, line.id, None, everything=False, plain=True, screen=False))
    monkeypatch.chdir(inside.folder)
    report_command("Ann", weeks=None, out="a.html", programme=None, began=None, with_simulated=True)
    shown = inside.capfd.readouterr().out
    assert "ladder SIMULATED" in shown
    assert "plan: to its end" in shown
    assert "-> STOP the belt" in shown
    page = (inside.folder / "a.html").read_text(encoding="utf-8")
    assert "SIMULATED" in page
    assert "1.80 km/h" in page


def test_only_what_ran_while_the_client_faced_backward_is_backward():
    tally = Tally()
    for second in range(11):
        tally.measured(Speed(100), float(second), backward=second > 4)

    assert (tally.moving_s, tally.backward_s) == (10.0, 6.0)
