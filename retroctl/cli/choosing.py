"""Before a session: the screen on which machine, client and plan are chosen, and what it needs from the rest.

It runs to its end in a loop of its own. What it gives back is what a person would have typed as options, and goes the
same way from there: the same checks, the same search for the machine, the same lock.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Final

from retroctl.adapters.ble.connect import LIKELY_CAUSES
from retroctl.adapters.ble.scan import scan
from retroctl.adapters.ble.treadmill import BleTreadmill
from retroctl.adapters.console.text import plain
from retroctl.adapters.plans import Preset
from retroctl.adapters.tui.choose.ports import ClientRow, HeardMachine, Practice, Preview, Said
from retroctl.app.clock import LoopClock
from retroctl.app.ports import Disconnected, FrameArrived, LinkEvent
from retroctl.cli.known import standing_of
from retroctl.cli.machine import Chosen, held, simulated
from retroctl.cli.options import RunOptions, demo_options
from retroctl.cli.person import DEMO_CLIENT, today
from retroctl.cli.plan_files import plan_files
from retroctl.cli.planning import assumed_belt, planned
from retroctl.cli.ways_out import ways_out
from retroctl.domain.limits import LEVEL_CAPS, BeltRange, Level, caps_for
from retroctl.errors import (
    ConfigError,
    JournalError,
    MalformedFrame,
    TreadmillError,
    TreadmillNotFound,
    UnsupportedTreadmill,
)
from retroctl.ftms.treadmill_data import RecordMerger, decode_treadmill_data

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from retroctl.adapters.ble.scan import FoundMachine
    from retroctl.adapters.clients import Listed, Unreadable
    from retroctl.adapters.tui.choose.ports import Choice
    from retroctl.app.clock import Clock
    from retroctl.app.ports import MachineInfo
    from retroctl.units import Speed

LISTEN_S: Final = 60.0
"""One search on the screen: long enough to walk up to a machine and see its signal grow."""
OFFERED: Final = tuple(each.value for each in Preset if each not in (Preset.LADDER, Preset.OUTDOOR))
"""The ladder is what there is without a plan; outdoors there is no machine to choose."""
UNREADABLE: Final = "(clients cannot be read)"
"""No client is called so; choosing it is refused with the reason."""
PRACTICE: Final = "standard"


def choose_first(options: RunOptions, check: Callable[[Choice], RunOptions], given: Choice) -> RunOptions:
    """Let the trainer choose what the options leave open, where there is a screen to do it on.

    `check` makes the options again with a choice in them; `given` is what they said. Raises TreadmillNotFound when the
    trainer leaves: nothing has been written then.
    """
    asked = options.screen and not options.yes and options.sim is None and options.address is None
    return check(asyncio.run(_choose(options, check, given))) if asked else options


async def _choose(options: RunOptions, check: Callable[[Choice], RunOptions], given: Choice) -> Choice:
    from retroctl.adapters.tui.choose.run import Choosing  # noqa: PLC0415 - heavy

    choosing = Choosing(Air(options, check, LoopClock()), given)
    with ways_out(choosing.leave):
        choice = await choosing.run()
    if choice is None:
        why = f" ({choosing.left})" if choosing.left else ""
        raise TreadmillNotFound(f"left{why} before a treadmill was chosen; nothing was written to one")
    return choice


class Air:
    """What the choosing needs from outside. See the protocol `Surroundings`."""

    listen_s = LISTEN_S
    nothing_heard = LIKELY_CAUSES

    def __init__(self, options: RunOptions, check: Callable[[Choice], RunOptions], clock: Clock) -> None:
        from retroctl.app.client_forms import ClientForms  # noqa: PLC0415 - heavy, and only for the screen
        from retroctl.app.client_given import FIELDS  # noqa: PLC0415 - as above
        from retroctl.cli.client_work import desk_of  # noqa: PLC0415 - as above
        from simulators.personality import personality  # noqa: PLC0415 - only for the simulated treadmill

        self._options, self._check, self._clock = options, check, clock
        self.settle_s = options.settings.scan_s
        traits = personality(PRACTICE).traits
        self.practice = Practice(PRACTICE, BeltRange(traits.minimum, traits.maximum, traits.increment))
        self._found: dict[str, FoundMachine] = {}
        """The machines heard, as the Bluetooth library knows them."""
        self.forms = ClientForms(desk_of(options.settings.data_dir, FIELDS))
        self.look_again()

    def clients(self) -> Sequence[ClientRow]:
        """Nobody named; the clients kept here; and the demo's client, on a simulated belt."""
        demo = caps_for(demo_options().client, self.practice.belt, qualified=True)
        return (
            ClientRow(None, "nobody named", Level.NEW, f"at most {LEVEL_CAPS[Level.NEW]}"),
            *self._kept,
            ClientRow(
                DEMO_CLIENT,
                DEMO_CLIENT,
                Level.PRACTISED,
                f"at most {demo.backward}",
                note="the built-in client of the demonstration; on the simulated treadmill only",
                simulated_only=True,
            ),
        )

    def look_again(self) -> None:
        """Read the clients anew."""
        self._kept = _kept_clients(self._options.settings.data_dir)

    def plan_files(self) -> Sequence[str]:
        """Presets; TOML files of the present folder, and of `plans` beside the configuration."""
        return [*OFFERED, *plan_files()]

    def preview(self, choice: Choice, belt: BeltRange | None) -> Preview:
        """The plan as the session would build it. Raises ConfigError naming stage and rule."""
        try:
            options = self._check(choice)
        except JournalError as error:  # the clients' file or the record, which the screen knows nothing of
            raise ConfigError(str(error)) from None
        known = options.belt or belt
        usable = known or assumed_belt(options.request)
        heard = self._found.get(choice.address or "")
        name, address = ("", "") if heard is None else (heard.name, heard.address)
        plan, caps = planned(options, usable, qualified=standing_of(options, name, address, usable).qualified)
        return Preview(plan, caps, assumed=known is None)

    async def listen(self, heard: Callable[[HeardMachine], None]) -> None:
        """Search, and tell of each machine heard. Raises TreadmillError."""
        await scan(self.listen_s, clock=self._clock, heard=partial(self._heard, heard))

    def _heard(self, tell: Callable[[HeardMachine], None], found: FoundMachine) -> None:
        self._found[found.address] = found
        tell(HeardMachine(found.name, found.address, found.rssi_dbm, found.says_treadmill, found.remarks))

    async def watch(
        self, choice: Choice, said: Callable[[Said], None], measured: Callable[[Speed], None], over: asyncio.Event
    ) -> None:
        """Connect, write nothing, tell what comes, let go.

        Raises TreadmillError; also when another retroctl on this computer holds the machine, since letting go of the
        link would end it for that one too.
        """
        chosen = self._reach(choice)
        merger = RecordMerger()
        gone = asyncio.Event()

        def take(event: LinkEvent) -> None:
            if isinstance(event, Disconnected):
                gone.set()
                over.set()
            elif (speed := _speed(merger, event)) is not None:
                measured(speed)

        with held(chosen, self._options.settings.data_dir):
            try:
                said(_said(await chosen.treadmill.open(take, lambda: None)))
                await over.wait()
            finally:
                await chosen.treadmill.close()
        if gone.is_set():
            raise TreadmillError("the connection is gone: the machine or another program ended it; try again")

    def _reach(self, choice: Choice) -> Chosen:
        if choice.sim is not None:
            return simulated(choice.sim, self._clock)
        found = self._found.get(choice.address or "")
        if found is None:
            raise TreadmillNotFound("it was not heard in this search: search again first")
        return Chosen(BleTreadmill(found.device, clock=self._clock), simulated=False)


def _kept_clients(data_dir: Path) -> tuple[ClientRow, ...]:
    """The clients of this computer; a file that cannot be read offers nobody, and says why in place of a name."""
    from retroctl.adapters.clients import ClientStore  # noqa: PLC0415 - heavy

    try:
        kept = ClientStore(data_dir).listed(today())
    except JournalError as error:
        return (ClientRow(UNREADABLE, UNREADABLE, Level.NEW, "no session", note=str(error)),)
    return tuple(_row(each) for each in kept)


def _row(each: Listed | Unreadable) -> ClientRow:
    from retroctl.adapters.clients import Unreadable  # noqa: PLC0415 - heavy

    if isinstance(each, Unreadable):  # by its id: taken or opened, it is refused with the reason
        return ClientRow(each.id, each.name, "unknown", "UNREADABLE", note=each.why, client_id=each.id)
    note = f"not today: {'; '.join(each.not_today)}" if each.not_today else ""
    return ClientRow(each.name, each.name, each.level, each.cap, note=note, not_today=bool(note), client_id=each.id)


def _speed(merger: RecordMerger, event: FrameArrived) -> Speed | None:
    if event.characteristic != "2acd":
        return None
    try:
        return merger.add(decode_treadmill_data(event.data)).measured_speed
    except MalformedFrame:
        return None


def _said(info: MachineInfo) -> Said:
    speeds = info.speed_range
    belt, words = None, "not announced: give it with --range MIN-MAX/STEP, read from the console"
    if speeds is not None:
        try:
            belt = BeltRange(speeds.minimum, speeds.maximum, speeds.increment)
            words = f"{belt.minimum} to {belt.maximum} in steps of {belt.increment}"
        except UnsupportedTreadmill as error:
            words = plain(str(error))
    remarks = list(info.remarks)
    if not info.has_treadmill_data:
        remarks.append("it sends no Treadmill Data, so no session can run on it")
    return Said(belt, words, info.has_control_point, tuple(remarks))
