"""The whole program through the real bleak on both simulated radios, in memory and over Bumble's ATT; virtual time."""

from __future__ import annotations

from contextlib import asynccontextmanager

import pytest
from rig import answers
from whole import FrontEnd, Whole

from retroctl.app.clock import LoopClock
from retroctl.app.reports import Kind, Report
from retroctl.domain import events as ev
from retroctl.domain.session import Advance
from retroctl.domain.verdict import Refused
from simulators.bleak_backend import SimulatedRadio
from simulators.bumble_bleak import BumbleRadio
from simulators.machine import FtmsMachine
from simulators.personality import personality

ADDRESS = "C0:FF:EE:00:00:01"

pytestmark = [pytest.mark.virtual, pytest.mark.parametrize("kind", ["memory", "bumble"])]


@asynccontextmanager
async def front_end(kind: str, name: str):
    clock = LoopClock()
    machine = FtmsMachine(personality(name), seed=3, now=clock.now())
    if kind == "memory":
        radio = SimulatedRadio(clock)
        device = radio.add(machine, address=ADDRESS)
        yield FrontEnd(machine, device, radio.client_backend, radio.scanner_backend, lambda: radio.drop(ADDRESS))
        return
    radio = await BumbleRadio.create(clock)
    try:
        device = await radio.add(machine, address=ADDRESS)
        yield FrontEnd(machine, device, radio.client_backend, radio.scanner_backend, lambda: radio.drop(ADDRESS))
    finally:
        await radio.close()


def after(commands: list[str], first: str) -> list[str]:
    return commands[commands.index(first) :]


async def test_a_whole_ladder(kind):
    async with front_end(kind, "standard") as front:
        run = Whole(front, top=2.6)
        result = await run.run()

        assert (result.status, result.belt_at_rest) == (0, True)
        assert run.written == ["00", "07", "026400", "02b400", "020401", "02b400", "026400", "0801"]
        assert [held["target_kmh"] for held in run.of(Kind.HELD)] == [1.0, 1.8, 2.6]
        assert all(held["seconds"] >= 60 for held in run.of(Kind.HELD))
        assert run.of(Kind.ALARM) == []
        assert run.true_speed == 0


@pytest.mark.parametrize("state", ["briefing", "armed", "starting", "settling", "holding", "announcing", "easing_down"])
async def test_a_way_out_at_any_stage_leaves_the_belt_at_rest(kind, state):
    async with front_end(kind, "standard") as front:
        run = Whole(front)
        await run.begin()
        await run.until_state(state)
        run.runner.leave("SIGTERM")
        result = await run.finish()

        assert (result.status, result.belt_at_rest) == (0, True)
        assert run.true_speed == 0
        assert ("0801" in run.written) == (state != "briefing"), "unarmed, a way out writes nothing"


async def test_stop_while_a_speed_write_hangs_drops_the_link_and_is_the_first_thing_written_again(kind):
    async with front_end(kind, "write-hangs") as front:
        run = Whole(front)
        await run.begin()
        # The second 02 of this machine's life is never answered.
        await run.until(lambda r: r.kind is Kind.COMMAND and r.data.get("hex") == "02b400")
        wanted_at = run.clock.now()
        run.runner.stop("test")
        result = await run.finish()

        assert (result.status, result.belt_at_rest) == (0, True)
        stop = next(entry for entry in front.machine.log if entry.data.hex() == "0801")
        first_of_its_connection = next(e for e in front.machine.log if e.connection == stop.connection)
        assert first_of_its_connection is stop
        assert stop.connection == 2
        assert 1.0 <= stop.at - wanted_at <= 8.0
        assert any(alarm["id"] == "F2" for alarm in run.of(Kind.ALARM))
        # A new connection has no control: the machine says so (05), is asked for it, and told to stop again.
        assert after(run.written, "0801") == ["0801", "00", "0801"]


async def test_after_a_link_drop_the_program_only_observes_until_the_trainer_confirms(kind):
    async with front_end(kind, "standard") as front:
        run = Whole(front)
        await run.begin()
        await run.until_state("holding", 1.0)
        run.runner._listeners.pop()  # the attendant leaves: a person decides from here
        before = len(run.written)
        front.drop()
        await run.until(lambda r: r.kind is Kind.LINK and r.data.get("link") == "restored", within_s=5)
        await run.clock.sleep(2.0)
        assert run.written[before:] == []
        assert run.true_speed == 1.0, "a belt goes on when its link drops"
        run.runner.tell(ev.ConfirmPressed())
        await run.clock.sleep(5.0)
        assert run.written[before:] == ["00"]
        assert run.runner.engine.session.state == "holding"
        run.runner.leave("test")
        assert (await run.finish()).status == 0
        assert "07" not in run.written[before:]


async def test_stop_while_the_link_is_down_is_latched_and_written_first(kind):
    async with front_end(kind, "standard") as front:
        run = Whole(front)
        await run.begin()
        await run.until_state("holding", 1.0)
        front.drop()
        await run.until_state("lost")
        before = len(run.written)
        run.runner.stop("trainer")
        result = await run.finish()

        assert (result.status, result.belt_at_rest) == (0, True)
        assert run.written[before:] == ["0801", "00", "0801"]
        assert front.machine.log[before].connection == 2


async def test_a_machine_that_vanishes_for_good_ends_as_not_confirmed(kind):
    async with front_end(kind, "standard") as front:
        run = Whole(front)
        await run.begin()
        await run.until_state("holding", 1.0)
        front.machine.vanish(run.clock.now(), absent_s=100_000)
        result = await run.finish()

        assert (result.status, result.belt_at_rest) == (4, False)
        assert any(alarm["id"] == "F2" for alarm in run.of(Kind.ALARM))


async def test_a_belt_that_moves_at_connect_is_not_touched(kind):
    async with front_end(kind, "moves-at-connect") as front:
        run = Whole(front)
        result = await run.run()

        assert result.status == 3
        assert run.written == []


async def test_a_machine_that_ignores_stop_is_told_again_and_ends_as_not_confirmed(kind):
    async with front_end(kind, "stop-ignored") as front:
        run = Whole(front)
        await run.begin()
        await run.until_state("holding", 1.0)
        run.runner.leave("SIGINT")
        result = await run.finish()

        assert (result.status, result.belt_at_rest) == (4, False)
        assert after(run.written, "0801").count("0801") >= 5
        assert set(after(run.written, "0801")) <= {"0801", "026400"}
        assert any(stop["view"].startswith("NOT CONFIRMED") for stop in run.of(Kind.STOP))


async def test_a_machine_that_never_answers_but_obeys_runs_the_ladder(kind):
    async with front_end(kind, "no-indication") as front:
        run = Whole(front)
        result = await run.run()

        assert (result.status, result.belt_at_rest) == (0, True)
        assert [held["target_kmh"] for held in run.of(Kind.HELD)] == [1.0, 1.8]


async def test_a_machine_that_reads_targets_as_miles_is_stopped_at_its_first_speed(kind):
    async with front_end(kind, "mph-target") as front:
        run = Whole(front)
        result = await run.run()

        assert (result.status, result.belt_at_rest) == (0, True)
        assert "F5" in [alarm["id"] for alarm in run.of(Kind.ALARM)]
        assert front.machine.drive.belt.peak_kmh() < 2.0


async def test_a_person_starts_at_the_console_and_the_program_takes_over(kind):
    async with front_end(kind, "standard") as front:
        run = Whole(front)
        run.runner._listeners.pop()
        await run.begin()
        await run.until_state("briefing")
        for answer in answers():
            run.runner.tell(answer)
        run.runner.tell(ev.ArmRequested())
        run.runner.tell(ev.StartConfirmed(ev.StartKind.CONSOLE))
        await run.clock.sleep(10)
        assert run.written == [], "the program writes nothing while a person starts the belt"
        front.machine.console_start(run.clock.now())
        await run.until_state("holding", 1.0)
        assert run.written == ["00", "026400"]
        run.runner.leave("test")
        assert (await run.finish()).status == 0


async def test_a_fault_inside_the_program_stops_the_belt_first(kind, monkeypatch):
    async with front_end(kind, "standard") as front:
        run = Whole(front, advance=Advance.AUTO)
        await run.begin()
        await run.until_state("holding", 1.0)

        def broken(*_arguments):
            raise RuntimeError("a bug")

        monkeypatch.setattr(run.runner.engine.session, "handle", broken)
        result = await run.finish()

        assert (result.status, result.belt_at_rest) == (1, True)
        assert "a bug" in result.reason
        assert run.true_speed == 0


async def test_a_proposal_that_the_gate_refuses_stops_the_belt_and_counts_as_our_fault(kind, monkeypatch):
    async with front_end(kind, "standard") as front:
        run = Whole(front)
        await run.begin()
        await run.until_state("holding", 1.0)
        monkeypatch.setattr(run.runner.engine.envelope, "_judge_raise", lambda *_: Refused("test", "never"))
        result = await run.finish()

        assert (result.status, result.belt_at_rest) == (1, True)
        assert "F13" in [alarm["id"] for alarm in run.of(Kind.ALARM)]
        assert run.true_speed == 0
        assert "02b400" not in run.written


def acts_begun(run: Whole) -> list[str]:
    """What was begun on the wire so far, in its order."""
    treadmill, begun = run.runner._connection.treadmill, list[str]()
    write, close = treadmill.write, treadmill.close

    async def writes(payload: bytes) -> None:
        begun.append(payload.hex())
        await write(payload)

    async def closes() -> None:
        begun.append("let go")
        await close()

    treadmill.write, treadmill.close = writes, closes
    return begun


async def test_the_last_resort_stops_before_anybody_is_told_of_it(kind, monkeypatch):
    async with front_end(kind, "standard") as front:
        run, told = Whole(front), list[tuple[str, bool]]()
        begun = acts_begun(run)

        def slow(report: Report) -> None:
            if report.data.get("event") in {"Fault", "LastResort"}:
                told.append((report.data["event"], "0801" in begun))

        run.runner._listeners.insert(0, slow)
        await run.begin()
        await run.until_state("holding")
        monkeypatch.setattr(run.runner.engine.session, "handle", lambda *_: 1 / 0)
        assert (await run.finish()).belt_at_rest
        assert told[:2] == [("Fault", True), ("LastResort", True)]


async def test_a_link_that_a_hung_write_holds_is_let_go_before_anybody_is_told_of_it(kind):
    async with front_end(kind, "write-hangs") as front:
        run, told = Whole(front), list[bool]()
        begun = acts_begun(run)

        def slow(report: Report) -> None:
            if report.kind is Kind.ALARM and "does not return" in report.data["text"]:
                told.append("let go" in begun)

        run.runner._listeners.insert(0, slow)
        await run.begin()
        await run.until(lambda report: report.kind is Kind.ALARM and "does not return" in report.data["text"])
        run.runner.leave("the test is over")
        assert (await run.finish()).belt_at_rest
        assert told == [True]


async def test_stop_is_on_its_way_before_anybody_is_told_of_it(kind):
    async with front_end(kind, "standard") as front:
        run = Whole(front)
        on_its_way: list[bool] = []
        write = run.runner._connection.treadmill.write
        begun: list[bytes] = []

        async def noted(payload: bytes) -> None:
            begun.append(payload)
            await write(payload)

        def slow(report: Report) -> None:
            """A screen or a disk that would keep everything waiting here."""
            if report.kind is Kind.COMMAND:
                on_its_way.append(bytes.fromhex(report.data["hex"]) in begun)

        run.runner._connection.treadmill.write = noted
        run.runner._listeners.insert(0, slow)
        await run.begin()
        await run.until_state("holding")
        run.runner.stop("a key")
        result = await run.finish()

        assert (result.status, result.belt_at_rest) == (0, True)
        assert len(on_its_way) == len(run.written) == 4
        assert all(on_its_way)
