"""Six weeks of one client, by `programme next` and `run --sim` in virtual time: what is proposed, and what it became.

The story: ladders until balance is mastered, a missed week, a balance event, a day that was too hard. Every plan that
was run is read back from the record and judged by rules written out here, not by the program's own.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import pytest
from cli_inside import Inside

from retroctl.adapters.clients import Begun, ClientStore, Profile
from retroctl.adapters.journal import SqliteJournal, read
from retroctl.adapters.journal.history import history
from retroctl.app.runner import Runner
from retroctl.cli import person, programme_work, session
from retroctl.domain import events as ev
from retroctl.domain.limits import Level
from retroctl.domain.method.calendar import Mark, calendar, counted
from retroctl.domain.method.days import Day
from retroctl.domain.method.facts import Facts, Screening, ScreeningOutcome
from retroctl.domain.method.programme import ProgrammeName
from retroctl.domain.method.proposal import NoSession, Proposal
from retroctl.units import Speed

START = Day.parse("2026-01-05")
CAPS = {"new": 3.2, "novice": 4.8, "practised": 6.4}
ANN = Facts(
    1986, mass_kg=70.0, mass_day=START, comfortable_forward=Speed(800), resting_bpm=60, consent=START,
    screening=Screening(ScreeningOutcome.CLEAR, START, START.plus(365)),
)  # fmt: skip


@dataclass
class Did:
    """One day: what was proposed, and what the record says of it."""

    day: Day
    proposal: Proposal
    record: read.SessionRecord


class Story:
    """A client, a trainer and a calendar."""

    def __init__(self, patch: pytest.MonkeyPatch, inside: Inside) -> None:
        self.inside, self.day, self.rpe = inside, START, 12
        self.did: list[Did] = []
        self.refused: dict[int, str] = {}
        runners: list[Runner] = []

        class Kept(Runner):
            def __init__(self, *given: Any, **named: Any) -> None:
                super().__init__(*given, **named)
                runners.append(self)

        self.tell = lambda event: asyncio.get_running_loop().call_soon(runners[-1].tell, event)
        patch.setattr(session, "Runner", Kept)
        # One commit for minutes of virtual time: five hours are not waited out on the disk.
        opened = partial(SqliteJournal.open, wall=self._wall, batch_s=300.0)
        patch.setattr(session, "SqliteJournal", SimpleNamespace(open=opened))
        patch.setattr(person, "today", lambda: self.day)
        self.store = ClientStore(inside.folder)
        self.ann = self.store.add("Ann", lambda client_id: Profile(client_id, "Ann", ANN), by="Kim")
        self.store.begin_programme(self.ann.id, Begun(ProgrammeName.SIX_WEEK, START, "Kim"))

    def note(self, **facts: Any) -> None:
        """The trainer's own acts: a level, balance mastered."""
        self.store.change("Ann", lambda before: (replace(before, facts=replace(before.facts, **facts)), {}), by="Kim",
                          what="edited")  # fmt: skip

    async def session(self, after_days: int, *, balance: bool = False) -> Proposal:
        """So many days after the first day: ask, run what the command says, note the exertion."""
        self.day = START.plus(after_days)
        proposed = programme_work.propose("Ann", "standard")
        command = programme_work.next_command(proposed, "standard", [])
        assert isinstance(proposed.what, Proposal), proposed.what
        assert command is not None
        assert command[:3] == ["run", "--client", "Ann"]
        assert command[-2:] == ["--sim", "standard"]
        noted: list[str] = []

        def hook(report: Any) -> None:
            if report.kind == "state" and report.data["state"] == "holding" and not noted:
                noted.append("rpe")
                self.tell(ev.RpeGiven(self.rpe))
            elif balance and report.kind == "state" and report.data["stage"] == 3 and len(noted) == 1:
                noted.append("balance")
                self.tell(ev.BalanceEventNoted(ev.BalanceEvent.RAIL))

        self.inside.hook = hook
        status = await self.inside.run(client="Ann", plan=command[command.index("--plan") + 1], top=None, hold=None)
        assert (self.inside.error, status) == (None, 0)
        self.inside.machines.clear()
        self.did.append(Did(self.day, proposed.what, self.inside.record))
        return proposed.what

    def none(self, after_days: int) -> str:
        """No session that day: why."""
        self.day = START.plus(after_days)
        what = programme_work.propose("Ann", "standard").what
        assert isinstance(what, NoSession)
        return " ".join(what.why)

    def _wall(self) -> float:
        day = datetime.fromordinal(self.day.ordinal)
        return day.replace(hour=12).timestamp()


def judged(did: Did) -> tuple[float, float, int]:
    """Peak, longest interval and count of what was run, once it is found to keep R6 to R10, R14 and the cap."""
    stages = did.record.plan["stages"]
    speeds = [stage["target_kmh"] for stage in stages]
    assert speeds[0] == 1.0  # R6
    assert max(round(b - a, 2) for a, b in pairwise([*speeds, 0])) <= 0.80  # R7
    assert all(stage["hold_s"] >= 60 for stage in stages)  # R9
    assert max(speeds) <= CAPS[did.record.settings["level"]]  # R10
    assert max(speeds) <= did.record.settings["cap_kmh"]
    assert all("incline_pct" not in stage for stage in stages)  # R14
    assert {stage["facing"] for stage in stages} == {"backward"}
    peak = max(speeds)
    at_peak = [stage["hold_s"] for stage in stages if stage["target_kmh"] == peak]
    return peak, max(at_peak), len(at_peak)


@pytest.mark.virtual
@pytest.mark.timeout(120)
async def test_six_weeks_of_one_client_keep_every_rule_and_the_record_tells_the_story(monkeypatch, capfd, tmp_path):
    story = Story(monkeypatch, Inside(monkeypatch, capfd, tmp_path))
    # Week 1 and 2: new, then a novice; ladders.
    for day in (0, 2, 4):
        assert (await story.session(day)).preset == "ladder"
    assert "the next from" in story.none(5)  # three in seven days
    story.note(level=Level.NOVICE)
    for day in (7, 9, 11):
        await story.session(day)
    # Week 3: the trainer finds balance mastered; intervals begin where the ladders have come to.
    story.note(balance_mastered=True)
    first = await story.session(14)
    assert (first.preset, first.shape.count, first.variable) == ("intervals", 5, None)
    await story.session(16)
    faster = await story.session(18)
    # Week 4 is missed; then the last one again.
    back = await story.session(28)
    assert back.variable is None
    assert "the last one again" in " ".join(back.why)
    # A balance event: eased down by the attendant, so cut short as well. Nothing rises after it.
    await story.session(30, balance=True)
    calm = await story.session(32)
    assert calm.variable is None
    assert "balance" in " ".join(calm.why)
    assert calm.shape.peak <= faster.shape.peak
    # A bad day: too hard. Slower next time.
    story.note(level=Level.PRACTISED)
    story.rpe = 16
    hard = await story.session(35)
    story.rpe = 12
    easier = await story.session(37)
    assert easier.shape.peak < hard.shape.peak
    assert "over 14" in " ".join(easier.why)
    await story.session(39)

    shapes = [judged(did) for did in story.did]
    kinds = [did.proposal.preset for did in story.did]
    ended = [did.record.summary.outcome["reason"] for did in story.did]
    for index, shape in enumerate(shapes):
        # R11 against the last one of the kind that came to its end.
        before = [old for old, kind, end in zip(shapes[:index], kinds, ended, strict=False) if kind == kinds[index]
                  and end == "the end of easing down"]  # fmt: skip
        if before:
            assert sum(new > old for new, old in zip(shape, before[-1], strict=True)) <= 1
    done = history(tmp_path / "records.sqlite3", story.ann.id, with_simulated=True)
    assert [each.day for each in done] == [did.day for did in story.did]
    assert [each.rpe for each in done] == [12] * 12 + [16, 12, 12]
    weeks = calendar(ProgrammeName.SIX_WEEK, START, done, START.plus(39))
    marks = counted(weeks)
    assert (marks[Mark.DONE], marks[Mark.CUT_SHORT], marks[Mark.MISSED]) == (
        13,
        2,
        3,
    )  # grabbed the rail; rated 16, which no raise follows
    assert [box.mark for box in weeks[3].boxes] == [Mark.MISSED] * 3
    capfd.readouterr()
    programme_work.show_programme("Ann", with_simulated=True)
    told = capfd.readouterr().out
    assert "balance: rail" in told
    assert "RPE 16" in told
    assert told.count("[-]") == 4  # three, and the legend
    assert "13 of 18 done, 2 cut short, 3 missed" in told
