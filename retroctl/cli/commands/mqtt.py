"""`mqtt`: the commands and their options. What they do is imported when they run."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from retroctl.cli.commands.shared import decimal

mqtt_app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="The club's broker: check it, watch a club's machines, stop one, clear what was kept of one.\n\n"
    "A session tells the broker with `retroctl run --mqtt`. From the broker it takes Stop, and nothing else.\n\n"
    "The broker is named by --mqtt URL, by mqtt_url in the configuration, or by RETROCTL_MQTT_URL. Its password comes "
    "from RETROCTL_MQTT_PASSWORD, a file of mode 0600 (mqtt_password_file) or the keyring (mqtt_keyring), never from "
    "the command line.",
)

Url = Annotated[
    str | None,
    typer.Option("--mqtt", metavar="URL", help="mqtts://[USER@]HOST[:PORT]/CLUB[/MACHINE] (default: the configured)."),
]
Plain = Annotated[bool, typer.Option("--mqtt-plain", help="Accept a broker on another computer without TLS.")]


@mqtt_app.command("check")
def mqtt_check(mqtt: Url = None, mqtt_plain: Plain = False) -> None:
    """Connect as a session would, say what the broker allows, and leave nothing behind.

    Of a machine one event is published, which nobody keeps.

    \b
    Example: retroctl mqtt check --mqtt mqtts://belt-3@broker.example/club/belt-3
    Exit status: 0 all well; 2 not usable as configured; 3 the broker is not reached
    """  # noqa: D301 - click reads the backspace character: the lines below it stay as they are
    from retroctl.cli.mqtt import check_command  # noqa: PLC0415 - heavy

    sys.exit(check_command(mqtt, plain=mqtt_plain))


@mqtt_app.command("watch")
def mqtt_watch(
    mqtt: Url = None,
    mqtt_plain: Plain = False,
    jsonl: Annotated[bool, typer.Option("--jsonl", help="Each message as it came, one JSON object a line.")] = False,
    seconds: Annotated[
        float | None, typer.Option(parser=decimal, metavar="N", help="End after so long (default: Ctrl-C).")
    ] = None,
) -> None:
    """Show what the machines of a club say, a line for each change, with its age. Nothing can be done from here.

    \b
    Example: retroctl mqtt watch --mqtt mqtts://viewer@broker.example/club
    """  # noqa: D301 - click reads the backspace character: the lines below it stay as they are
    from retroctl.cli.mqtt import watch_command  # noqa: PLC0415 - heavy

    sys.exit(watch_command(mqtt, plain=mqtt_plain, jsonl=jsonl, seconds=seconds))


@mqtt_app.command("stop")
def mqtt_stop(
    machine: Annotated[str, typer.Argument(metavar="MACHINE", help="The machine's name in the topics: belt-3.")],
    mqtt: Url = None,
    mqtt_plain: Plain = False,
) -> None:
    """Ask one machine to stop, and say what is heard of it, step by step.

    Not the emergency stop: it takes a network, a broker and a computer. The safety clip needs none of them.

    \b
    Example: retroctl mqtt stop belt-3 --mqtt mqtts://floor@broker.example/club

    \b
    Exit status:
      0  the belt was measured at rest
      2  usage or configuration
      3  nobody answered, or no broker
      4  not confirmed at rest, or no treadmill was connected there: look at the belt
    """  # noqa: D301 - click reads the backspace character: the lines below it stay as they are
    from retroctl.cli.mqtt import stop_command  # noqa: PLC0415 - heavy

    sys.exit(stop_command(machine, mqtt, plain=mqtt_plain))


@mqtt_app.command("forget")
def mqtt_forget(mqtt: Url = None, mqtt_plain: Plain = False) -> None:
    """Clear what the broker keeps of a machine: its last status, state and session, and its place in Home Assistant.

    For a machine that is gone or has a new name. While it has a session, everything comes back at once.

    \b
    Example: retroctl mqtt forget --mqtt mqtts://belt-3@broker.example/club/belt-3
    """  # noqa: D301 - click reads the backspace character: the lines below it stay as they are
    from retroctl.cli.mqtt import forget_command  # noqa: PLC0415 - heavy

    sys.exit(forget_command(mqtt, plain=mqtt_plain))
