"""The choosing as a Textual application: three pages, a card that identifies a machine, help. It commands nothing."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from retroctl.adapters.tui.choose.cards import ChooseCard, HelpCard
from retroctl.adapters.tui.choose.client_form import KEEPING, FormCard, refusal_words
from retroctl.adapters.tui.choose.client_page import OPENING, ClientPage
from retroctl.adapters.tui.choose.client_sheet import SheetCard
from retroctl.adapters.tui.choose.draft import Draft
from retroctl.adapters.tui.choose.errands import Errands
from retroctl.adapters.tui.choose.identify import IdentifyCard
from retroctl.adapters.tui.choose.machine_page import MachinePage
from retroctl.adapters.tui.choose.machines import MachineList
from retroctl.adapters.tui.choose.page import ChoosePage
from retroctl.adapters.tui.choose.plan_page import PlanPage
from retroctl.adapters.tui.choose.ports import Choice
from retroctl.adapters.tui.hosted import HostedApp
from retroctl.adapters.tui.keymap import Urgent
from retroctl.adapters.tui.text import plain
from retroctl.errors import ClientError, JournalError, TreadmillError

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.driver import Driver

    from retroctl.adapters.tui.choose.ports import HeardMachine, Surroundings
    from retroctl.app.client_forms import Act, Form, Kept
    from retroctl.domain.limits import BeltRange
    from retroctl.errors import ConfigError

PICTURE_EVERY_S: Final = 0.2
KEY_REPEAT_S: Final = 0.3
"""The same key again so soon is a key held down: it must not run through three pages."""
SEARCH_GRACE_S: Final = 25.0
"""What a search may take beyond its time: ten seconds to begin, five to end, the rest for asking the system."""
LET_GO_S: Final = 8.0
"""How long a search or a link may take to end: their own bound is 5 s."""
SIM_PREFIX: Final = "sim:"
"""Before the name of a simulated machine where the others have their address."""
ARROWS: Final = frozenset({"up", "down"})


class ChooseApp(HostedApp[Choice]):
    """Gives the choice back, or None where the trainer left."""

    CSS_PATH = "choose.tcss"

    def __init__(
        self,
        surroundings: Surroundings,
        given: Choice,
        *,
        driver: type[Driver] | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """`given`: what the options say already; it is shown and not asked. `now`: real seconds."""
        super().__init__(driver=driver)
        self.surroundings, self.given, self.now = surroundings, given, now
        self.errands = Errands(now, self._handle_exception)
        self.draft = Draft(surroundings, given, self.errands, self.draw)
        self.practice_key = SIM_PREFIX + surroundings.practice.name
        self.machines = MachineList(self.practice_key)
        self.belts: dict[str, BeltRange] = {self.practice_key: surroundings.practice.belt}
        """Ranges that machines announced while they were identified: for the preview alone, and asked anew later."""
        self.machine_words = ""
        """The machine that was taken: machines of one make often have one name, so its address stands beside it."""
        self.trouble = ""
        """Why there is no search; empty while all is well."""
        self.remark = ""
        """What the last key did not do, and why."""
        self.unfinished: dict[tuple[Act, str | None], dict[str, str]] = {}
        """What was written into forms that were left; it stands there again, until the program ends or it is kept."""
        self.told: tuple[str, ...] = ()
        """What the last act on a client did, for the client page."""
        self.began = now()
        self._search: asyncio.Task[None] | None = None
        self._card: IdentifyCard | None = None
        self._last_key, self._last_at = "", 0.0

    def on_mount(self) -> None:
        """Begin to search and to draw."""
        self.push_screen(MachinePage())
        self.search()
        self.set_interval(PICTURE_EVERY_S, self.draw)

    def draw(self) -> None:
        """Draw the present moment."""
        if self.searching and self.searched_s >= self.surroundings.settle_s:
            self.machines.settle()
        for screen in self.screen_stack:
            if isinstance(screen, ChoosePage | ChooseCard):
                screen.draw()

    # -- the search ------------------------------------------------------------------------------------------------

    @property
    def searching(self) -> bool:
        """Whether a search runs."""
        return self._search is not None and not self._search.done()

    @property
    def searched_s(self) -> float:
        """Seconds since the search began."""
        return self.now() - self.began

    def search(self) -> None:
        """Search anew, unless a search runs."""
        if self.searching:
            return
        self.began, self.trouble = self.now(), ""
        self.machines.begin()
        self._search = asyncio.get_running_loop().create_task(self._listen(), name="search for treadmills")

    async def _listen(self) -> None:
        def heard(machine: HeardMachine) -> None:
            self.machines.take(machine, self.now())

        # A wait with a bound of its own: a Bluetooth stack may hang, and may not heed being cancelled either.
        work = asyncio.get_running_loop().create_task(self.surroundings.listen(heard), name="listen")
        try:
            done, _ = await asyncio.wait({work}, timeout=self.surroundings.listen_s + SEARCH_GRACE_S)
            if not done:
                self.trouble = "Bluetooth did not answer in time: switch it off and on again, then run: retroctl doctor"
            elif (error := work.exception()) is not None:
                if not isinstance(error, TreadmillError):
                    raise error
                self.trouble = plain(str(error), 400)
        finally:
            work.cancel()
            await asyncio.wait({work}, timeout=LET_GO_S)
        self.machines.settle()

    async def end_search(self) -> None:
        """End the search and wait for it, within a bound: a radio that searches connects badly."""
        if self._search is not None and not self._search.done():
            self._search.cancel()
            await asyncio.wait({self._search}, timeout=2 * LET_GO_S)

    async def let_go(self) -> None:
        """After the end: no search, no link and no errand stays behind, within bounds."""
        await self.errands.let_go()
        if self._card is not None:
            await self._card.let_go()
        await self.end_search()

    # -- what is pressed -------------------------------------------------------------------------------------------

    def urgent(self, act: Urgent) -> None:
        """Keys that the driver hands on past the queue: Esc and Ctrl-Q close or leave, PageUp moves, Ctrl-C leaves."""
        screen = self.screen
        if act is Urgent.LEAVE:
            self.exit(None)
        elif act is Urgent.HOLD:
            if isinstance(screen, ChoosePage | SheetCard | FormCard):
                screen.action_page(-1)
        elif isinstance(screen, ChooseCard):
            screen.action_close()
        elif isinstance(screen, PlanPage) and screen.typing:
            screen.end_typing()
        else:
            self.exit(None)

    def repeated(self, key: str) -> bool:
        """Whether this key is one held down; the arrows may be."""
        now, last, at = self.now(), self._last_key, self._last_at
        self._last_key, self._last_at = key, now
        return key not in ARROWS and key == last and now - at < KEY_REPEAT_S

    def action_help(self) -> None:
        """The help card."""
        if isinstance(self.screen, ChoosePage):
            self.push_screen(HelpCard())
            self.call_after_refresh(self.draw)

    # -- the steps -------------------------------------------------------------------------------------------------

    def choice_of(self, key: str) -> Choice:
        """The choice so far with the machine of this key."""
        if key.startswith(SIM_PREFIX):
            return replace(self.draft.choice, sim=key.removeprefix(SIM_PREFIX), address=None)
        return replace(self.draft.choice, sim=None, address=key)

    def name_of(self, key: str) -> str:
        """The name of the machine of this key, foreign text."""
        row = self.machines.row(key)
        return f"SIMULATED {self.surroundings.practice.name}" if row is None else row.machine.name

    def words_of(self, key: str) -> str:
        """Name and address, short enough for one line of all that is chosen."""
        row = self.machines.row(key)
        if row is None or row.machine.name == key:
            return plain(self.name_of(key), 36)
        address = key if len(key) <= 17 else f"…{key[-12:]}"
        return f"{plain(row.machine.name, 16)} {plain(address)}"

    def identify(self, key: str) -> None:
        """Connect to look, on a card of its own."""
        row = self.machines.row(key)
        if row is not None and row.machine.rssi_dbm is None:
            self.remark = "not identified: another program may hold this link, and letting go would end it for that too"
            self.draw()
            return

        def over(taken: bool | None) -> None:  # noqa: FBT001 - the signature that Textual calls
            if taken:
                self.take_machine(key)
            else:
                self.search()

        self._card = IdentifyCard(self.choice_of(key), key, self.name_of(key))
        self.push_screen(self._card, over)
        self.call_after_refresh(self.draw)

    def take_machine(self, key: str) -> None:
        """This machine; on to the client."""
        self.remark = ""
        choice = self.choice_of(key)
        self.machine_words = self.words_of(key)
        simulated_only = {row.key for row in self.surroundings.clients() if row.simulated_only}
        if choice.sim is None and choice.client in simulated_only and self.given.client is None:
            choice = replace(choice, client=None)
        self.draft.choice, self.draft.belt = choice, self.belts.get(key)
        self.run_worker(self.end_search(), name="end of the search", exit_on_error=False)
        self.switch_screen(PlanPage() if self.given.client is not None else ClientPage())
        self.call_after_refresh(self.draw)

    def take_client(self, key: str | None) -> None:
        """This client; on to the plan."""
        self.told = ()
        self.errands.drop(OPENING)
        self.draft.choice = replace(self.draft.choice, client=key)
        self.switch_screen(PlanPage())
        self.call_after_refresh(self.draw)

    # -- the clients -----------------------------------------------------------------------------------------------

    def open_form(self, act: Act, client_id: str | None) -> None:
        """A form about a client; what it keeps is told on the client page."""

        def work() -> Form:
            try:
                return self.surroundings.forms.open(act, client_id)
            except (ClientError, JournalError):
                self.surroundings.look_again()
                raise

        self._open(work, FormCard)

    def open_sheet(self, client_id: str) -> None:
        """Everything about a client."""
        self._open(lambda: self.surroundings.forms.lines(client_id), SheetCard)

    def _open(self, work: Callable[[], Any], card: Callable[[Any], ChooseCard]) -> None:
        """A card with what is read first; another key that opens or leaves drops what is not there yet."""
        page = self.screen
        self.told = ()

        def opened(found: Any) -> None:
            if self.screen is page:
                self.push_screen(card(found))

        self.errands.start(OPENING, work, opened, lambda error: self.tell(str(error)))
        self.draw()

    def tell(self, *lines: str) -> None:
        """Say it on the client page."""
        self.told = lines
        self.draw()

    def keep(self, form: Form, values: dict[str, str], card: FormCard) -> None:
        """Keep a form. What becomes of it is told on the client page, or in the form where it cannot be."""
        chosen = {row.client_id for row in self.surroundings.clients() if row.key == self.draft.choice.client}

        def work() -> Kept:
            kept = self.surroundings.forms.keep(form, values)
            self.surroundings.look_again()
            return kept

        def then(kept: Kept) -> None:
            if kept.client_id in chosen:  # also where the form has renamed this client
                self.draft.choice = replace(self.draft.choice, client=kept.name)
            self.unfinished.pop((form.act, form.client_id), None)
            if card in self.screen_stack:
                card.dismiss(True)  # noqa: FBT003 - the function takes it by position
            for screen in self.screen_stack:
                if isinstance(screen, ClientPage):
                    screen.go_to(kept.client_id)
            self.tell(*kept.said)
            self.call_after_refresh(self.draw)

        def failed(error: ConfigError | JournalError) -> None:
            if card in self.screen_stack:
                card.refused(error)
            else:
                self.tell(f"{refusal_words(error)}: {error}")

        def late(kept: Kept) -> None:
            self.errands.drop(KEEPING)  # a second try that waits for the first: it is not needed any more
            then(kept)

        self.errands.start(KEEPING, work, then, failed, late=late)

    def back(self) -> None:
        """One page back."""
        self.errands.drop(OPENING)
        if isinstance(self.screen, PlanPage) and self.given.client is None:
            self.switch_screen(ClientPage())
        elif isinstance(self.screen, PlanPage | ClientPage):
            self.search()
            self.switch_screen(MachinePage())
        self.call_after_refresh(self.draw)
