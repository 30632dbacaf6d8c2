"""The trainer's screen as a Textual application. It draws, and hands keys on; it decides nothing about the belt."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, ClassVar, Final

from textual import events
from textual.app import App
from textual.command import CommandPalette
from textual.screen import ModalScreen

from retroctl.adapters.tui.bindings import BINDINGS
from retroctl.adapters.tui.caches import bound_caches
from retroctl.adapters.tui.controls import View
from retroctl.adapters.tui.entry import Asked
from retroctl.adapters.tui.keymap import ACTS, PAGE_ACTIONS, RUNNING_ACTIONS, Urgent
from retroctl.adapters.tui.messages import News
from retroctl.adapters.tui.notebook import Notebook
from retroctl.adapters.tui.screens.briefing import BriefingPage
from retroctl.adapters.tui.screens.connecting import ConnectingPage
from retroctl.adapters.tui.screens.modals import Card, HelpScreen, SaidScreen, StartScreen
from retroctl.adapters.tui.screens.page import Page
from retroctl.adapters.tui.screens.session import SessionPage
from retroctl.adapters.tui.screens.summary import SummaryPage
from retroctl.adapters.tui.themes import THEMES
from retroctl.domain import events as ev

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from textual.app import SystemCommand
    from textual.binding import BindingType
    from textual.driver import Driver
    from textual.screen import Screen

    from retroctl.adapters.tui.controls import Controls
    from retroctl.adapters.tui.facts import Facts, Machine
    from retroctl.adapters.tui.feed import Feed
    from retroctl.app.afterwards import After

PICTURE_EVERY_S: Final = 0.2
"""Numbers move five times a second: enough for eyes, little for the processor."""
KEY_REPEAT_S: Final = 0.3
"""The same key again so soon is a key held down; real seconds, since fingers know no other."""

STOP_REPEAT_S: Final = 0.1
USELESS_S: Final = 4.0
"""So long it is said that a key does nothing."""

UNARMED: Final = frozenset({"idle", "observing", "briefing"})
AT_AN_END: Final = frozenset({"stopped", "faulted"})
RUNNING: Final = frozenset(
    {"starting", "settling", "holding", "ready", "announcing", "overridden", "lost", "easing_down"}
)
CONFIRMABLE: Final = RUNNING | {"turning"}
_PAGES: Final[dict[str, type[Page]]] = {"idle": ConnectingPage, "observing": ConnectingPage, "briefing": BriefingPage}


class TrainerApp(App[None]):
    """Pages by the session's state; cards above them; keys that reach the session's owner in the same call."""

    CSS_PATH = "trainer.tcss"
    TITLE = "retroctl"
    BINDINGS: ClassVar[list[BindingType]] = BINDINGS
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (50, "-usual"), (110, "-wide")]  # noqa: RUF012 - declared by Textual
    VERTICAL_BREAKPOINTS = [(0, "-tiny"), (12, "-short"), (22, "-high"), (30, "-tall")]  # noqa: RUF012 - declared by Textual

    def __init__(
        self,
        controls: Controls,
        machine: Machine,
        feed: Feed,
        *,
        driver: type[Driver] | None = None,
        real_now: Callable[[], float] = time.monotonic,
    ) -> None:
        """`driver`: see `driver.guarded_driver`; tests use Textual's headless one."""
        bound_caches()
        super().__init__(driver_class=driver)
        self.failure: BaseException | None = None
        self.view = View(machine, feed)
        self.on_failure: Callable[[BaseException], None] = lambda _error: None
        self._controls = controls
        self._notebook = Notebook(controls, self.view)
        self._real_now = real_now
        self._last_act, self._last_at = "", 0.0
        self._stopped_at: float | None = None
        self._useless_until = 0.0
        self._helped_in = ""
        """The state in which help was opened: a stop that begins meanwhile must be seen."""
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = THEMES[0].name
        feed.news = self._news

    def _news(self) -> None:
        self.post_message(News())

    # -- what is shown ---------------------------------------------------------------------------------------------

    def on_mount(self) -> None:
        """Begin to draw."""
        self.push_screen(ConnectingPage())
        self.set_interval(PICTURE_EVERY_S, self.draw)

    def plan(self, facts: Facts) -> None:
        """The machine has said what it is; the plan is made."""
        self.view.facts = facts

    async def on_news(self) -> None:
        """Something was told: go to the screen that belongs to it, and draw."""
        await self._follow()
        self.draw()

    def draw(self) -> None:
        """Draw the present moment on every screen that may be seen."""
        view = self.view
        view.picture, view.t = self._controls.picture(), self._controls.t()
        view.blocks = frozenset() if view.picture is None else frozenset(block.value for block in view.picture.blocks)
        now = self._real_now()
        self._notebook.forget(now, running=view.feed.state in RUNNING)
        if now > self._useless_until:
            view.useless = ""
        for screen in self.screen_stack:
            if isinstance(screen, Page | Card):
                screen.draw(view)

    async def _follow(self) -> None:
        state = self.view.feed.state
        over = self.view.ending is not None
        wanted: type[Page] = SummaryPage if over else _PAGES.get(state, SessionPage)
        page = next((screen for screen in self.screen_stack if isinstance(screen, Page)), None)
        stale = (
            type(page) is not wanted
            or (isinstance(self.screen, StartScreen) and state != "armed")
            or (self._palette_open and state not in UNARMED and not over)
            or (
                isinstance(self.screen, HelpScreen | SaidScreen)
                and state == "stopping"
                and self._helped_in != "stopping"
            )
        )
        while stale and isinstance(self.screen, ModalScreen):
            await self.pop_screen()
        if type(page) is not wanted:
            await self.switch_screen(wanted())

    def finish(self, reason: str, belt: str) -> None:
        """The session is over: show how it ended."""
        self.view.ending = (reason, belt)
        self.post_message(News())

    def keep(self, said: After, told: Callable[[str | None], None]) -> None:
        """What was said after the session goes to the record."""
        self._controls.keep(said, told)

    def repaint(self) -> None:
        """The terminal missed something: paint everything anew."""
        self.screen.refresh(layout=True, repaint=True)

    # -- what is pressed -------------------------------------------------------------------------------------------

    def urgent(self, act: Urgent) -> None:
        """STOP, HOLD or a way out, at once: called from the driver past all queues, and by the bindings."""
        state = self.view.feed.state
        if self.view.ending is not None:
            self._close(at_once=act is Urgent.LEAVE)
        elif act is Urgent.STOP:
            self._stop()
        elif act is Urgent.LEAVE:
            self._controls.leave("SIGINT")
        elif state in RUNNING and not self._repeated("hold"):
            self._controls.tell(ev.HoldPressed())

    def _close(self, *, at_once: bool) -> None:
        """The session is over: an open question is left first, then the screen."""
        page = self.screen
        if self.view.asking and not at_once and isinstance(page, SummaryPage):
            page.leave_question()
        else:
            self.exit()

    def _stop(self) -> None:
        """The first STOP at once, and one of a key held down every tenth of a second: each asks the belt again."""
        now = self._real_now()
        if self._stopped_at is None or now - self._stopped_at >= STOP_REPEAT_S:
            self._stopped_at = now
            self._controls.stop("key")

    @property
    def takes_text(self) -> bool:
        """Whether a widget may take letters: the palette while nothing is armed, a field when the session is over."""
        if self.view.writing and self.view.ending is not None:
            return True
        return self._palette_open and (self.view.feed.state in UNARMED or self.view.ending is not None)

    @property
    def _palette_open(self) -> bool:
        return bool(self._screen_stack) and isinstance(self._screen_stack[-1], CommandPalette)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Which keys work now."""
        if action == "urgent_typed":
            return not self.takes_text
        if self.view.ending is not None:
            return action not in RUNNING_ACTIONS and not (self.view.asking and action in PAGE_ACTIONS)
        return self._works(action, parameters)

    def _works(self, action: str, parameters: tuple[object, ...]) -> bool:  # noqa: PLR0911 - a table
        """The same while the session lasts."""
        state = self.view.feed.state
        match action:
            case "digit":
                return state in RUNNING and self._notebook.takes(int(str(parameters[0])))
            case "step":
                return state in RUNNING and self._notebook.rating
            case "ask" | "hands":
                return state in RUNNING and not isinstance(self.screen, ModalScreen)
            case "act":
                return state in ({"stopping"} if parameters == ("rest",) else RUNNING)
            case "confirm":
                return state in CONFIRMABLE and not isinstance(self.screen, ModalScreen)
            case "command_palette":
                return state in UNARMED
            case _:
                return True

    def action_urgent(self, act: str) -> None:
        """A key of STOP, HOLD or a way out."""
        self.urgent(Urgent(act))

    def action_urgent_typed(self, act: str) -> None:
        """The same, for a key that a text field would take."""
        self.urgent(Urgent(act))

    def action_confirm(self) -> None:
        """Consent, or going on."""
        if self.view.ending is not None:
            self.exit()
        elif not self._repeated("confirm"):
            self._controls.tell(ev.ConfirmPressed())

    def action_act(self, name: str) -> None:
        """Anything else that a trainer does while the belt runs."""
        if not self._repeated(name):
            self._controls.tell(ACTS[name])

    def action_digit(self, digit: int) -> None:
        """Part of an entry, or a balance event."""
        self._notebook.digit(digit, self._real_now(), repeated=self._repeated(f"digit {digit}"))
        self.draw()

    def action_step(self, by: int) -> None:
        """One rating up or down."""
        self._notebook.step(by, self._real_now())
        self.draw()

    def action_ask(self, asked: str) -> None:
        """A rating or a tag is to be entered."""
        if not self._repeated(asked):
            self._notebook.ask(Asked(asked), self._real_now())
            self.draw()

    def action_hands(self) -> None:
        """The hands on the rails have changed."""
        if not self._repeated("hands"):
            self._notebook.hands()
            self.draw()

    def action_help(self) -> None:
        """The help card, and away again."""
        if isinstance(self.screen, ModalScreen):
            return
        self._helped_in = self.view.feed.state
        self.push_screen(HelpScreen())
        self.call_after_refresh(self.draw)

    def action_wall(self) -> None:
        """The address of the wall screen, where there is one."""
        if self.view.said and not isinstance(self.screen, ModalScreen):
            self._helped_in = self.view.feed.state
            self.push_screen(SaidScreen())
            self.call_after_refresh(self.draw)

    def action_colours(self) -> None:
        """The next theme."""
        names = [theme.name for theme in THEMES]
        self.theme = names[(names.index(self.theme) + 1) % len(names)] if self.theme in names else names[0]

    def action_quit_unarmed(self) -> None:
        """`q` leaves only where nothing is armed; else it is a key like any other, and does nothing."""
        if self.view.ending is not None:
            self.exit()
        elif self.view.feed.state in UNARMED:
            self._controls.leave("the trainer left")

    async def action_quit(self) -> None:
        """Textual's own way out is STOP."""
        self.urgent(Urgent.STOP)

    def _repeated(self, act: str) -> bool:
        now, last, at = self._real_now(), self._last_act, self._last_at
        self._last_act, self._last_at = act, now
        return act == last and now - at < KEY_REPEAT_S

    # -- what the pages ask ----------------------------------------------------------------------------------------

    def on_briefing_page_answered(self, message: BriefingPage.Answered) -> None:
        """An item of the briefing."""
        self._controls.tell(message.answer)
        self.draw()

    def on_briefing_page_leave(self, message: BriefingPage.Leave) -> None:
        """The trainer leaves the briefing, or one item was answered no."""
        self._controls.leave(message.reason)

    def on_briefing_page_arm(self) -> None:
        """Every item is answered."""
        self._controls.tell(ev.ArmRequested())

    def on_session_page_start(self, message: SessionPage.Start) -> None:
        """The console starts by the hand on it; the program only after a confirmation of its own."""
        if self.view.feed.state != "armed":
            return
        if message.kind is ev.StartKind.CONSOLE or self.view.feed.mode:
            self._controls.tell(ev.StartConfirmed(ev.StartKind.CONSOLE))
            return

        def answered(confirmed: bool | None) -> None:  # noqa: FBT001 - the signature that Textual calls
            if confirmed and self.view.feed.state == "armed":
                self._controls.tell(ev.StartConfirmed(ev.StartKind.PROGRAM))

        self.push_screen(StartScreen(), answered)
        self.call_after_refresh(self.draw)

    # -- the terminal ----------------------------------------------------------------------------------------------

    def on_app_blur(self) -> None:
        """The keys go elsewhere."""
        if self.view.focus is not False and self.view.ending is None:
            self._controls.tell(ev.KeyboardLost())
        self.view.focus = False
        self.draw()

    def on_app_focus(self) -> None:
        """The keys come here."""
        self.view.focus = True
        self.draw()

    async def on_event(self, event: events.Event) -> None:
        """A key that was still queued when the screens were taken down is nobody's; Textual would call it a fault."""
        if self._screen_stack or not isinstance(event, events.Key):
            await super().on_event(event)

    def on_key(self, event: events.Key) -> None:
        """A key that came shows that keys come. One that means nothing is answered: silence would look like a fault."""
        self.view.focus = True
        running = self.view.feed.state in RUNNING and self.view.ending is None
        if running and event.key not in self.screen.active_bindings:
            self.view.useless = event.key
            self._useless_until = self._real_now() + USELESS_S

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """What the palette offers, while nothing is armed: nothing that suspends, quits or leaves the screen."""
        offered = {"Theme", "Keys"}
        yield from (command for command in super().get_system_commands(screen) if command.title in offered)

    def _handle_exception(self, error: Exception) -> None:
        """A fault in a screen: the belt first, then Textual's own end. It would print a page of our insides."""
        if self.failure is None:
            self.failure = error
            self.on_failure(error)
        super()._handle_exception(error)
        self._exit_renderables.clear()
