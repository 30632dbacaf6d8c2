"""`scan`, `observe`, `simulate`, `decode`, `doctor`: what there is to connect to, and what it says. Imported late."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from retroctl.cli.commands.shared import SIM, decimal, whole


def scan(
    seconds: Annotated[
        float | None, typer.Option(parser=decimal, metavar="SECONDS", help="How long to listen (default 8).")
    ] = None,
    straps: Annotated[bool, typer.Option("--straps", help="List heart-rate straps instead.")] = False,
) -> None:
    """List the treadmills in range, or the straps: name, address, signal. Connects to nothing.

    \b
    Examples:
      retroctl scan                what answers within 8 s
      retroctl scan --seconds 20   for machines that advertise seldom
      retroctl scan --straps       for --strap ADDRESS
    """  # noqa: D301 - click reads the backspace character: the lines below it stay as they are
    from retroctl.cli.look import scan_command, scan_straps_command  # noqa: PLC0415 - heavy

    sys.exit(scan_straps_command(seconds) if straps else scan_command(seconds))


def observe(
    sim: Annotated[str | None, typer.Option(metavar="NAME", help=SIM)] = None,
    address: Annotated[str | None, typer.Option(metavar="ID", help="The treadmill's address.")] = None,
    seconds: Annotated[
        float | None,
        typer.Option(parser=decimal, metavar="SECONDS", help="Stop watching after so long (default: until Ctrl-C)."),
    ] = None,
    jsonl: Annotated[bool, typer.Option("--jsonl", help="One JSON object a line.")] = False,
) -> None:
    """Connect and show what the machine says of itself and of its belt. Never writes anything.

    \b
    Examples:
      retroctl observe                              the one in range, until Ctrl-C
      retroctl observe --address ID                 this one
      retroctl observe --sim standard --seconds 5   a simulated one
    """  # noqa: D301 - click reads the backspace character: the lines below it stay as they are
    from retroctl.cli.look import observe_command  # noqa: PLC0415 - heavy

    sys.exit(observe_command(sim=sim, address=address, seconds=seconds, jsonl=jsonl))


def simulate(
    sim: Annotated[str, typer.Argument(metavar="[NAME]", help="Which simulated treadmill.")] = "standard",
    transport: Annotated[
        str, typer.Option(metavar="TRANSPORT", help="A Bumble transport: usb:0, serial:/dev/ttyUSB0, vhci, ...")
    ] = "usb:0",
    name: Annotated[str | None, typer.Option(help="The name to advertise.")] = None,
    address: Annotated[str | None, typer.Option(help="The static random address to advertise.")] = None,
    list_: Annotated[bool, typer.Option("--list", help="List the simulated treadmills and exit.")] = False,
    fleet: Annotated[
        int | None,
        typer.Option(parser=whole, metavar="N", help="Instead: N controllers on treadmills in memory, on a broker."),
    ] = None,
    mqtt: Annotated[str | None, typer.Option(metavar="URL", help="With --fleet: broker and club.")] = None,
    seconds: Annotated[
        float | None, typer.Option(parser=decimal, metavar="S", help="With --fleet: end after so long.")
    ] = None,
) -> None:
    """Put a simulated treadmill on the air, so that any app can connect to it. Needs the extra `radio`.

    With --fleet nothing goes on the air: N whole controllers run sessions on simulated treadmills in this
    process and publish on a broker, as a club does. `retroctl floor` shows them; Ctrl-C stops every belt.

    \b
    Examples:
      retroctl simulate --list                 which there are, what each does
      retroctl simulate --transport usb:0      the standard one, on a dongle
      retroctl simulate stop-third             one that heeds only the third Stop
      retroctl simulate --fleet 20 --mqtt mqtt://127.0.0.1/club
    """  # noqa: D301 - click reads the backspace character: the lines below it stay as they are
    if not (fleet is None and mqtt is None and seconds is None):
        from retroctl.cli.commands.floor import run_fleet  # noqa: PLC0415 - heavy

        on_air = name is not None or address is not None or list_
        sys.exit(run_fleet(sim, fleet, mqtt, seconds=seconds, on_air=on_air))
    from retroctl.cli.look import simulate_command  # noqa: PLC0415 - heavy

    sys.exit(simulate_command(sim, transport=transport, name=name, address=address, list_only=list_))


def decode(
    char: Annotated[str, typer.Argument(metavar="CHAR", help="2acd, 2ad9, ...; `adv` for service data.")],
    hex_: Annotated[
        list[str],
        typer.Argument(
            metavar="HEX",
            help="The bytes; spaces, colons, commas and 0x do no harm. `-`: a frame from each line.",
        ),
    ],
) -> None:
    """Explain the bytes of an FTMS characteristic as one JSON object.

    \b
    Examples:
      retroctl decode 2acd 00006400     Treadmill Data: 1.00 km/h
      retroctl decode 2ad9 80:08:01     the answer to Stop: success
      retroctl decode 2ad4 640040060a00 the speeds a machine has
      retroctl decode 2acd - < frames   a frame from each line of a file
    """  # noqa: D301 - click reads the backspace character: the lines below it stay as they are
    from retroctl.cli.decode import decode_words  # noqa: PLC0415 - heavy

    for line in decode_words(char, hex_):
        typer.echo(line)


def doctor() -> None:
    """Check what a session needs: Python, Bluetooth, permissions, the data folder.

    Each line: ok or not ok, and what to do. Example: retroctl doctor
    """
    from retroctl.cli.look import doctor_command  # noqa: PLC0415 - heavy

    sys.exit(doctor_command())
