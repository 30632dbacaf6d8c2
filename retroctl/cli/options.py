"""What `run` was asked, checked before anything is touched."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from retroctl.adapters.plans import PlanRequest, Preset, read_plan
from retroctl.adapters.remote import read_remote
from retroctl.adapters.wall.address import WallAddress
from retroctl.app.remote import Remote
from retroctl.cli.mqtt_choice import MqttChoice, mqtt_choice
from retroctl.cli.person import DEMO, Person, person
from retroctl.cli.strap import StrapChoice, strap_choice
from retroctl.cli.trainer import trainer_of
from retroctl.config import Settings, load_settings, remote_file
from retroctl.domain.limits import MIN_BACKWARD_HOLD_S, BeltRange, Client, Level
from retroctl.domain.method.heart import HeartLimits, without_facts
from retroctl.domain.plan import MAX_HOLD_S
from retroctl.domain.session import Advance
from retroctl.errors import ConfigError, UnsupportedTreadmill
from retroctl.units import Speed
from retroctl.written import decimal

if TYPE_CHECKING:
    from retroctl.domain.method.days import Day
    from retroctl.domain.method.facts import Facts
    from retroctl.domain.method.practice import Outing, Practice

MAX_SPEEDUP = 1000.0
LOUDEST = 100


@dataclass(frozen=True, slots=True)
class RunOptions:
    """A session as asked for."""

    settings: Settings
    sim: str | None
    address: str | None
    client: Client
    mass_kg: float | None
    request: PlanRequest
    advance: Advance
    speedup: float
    jsonl: bool
    yes: bool
    terminal: bool
    belt: BeltRange | None
    coarse: bool
    screen: bool = False
    """The trainer's screen; lines and single keys without it."""
    voice: bool = False
    volume: int = LOUDEST
    """Of the voice, per cent."""
    wall: WallAddress | None = None
    call_out: bool = False
    """Command no speed, though the machine could be: a person at its console does what is called out."""
    client_id: str | None = None
    """The client's random id; None for nobody named and the demonstration."""
    practice: tuple[Practice, ...] = ()
    """What this client has done, for the rule between sessions (R11)."""
    outdoors: tuple[Outing, ...] = ()
    """What this client has done outdoors (R25)."""
    facts: Facts | None = None
    """What is noted of the client, judged by `day`; None for nobody named and the demonstration."""
    day: Day | None = None
    remote: Remote = field(default_factory=Remote)
    """The presenter remote as it was taught."""
    heart: HeartLimits = field(default_factory=lambda: without_facts(Level.NEW))
    """What may not be exceeded: heart rate and RPE."""
    strap: StrapChoice | None = None
    """The client's heart-rate strap; None for none."""
    mqtt: MqttChoice | None = None
    """The club's broker; None for none."""
    trainer: str = ""
    """Who leads, for the record and for nothing else."""

    @property
    def who(self) -> Person:
        """What the session knows of its client."""
        return Person(
            self.client, self.mass_kg, self.client_id, self.practice, self.facts, self.day, heart=self.heart,
            outdoors=self.outdoors,
        )  # fmt: skip

    @classmethod
    def checked(
        cls,
        *,
        sim: str | None,
        address: str | None,
        client: str | None,
        plan: str | None,
        top: str | None,
        hold: str | None,
        advance: str | None,
        speedup: str,
        plain: bool,
        jsonl: bool,
        yes: bool,
        speed_range: str | None,
        coarse: bool,
        terminal: bool,
        screen: bool = False,
        voice: bool | None = None,
        volume: str | None = None,
        wall: str | None = None,
        wall_lan: bool = False,
        call_out: bool = False,
        strap: str | None = None,
        sim_strap: str | None = None,
        mqtt: str | None = None,
        mqtt_plain: bool = False,
        by: str | None = None,
    ) -> RunOptions:
        """Check everything that can be checked without a machine. Raises ConfigError, one clear line."""
        if sim is not None and address is not None:
            raise ConfigError("--sim and --address exclude each other: one session, one treadmill")
        if plain and jsonl:
            raise ConfigError("--plain and --jsonl exclude each other")
        if sim is None and yes:
            raise ConfigError("--yes is for the simulated treadmill only: on a real one a person answers and starts")
        factor = checked_speedup(speedup, sim)
        if sim is None and not terminal:
            raise ConfigError(
                "a real treadmill needs a trainer at a terminal; there is none (try --sim standard --yes)"
            )
        if not terminal and not yes:
            raise ConfigError("there is no terminal to answer the briefing: add --yes (simulated treadmill only)")
        settings = load_settings()
        who = person(client, settings.data_dir, simulated=sim is not None)
        request = _request(plan, top, hold, settings)
        mode = _advance(advance, who.client, alone=yes and not terminal)
        if sim is not None:
            from simulators.personality import personality  # noqa: PLC0415 - only for the simulated treadmill

            personality(sim)
        belt = None if speed_range is None else checked_belt(speed_range)
        on_wall = WallAddress.parse(wall or "", lan=wall_lan) if wall is not None or wall_lan else None
        heard = strap_choice(strap, sim_strap, sim=sim, remembered=who.strap)
        broker = mqtt_choice(mqtt, settings, plain=mqtt_plain, simulated=sim is not None, client=client)
        taught = read_remote(remote_file()) if terminal else Remote()
        loudness = _volume(volume, settings, quiet=voice is False)
        # Speech takes its own time: beside a session that is sped up it would only be late.
        speaks = terminal and factor == 1 if voice is None else voice
        return cls(
            settings, sim, address, who.client, who.mass_kg, request, mode, factor, jsonl, yes, terminal, belt, coarse,
            screen=screen and terminal and not plain and not jsonl,
            wall=on_wall, voice=speaks, volume=loudness, client_id=who.client_id, practice=who.practice, remote=taught,
            facts=who.facts, day=who.day, heart=who.heart, strap=heard, call_out=call_out,
            mqtt=broker, outdoors=who.outdoors, trainer=trainer_of(by, settings),
        )  # fmt: skip


def demo_options() -> RunOptions:
    """The built-in demonstration: a practised client, five rungs, scaled to about a minute."""
    request = PlanRequest(name="demo", top=Speed(420), hold_s=MIN_BACKWARD_HOLD_S)
    settings = load_settings()
    return RunOptions(
        settings, "standard", None, DEMO.client, DEMO.mass_kg, request, Advance.AUTO, 10.0,
        jsonl=False, yes=True, terminal=False, belt=None, coarse=False, trainer=trainer_of(None, settings),
    )  # fmt: skip


def _number(option: str, text: str) -> float:
    try:
        return decimal(text)
    except ConfigError as error:
        raise ConfigError(f"{option}: {error}") from None


def _volume(text: str | None, settings: Settings, *, quiet: bool) -> int:
    if text is None:
        return settings.volume
    if quiet:
        raise ConfigError("--quiet and --volume exclude each other")
    value = _number("--volume", text)
    if not 1 <= value <= LOUDEST:
        raise ConfigError(f"--volume {text}: give a number from 1 to {LOUDEST}; for none at all, --quiet")
    return round(value)


def _request(plan: str | None, top: str | None, hold: str | None, settings: Settings) -> PlanRequest:
    if plan is not None and plan != "ladder" and (top is not None or hold is not None):
        raise ConfigError(
            "--top and --hold are for the ladder; a plan file gives its own, a preset as PRESET:top=3km/h"
        )
    if plan is not None and plan != "ladder":
        request = read_plan(plan)
        if request.preset is Preset.OUTDOOR:
            raise ConfigError(
                f"{plan!r}: an outdoor session has no plan on a machine (R25): retroctl run --plan outdoor"
            )
        return request
    hold_s = settings.hold_s if hold is None else _number("--hold", hold)
    if hold_s < MIN_BACKWARD_HOLD_S:
        raise ConfigError(
            f"--hold {hold}: every backward speed is held for a full 60 seconds at least (R9); give 60 or more"
        )
    if hold_s > MAX_HOLD_S:
        raise ConfigError(f"--hold {hold}: a hold lasts at most {MAX_HOLD_S:g} seconds")
    speed = None if top is None else _top(top)
    return PlanRequest(top=speed, hold_s=hold_s)


def _top(text: str) -> Speed:
    try:
        speed = Speed.parse(text)
    except ConfigError as error:
        raise ConfigError(f"--top: {error}") from None
    if speed.hundredths == 0:
        raise ConfigError("--top 0: a ladder ends at a speed above 0")
    return speed


def _advance(text: str | None, client: Client, *, alone: bool) -> Advance:
    """Auto only for those who may go hands-free, or on a simulated belt with nobody there (`alone`)."""
    if text is None:
        return Advance.AUTO if alone else Advance.CONFIRM
    try:
        mode = Advance(text)
    except ValueError:
        raise ConfigError(f"--advance {text!r}: give auto or confirm") from None
    if mode is Advance.CONFIRM and alone:
        raise ConfigError("--advance confirm needs a person at a terminal to confirm; there is none")
    if mode is Advance.AUTO and not alone and not client.hands_free:
        raise ConfigError(
            "--advance auto is for clients whose balance is mastered, at level practised or above; this one is at "
            f"level {client.level}: use --advance confirm"
        )
    return mode


def checked_speedup(text: str, sim: str | None) -> float:
    """The factor of `--speedup`. Raises ConfigError."""
    factor = _number("--speedup", text)
    if sim is None and factor != 1:
        raise ConfigError("--speedup is for the simulated treadmill only: real belts run in real time")
    if not 0 < factor <= MAX_SPEEDUP:
        raise ConfigError(f"--speedup {text}: give a number from 1 to {MAX_SPEEDUP:g}")
    return factor


def checked_belt(text: str) -> BeltRange:
    """The speeds given with `--range`. Raises ConfigError."""
    match = re.fullmatch(r"\s*([^-/]+)-([^-/]+)/([^-/]+)\s*", text)
    form = "write it as 1.0-16.0/0.1 (lowest, highest and smallest step in km/h)"
    if match is None:
        raise ConfigError(f"--range {text!r}: {form}")
    try:
        return BeltRange(*(Speed.parse(part) for part in match.groups()))
    except ConfigError as error:
        raise ConfigError(f"--range {text!r}: {error}") from None
    except UnsupportedTreadmill as error:
        what, _, _ = str(error).partition(";")
        raise ConfigError(f"--range {text!r}: {what.replace('the machine announces', 'that is')}; {form}") from None
