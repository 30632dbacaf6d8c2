"""`qualify` and `machine`: measuring a treadmill, and what was measured. What they do is imported when they run."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from retroctl.cli.commands.shared import SIM
from retroctl.cli.terminal import has_terminal


def qualify(
    sim: Annotated[str | None, typer.Option(metavar="NAME", help=SIM)] = None,
    address: Annotated[str | None, typer.Option(metavar="ID", help="The treadmill's address.")] = None,
    speed_range: Annotated[
        str | None,
        typer.Option(
            "--range", metavar="MIN-MAX/STEP", help="The speeds read from the console, where the machine gives none."
        ),
    ] = None,
    speedup: Annotated[str, typer.Option(metavar="N", help="Simulator only: N session seconds a second.")] = "1",
    yes: Annotated[bool, typer.Option("--yes", help="Simulator only: confirms that nobody is on the belt.")] = False,
    jsonl: Annotated[bool, typer.Option("--jsonl", help="One JSON object a line, for programs.")] = False,
) -> None:
    """Measure a treadmill WITH NOBODY ON THE BELT, and keep what it does as its profile.

    About eight minutes: start, lowest speed, units, targets, ramps up to 4 km/h, twenty stops, pause, a dropped
    link, the safety key. It never goes over 6 km/h. Any key stops the belt and ends the test. `run` uses the
    profile: qualified, the client's own cap holds; dangerous, it is not commanded; without, at most 3.2 km/h.

    \b
    Examples:
      retroctl qualify                                       the one treadmill in range
      retroctl qualify --address ID                          this one
      retroctl qualify --sim mph-target --yes --speedup 50   a simulated one

    \b
    Exit status:
      0  the test ended, the belt confirmed at rest (qualified, incomplete or broken off)
      1  a fault in this program, the belt at rest
      2  usage, configuration, or not confirmed; nothing was written
      3  no treadmill, or one that is dangerous; the belt at rest
      4  the belt is NOT confirmed at rest: look at it
    """  # noqa: D301 - click reads the backspace character: the lines below it stay as they are
    from retroctl.cli.qualify import QualifyOptions, qualify_command  # noqa: PLC0415 - heavy

    options = QualifyOptions.checked(
        sim=sim,
        address=address,
        speedup=speedup,
        yes=yes,
        jsonl=jsonl,
        terminal=has_terminal(),
        speed_range=speed_range,
    )
    sys.exit(qualify_command(options))


machine_app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="The profiles of treadmills that `retroctl qualify` has measured.",
    epilog="Example: retroctl machine list",
)


@machine_app.command("list")
def machine_list() -> None:
    """List the machines with a profile: address, name, verdict. Example: retroctl machine list."""
    from retroctl.cli.machines import list_command  # noqa: PLC0415 - heavy

    sys.exit(list_command())


@machine_app.command("show")
def machine_show(address: Annotated[str, typer.Argument(metavar="ID", help="The address, as in the list.")]) -> None:
    """Show a machine's profile, every figure with its meaning. Example: retroctl machine show ID."""
    from retroctl.cli.machines import show_command  # noqa: PLC0415 - heavy

    sys.exit(show_command(address))


@machine_app.command("forget")
def machine_forget(address: Annotated[str, typer.Argument(metavar="ID", help="The address, as in the list.")]) -> None:
    """Remove a machine's profile: it counts as never measured. Example: retroctl machine forget ID."""
    from retroctl.cli.machines import forget_command  # noqa: PLC0415 - heavy

    sys.exit(forget_command(address))
