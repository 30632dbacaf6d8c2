"""`history` and `report`: the commands and their options. What they do is imported when they run."""

from __future__ import annotations

from typing import Annotated

import typer

from retroctl.cli.commands.shared import whole
from retroctl.cli.terminal import has_screen, has_terminal


def history(
    who: Annotated[
        str | None, typer.Argument(metavar="[CLIENT|SESSION]", help="A client's name, or (part of) a session's id.")
    ] = None,
    session: Annotated[str | None, typer.Option(metavar="ID", help="Open this session; the first 4 digits do.")] = None,
    last: Annotated[int | None, typer.Option(parser=whole, metavar="N", help="List the latest N (default 40).")] = None,
    everything: Annotated[bool, typer.Option("--all", help="List every session.")] = False,
    plain: Annotated[bool, typer.Option("--plain", help="Lines instead of the screen.")] = False,
) -> None:
    """Show past sessions: what was held, minutes backward, exertion, balance events, who stopped and why.

    A terminal gets a screen, a pipe gets lines. One session opens to its graph, its rungs and its log. It only
    reads: nothing is connected and nothing is changed, also while a session runs.

    \b
    Examples:
      retroctl history                     everybody's, the latest first
      retroctl history Ann                 Ann's
      retroctl history --session 3f9c      one session
      retroctl history --all --plain       all of them, as lines
    """  # noqa: D301 - click reads the backspace character: the lines below it stay as they are
    from retroctl.cli.history import Wanted, history_command  # noqa: PLC0415 - heavy

    history_command(Wanted(who, session, last, everything, plain, screen=has_screen() and has_terminal()))


def report(
    client: Annotated[str, typer.Argument(metavar="CLIENT", help="The client's name, or the id.")],
    weeks: Annotated[int | None, typer.Option(parser=whole, metavar="N", help="The last N weeks (default 6).")] = None,
    out: Annotated[
        str | None, typer.Option(metavar="FILE", help="Where to (default: report-ID-DATE.html here).")
    ] = None,
    programme: Annotated[
        str | None, typer.Option(metavar="NAME", help="six-week, economy or rehab: for calendar and next step.")
    ] = None,
    began: Annotated[
        str | None, typer.Option(metavar="DATE", help="When the programme began (default: the first session).")
    ] = None,
    with_simulated: Annotated[
        bool, typer.Option("--with-simulated", help="Count sessions on the simulated treadmill; the page says so.")
    ] = False,
) -> None:
    """Write a client's progress as one HTML page: to be read on any screen, or printed. It needs no network.

    Held speed, minutes, exertion at one speed, balance events, the one thing that rose each week, assessment,
    energy as an estimate, the next step. It promises nothing and finds nothing medical.

    \b
    Examples:
      retroctl report Ann
      retroctl report Ann --weeks 10 --out /media/stick/ann.html
      retroctl report Ann --programme six-week --began 2026-10-05
    """  # noqa: D301 - click reads the backspace character: the lines below it stay as they are
    from retroctl.cli.report import report_command  # noqa: PLC0415 - heavy

    report_command(client, weeks=weeks, out=out, programme=programme, began=began, with_simulated=with_simulated)
