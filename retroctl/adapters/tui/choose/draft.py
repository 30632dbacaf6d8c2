"""The choice while it is being made: which fields there are, which are given already, what a step changes."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from retroctl.adapters.tui.text import plain
from retroctl.domain.limits import MIN_BACKWARD_HOLD_S, Facing
from retroctl.domain.plan import DEFAULT_HOLD_S, MAX_HOLD_S
from retroctl.errors import ConfigError
from retroctl.units import Speed
from retroctl.written import decimal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from retroctl.adapters.tui.choose.errands import Errands
    from retroctl.adapters.tui.choose.ports import Choice, Preview, Surroundings
    from retroctl.domain.limits import BeltRange
    from retroctl.errors import JournalError

WORKING_OUT: Final = "work the plan out"
FIELDS: Final = ("plan", "top", "hold", "advance")
TYPED: Final = frozenset({"plan", "top", "hold"})
LADDER: Final = "ladder"
HOLD_STEP_S: Final = 10.0
LEAST_STEP: Final = 10
"""Hundredths of km/h: speeds are stepped by the machine's increment, or by this where that is finer."""


class Draft:
    """What is chosen so far. `preview` is the plan as it would be, or None with the reason in `refusal`."""

    def __init__(
        self, surroundings: Surroundings, given: Choice, errands: Errands, worked_out: Callable[[], None]
    ) -> None:
        """`worked_out` is called whenever there is another preview or refusal."""
        self._surroundings, self._given = surroundings, given
        self._errands, self._worked_out = errands, worked_out
        self.choice = given
        self.belt: BeltRange | None = None
        self.preview: Preview | None = None
        self.refusal = ""
        self.files: list[str] = []
        self.field = "plan"
        self._bare: Preview | None = None
        """The ladder as it is when nothing is chosen: from it come the cap and the usual hold."""

    def look(self) -> None:
        """Work out the plan anew, and which plans there are."""
        self.files = list(self._surroundings.plan_files())
        self.field = next((name for name in FIELDS if not self.fixed(name)), "plan")
        self._work_out()

    def fixed(self, name: str) -> str:
        """Why a field cannot be changed here; empty where it can."""
        if getattr(self._given, name) is not None:
            return f"given with --{name}"
        if name in ("top", "hold") and self.from_file:
            return "the plan gives it"
        if name == "plan" and (self._given.top is not None or self._given.hold is not None):
            return "the ladder, since --top or --hold is given"
        return ""

    @property
    def from_file(self) -> bool:
        """Whether the plan comes from a file."""
        return self.choice.plan not in (None, LADDER)

    def shown(self, name: str) -> str:
        """A field's value, in words."""
        value = getattr(self.choice, name)
        match name:
            case "plan":
                return "ladder" if not self.from_file else plain(str(value), 120)
            case "top":
                return "-" if self.from_file else "the cap" if value is None else _with_unit(plain(value, 20))
            case "hold":
                return "-" if self.from_file else f"{plain(value or f'{self._default_hold():g}', 20)} s"
            case _:
                known = {"auto": "auto: announced, no key", "confirm": "confirm: your key for each raise"}
                return known.get(value or "confirm") or plain(str(value), 20)

    def move(self, by: int) -> None:
        """The next field that can be changed, or the one before."""
        free = [name for name in FIELDS if not self.fixed(name)]
        if self.field in free:
            self.field = free[min(len(free) - 1, max(0, free.index(self.field) + by))]

    def step(self, by: int) -> None:
        """One step up or down in the present field."""
        if self.fixed(self.field):
            return
        match self.field:
            case "plan":
                self._set(plan=self._next_plan(by), top=self._given.top, hold=self._given.hold)
            case "top":
                self._set(top=self._stepped_top(by))
            case "hold":
                hold = min(MAX_HOLD_S, max(MIN_BACKWARD_HOLD_S, self._hold() + by * HOLD_STEP_S))
                self._set(hold=f"{hold:g}")
            case _:
                self._set(advance=None if self.choice.advance == "auto" else "auto")

    def typed(self, text: str) -> None:
        """What was typed into the present field; nothing typed is nothing chosen."""
        if not self.fixed(self.field):
            value = text.strip() or None
            if self.field == "plan":
                path = None if value is None else str(Path(value).expanduser())
                self._set(plan=path, top=self._given.top, hold=self._given.hold)
            else:
                self._set(**{self.field: value})

    def _set(self, **changes: str | None) -> None:
        self.choice = replace(self.choice, **changes)
        self._work_out()

    def _work_out(self) -> None:
        """Client and record are read for it; until that is done the plan of before is shown, and is not to be run."""
        choice, belt = self.choice, self.belt

        def work() -> tuple[Preview | None, Preview | None, str]:
            bare: Preview | None = None
            with suppress(ConfigError):
                bare = self._surroundings.preview(replace(choice, plan=None, top=None, hold=None, advance=None), belt)
            try:
                return bare, self._surroundings.preview(choice, belt), ""
            except ConfigError as error:
                return bare, None, plain(str(error), 400)

        def then(found: tuple[Preview | None, Preview | None, str]) -> None:
            self._bare, self.preview, self.refusal = found
            self._worked_out()

        def failed(error: ConfigError | JournalError) -> None:
            then((None, None, plain(str(error), 400)))

        self._errands.start(WORKING_OUT, work, then, failed)

    @property
    def ready(self) -> bool:
        """Whether the plan that is shown is the one that was chosen, and may be run."""
        return self.preview is not None and not self._errands.waiting(WORKING_OUT)

    def _default_hold(self) -> float:
        return DEFAULT_HOLD_S if self._bare is None else self._bare.plan.stages[0].hold_s

    def _hold(self) -> float:
        with suppress(ConfigError):
            return decimal(self.choice.hold or "")
        return self._default_hold()

    def _next_plan(self, by: int) -> str | None:
        paths: Sequence[str | None] = [None, *self.files]
        if self.from_file and self.choice.plan not in paths:
            paths = [*paths, self.choice.plan]
        present = self.choice.plan if self.from_file else None
        return paths[(paths.index(present) + by) % len(paths)]

    def _stepped_top(self, by: int) -> str | None:
        """From the lowest speed up to the cap, which is None."""
        bare = self._bare
        if bare is None:
            return self.choice.top
        least, cap = bare.plan.ladder[0], bare.caps.of(Facing.BACKWARD)
        step = LEAST_STEP if self.belt is None else max(LEAST_STEP, self.belt.increment.hundredths)
        try:
            present = cap if self.choice.top is None else Speed.parse(self.choice.top)
        except ConfigError:
            present = cap
        if self.choice.top is None and by < 0:
            on_grid = least.hundredths + (cap.hundredths - least.hundredths) // step * step
            wanted = on_grid if on_grid < cap.hundredths else cap.hundredths - step
        else:
            wanted = present.hundredths + by * step
        if wanted >= cap.hundredths:
            return None
        return f"{max(least.hundredths, wanted) / 100:g}"


def _with_unit(text: str) -> str:
    with suppress(ConfigError):
        decimal(text)
        return f"{text} km/h"
    return text
