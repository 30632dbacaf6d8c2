"""Which machine is this? Connect, look at what it says and measures, write nothing, let go."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, ClassVar, Final

from textual.binding import Binding, BindingType

from retroctl.adapters.tui.choose.cards import ChooseCard
from retroctl.adapters.tui.choose.room import SHORT
from retroctl.adapters.tui.keymap import with_capitals
from retroctl.adapters.tui.text import plain
from retroctl.adapters.tui.words import OLD_S
from retroctl.errors import TreadmillError

if TYPE_CHECKING:
    from retroctl.adapters.tui.choose.ports import Choice, Said
    from retroctl.adapters.tui.painted import Part
    from retroctl.units import Speed

CONNECT_S: Final = 75.0
"""Connecting has 45 s for its tries; the rest is for reading what the machine says."""
WATCH_S: Final = 600.0
"""A treadmill serves one device at a time: a trainer who has gone away must not hold it for ever."""
LET_GO_S: Final = 8.0
"""The link's own bound is 5 s."""

HOW: Final = (
    "To be sure which one it is: with NOBODY on the belt start it at its own console, and see the speed here; then "
    "stop it there. Or carry this computer nearer and see its signal grow in the list."
)


class IdentifyCard(ChooseCard):
    """Dismissed with True when this is the machine, with False when not; always after the link is let go of."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "this_one", show=False),
        Binding("backspace," + with_capitals(("q", "i")), "close", show=False),
    ]

    def __init__(self, choice: Choice, key: str, name: str) -> None:
        super().__init__()
        self._choice, self._key, self._machine_name = choice, key, name
        self._over = asyncio.Event()
        self._watching: asyncio.Task[None] | None = None
        self._leaving: asyncio.Task[None] | None = None
        self._said: Said | None = None
        self._speed: Speed | None = None
        self._speed_at = self._began = 0.0
        self._error = ""

    def on_mount(self) -> None:
        """Begin."""
        self._began = self.desk.now()
        self._watching = asyncio.get_running_loop().create_task(self._watch(), name="identify a machine")
        super().on_mount()

    async def _watch(self) -> None:
        await self.desk.end_search()
        if self._over.is_set():
            return
        try:
            await self.desk.surroundings.watch(self._choice, self._take_said, self._take_speed, self._over)
        except TreadmillError as error:
            self._error = plain(str(error), 400)
        except Exception as error:  # noqa: BLE001 - the end of this task; the card says it, the list goes on
            self._error = plain(f"{type(error).__name__}: {error}", 400)
        else:
            if not self._over.is_set():
                self._error = "the connection is gone: the machine or another program ended it"

    def _take_said(self, said: Said) -> None:
        self._said = said
        if said.belt is not None:
            self.desk.belts[self._key] = said.belt

    def _take_speed(self, speed: Speed) -> None:
        self._speed, self._speed_at = speed, self.desk.now()

    def draw(self) -> None:
        """Paint; and see to the bounds."""
        waited = self.desk.now() - self._began
        watching = self._watching is not None and not self._watching.done()
        if watching and waited > (CONNECT_S if self._said is None else WATCH_S) and not self._error:
            self._error = (
                "it did not answer in time: wake it, close other apps, then try again"
                if self._said is None
                else "let go of after 10 minutes, so that others can use it"
            )
            self._over.set()
            if self._said is None and self._watching is not None:
                self._watching.cancel()
        super().draw()

    def words(self) -> list[Part]:
        """The name, the speed with its age, what the machine says, how to be sure."""
        address = "in memory" if self._choice.sim else plain(self._key, 40)
        parts: list[Part] = [(f"{plain(self._machine_name, 60)}   {address}\n", "bold")]
        waited = self.desk.now() - self._began
        if self._leaving is not None:
            return [*parts, "letting go of the connection...\n"]
        if self._error:
            return [*parts, (f"\nNot identified: {self._error}\n", "$warning bold"), "\nBACKSPACE back to the list"]
        if self._said is None:
            return [*parts, f"connecting, {waited:.0f} s (at most {CONNECT_S:.0f}); nothing is written to it\n"]
        parts += self._measured()
        # Above everything that may be long: the card is cut off at its end where there is no room.
        parts += [("ENTER this is the one   BACKSPACE back", "bold"), "   nothing is written to it\n"]
        if self.app.size.height < SHORT:
            return parts
        said = self._said
        parts += [
            f"\nSupported Speed Range: {said.range_words}\n",
            f"Control: {'yes, it has a Control Point' if said.control else 'NO: it can only be watched'}\n",
        ]
        parts += [(f"- {plain(remark, 160)}\n", "$text-muted") for remark in said.remarks[:4]]
        return [*parts, f"\n{HOW}"]

    def _measured(self) -> list[Part]:
        if self._speed is None:
            return [(" BELT: NOT KNOWN YET ", "reverse bold"), " it has sent no speed so far\n"]
        age = self.desk.now() - self._speed_at
        if age > OLD_S:
            return [
                (f" BELT: NOT KNOWN FOR {age:.0f} s ", "$alarm-text on $error bold"), f" last {self._speed}\n",
            ]  # fmt: skip
        word, style = ("MOVES", "$warning reverse bold") if self._speed.hundredths else ("AT REST", "reverse bold")
        return [(f" BELT: {word} ", style), f" measured {self._speed}, {age:.1f} s ago\n"]

    def action_this_one(self) -> None:
        """This is the one, once it has said something."""
        if self._said is not None and not self._error and not self.desk.repeated("enter"):
            self._leave(taken=True)

    def action_close(self) -> None:
        """Back to the list."""
        self._leave(taken=False)

    def _leave(self, *, taken: bool) -> None:
        if self._leaving is None:
            self._leaving = asyncio.get_running_loop().create_task(self._end(taken), name="let go of a machine")
            self.draw()

    async def _end(self, taken: bool) -> None:  # noqa: FBT001 - private, called once
        await self.let_go()
        self.dismiss(taken)

    async def let_go(self) -> None:
        """End the watching, within bounds; what does not end by itself is cancelled."""
        self._over.set()
        if self._watching is None:
            return
        if self._said is None:
            self._watching.cancel()
        _, late = await asyncio.wait({self._watching}, timeout=LET_GO_S)
        for task in late:
            task.cancel()
            await asyncio.wait({task}, timeout=LET_GO_S)
