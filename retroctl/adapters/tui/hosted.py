"""An application of its own on the terminal, beside a session's: opened, and ended whatever happens to the terminal.

Nothing is armed from here while one runs: STOP keys only close and leave, but the floor's, which ask other computers.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, ClassVar, Final, Generic, TypeVar

from textual.app import App
from textual.binding import Binding, BindingType

from retroctl.adapters.tui.driver import guarded_driver
from retroctl.adapters.tui.keymap import LEAVE_KEYS, Urgent, with_capitals
from retroctl.adapters.tui.terminal import LOOK_S, terminal_open
from retroctl.adapters.tui.themes import THEMES
from retroctl.app.remote import Remote

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.driver import Driver

CLOSE_S: Final = 3.0
"""How long the screen may take to put the terminal back as it was."""

Given = TypeVar("Given")


class HostedApp(App[Given]):
    """What every such application has: keys that leave, colours, and faults that are told by the command line."""

    TITLE = "retroctl"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(",".join(LEAVE_KEYS), "urgent('leave')", show=False, priority=True),
        Binding("escape,ctrl+q", "urgent('stop')", show=False, priority=True),
        Binding(with_capitals(("q",)), "urgent('stop')", show=False),
        Binding(with_capitals(("t",)), "colours", show=False),
        Binding("question_mark", "help", show=False),
    ]
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (50, "-usual"), (110, "-wide")]  # noqa: RUF012 - declared by Textual
    VERTICAL_BREAKPOINTS = [(0, "-tiny"), (12, "-short"), (22, "-high")]  # noqa: RUF012 - declared by Textual

    def __init__(self, *, driver: type[Driver] | None = None) -> None:
        super().__init__(driver_class=driver)
        self.failure: BaseException | None = None
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = THEMES[0].name

    def urgent(self, act: Urgent) -> None:
        """Keys that the driver hands on past the queue."""
        raise NotImplementedError

    async def let_go(self) -> None:
        """After the end, within bounds: nothing stays behind."""

    def action_urgent(self, act: str) -> None:
        """The same, where the keys come by Textual's way."""
        self.urgent(Urgent(act))

    async def action_quit(self) -> None:
        """Textual's own way out leaves too: nothing is armed."""
        self.exit(None)

    def action_colours(self) -> None:
        """The next theme."""
        names = [theme.name for theme in THEMES]
        self.theme = names[(names.index(self.theme) + 1) % len(names)] if self.theme in names else names[0]

    def _handle_exception(self, error: Exception) -> None:
        """A fault of ours is told by the command line, in its own way."""
        if self.failure is None:
            self.failure = error
        super()._handle_exception(error)
        self._exit_renderables.clear()


class Host(Generic[Given]):
    """Runs one. `left` says why it gave nothing back."""

    def __init__(self, make: Callable[[type[Driver]], HostedApp[Given]], *, name: str) -> None:
        """`make` gives the application for a driver class; `name` is its task's."""
        self.left = ""
        self._left_at: float | None = None
        self._name = name
        self._app = make(self._driver())

    async def run(self) -> Given | None:
        """Show it until something is chosen or somebody leaves. A fault in the screen is raised.

        Nothing stays behind.
        """
        loop = asyncio.get_running_loop()
        factory = loop.get_task_factory()
        task = loop.create_task(self._app.run_async(mouse=False), name=self._name)
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
            remote=Remote(),  # nothing moves: a clicker has nothing to say
            repaint=self._repaint,
            gone=lambda: self.leave("the terminal was closed"),
        )

    def _urgent(self, act: Urgent) -> None:
        if self._app.is_running:
            self._app.urgent(act)

    def _repaint(self) -> None:
        if self._app.is_running:
            self._app.screen.refresh(layout=True, repaint=True)
