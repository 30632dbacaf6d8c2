"""The choosing as the command line uses it: opened on the terminal, and ended whatever happens to that."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from textual.app import App

from retroctl.adapters.tui.choose.app import ChooseApp
from retroctl.adapters.tui.driver import guarded_driver
from retroctl.adapters.tui.terminal import LOOK_S, terminal_open
from retroctl.app.remote import Remote

if TYPE_CHECKING:
    from textual.driver import Driver

    from retroctl.adapters.tui.choose.ports import Choice, Surroundings
    from retroctl.adapters.tui.keymap import Urgent

CLOSE_S: Final = 3.0
"""How long the screen may take to put the terminal back as it was."""


class Choosing:
    """One choosing. `left` says why it gave nothing back."""

    def __init__(self, surroundings: Surroundings, given: Choice) -> None:
        self.left = ""
        self._left_at: float | None = None
        self._app = ChooseApp(surroundings, given, driver=self._driver())

    async def run(self) -> Choice | None:
        """Show it until something is chosen or somebody leaves. A fault in the screen is raised.

        Nothing stays behind: no search, no connection.
        """
        loop = asyncio.get_running_loop()
        factory = loop.get_task_factory()
        task = loop.create_task(self._app.run_async(mouse=False), name="choosing")
        # Textual makes every task of the loop an eager one (from Python 3.12). What is awaited here is not written so.
        loop.call_soon(loop.set_task_factory, factory)
        try:
            while not task.done():
                await asyncio.wait({task}, timeout=LOOK_S)
                if not terminal_open():
                    self.leave("the terminal was closed")
                if self._left_at is not None:
                    self._app.exit(None)
                    if loop.time() - self._left_at > CLOSE_S:
                        task.cancel()
                        await asyncio.wait({task}, timeout=CLOSE_S)
                        break
        finally:
            await self._app.let_go()
        if self._app.failure is not None:
            raise self._app.failure
        if task.done() and not task.cancelled() and (error := task.exception()) is not None:
            raise error
        if self.left or not task.done() or task.cancelled():
            return None
        return task.result()

    def leave(self, why: str) -> None:
        """End it: a signal, a closed terminal."""
        if not self.left:
            self.left, self._left_at = why, asyncio.get_running_loop().time()
            self._app.exit(None)

    def _driver(self) -> type[Driver]:
        return guarded_driver(
            App().get_driver_class(),
            urgent_key=self._urgent,
            takes_text=lambda: True,
            remote=Remote(),  # nothing moves yet: a clicker has nothing to say
            repaint=self._repaint,
            gone=lambda: self.leave("the terminal was closed"),
        )

    def _urgent(self, act: Urgent) -> None:
        if self._app.is_running:
            self._app.urgent(act)

    def _repaint(self) -> None:
        if self._app.is_running:
            self._app.screen.refresh(layout=True, repaint=True)
