"""The options of `floor` and of `simulate --fleet`. What they do is imported when they run."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Annotated, Final

import typer

from retroctl.errors import ConfigError

if TYPE_CHECKING:
    from retroctl.adapters.mqtt.broker import Broker

PORT: Final = 8770
"""Of the page; the client's wall screen may run beside it."""


def floor(
    url: Annotated[str, typer.Argument(metavar="URL", help="Broker and club: mqtts://[USER@]HOST[:PORT]/CLUB.")],
    web: Annotated[
        str | None,
        typer.Option(metavar="[HOST:PORT]", help=f"Serve the floor as a page too (default 127.0.0.1:{PORT})."),
    ] = None,
    web_lan: Annotated[
        bool, typer.Option("--web-lan", help="Let other devices open it, with the token in its address.")
    ] = False,
    mqtt_plain: Annotated[
        bool, typer.Option("--mqtt-plain", help="Accept a broker on another computer without TLS.")
    ] = False,
) -> None:
    """Show all machines of a club: trouble first, how old each value is; STOP one, STOP ALL.

    Space, Esc, s and others STOP the machine with the cursor; a, then a again, STOPs ALL; each machine's answer
    is shown. A Stop from here is a request over two networks: the clip and the console are quicker and surer.
    Nothing can be started, resumed or made faster from here. The page is to look at only. ? shows every key.

    \b
    Examples:
      retroctl floor mqtts://trainer@broker.example/west     the machines of the club west
      retroctl floor mqtt://127.0.0.1/west --web             and as a page on this computer
      retroctl floor mqtts://tv@broker.example/west --web --web-lan < /dev/null
    """  # noqa: D301 - click reads the backspace character: the lines below it stay as they are
    from retroctl.adapters.wall.address import WallAddress  # noqa: PLC0415
    from retroctl.cli.floor import FloorOptions, floor_command  # noqa: PLC0415 - heavy

    address = None
    if web is not None or web_lan:
        address = WallAddress.parse(web or "", lan=web_lan, option="--web", default_port=PORT)
    sys.exit(floor_command(FloorOptions(_broker(url, plain=mqtt_plain), address, screen=_has_screen())))


def run_fleet(count: int | None, url: str | None, seconds: float | None) -> int:
    """`simulate --fleet`. Raises ConfigError."""
    if count is None:
        raise ConfigError("--mqtt and --seconds belong to a fleet: retroctl simulate --fleet 20 --mqtt URL")
    if url is None:
        raise ConfigError("--fleet publishes on a broker: add --mqtt mqtt://127.0.0.1/CLUB")
    if seconds is not None and not 0 < seconds < float("inf"):
        raise ConfigError(f"--seconds {seconds}: give a number above 0")
    from retroctl.cli.fleet import checked_count, fleet_command  # noqa: PLC0415 - heavy

    return fleet_command(checked_count(count), _broker(url, plain=False), seconds=seconds)


def _broker(url: str, *, plain: bool) -> Broker:
    from retroctl.adapters.mqtt.broker import Broker, parse_url  # noqa: PLC0415 - heavy

    address = parse_url(url)
    if address.machine is not None:
        raise ConfigError(f"{url[:80]!r}: give the club only, without a machine: mqtts://HOST/{address.club}")
    return Broker.checked(address, plain=plain)


def _has_screen() -> bool:
    try:
        drawn = sys.stdin.isatty() and sys.stdout.isatty() and sys.__stdout__ is not None
    except (AttributeError, ValueError):  # closed
        return False
    return drawn and os.environ.get("TERM", "") != "dumb"
