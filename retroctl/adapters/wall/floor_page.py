"""All machines of a club as one page, to look at: nothing can be stopped from it, and it says so."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Final

from retroctl.adapters.wall.page import page
from retroctl.adapters.wall.server import PageServer
from retroctl.app.floor_words import heading, shown

if TYPE_CHECKING:
    from collections.abc import Callable

    from retroctl.adapters.wall.address import WallAddress
    from retroctl.app.floor import Floor

LONGEST: Final = 160
"""Of one piece of foreign text."""


class FloorPage(PageServer):
    """The page of a floor."""

    def __init__(
        self,
        address: WallAddress,
        floor: Floor,
        now: Callable[[], float],
        *,
        club: str,
        failed: Callable[[str], None] = lambda _text: None,
    ) -> None:
        """`now`: the monotonic seconds that the floor is told of. `failed` is told once if the page breaks."""
        super().__init__(
            address,
            lambda: floor_event(floor, now(), club),
            partial(page, "floor"),
            option="--web",
            words="the floor's page",
            failed=failed,
        )


def floor_event(floor: Floor, now: float, club: str) -> bytes:
    """One server-sent event with everything that stands on the page, in words."""
    rows = floor.rows(now)
    said = heading(floor, rows, now)
    fields = {
        "club": plain(club),
        "count": said.count,
        "urgent": [plain(line) for line in (said.trouble, said.broker, said.left_out) if line],
        "stop": plain(said.stop_all),
        "machines": [
            {
                "name": plain(words.machine),
                "mark": words.mark,
                "kind": words.urgency.name.lower(),
                "client": plain(words.client),
                "state": plain(words.state),
                "kmh": words.measured,
                "target": words.target,
                "hold": words.hold,
                "age": words.age,
                "old": words.grey,
                "notes": [[note.mark, plain(note.text), note.urgent] for note in words.notes],
            }
            for words in map(shown, rows)
        ],
    }
    return b"data: " + json.dumps(fields, separators=(",", ":")).encode() + b"\n\n"


def plain(text: str) -> str:
    """`text` without control and direction characters, and bounded; the page never reads it as markup."""
    return "".join(letter if letter.isprintable() else "?" for letter in text[:LONGEST])
