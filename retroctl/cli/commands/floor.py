"""`floor`, and `simulate --fleet`. What they do is imported when they run."""

from __future__ import annotations

import os
import sys
from typing import Annotated, Final

import typer

from retroctl.cli.commands.mqtt import Plain, Url  # noqa: TC001 - typer reads annotations at run time
from retroctl.errors import ConfigError

PORT: Final = 8770
"""Of the page; the client's wall screen may run beside it."""


def floor(
    mqtt: Url = None,
    web: Annotated[
        str | None,
        typer.Option(metavar="[HOST:PORT]", help=f"Serve the floor as a page too (default 127.0.0.1:{PORT})."),
    ] = None,
    web_lan: Annotated[
        bool, typer.Option("--web-lan", help="Let other devices open it, with the token in its address.")
    ] = False,
    mqtt_plain: Plain = False,
) -> None:
    """Show all machines of a club: trouble first, how old each value is; STOP one, STOP ALL.

    Space, Esc, s and others STOP the machine with the cursor; a, then a again, STOPs ALL; each machine's answer
    is shown. A Stop from here is a request over two networks: the clip and the console are quicker and surer.
    Nothing can be started, resumed or made faster from here. The page is to look at only. ? shows every key.

    \b
    Examples:
      retroctl floor                              the configured broker's club
      retroctl floor --web                        and as a page on this computer
      retroctl floor --web --web-lan < /dev/null  the page alone, on the wall
      retroctl floor --mqtt mqtts://floor@broker.example/west
    """  # noqa: D301 - click reads the backspace character: the lines below it stay as they are
    from retroctl.adapters.wall.address import WallAddress  # noqa: PLC0415
    from retroctl.cli.floor import FloorOptions, floor_command  # noqa: PLC0415 - heavy
    from retroctl.cli.mqtt_choice import broker_of  # noqa: PLC0415
    from retroctl.config import load_settings  # noqa: PLC0415

    address = None
    if web is not None or web_lan:
        address = WallAddress.parse(web or "", lan=web_lan, option="--web", default_port=PORT)
    broker = broker_of(mqtt or None, load_settings(), plain=mqtt_plain)
    sys.exit(floor_command(FloorOptions(broker, address, screen=_has_screen())))


def run_fleet(sim: str, count: int | None, url: str | None, *, seconds: float | None, on_air: bool) -> int:
    """`simulate --fleet`; `on_air`: something was asked that only a machine on the air has. Raises ConfigError."""
    if count is None:
        raise ConfigError("--mqtt and --seconds belong to a fleet: retroctl simulate --fleet 20 --mqtt URL")
    if on_air:
        raise ConfigError("--name, --address and --list are for a treadmill on the air: a fleet has names of its own")
    if seconds is not None and not 0 < seconds < float("inf"):
        raise ConfigError(f"--seconds {seconds}: give a number above 0")
    from retroctl.cli.fleet import checked_count, fleet_command  # noqa: PLC0415 - heavy
    from retroctl.cli.mqtt_choice import broker_of  # noqa: PLC0415
    from retroctl.config import load_settings  # noqa: PLC0415

    if not url:
        # Never the configured one: a club's own floor would fill with belts that are not there.
        raise ConfigError("--fleet publishes on a broker: add --mqtt mqtt://127.0.0.1/CLUB")
    checked_count(count)
    return fleet_command(count, broker_of(url, load_settings(), plain=False), sim=sim, seconds=seconds)


def _has_screen() -> bool:
    try:
        drawn = sys.stdin.isatty() and sys.stdout.isatty() and sys.__stdout__ is not None
    except (AttributeError, ValueError):  # closed
        return False
    return drawn and os.environ.get("TERM", "") != "dumb"
