"""`qualify`: a typed confirmation, the test, the profile."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import sys
import threading
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from retroctl import __version__
from retroctl.adapters.console.keys import keys
from retroctl.adapters.console.output import Output
from retroctl.adapters.console.text import plain
from retroctl.adapters.profiles import load, save
from retroctl.app.qualifier import Qualifier
from retroctl.app.result import ExitStatus
from retroctl.app.trial_engine import Told, TrialEngine
from retroctl.cli.known import today
from retroctl.cli.machine import held, on_air, session_clock, simulated
from retroctl.cli.options import checked_belt, checked_speedup
from retroctl.cli.summing_up import fault_words
from retroctl.cli.ways_out import unless_left, ways_out
from retroctl.config import Settings, load_settings
from retroctl.domain.limits import BeltRange
from retroctl.domain.profile import Verdict
from retroctl.domain.qualify import Trial, TrialGate
from retroctl.domain.qualify.happenings import Step
from retroctl.domain.qualify.script import TOP, script
from retroctl.errors import ConfigError, UnsupportedTreadmill

if TYPE_CHECKING:
    from pathlib import Path

    from retroctl.app.clock import Clock
    from retroctl.app.ports import MachineInfo
    from retroctl.cli.machine import Chosen
    from retroctl.domain.profile import Profile

PROGRESS_S: Final = 10.0
"""Between two lines of progress."""


@dataclass(frozen=True, slots=True)
class QualifyOptions:
    """A test as asked for."""

    settings: Settings
    sim: str | None
    address: str | None
    speedup: float
    yes: bool
    jsonl: bool
    terminal: bool
    belt: BeltRange | None

    @classmethod
    def checked(
        cls,
        *,
        sim: str | None,
        address: str | None,
        speedup: str,
        yes: bool,
        jsonl: bool,
        terminal: bool,
        speed_range: str | None,
    ) -> QualifyOptions:
        """Check everything that can be checked without a machine. Raises ConfigError, one clear line."""
        if sim is not None and address is not None:
            raise ConfigError("--sim and --address exclude each other: one test, one treadmill")
        if sim is None and yes:
            raise ConfigError("--yes is for the simulated treadmill only: on a real one a person looks and confirms")
        factor = checked_speedup(speedup, sim)
        if sim is None and not terminal:
            raise ConfigError("a real treadmill is tested with a person at a terminal; there is none")
        if not terminal and not yes:
            raise ConfigError("there is no terminal to confirm that nobody is on the belt: add --yes (simulator only)")
        if sim is not None:
            from simulators.personality import personality  # noqa: PLC0415 - only for the simulated treadmill

            personality(sim)
        belt = None if speed_range is None else checked_belt(speed_range)
        return cls(load_settings(), sim, address, factor, yes, jsonl, terminal, belt)


def qualify_command(options: QualifyOptions) -> int:
    """Test one machine; gives the exit status. Raises RetroctlError for what ends it before it begins."""
    errors = Output(2, lambda: None)
    try:
        return asyncio.run(qualify(options, errors))
    finally:
        errors.close()


async def qualify(options: QualifyOptions, errors: Output) -> int:
    """As `qualify_command`, in the running loop."""
    with session_clock(options.speedup) as clock:
        if options.sim is not None:
            chosen = simulated(options.sim, clock)
        else:
            errors.line("Looking for the treadmill...")
            looking = on_air(options.address, options.settings.scan_s, clock)
            chosen = await unless_left(looking, "looking for the treadmill")
        with held(chosen, options.settings.data_dir):
            return await _Test(options, chosen, clock, errors).run()


class _Test:
    """One test of one machine, from the confirmation to the profile."""

    def __init__(self, options: QualifyOptions, chosen: Chosen, clock: Clock, errors: Output) -> None:
        self._options, self._chosen, self._clock, self._errors = options, chosen, clock, errors
        self._name = chosen.treadmill.name
        self._address = chosen.treadmill.address
        self._trial: Trial | None = None
        self._progress_at = 0.0
        self._out: Output

    async def run(self) -> int:
        """Gives the exit status."""
        options = self._options
        before = load(options.settings.data_dir, self._address)  # an unreadable file is told before anything moves
        if not options.yes:
            await self._confirm()
        loop = asyncio.get_running_loop()
        qualifier = Qualifier(
            self._chosen.treadmill, self._clock, listeners=[self._show], exit_wait_s=self._chosen.exit_wait_s
        )

        def reader_gone() -> None:
            loop.call_soon_threadsafe(qualifier.leave, "the output was closed")

        self._out = Output(1, reader_gone)
        with ExitStack() as stack:
            stack.callback(self._out.close)
            stack.enter_context(ways_out(qualifier.leave))
            if options.terminal:
                gone = lambda: qualifier.leave("the terminal was closed")  # noqa: E731 - said once, here
                stack.enter_context(keys(lambda _key: qualifier.stop("key"), gone))
            try:
                info = await qualifier.connect()
                belt = self._belt(info)
            except BaseException:
                await qualifier.abandon()
                raise
            trial = self._trial = Trial(belt, script, attended=options.terminal and not options.yes)
            self._introduce(info, trial)
            qualifier.begin(TrialEngine(trial, TrialGate(belt)))
            at_rest = await qualifier.finish()
            return self._end(qualifier, trial, before, at_rest=at_rest)

    def _belt(self, info: MachineInfo) -> BeltRange:
        belt = self._announced(info)
        if belt.minimum > TOP:
            raise UnsupportedTreadmill(f"its lowest speed is {belt.minimum}, and this test goes up to {TOP} only")
        return belt

    def _announced(self, info: MachineInfo) -> BeltRange:
        if not info.has_control_point:
            raise UnsupportedTreadmill(
                f"{plain(info.name)} has no usable Control Point: it cannot be commanded, only watched"
            )
        if self._options.belt is not None:
            return self._options.belt
        if info.speed_range is None:
            raise UnsupportedTreadmill(
                f"{plain(info.name)} does not say which speeds it has: read the lowest, highest and smallest step from "
                "the console and give them with --range MIN-MAX/STEP"
            )
        announced = info.speed_range
        return BeltRange(announced.minimum, announced.maximum, announced.increment)

    # -- before ----------------------------------------------------------------------------------------------------

    async def _confirm(self) -> None:
        """A person looks at the belt and types the machine's name. Raises ConfigError where that is not what came."""
        name = plain(self._name)
        for line in (
            "",
            f"This test starts and stops the belt of {name} about 25 times, up to {TOP} and never over 6 km/h.",
            "NOBODY may be on the belt, or near it, for about eight minutes. It must stand still now.",
            "Keep the safety key within reach. Any key stops the belt and ends the test; so does Ctrl-C.",
            f"Nobody is on the belt, and it stands still? Then type the machine's name, {name}, and Enter:",
        ):
            self._errors.line(line)
        typed = await unless_left(_typed_line(), "nothing was confirmed")
        if typed.strip().casefold() != name.strip().casefold():
            raise ConfigError(f"not confirmed: {plain(typed.strip())!r} is not {name!r}; nothing was written to it")

    def _introduce(self, info: MachineInfo, trial: Trial) -> None:
        if self._options.jsonl:
            return
        belt = trial.belt
        self._out.line("")
        self._out.line(f"{plain(info.name)}   {plain(info.address)}{'   SIMULATED' if self._options.sim else ''}")
        self._out.line(f"Announces {belt.minimum} to {belt.maximum} in steps of {belt.increment}.")
        self._out.line(
            f"Ceiling of this test: {trial.ceiling}; targets up to {belt.snap_down(min(TOP, trial.ceiling))}."
        )
        for remark in info.remarks:
            self._out.line(f"Note: {plain(remark)}")
        if self._options.terminal:
            self._out.line("ANY KEY STOPS THE BELT AND ENDS THE TEST.")
        self._out.line("")

    # -- meanwhile -------------------------------------------------------------------------------------------------

    def _show(self, told: Told) -> None:
        telemetry = told.type == "telemetry"
        if self._options.jsonl:
            self._out.line(json.dumps({"t": told.t, "type": told.type, **told.data}), telemetry=telemetry)
            return
        match told.type:
            case "step":
                self._out.line(f"{_clock(told.t)}  Step {self._number(told)}: {told.data['text']}{self._left()}")
                self._progress_at = told.t
            case "note":
                self._out.line(f"{_clock(told.t)}     {plain(str(told.data['text']))}")
            case "alarm":
                self._out.line(f"{_clock(told.t)}  !! {plain(str(told.data['text']))}")
            case "telemetry" if told.t - self._progress_at >= PROGRESS_S:
                self._progress_at = told.t
                self._out.line(
                    f"{_clock(told.t)}     {told.data['measured_kmh']:.2f} km/h{self._left()}", telemetry=True
                )
            case _:
                pass

    def _number(self, told: Told) -> str:
        attended = self._trial is not None and self._trial.attended
        steps = [step for step in Step if attended or step is not Step.SAFETY_KEY]
        return f"{steps.index(Step(told.data['step'])) + 1} of {len(steps)}"

    def _left(self) -> str:
        left_s = 0.0 if self._trial is None else self._trial.left_s(self._clock.now())
        return f"   (about {_clock(left_s)} left)" if left_s > 0 else ""

    # -- after -----------------------------------------------------------------------------------------------------

    def _end(self, qualifier: Qualifier, trial: Trial, before: Profile | None, *, at_rest: bool) -> int:
        findings = trial.findings
        profile = findings.profile(
            name=self._name,
            address=self._address,
            belt=trial.belt,
            typed=self._options.belt is not None,
            day=today().isoformat(),
            version=__version__,
            duration_s=trial.duration_s,
        )
        if before is not None:
            profile = dataclasses.replace(profile, command=before.command)  # declared by hand: not this test's to lift
        broken_off = trial.stopped_by_person or qualifier.error is not None
        kept = findings.verdict is Verdict.DANGEROUS or not broken_off
        path = save(self._options.settings.data_dir, profile) if kept else None
        status = _status(qualifier, findings.verdict, at_rest=at_rest)
        if self._options.jsonl:
            summary: dict[str, Any] = {
                "t": round(trial.duration_s, 3),
                "type": "summary",
                "verdict": findings.verdict.value,
                "reasons": list(profile.reasons),
                "ended_by": trial.ended_by,
                "duration_s": profile.duration_s,
                "stops": profile.stops.count,
                "belt_at_rest": at_rest,
                "profile": None if path is None else str(path),
            }
            self._out.line(json.dumps(summary))
        else:
            for line in _sum_up(profile, path, broken_off=broken_off, at_rest=at_rest):
                self._out.line(line)
        if status is not ExitStatus.OK:
            words = profile.reasons[0] if profile.reasons else trial.ended_by or "the test ended"
            rest = (
                "the belt is at rest" if at_rest else "the belt is NOT confirmed at rest: PULL THE CLIP and look at it"
            )
            self._errors.line(f"retroctl: {plain(words)}; {rest}")
        if qualifier.error is not None:
            for line in fault_words(qualifier.error):
                self._errors.line(line)
        return int(status)


def _status(qualifier: Qualifier, verdict: Verdict, *, at_rest: bool) -> ExitStatus:
    if not at_rest and qualifier.wrote:
        return ExitStatus.NOT_AT_REST
    if qualifier.error is not None:
        return ExitStatus.INTERNAL_ERROR
    return ExitStatus.NO_TREADMILL if verdict is Verdict.DANGEROUS else ExitStatus.OK


def _sum_up(profile: Profile, path: Path | None, *, broken_off: bool, at_rest: bool) -> list[str]:
    stops, ramps, start = profile.stops, profile.ramps, profile.start
    lines = ["", f"Verdict: {'broken off' if broken_off and path is None else profile.verdict.value.upper()}"]
    lines += [f"   {plain(reason)}" for reason in profile.reasons]
    lines += [f"   Note: {plain(remark)}" for remark in profile.remarks]
    rest = f"rest after {stops.rest_p50_s} s, 95 of 100 {stops.rest_p95_s} s, the longest {stops.rest_max_s} s"
    figures = (
        ("start", start.delay_s, f"moves {start.delay_s} s after Start, to {start.speed_kmh} km/h by itself"),
        ("ramps", ramps.up_kmh_per_s, f"up {ramps.up_kmh_per_s}, down {ramps.down_kmh_per_s} km/h per second"),
        ("stop", stops.rest_p95_s, f"{stops.count} from the lowest speed: {rest}"),
        ("stop", stops.from_top_rest_s, f"from {stops.from_top_kmh} km/h: rest after {stops.from_top_rest_s} s"),
        ("link", profile.tells.dropped_link, f"when the link drops, the belt {profile.tells.dropped_link}"),
        ("key", profile.tells.safety_key, f"safety key: {profile.tells.safety_key}"),
    )
    lines += [f"   {name:6} {text}" for name, figure, text in figures if figure is not None]
    if path is not None:
        lines.append(f"Profile: {path}")
    else:
        lines.append("Nothing was kept of this test.")
    lines.append(
        "The belt is at rest." if at_rest else "THE BELT IS NOT CONFIRMED AT REST: PULL THE CLIP AND LOOK AT IT."
    )
    return lines


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"


async def _typed_line() -> str:
    """A line from the terminal; the thread that waits for it holds nothing up when somebody leaves."""
    loop = asyncio.get_running_loop()
    typed: asyncio.Future[str] = loop.create_future()

    def take(line: str) -> None:
        if not typed.done():
            typed.set_result(line)

    def read() -> None:
        line = sys.stdin.readline()
        loop.call_soon_threadsafe(take, line)

    threading.Thread(target=read, name="confirmation", daemon=True).start()
    return await typed
