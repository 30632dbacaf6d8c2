"""`run` and `demo`: everything put together, and taken apart again in the right order."""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from retroctl import __version__
from retroctl.adapters.console.jsonl import JsonLines
from retroctl.adapters.console.keys import keys
from retroctl.adapters.console.lines import PlainLines
from retroctl.adapters.console.output import Output
from retroctl.adapters.console.text import plain
from retroctl.adapters.console.trainer import KeyTrainer
from retroctl.adapters.journal import SqliteJournal
from retroctl.app.attendant import Attendant
from retroctl.app.engine import Engine
from retroctl.app.recorder import Recorder
from retroctl.app.reports import Kind, Report
from retroctl.app.runner import ExitStatus, Result, Runner
from retroctl.app.snapshot import Snapshot, snapshot
from retroctl.cli.machine import held, on_air, session_clock, simulated
from retroctl.cli.ways_out import ways_out
from retroctl.domain.envelope import Envelope
from retroctl.domain.limits import BeltRange, Caps, caps_for
from retroctl.domain.plan import Plan, raise_step
from retroctl.domain.session import Advance, Session
from retroctl.errors import UnsupportedTreadmill

if TYPE_CHECKING:
    from collections.abc import Callable

    from retroctl.app.ports import MachineInfo
    from retroctl.cli.machine import Chosen
    from retroctl.cli.options import RunOptions


def run_session(options: RunOptions) -> int:
    """Run one session; gives the exit status. Raises RetroctlError for what ends it before it begins."""
    status = asyncio.run(_run(options))
    # The reader of our output may be gone; the interpreter must not fail on its last flush.
    if sys.stdout is not None:
        try:
            sys.stdout.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return status


async def _run(options: RunOptions) -> int:
    with session_clock(options.speedup) as clock:
        journal = await SqliteJournal.open(options.settings.data_dir)
        try:
            if options.sim is not None:
                chosen = simulated(options.sim, clock)
            else:
                sys.stderr.write("Looking for the treadmill...\n")
                chosen = await on_air(options.address, options.settings.scan_s, clock)
            with held(chosen, options.settings.data_dir):
                listeners: list[Callable[[Report], None]] = []
                runner = Runner(
                    chosen.treadmill,
                    clock,
                    listeners=listeners,
                    exit_wait_s=chosen.exit_wait_s,
                    attended=options.terminal,
                )
                return await _Run(options, chosen, runner, journal, listeners).go()
        finally:
            await journal.close()


class _Run:
    """One session from connecting to the summary."""

    def __init__(
        self,
        options: RunOptions,
        chosen: Chosen,
        runner: Runner,
        journal: SqliteJournal,
        listeners: list[Callable[[Report], None]],
    ) -> None:
        self._options, self._chosen, self._runner, self._journal = options, chosen, runner, journal
        self._listeners = listeners
        loop = asyncio.get_running_loop()

        def reader_gone() -> None:
            loop.call_soon_threadsafe(runner.leave, "the output was closed")

        self._output = Output(1, reader_gone)
        self._lines: PlainLines | None = None

    async def go(self) -> int:
        """Run it; gives the exit status."""
        runner = self._runner
        with ExitStack() as stack:
            stack.callback(self._output.close)
            stack.enter_context(ways_out(runner.leave))
            try:
                info = await runner.connect()
                plan, belt, caps = self._plan(info)
                await self._journal.begin_session(**self._particulars(info, plan, belt, caps))
            except BaseException:
                await runner.abandon()
                raise
            self._listen(stack, info, plan, caps)
            engine = self._engine(plan, belt, caps)
            runner.begin(engine)
            result = await runner.finish()
            self._sum_up(result, engine)
        return int(result.status)

    # -- putting together ------------------------------------------------------------------------------------------

    def _plan(self, info: MachineInfo) -> tuple[Plan, BeltRange, Caps]:
        if not info.has_control_point:
            raise UnsupportedTreadmill(
                f"{plain(info.name)} has no usable Control Point: it cannot be commanded, only watched "
                "(retroctl observe); change speeds at its console"
            )
        belt = self._options.belt or _announced(info)
        caps = caps_for(self._options.client, belt, qualified=self._chosen.simulated)
        return self._options.request.build(belt, caps, coarse_accepted=self._options.coarse), belt, caps

    def _engine(self, plan: Plan, belt: BeltRange, caps: Caps) -> Engine:
        options = self._options
        session = Session(plan, belt, caps, advance=options.advance, coarse_accepted=options.coarse)
        envelope = Envelope(
            belt,
            caps,
            raise_step(belt, coarse_accepted=options.coarse),
            hold_s=min(stage.hold_s for stage in plan.stages),
            hands_free=options.advance is Advance.AUTO,
        )
        return Engine(session, envelope, began_at=self._runner.began_at, mass_kg=options.mass_kg)

    def _particulars(self, info: MachineInfo, plan: Plan, belt: BeltRange, caps: Caps) -> dict[str, Any]:
        stages = [
            {"kind": s.kind.value, "facing": s.facing.value, "target_kmh": s.target.kmh, "hold_s": s.hold_s}
            for s in plan.stages
        ]
        range_kmh = [belt.minimum.kmh, belt.maximum.kmh, belt.increment.kmh]
        return {
            "program_version": __version__,
            "simulated": self._chosen.simulated,
            "machine_name": info.name,
            "machine_address": info.address,
            "plan": {"name": plan.name, "stages": stages, "ease_rung_s": plan.ease_rung_s},
            "settings": {
                "advance": self._options.advance.value,
                "level": self._options.client.level.value,
                "cap_kmh": caps.backward.kmh,
                "cap_reason": caps.backward_reason,
                "speedup": self._options.speedup,
                "coarse_accepted": self._options.coarse,
                "range_kmh": range_kmh,
                "range_typed": self._options.belt is not None,
            },
        }

    def _listen(self, stack: ExitStack, info: MachineInfo, plan: Plan, caps: Caps) -> None:
        options, runner = self._options, self._runner
        self._listeners.append(Recorder(self._journal, runner.tell))
        if options.jsonl:
            self._listeners.append(JsonLines(self._output))
        else:
            self._lines = PlainLines(self._output, self._picture, terminal=options.terminal and sys.stdout.isatty())
            self._listeners.append(self._lines)
            self._introduce(self._lines, info, plan, caps)
        if options.yes:
            clock_alone = not options.terminal
            self._listeners.append(Attendant(runner.clock, runner.tell, alone=clock_alone))
        if options.terminal:
            trainer = KeyTrainer(self._say, runner.tell, runner.stop, runner.leave, answered=options.yes)
            self._listeners.append(trainer)
            stack.enter_context(keys(trainer.pressed, lambda: runner.leave("the terminal was closed")))

    def _introduce(self, lines: PlainLines, info: MachineInfo, plan: Plan, caps: Caps) -> None:
        rungs = "  ".join(f"{stage.target.kmh:.2f}" for stage in plan.stages)
        lines.note(f"{plain(info.name)}   {plain(info.address)}{'   SIMULATED' if self._chosen.simulated else ''}")
        lines.note(f"Plan {plain(plan.name)}: {rungs} km/h, each held {plan.stages[0].hold_s:.0f} s, then eased down.")
        lines.note(f"Cap {caps.backward} ({caps.backward_reason}). Raises at most 0.80 km/h (0.5 mph).")
        if self._options.speedup != 1:
            lines.note(f"Time runs {self._options.speedup:g} times as fast; times at the left are session time.")
        lines.note("The safety clip is the emergency stop. This program is not.")
        for remark in (*info.remarks, *plan.remarks):
            lines.note(f"Note: {plain(remark)}")
        lines.note("")

    def _picture(self) -> Snapshot | None:
        engine = self._runner.engine
        return None if engine is None else snapshot(engine, self._runner.now())

    def _say(self, text: str) -> None:
        if self._lines is not None:
            self._lines.note(text)
        else:
            sys.stderr.write(f"{text}\n")

    # -- taking apart ----------------------------------------------------------------------------------------------

    def _sum_up(self, result: Result, engine: Engine) -> None:
        tally = engine.tally
        summary: dict[str, Any] = {
            "peak_kmh": tally.peak.kmh,
            "held": [{"target_kmh": target.kmh, "seconds": round(s, 1)} for target, s in tally.holds],
            "duration_s": round(tally.moving_s, 1),
            "distance_m": round(tally.distance_m, 1),
            "kcal": None if tally.mass_kg is None else round(tally.kcal, 1),
            "belt_at_rest": result.belt_at_rest,
            "record": str(self._journal.file),
        }
        self._runner.report(Kind.SUMMARY, summary)
        outcome = {**summary, "exit_status": int(result.status), "reason": result.reason}
        self._journal.end_session(self._runner.now() - self._runner.began_at, outcome)
        if self._lines is not None:
            _print_summary(self._lines, summary, result)
        elif result.status is not ExitStatus.OK or self._runner.leaving:
            at_rest = "the belt is at rest (measured)" if result.belt_at_rest else "THE BELT IS NOT CONFIRMED AT REST"
            sys.stderr.write(f"retroctl: {plain(result.reason)}: {at_rest}\n")


def _announced(info: MachineInfo) -> BeltRange:
    announced = info.speed_range
    if announced is None:
        raise UnsupportedTreadmill(
            f"{plain(info.name)} does not say which speeds it has: read the lowest, highest and smallest step from the "
            "console and give them with --range MIN-MAX/STEP"
        )
    return BeltRange(announced.minimum, announced.maximum, announced.increment)


def _print_summary(lines: PlainLines, summary: dict[str, Any], result: Result) -> None:
    lines.note("")
    lines.note(f"Ended: {plain(result.reason)}.")
    for hold in summary["held"]:
        mark = "" if hold["seconds"] >= 60 else "   (cut short)"  # noqa: PLR2004 - the minute that is law
        lines.note(f"  held {hold['target_kmh']:5.2f} km/h for {hold['seconds']:5.1f} s{mark}")
    energy = "" if summary["kcal"] is None else f", about {summary['kcal']:.2g} kcal (an estimate)"
    lines.note(
        f"  peak {summary['peak_kmh']:.2f} km/h, {summary['distance_m']:.0f} m backward in {summary['duration_s'] / 60:.1f} min{energy}"
    )
    if result.belt_at_rest:
        lines.note("  The belt is at rest (measured). Remove the safety key.")
    else:
        lines.note("  THE BELT IS NOT CONFIRMED AT REST. LOOK AT IT. PULL THE CLIP.")
    lines.note(f"  Record: {summary['record']}")
