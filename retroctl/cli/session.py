"""`run` and `demo`: everything put together, and taken apart again in the right order."""

from __future__ import annotations

import asyncio
import gc
from contextlib import AsyncExitStack, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from retroctl import __version__
from retroctl.adapters.console.output import Output
from retroctl.adapters.console.text import plain
from retroctl.adapters.journal import SqliteJournal
from retroctl.app.engine import Engine
from retroctl.app.recorder import Recorder
from retroctl.app.reports import Kind, Report
from retroctl.app.runner import Runner
from retroctl.app.stillness import Stillness
from retroctl.cli.front import Front
from retroctl.cli.guarded import guard_for
from retroctl.cli.known import standing_of, with_words
from retroctl.cli.machine import at_console, held, on_air, session_clock, simulated
from retroctl.cli.mqtt_voice import MqttVoice, mqtt_voice
from retroctl.cli.planning import planned, refuse_everywhere
from retroctl.cli.power import power_watched
from retroctl.cli.status import status_of
from retroctl.cli.strap import remember_strap, strap_keeper
from retroctl.cli.summing_up import belt_words, fault_words, reason_words, summary_of
from retroctl.cli.voice import report_voice, voice_for
from retroctl.cli.wall import wall_screen
from retroctl.cli.ways_out import unless_left
from retroctl.domain.energy import MODEL
from retroctl.domain.envelope import Envelope
from retroctl.domain.heart import HeartWatch
from retroctl.domain.limits import BeltRange, Caps
from retroctl.domain.plan import Plan, raise_step
from retroctl.domain.profile import UNKNOWN
from retroctl.domain.session import Advance, Session
from retroctl.domain.verdict import Wire
from retroctl.errors import ConfigError, JournalError, RetroctlError, UnsupportedTreadmill

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from retroctl.adapters.tui.facts import Facts
    from retroctl.app.clock import Clock
    from retroctl.app.ports import MachineInfo
    from retroctl.app.result import Result
    from retroctl.cli.machine import Chosen
    from retroctl.cli.options import RunOptions


REMEMBER_S = 3.0
"""The most that a few lines in a file may take."""


def run_session(options: RunOptions) -> int:
    """Run one session; gives the exit status. Raises RetroctlError for what ends it before it begins."""
    refuse_everywhere(options)
    errors = Output(2, lambda: None)  # a reader of standard error that stops reading must not stop the belt's control
    try:
        return asyncio.run(_run(options, errors))
    finally:
        errors.close()


async def _run(options: RunOptions, errors: Output) -> int:
    with session_clock(options.speedup) as clock:
        journal = await SqliteJournal.open(options.settings.data_dir)
        try:
            return await _Run(options, journal, clock, errors).go()
        finally:
            if not await journal.close():
                errors.line(f"retroctl: the record of this session is not complete: {plain(journal.problem or '')}")


class _Run:
    """One run, from looking for the treadmill to the summary."""

    def __init__(self, options: RunOptions, journal: SqliteJournal, clock: Clock, errors: Output) -> None:
        self._options, self._journal, self._clock, self._errors = options, journal, clock, errors
        self._chosen: Chosen | None = None
        self._early: list[Report] = []
        """What happened before there was a record to keep it in."""
        self._recording = False
        self._standing = UNKNOWN

    async def go(self) -> int:
        """Run it; gives the exit status."""
        try:
            chosen = self._chosen = await self._choose()
            with held(chosen, self._options.settings.data_dir):
                return await self._session(chosen)
        except ConfigError:
            raise  # what was asked for cannot be: a slip of the pen, corrected in the next line, and no session
        except RetroctlError as error:
            await self._keep_failure(error)
            raise

    async def _choose(self) -> Chosen:
        options = self._options
        if options.sim is not None:
            return simulated(options.sim, self._clock)
        self._errors.line("Looking for the treadmill...")
        looking = on_air(options.address, options.settings.scan_s, self._clock)
        return await unless_left(looking, "looking for the treadmill")

    async def _session(self, chosen: Chosen) -> int:
        listeners: list[Callable[[Report], None]] = [self._early.append]
        voice = voice_for(self._options)
        runner = Runner(
            chosen.treadmill,
            self._clock,
            listeners=listeners,
            exit_wait_s=chosen.exit_wait_s,
            attended=self._options.terminal,
            speech=voice,
            stillness=_stillness(self._options),
        )
        async with AsyncExitStack() as stack:
            # Before anything draws on the terminal: the address is to be read, and the code to be scanned.
            said: list[str] = []
            await stack.enter_async_context(wall_screen(self._options, runner, listeners, self._say_and_keep(said)))
            machine = (chosen.treadmill.name, chosen.treadmill.address)
            mqtt = await stack.enter_async_context(mqtt_voice(self._options, runner, listeners, treadmill=machine[0]))
            front = Front(
                self._options, runner, self._errors, stack, machine=machine, said=said, keep=self._journal.keep
            )
            listeners += front.listeners
            stack.enter_context(power_watched(self._options, runner, listeners))
            if voice is not None:
                listeners.append(voice)
                stack.callback(voice.close)
                voice.begin(partial(report_voice, runner))
            try:
                info = await runner.connect()
                plan, belt, caps = self._plan(info)
                info = with_words(info, self._standing)
                wire = _wire(self._options, info)
                await self._begin_record(**self._particulars(info, plan, belt, caps))
            except BaseException:
                await runner.abandon()
                raise
            recorder = Recorder(self._journal, runner.tell)
            for report in self._early:
                recorder(report)
            listeners[0] = recorder
            front.introduce(_introduction(self._options, info, plan, caps, wire), lambda: self._facts(info, plan, caps))
            mqtt.begun(plan, caps)
            engine = self._engine(plan, belt, caps, wire, began_at=runner.began_at)
            person = at_console(chosen, self._clock) if wire is not Wire.OPEN else None
            if person is not None:
                listeners.append(person)
            guard = None
            if (
                not chosen.simulated and wire is not Wire.CLOSED
            ):  # where nothing may be written there is nothing to guard
                guard = guard_for(
                    chosen.treadmill,
                    runner,
                    data_dir=self._options.settings.data_dir,
                    volume=self._options.volume if voice is not None else 0,
                )
                listeners.append(guard)
            keeper = strap_keeper(self._options, chosen, runner, self._clock, listeners)
            stack.enter_context(_imports_uncollected())
            runner.begin(engine)
            if guard is not None:
                guard.begin()
            if keeper is not None:
                stack.push_async_callback(keeper.close)
                keeper.begin()
            result = await runner.finish()
            if guard is not None:
                await guard.close(at_rest=result.belt_at_rest)
            if keeper is not None:
                await self._remember(keeper.address)
            return await self._end(front, runner, engine, result, mqtt=mqtt, recorder=recorder)

    async def _remember(self, strap: str | None) -> None:
        """With the client, for the next session, when nothing moves any more; a disk that hangs is not waited for."""
        if strap is None or self._options.sim is not None or self._options.client_id is None:
            return
        try:
            async with asyncio.timeout(REMEMBER_S):
                trouble = await asyncio.to_thread(remember_strap, self._options, strap)
        except TimeoutError:
            trouble = "the disk does not answer"
        if trouble is not None:
            self._errors.line(f"retroctl: the strap is not remembered: {plain(trouble)}")

    # -- putting together ------------------------------------------------------------------------------------------

    def _plan(self, info: MachineInfo) -> tuple[Plan, BeltRange, Caps]:
        name = plain(info.name)
        if not info.has_treadmill_data:
            raise UnsupportedTreadmill(
                f"{name} sends no Treadmill Data: how fast its belt runs could not be known, so it is not commanded; "
                "use it at its console"
            )
        belt = self._options.belt or announced_range(info)
        known = self._standing = standing_of(self._options, info.name, info.address, belt)
        if not known.may_command and info.has_control_point and not self._options.call_out:
            raise UnsupportedTreadmill(
                f"{name}: {known.words}; with --call-out a session tells you what to press at its console"
            )
        plan, caps = planned(self._options, belt, qualified=known.qualified)
        return plan, belt, caps

    def _engine(self, plan: Plan, belt: BeltRange, caps: Caps, wire: Wire, *, began_at: float) -> Engine:
        options, by_hand = self._options, wire is not Wire.OPEN
        heart = HeartWatch(options.heart, chosen=options.strap is not None)
        session = Session(
            plan, belt, caps, advance=options.advance, coarse_accepted=options.coarse, by_hand=by_hand, heart=heart
        )
        envelope = Envelope(
            belt,
            caps,
            raise_step(belt, coarse_accepted=options.coarse),
            hold_s=min(stage.hold_s for stage in plan.stages),
            hands_free=options.advance is Advance.AUTO,
            wire=wire,
            heart_limit_bpm=options.heart.high_bpm,
        )
        return Engine(session, envelope, began_at=began_at, mass_kg=options.mass_kg, tags=options.settings.tags)

    def _particulars(self, info: MachineInfo, plan: Plan, belt: BeltRange, caps: Caps) -> dict[str, Any]:
        stages = [
            {"kind": s.kind.value, "facing": s.facing.value, "target_kmh": s.target.kmh, "hold_s": s.hold_s}
            | ({"incline_pct": s.incline_pct} if s.incline_pct else {})
            for s in plan.stages
        ]
        range_kmh = [belt.minimum.kmh, belt.maximum.kmh, belt.increment.kmh]
        return {
            "machine_name": info.name,
            "machine_address": info.address,
            "plan": {
                "name": plan.name,
                "stages": stages,
                "ease_rung_s": plan.ease_rung_s,
                "remarks": list(plan.remarks),
            },
            "settings": {
                **self._settings(),
                "cap_kmh": caps.backward.kmh,
                "cap_reason": caps.backward_reason,
                "range_kmh": range_kmh,
                "range_typed": self._options.belt is not None,
                "machine_standing": self._standing.words,
            },
        }

    def _settings(self) -> dict[str, Any]:
        return {
            "trainer": self._options.trainer,
            "advance": self._options.advance.value,
            "level": self._options.client.level.value,
            "speedup": self._options.speedup,
            "coarse_accepted": self._options.coarse,
            "call_out": self._options.call_out,
            "energy_model": MODEL,
            "remote": self._options.remote.as_data,
            "strap": self._options.strap is not None,
            "heart_limit_bpm": self._options.heart.high_bpm,
            "rpe_max": self._options.heart.rpe_max,
        }

    def _say_and_keep(self, said: list[str]) -> Callable[[str], None]:
        """Said before the trainer's screen covers the terminal; kept, so that it can be shown there again."""

        def say(line: str) -> None:
            said.append(line)
            self._errors.line(line)

        return say

    def _facts(self, info: MachineInfo, plan: Plan, caps: Caps) -> Facts:
        from retroctl.adapters.tui.facts import Facts  # noqa: PLC0415 - only with the trainer's screen

        remarks = (*info.remarks, *plan.remarks)
        return Facts(plan, caps, self._options.advance, remarks, self._options.speedup, self._options.settings.tags)

    # -- the record ------------------------------------------------------------------------------------------------

    async def _begin_record(self, **particulars: Any) -> None:
        simulated_machine = self._options.sim is not None
        await self._journal.begin_session(
            program_version=__version__, simulated=simulated_machine, client_id=self._options.client_id, **particulars
        )
        self._recording = True

    async def _keep_failure(self, error: RetroctlError) -> None:
        """A run that found no machine to run on leaves a record too."""
        if self._recording:
            return
        particulars: dict[str, Any] = {"settings": self._settings()}
        if self._chosen is not None:
            treadmill = self._chosen.treadmill
            particulars |= {"machine_name": treadmill.name, "machine_address": treadmill.address}
        try:
            await self._begin_record(**particulars)
        except JournalError:
            return  # what went wrong first is what the person must hear
        for report in self._early:
            self._journal.append(report.t, report.kind.value, report.data)
        last = self._early[-1].t if self._early else 0.0
        self._journal.end_session(last, {"exit_status": status_of(error), "reason": str(error)})

    # -- taking apart ----------------------------------------------------------------------------------------------

    async def _end(
        self, front: Front, runner: Runner, engine: Engine, result: Result, *, mqtt: MqttVoice, recorder: Recorder
    ) -> int:
        summary = summary_of(engine.tally, result, str(self._journal.file))
        runner.report(Kind.SUMMARY, summary)
        mqtt.ended(summary, int(result.status))
        ended = {"exit_status": int(result.status), "reason": result.reason}
        outcome = {**summary, "backward_s": round(engine.tally.backward_s, 1), **ended}
        self._journal.end_session(runner.now() - runner.began_at, outcome)
        recorder.end()
        await front.show_end(result)
        front.sum_up(summary, result)
        if not front.close() or result.status != 0 or (self._options.jsonl and runner.leaving):
            self._errors.line(f"retroctl: {reason_words(result)}: {belt_words(result)}")
        if runner.error is not None:
            for line in fault_words(runner.error):
                self._errors.line(line)
        return int(result.status)


def announced_range(info: MachineInfo) -> BeltRange:
    """The range that the machine announces. Raises UnsupportedTreadmill when it does not, or when it makes no sense."""
    announced = info.speed_range
    if announced is None:
        raise UnsupportedTreadmill(
            f"{plain(info.name)} does not say which speeds it has: read the lowest, highest and smallest step from the "
            "console and give them with --range MIN-MAX/STEP"
        )
    return BeltRange(announced.minimum, announced.maximum, announced.increment)


@contextmanager
def _imports_uncollected() -> Iterator[None]:
    """The collector's look through all that was imported takes a tenth of a second, and a Stop would wait."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def _stillness(options: RunOptions) -> Stillness | None:
    """Time that is sped up absorbs a stall by itself: it never takes more than a quarter second at once."""
    return Stillness(asyncio.get_running_loop().time) if options.speedup == 1 else None


def _wire(options: RunOptions, info: MachineInfo) -> Wire:
    """A machine without a usable Control Point is called out and never written to."""
    if not info.has_control_point:
        return Wire.CLOSED
    return Wire.STOP_ONLY if options.call_out else Wire.OPEN


def _introduction(options: RunOptions, info: MachineInfo, plan: Plan, caps: Caps, wire: Wire) -> list[str]:
    rungs = "  ".join(f"{stage.target.kmh:.2f}" for stage in plan.stages)
    held_s = sorted({stage.hold_s for stage in plan.stages})
    holds = f"{held_s[0]:.0f} s" if len(held_s) == 1 else f"{held_s[0]:.0f} to {held_s[-1]:.0f} s"
    text = [
        f"{plain(info.name)}   {plain(info.address)}{'   SIMULATED' if options.sim is not None else ''}",
        f"Plan {plain(plan.name)}: {rungs} km/h, each held {holds}, then eased down.",
        f"Cap {caps.backward} ({caps.backward_reason}). Raises at most 0.80 km/h (0.5 mph).",
    ]
    if wire is not Wire.OPEN and options.sim is not None:
        text.append("At the simulated console somebody presses what is called out, 2 s later.")
    if options.strap is not None:
        low, limit, why = options.heart.low_bpm, options.heart.high_bpm, options.heart.why
        known = f"limit {limit}" if low is None else f"band {low} to {limit}"
        known = f"{known} a minute ({why})" if limit is not None else "limit not known: each raise waits for RPE"
        text.append(f"Strap: {plain(options.strap.words)}; {known}.")
    if options.speedup != 1:
        text.append(f"Time runs {options.speedup:g} times as fast; times at the left are session time.")
    if options.remote.keys:
        text.append(
            "The remote, as taught: " + ", ".join(f"{key} {words}" for key, words in options.remote.lines) + "."
        )
    text.append("The safety clip is the emergency stop. This program is not.")
    text += [f"Note: {plain(remark)}" for remark in (*info.remarks, *plan.remarks)]
    return ["", *text, ""]
