"""`retroctl programme`: the commands and their options. What they do is imported when they run."""

from __future__ import annotations

from typing import Annotated

import typer

from retroctl.cli.commands.shared import decimal, whole

programme_app = typer.Typer(
    rich_markup_mode=None,
    help="Programmes: weeks of training, each session proposed from what was really done.\n\n"
    "six-week: 18 sessions of 15 to 45 minutes. economy: 5 + 5 weeks, balance mastered. rehab: under a clearance.",
    epilog="Begin with: retroctl programme start --help",
)


@programme_app.callback(invoke_without_command=True)
def _programme(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


Client = Annotated[str, typer.Argument(metavar="CLIENT", help="The client's name or pseudonym, or the id.")]
By = Annotated[str | None, typer.Option(metavar="WHO", help="Who decides this (default: this computer's account).")]
Simulated = Annotated[bool, typer.Option("--with-simulated", help="Count sessions on the simulated treadmill as done.")]


@programme_app.command()
def start(
    client: Client,
    name: Annotated[str, typer.Argument(metavar="PROGRAMME", help="six-week, economy or rehab.")],
    on: Annotated[str | None, typer.Option(metavar="DATE", help="Its first day (default: today).")] = None,
    instead: Annotated[bool, typer.Option("--instead", help="End the programme that is under way.")] = False,
    by: By = None,
) -> None:
    """Begin a programme with a client.

    \b
    Examples:
      retroctl programme start Ann six-week --by Kim
      retroctl programme start Ann economy --on 2026-12-01 --instead
    """  # noqa: D301 - click reads the backspace character: the lines below it stay as they are
    from retroctl.cli.programme_work import start_programme  # noqa: PLC0415 - heavy

    start_programme(client, name, on=on, instead=instead, by=by)


@programme_app.command("next")
def next_(
    context: typer.Context,
    client: Client,
    options: Annotated[
        list[str] | None, typer.Argument(metavar="[-- OPTIONS]", help="After --: options for `retroctl run`.")
    ] = None,
    sim: Annotated[
        str | None, typer.Option(metavar="NAME", help="On a simulated treadmill, and counting sessions there.")
    ] = None,
    run: Annotated[bool, typer.Option("--run", help="Run it, too.")] = False,
) -> None:
    """Propose today's session, from what was done, missed and noted, and say why; print the command that runs it.

    \b
    Examples:
      retroctl programme next Ann
      retroctl programme next Ann --run
      retroctl programme next Ann --run -- --wall --volume 60
      retroctl programme next Ann --sim standard --run
    """  # noqa: D301 - as above
    from retroctl.cli.programme_work import next_command, propose, refuse_others  # noqa: PLC0415 - heavy

    refuse_others(options or [])
    command = next_command(propose(client, sim), sim, options or [])
    if run and command is not None:
        group = context.find_root().command
        group.main(args=command, prog_name="retroctl", standalone_mode=False)


@programme_app.command()
def show(client: Client, with_simulated: Simulated = False) -> None:
    """Show the programme's calendar: a box a session, what was done in each, and when an assessment is due.

    Example: retroctl programme show Ann
    """
    from retroctl.cli.programme_work import show_programme  # noqa: PLC0415 - heavy

    show_programme(client, with_simulated=with_simulated)


@programme_app.command()
def assess(
    client: Client,
    balance: Annotated[
        float | None, typer.Option(parser=decimal, metavar="SECONDS", help="Time for 3 m walked backward.")
    ] = None,
    stands: Annotated[int | None, typer.Option(parser=whole, metavar="N", help="Stands from a chair in 30 s.")] = None,
    speed: Annotated[
        str | None,
        typer.Option(metavar="SPEED", help="Fastest backward minute at an RPE of 13 or less (default: the record)."),
    ] = None,
    forward: Annotated[str | None, typer.Option(metavar="SPEED", help="Check of forward economy: its speed.")] = None,
    forward_hr: Annotated[float | None, typer.Option(parser=decimal, metavar="BPM", help="Heart rate at it.")] = None,
    forward_rpe: Annotated[
        float | None, typer.Option(parser=decimal, metavar="RPE", help="Exertion at it, Borg 6 to 20.")
    ] = None,
    note: Annotated[str | None, typer.Option(metavar="TEXT", help="What else was seen: knees, hips, posture.")] = None,
    on: Annotated[str | None, typer.Option(metavar="DATE", help="When (default: today).")] = None,
    with_simulated: Simulated = False,
    by: By = None,
) -> None:
    """Note an assessment: the baseline first, then from day 28 on (R17). Without measures it shows what there is.

    \b
    Examples:
      retroctl programme assess Ann                               what is due, before and after
      retroctl programme assess Ann --balance 5.1 --stands 14     the speed comes from the record
      retroctl programme assess Ann --forward 8km/h --forward-hr 142 --forward-rpe 12
    """  # noqa: D301 - as above
    from retroctl.cli.programme_work import Measured, assess_client  # noqa: PLC0415 - heavy

    measured = Measured(speed, balance, stands, forward, forward_hr, forward_rpe, note)
    assess_client(client, measured, on=on, with_simulated=with_simulated, by=by)
