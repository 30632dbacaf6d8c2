"""The list of clients, line by line. Names are shown as plain text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from retroctl.adapters.clients import Unreadable
from retroctl.adapters.console.text import plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from retroctl.adapters.clients import Listed

WIDEST_NAME: Final = 40


def list_lines(clients: Sequence[Listed | Unreadable]) -> Iterator[str]:
    """One line a client."""
    width = min(WIDEST_NAME, max((len(plain(each.name)) for each in clients), default=0))
    for each in clients:
        who = f"{plain(each.name):<{width}}  {plain(each.id)}"
        if isinstance(each, Unreadable):
            yield f"{who}  UNREADABLE: {each.why}"
            continue
        today = "may run today" if not each.not_today else f"NOT TODAY: {'; '.join(each.not_today)}"
        yield f"{who}  {each.level:<9}  {each.cap:<16}  {today}"
