"""All that the screen may do to a session, and all that it may know of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from retroctl.adapters.tui.entry import Entry
    from retroctl.adapters.tui.facts import Facts, Machine
    from retroctl.adapters.tui.feed import Feed
    from retroctl.app.afterwards import After
    from retroctl.app.snapshot import Snapshot
    from retroctl.domain import events as ev


@dataclass(frozen=True, slots=True)
class Controls:
    """The session's owner as the screen knows it. Nothing here is awaited or blocks."""

    tell: Callable[[ev.Event], None]
    stop: Callable[[str], None]
    leave: Callable[[str], None]
    picture: Callable[[], Snapshot | None]
    t: Callable[[], float]
    """Session seconds since the run began."""
    keep: Callable[[After, Callable[[str | None], None]], None] = lambda _said, _told: None
    """Keep what is said after the session; the second gets, in the event loop, why that failed, or None."""


@dataclass(slots=True)
class View:
    """What every screen draws from."""

    machine: Machine
    feed: Feed
    picture: Snapshot | None = None
    blocks: frozenset[str] = field(default_factory=frozenset)
    t: float = 0.0
    facts: Facts | None = None
    said: tuple[str, ...] = ()
    """Lines that stood on the terminal before the screen covered it."""
    remote: tuple[tuple[str, str], ...] = ()
    """Keys of a remote that was taught, and what they mean."""
    focus: bool | None = None
    """Whether the keys of this terminal reach us; None where it has not said."""
    entry: Entry | None = None
    """What is being entered by digits."""
    useless: str = ""
    """The key just pressed that means nothing here; empty when there is none."""
    asking: bool = False
    """After the session, a question is open: the keys that close the page close the question first."""
    writing: bool = False
    """It is answered in a text field: letters are letters."""
    ending: tuple[str, str] | None = None
    """How it ended, and what is known of the belt: set when the session is over."""
