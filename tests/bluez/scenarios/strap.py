"""Two peripherals on one adapter: the treadmill, and the client's strap. The rate arrives, is missed, and limits."""

from __future__ import annotations

import time
from datetime import date
from typing import TYPE_CHECKING, Any

from program import ENTER, STOP, run_program

from retroctl.adapters.clients import ClientStore, Profile
from retroctl.config import load_settings
from retroctl.domain.limits import Level
from retroctl.domain.method.days import Day
from retroctl.domain.method.facts import Facts, Screening, ScreeningOutcome
from simulators.heart import ClientTraits, StrapTraits

if TYPE_CHECKING:
    from program import Line
    from radio import Radio

HEARD_S = 120.0
"""Found by a scan and connected while the briefing is answered; emulated."""
NOTICED_S = 7.5
"""A frame a second, 5 s of silence, and what emulation adds to a line's way here."""
TRAITS = StrapTraits("soon over 131", client=ClientTraits(per_kmh=100.0))
REQUEST_CONTROL, SPEED_1_0 = b"\x00", b"\x02\x64\x00"


async def strap(radio: Radio) -> dict[str, Any]:
    """Brief, start, silence the strap for a while, be over the limit, ask for a raise in vain, stop."""
    _add_client("Vera")
    async with (
        radio.treadmill() as treadmill,
        radio.strap(TRAITS, treadmill.machine.true_speed_kmh) as on_client,
        run_program(
            "--address", treadmill.address, "--client", "Vera", "--strap", on_client.address,
            "--top", "1.8", "--hold", "60",
        ) as program,
    ):  # fmt: skip
        await program.brief_and_arm()
        first = await program.until(lambda line: _rate(line) is not None, HEARD_S, "a heart rate")
        assert not treadmill.machine.log, "a strap writes nothing to the treadmill"
        await program.start_at_the_console(treadmill)
        await program.state("holding", 60)

        silenced, since = time.monotonic(), len(program.lines)
        on_client.machine.silent = True
        lost = await program.until(lambda line: "UNKNOWN" in _f10(line), 20, "the dropout is told", since=since)
        noticed_s = lost["at"] - silenced
        assert noticed_s <= NOTICED_S, noticed_s
        on_client.machine.silent = False
        await program.until(lambda line: line.get("text") == "Heart rate known again.", 20, "it is back", since=since)

        over = await program.until(lambda line: "over 131" in _f10(line), 120, "over the limit")
        await program.state("ready", 200)
        since = len(program.lines)
        program.press(ENTER)
        refused = await program.until(lambda line: line["type"] == "refusal", 20, "the raise is refused", since=since)
        assert refused["rule"] == "F10", refused
        assert [write.data for write in treadmill.machine.log] == [REQUEST_CONTROL, SPEED_1_0], "no raise"
        program.press(STOP)
        status = await program.ended()
        assert status == 0, status
        summary = program.lines[-1]
        assert summary["heart_peak_bpm"] > 131, summary
        rates = [rate for line in program.said("telemetry") if (rate := _rate(line)) is not None]
        return {
            "first_rate_t": first["t"],
            "dropout_noticed_s": round(noticed_s, 2),
            "rates": len(rates),
            "over_at_t": over["t"],
            "alarms": [line["id"] for line in program.said("alarm")],
            "treadmill_connections": treadmill.machine.connections,
            "strap_connections": on_client.machine.connections,
        }


def _rate(line: Line) -> int | None:
    return line.get("heart_rate_bpm")


def _f10(line: Line) -> str:
    return str(line["text"]) if line["type"] == "alarm" and line["id"] == "F10" else ""


def _add_client(name: str) -> None:
    """Level new, 60 a minute at rest; a birth year that makes the limit 131."""
    today = Day(date.today().toordinal())  # noqa: DTZ011 - the machine's own day, as the program takes it
    facts = Facts(
        birth_year=date.today().year - 38,  # noqa: DTZ011
        level=Level.NEW,
        resting_bpm=60,
        screening=Screening(ScreeningOutcome.CLEAR, today, Day(today.ordinal + 30)),
        consent=today,
    )
    ClientStore(load_settings().data_dir).add(name, lambda client_id: Profile(client_id, name, facts), by="a test")
