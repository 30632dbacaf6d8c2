"""A run whose engine is not to be trusted any more: the belt is brought to rest without it, and that is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from retroctl.app.reports import Kind, Report
from retroctl.domain.callout import PRESS_STOP
from retroctl.domain.verdict import Wire

if TYPE_CHECKING:
    from collections.abc import Callable

    from retroctl.app.connection import Connection
    from retroctl.app.listeners import Listeners


async def save_belt(
    connection: Connection,
    within_s: float,
    *,
    wire: Wire,
    told: Listeners[Report],
    report: Callable[[Kind, dict[str, object]], None],
) -> bool:
    """Stop the belt; whether it was seen at rest within `within_s` session seconds. `told` waits for each write."""

    def writes(payload: bytes) -> None:
        told.let_writes_begin()
        report(Kind.EVENT, {"event": "LastResort", "hex": payload.hex()})

    def call() -> None:
        if wire is not Wire.OPEN:
            report(Kind.CALLOUT, {"name": "stop", "text": PRESS_STOP})

    return await connection.stop_without_engine(within_s, told=writes, wire=wire, call=call)
