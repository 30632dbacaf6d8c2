"""`export`, `import`, `backup`, `restore`, `check`: the commands and their options. What they do is imported later."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from retroctl.errors import ConfigError

_Force = Annotated[bool, typer.Option("--force", help="Overwrite what is there.")]


def export(
    session: Annotated[
        str | None, typer.Argument(metavar="SESSION", help="A session's id, its first digits, or last.")
    ] = None,
    format_: Annotated[str, typer.Option("--format", metavar="FORMAT", help="fit, tcx, csv or json.")] = "json",
    out: Annotated[str | None, typer.Option(metavar="FILE", help="Where to (default: here, by date and id).")] = None,
    client: Annotated[
        str | None, typer.Option(metavar="NAME", help="All sessions of this client; with --plan, whose caps.")
    ] = None,
    plan: Annotated[str | None, typer.Option(metavar="FILE", help="A plan instead: --format zwo or fit.")] = None,
    speed_range: Annotated[
        str | None, typer.Option("--range", metavar="MIN-MAX/STEP", help="With --plan: the speeds of the machine.")
    ] = None,
    with_name: Annotated[
        bool, typer.Option("--with-name", help="Write the client's name, and in JSON notes in words; else a pseudonym.")
    ] = False,
    force: _Force = False,
) -> None:
    """Export sessions to other apps, or a plan as a workout. Names stay here unless you ask for them.

    FIT is for watches' sites and most apps, TCX for older ones, CSV for spreadsheets; JSON is everything, and
    retroctl import takes it back. FIT needs the extra `fit`.

    \b
    Examples:
      retroctl export last --format fit                  the last session
      retroctl export --client Ann --format csv          all of Ann's, a folder
      retroctl export --client Ann --out ann.json        all of Ann's, one file
      retroctl export --plan monday.toml --format zwo    a plan, for Zwift
    """  # noqa: D301 - click reads the backspace character: the lines below it stay as they are
    from retroctl.cli import exchange_export as work  # noqa: PLC0415 - heavy

    asked = work.Asked(format_, out, with_name, force)
    if plan is not None:
        if session is not None or with_name:
            raise ConfigError("--plan exports a plan, without session or name")
        work.export_plan(plan, asked, client=client, speed_range=speed_range)
    elif speed_range is not None:
        raise ConfigError("--range belongs to --plan")
    elif session is not None and client is None:
        work.export_session(session, asked)
    elif client is not None and session is None:
        work.export_client(client, asked)
    else:
        raise ConfigError("name one: a session (its id, or last), --client NAME for all of a client, or --plan FILE")


def import_(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A .zwo, a FIT workout, a QZ .xml, or sessions (JSON).")],
    scale: Annotated[
        str | None, typer.Option(metavar="FACTOR", help="Their forward speeds times this, such as 0.5; must be given.")
    ] = None,
    reference: Annotated[
        str | None, typer.Option(metavar="SPEED", help="Zwift: the forward speed that 100 % means, such as 10km/h.")
    ] = None,
    client: Annotated[str | None, typer.Option(metavar="NAME", help="Whose caps to check against (else: new).")] = None,
    speed_range: Annotated[
        str | None, typer.Option("--range", metavar="MIN-MAX/STEP", help="The speeds of the machine it is for.")
    ] = None,
    flat: Annotated[bool, typer.Option("--flat", help="Leave inclines out.")] = False,
    lengthen: Annotated[bool, typer.Option("--lengthen", help="Make steps under 60 s 60 s long.")] = False,
    no_rungs: Annotated[
        bool, typer.Option("--no-rungs", help="Refuse where a raise is too large, instead of adding rungs before it.")
    ] = False,
    out: Annotated[
        str | None, typer.Option(metavar="FILE", help="The plan file (default: plans/ beside the configuration).")
    ] = None,
    force: _Force = False,
) -> None:
    """Make a plan of another program's workout, or take exported sessions back into the record.

    Every step is shown with the stage it becomes. What no rule allows refuses all of it, naming step and rule.

    \b
    Examples:
      retroctl import run.zwo --scale 0.4 --reference 10km/h --client Ann
      retroctl import intervals.xml --scale 0.3 --flat --lengthen
      retroctl import retroctl-20261124-0123abcd.json
    """  # noqa: D301 - as above
    from retroctl.cli import exchange_import as work  # noqa: PLC0415 - heavy

    work.import_file(
        file,
        work.AskedImport(
            work.number("--scale", scale),
            reference,
            client,
            speed_range,
            out,
            force,
            flat,
            lengthen,
            rungs=not no_rungs,
        ),
    )


def backup(
    file: Annotated[str, typer.Argument(metavar="FILE", help="Where to, best on another disk.")], force: _Force = False
) -> None:
    """Copy the record into FILE, also while a session runs; the clients into a file beside it.

    Straps, profiles of machines, the remote, configuration and plans go into a third, an archive.

    Example: retroctl backup /media/stick/retroctl-monday.sqlite3
    """
    from retroctl.cli.care import backup_command  # noqa: PLC0415 - heavy

    backup_command(file, force=force)


def restore(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A backup that retroctl backup made.")],
    damaged: Annotated[
        bool, typer.Option("--damaged", help="Take it although some session in it is not as it was written.")
    ] = False,
) -> None:
    """Put a backup in the place of the record. It is looked through first; what was there is kept beside it.

    Of straps, machines, remote, configuration and plans only what is missing is put back: what is there stays.
    Refused while a session runs or another program has the record open.

    Example: retroctl restore /media/stick/retroctl-monday.sqlite3
    """
    from retroctl.cli.care import restore_command  # noqa: PLC0415 - heavy

    restore_command(file, damaged=damaged)


def check() -> None:
    """Look the whole record through: is everything as it was written; which sessions have no end.

    \b
    Exit status:
      0  everything is as it was written (sessions without an end are listed)
      1  something is damaged or was changed
      2  there is no record, or it cannot be read
    """  # noqa: D301 - as above
    from retroctl.cli.care import check_command  # noqa: PLC0415 - heavy

    sys.exit(check_command())
