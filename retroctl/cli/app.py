"""The commands and their options. What they do is imported when they run, so that `--help` is quick."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from retroctl import __version__
from retroctl.errors import ConfigError, JournalError, RetroctlError, TreadmillError

app = typer.Typer(
    name="retroctl",
    no_args_is_help=True,
    add_completion=True,
    rich_markup_mode=None,  # plain help: quick to start, readable everywhere
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    help="A treadmill session controller for backward running, over Bluetooth FTMS.\n\n"
    "The safety clip is the emergency stop. This program is not.",
    epilog="Try it without a treadmill: retroctl demo",
)

_USAGE, _NO_TREADMILL, _INTERNAL = 2, 3, 1


def run_app() -> None:
    """Run a command; every expected error is one line on standard error and its exit status."""
    try:
        app()
    except (ConfigError, JournalError) as error:
        _fail(error, _USAGE)
    except TreadmillError as error:
        _fail(error, _NO_TREADMILL)
    except RetroctlError as error:
        _fail(error, _INTERNAL)


def _fail(error: Exception, status: int) -> None:
    line = " ".join(str(error).split())
    sys.stderr.write(f"retroctl: {line}\n")
    sys.exit(status)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"retroctl {__version__}")
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    pass


@app.command()
def run(
    sim: Annotated[str | None, typer.Option(metavar="NAME", help="Use a simulated treadmill: standard.")] = None,
    address: Annotated[
        str | None, typer.Option(metavar="ID", help="The treadmill's address, as `retroctl scan` shows it.")
    ] = None,
    client: Annotated[str | None, typer.Option(metavar="NAME", help="The client; without one, level new.")] = None,
    plan: Annotated[
        str | None, typer.Option(metavar="FILE|PRESET", help="A plan file (TOML) or a preset: ladder.")
    ] = None,
    top: Annotated[
        str | None,
        typer.Option(metavar="SPEED", help="Where the ladder ends: 5, 5.0km/h or 3.1mph (default: the cap)."),
    ] = None,
    hold: Annotated[
        str | None, typer.Option(metavar="SECONDS", help="The hold at each speed, 60 or more (default 120).")
    ] = None,
    advance: Annotated[
        str | None,
        typer.Option(metavar="auto|confirm", help="What a raise needs: your Enter for each (confirm), or none (auto)."),
    ] = None,
    speedup: Annotated[str, typer.Option(metavar="N", help="Simulator only: N session seconds a second.")] = "1",
    plain: Annotated[bool, typer.Option("--plain", help="Plain lines and keys (the default for now).")] = False,
    jsonl: Annotated[bool, typer.Option("--jsonl", help="One JSON object a line, for programs.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Simulator only: answer the briefing and the start.")] = False,
    speed_range: Annotated[
        str | None,
        typer.Option(
            "--range", metavar="MIN-MAX/STEP", help="The speeds read from the console, where the machine gives none."
        ),
    ] = None,
    accept_coarse_steps: Annotated[
        bool, typer.Option("--accept-coarse-steps", help="Accept raises of one step over 0.80 km/h; recorded.")
    ] = False,
) -> None:
    """Run a session: the warm-up ladder, every speed held, a stop that always works.

    Keys while running: Enter confirm, h hold, d down, ANY OTHER KEY STOPS THE BELT.

    Exit status: 0 belt confirmed at rest, 1 internal error (at rest), 2 usage, configuration or plan,
    3 no usable treadmill, 4 belt NOT confirmed at rest.

    Try: retroctl run --sim standard --top 2.6 --hold 60 --speedup 10
    """
    from retroctl.cli.options import RunOptions  # noqa: PLC0415 - heavy
    from retroctl.cli.session import run_session  # noqa: PLC0415

    options = RunOptions.checked(
        sim=sim,
        address=address,
        client=client,
        plan=plan,
        top=top,
        hold=hold,
        advance=advance,
        speedup=speedup,
        plain=plain,
        jsonl=jsonl,
        yes=yes,
        speed_range=speed_range,
        coarse=accept_coarse_steps,
        terminal=_has_terminal(),
    )
    sys.exit(run_session(options))


@app.command()
def demo() -> None:
    """Show a whole ladder on the simulated treadmill: about a minute, nothing to answer, no treadmill needed."""
    from retroctl.cli.options import demo_options  # noqa: PLC0415 - heavy
    from retroctl.cli.session import run_session  # noqa: PLC0415

    sys.exit(run_session(demo_options()))


@app.command()
def decode(
    char: Annotated[str, typer.Argument(metavar="CHAR", help="2acd, 2ad9, ...; `adv` for service data.")],
    hex_: Annotated[str, typer.Argument(metavar="HEX", help="The bytes, spaces and colons allowed.")],
) -> None:
    """Explain the bytes of an FTMS characteristic as one JSON object.

    Try: retroctl decode 2acd 0000b400
    """
    from retroctl.cli.decode import decode_text  # noqa: PLC0415 - heavy

    typer.echo(decode_text(char, hex_))


@app.command()
def scan(
    seconds: Annotated[float | None, typer.Option(help="How long to listen (default 8).")] = None,
) -> None:
    """List the treadmills in range: name, address, signal. Connects to nothing."""
    from retroctl.cli.look import scan_command  # noqa: PLC0415 - heavy

    sys.exit(scan_command(seconds))


@app.command()
def observe(
    sim: Annotated[str | None, typer.Option(metavar="NAME", help="Use a simulated treadmill: standard.")] = None,
    address: Annotated[str | None, typer.Option(metavar="ID", help="The treadmill's address.")] = None,
    seconds: Annotated[float | None, typer.Option(help="Stop watching after so long (default: until Ctrl-C).")] = None,
    jsonl: Annotated[bool, typer.Option("--jsonl", help="One JSON object a line.")] = False,
) -> None:
    """Connect and show what the machine says of itself and of its belt. Never writes anything."""
    from retroctl.cli.look import observe_command  # noqa: PLC0415 - heavy

    sys.exit(observe_command(sim=sim, address=address, seconds=seconds, jsonl=jsonl))


@app.command()
def simulate(
    sim: Annotated[str, typer.Argument(metavar="[NAME]", help="Which simulated treadmill.")] = "standard",
    transport: Annotated[
        str, typer.Option(metavar="TRANSPORT", help="A Bumble transport: usb:0, serial:/dev/ttyUSB0, vhci, ...")
    ] = "usb:0",
    name: Annotated[str | None, typer.Option(help="The name to advertise.")] = None,
    address: Annotated[str | None, typer.Option(help="The static random address to advertise.")] = None,
    list_: Annotated[bool, typer.Option("--list", help="List the simulated treadmills and exit.")] = False,
) -> None:
    """Put a simulated treadmill on the air, so that any app can connect to it. Needs the extra `radio`."""
    from retroctl.cli.look import simulate_command  # noqa: PLC0415 - heavy

    sys.exit(simulate_command(sim, transport=transport, name=name, address=address, list_only=list_))


@app.command()
def doctor() -> None:
    """Check what a session needs: Python, Bluetooth, permissions, the data folder. Each line: ok, not ok, what to do."""
    from retroctl.cli.look import doctor_command  # noqa: PLC0415 - heavy

    sys.exit(doctor_command())


def _has_terminal() -> bool:
    try:
        return sys.stdin is not None and sys.stdin.isatty()
    except ValueError:  # closed
        return False
