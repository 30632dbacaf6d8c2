"""The trainer's screen as the command line uses it: opened, fed, ended, closed; and what happens when it dies."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from textual.app import App

from retroctl.adapters.tui.app import TrainerApp
from retroctl.adapters.tui.driver import guarded_driver
from retroctl.adapters.tui.feed import Feed
from retroctl.adapters.tui.terminal import LOOK_S, terminal_open
from retroctl.app.remote import Remote

if TYPE_CHECKING:
    from collections.abc import Callable

    from retroctl.adapters.tui.controls import Controls
    from retroctl.adapters.tui.facts import Facts, Machine
    from retroctl.adapters.tui.keymap import Urgent

CLOSE_S: Final = 3.0
"""How long the screen may take to put the terminal back as it was."""
SUMMARY_S: Final = 600.0
"""The summary waits for a key so long; then the program ends by itself and lets go of the machine's lock."""


class TrainerScreen:
    """Owns the task of the Textual application. `feed` is the listener to give to the session's owner."""

    def __init__(
        self,
        controls: Controls,
        machine: Machine,
        *,
        said: tuple[str, ...] = (),
        remote: Remote | None = None,
        failed: Callable[[BaseException], None],
        gone: Callable[[], None],
        ended: Callable[[], None],
    ) -> None:
        """`said`: lines that were on the terminal before, the wall screen's address and code.

        `remote`: the presenter remote as it was taught.

        `failed`: a fault in the screen; `ended`: it is off the terminal after one; `gone`: that is closed.
        """
        self.feed = Feed()
        self._failed, self._gone, self._ended = failed, gone, ended
        self._remote = remote or Remote()
        self._app = TrainerApp(controls, machine, self.feed, driver=self._driver(controls))
        self._app.on_failure = failed
        self._app.view.said = said
        self._app.view.remote = self._remote.lines
        self._closing = False
        self._task: asyncio.Task[None] | None = None
        self._look: asyncio.TimerHandle | None = None

    @property
    def alive(self) -> bool:
        """Whether it is on the terminal."""
        return self._task is not None and not self._task.done()

    def open(self) -> None:
        """Take the terminal; returns at once."""
        loop = asyncio.get_running_loop()
        factory = loop.get_task_factory()
        self._task = loop.create_task(self._run(), name="trainer's screen")
        # Textual makes every task of the loop an eager one (from Python 3.12). The session was not written for that.
        loop.call_soon(loop.set_task_factory, factory)
        self._watch()

    def plan(self, facts: Facts) -> None:
        """What is going to happen."""
        self._app.plan(facts)

    async def show_end(self, reason: str, belt: str) -> None:
        """Show the summary until a key closes it, or nobody comes."""
        if self._task is None or not self.alive:
            return
        self.feed.leaving = self._app.exit
        self._app.finish(reason, belt)
        await asyncio.wait({self._task}, timeout=SUMMARY_S)

    async def close(self) -> None:
        """Give the terminal back, within a bound."""
        self._closing = True
        if self._look is not None:
            self._look.cancel()
        if self._task is None or self._task.done():
            return
        self._app.exit()
        _, late = await asyncio.wait({self._task}, timeout=CLOSE_S)
        for task in late:
            task.cancel()
            await asyncio.wait({task}, timeout=CLOSE_S)

    async def _run(self) -> None:
        error: BaseException | None = None
        try:
            await self._app.run_async(mouse=False)
        except Exception as raised:  # noqa: BLE001 - the end of this task: a screen that fails stops the belt
            error = raised
        over = self._closing or self._app.view.ending is not None
        if error is not None:
            self._failed(error)
        if over:
            return
        if error is not None or self._app.failure is not None:
            self._ended()
        else:
            # No exception, and nobody asked: the terminal went away under it.
            self._gone()

    def _driver(self, controls: Controls) -> type | None:
        def gone() -> None:
            controls.leave("the terminal was closed")

        return guarded_driver(
            App().get_driver_class(),
            urgent_key=self._urgent,
            takes_text=lambda: self._app.takes_text,
            repaint=self._repaint,
            gone=gone,
            remote=self._remote,
        )

    def _urgent(self, act: Urgent) -> None:
        try:
            self._app.urgent(act)
        except Exception as error:  # noqa: BLE001 - called by the loop: there is nobody above to stop the belt
            self._failed(error)

    def _repaint(self) -> None:
        if self.alive:
            self._app.repaint()

    def _watch(self) -> None:
        if not terminal_open():
            self._gone()
            return
        self._look = asyncio.get_running_loop().call_later(LOOK_S, self._watch)
