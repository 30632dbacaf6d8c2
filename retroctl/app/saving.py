"""The last that a run does: what still goes out while it lets go of the machine, and saving the belt from a bug."""

from __future__ import annotations

from typing import TYPE_CHECKING

from retroctl.app.reports import Kind, Report
from retroctl.domain.callout import PRESS_STOP
from retroctl.domain.verdict import Wire
from retroctl.ftms.procedure import Write

if TYPE_CHECKING:
    from collections.abc import Callable

    from retroctl.app.connection import Connection
    from retroctl.app.engine import Output
    from retroctl.app.listeners import Listeners


def last_words(outputs: list[Output]) -> list[Output]:
    """A Stop, and that it was asked for and written: no more can be known of a machine that is let go of."""
    done = (Kind.EVENT, Kind.COMMAND)
    return [each for each in outputs if isinstance(each, Write) or (isinstance(each, Report) and each.kind in done)]


async def save_belt(
    connection: Connection,
    within_s: float,
    *,
    wire: Wire,
    told: Listeners[Report],
    report: Callable[[Kind, dict[str, object]], None],
) -> bool:
    """Stop the belt without the engine, which is not to be trusted any more.

    Whether it was seen at rest within `within_s` session seconds. `told` waits for each write.
    """

    def writes(payload: bytes) -> None:
        told.let_writes_begin()
        report(Kind.EVENT, {"event": "LastResort", "hex": payload.hex()})

    def call() -> None:
        if wire is not Wire.OPEN:
            report(Kind.CALLOUT, {"name": "stop", "text": PRESS_STOP})

    return await connection.stop_without_engine(within_s, told=writes, wire=wire, call=call)
