"""`retroctl client`: the commands and their options. What they do is imported when they run."""

from __future__ import annotations

from typing import Annotated

import typer

client_app = typer.Typer(
    rich_markup_mode=None,
    help="Clients: who trains here, how fast they may go, who may run today.\n\n"
    "Everything stays on this computer. The record of sessions knows a client by a random id only.",
    epilog="Begin with: retroctl client add --help",
)


@client_app.callback(invoke_without_command=True)
def _client(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


Name = Annotated[str, typer.Argument(metavar="NAME", help="The client's name or pseudonym, or the id.")]
NewName = Annotated[str, typer.Argument(metavar="NAME", help="A name; a pseudonym will do.")]
By = Annotated[str | None, typer.Option(metavar="WHO", help="Who decides this (default: this computer's account).")]
Mass = Annotated[float | None, typer.Option(metavar="KG", help="Body mass, for the energy estimate.")]
MassOn = Annotated[str | None, typer.Option(metavar="DATE", help="When it was weighed (default: today).")]
RestingHr = Annotated[int | None, typer.Option(metavar="BPM", help="Resting heart rate.")]
MaxHr = Annotated[int | None, typer.Option(metavar="BPM", help="Highest heart rate, measured in a test.")]
BetaBlocker = Annotated[
    bool | None, typer.Option("--beta-blocker/--no-beta-blocker", show_default=False, help="Takes a beta-blocker.")
]
Falls = Annotated[bool | None, typer.Option("--falls/--no-falls", show_default=False, help="Has fallen in the past.")]
Goal = Annotated[str | None, typer.Option(metavar="GOAL", help="general, rehab, race or off-season.")]
Forward = Annotated[str | None, typer.Option(metavar="SPEED", help="Comfortable forward speed: 8.0km/h or 5mph.")]
Screening = Annotated[
    str | None,
    typer.Option(metavar="OUTCOME", help="clear, followed-up, referred or balance; never the answers themselves."),
]
ScreenedOn = Annotated[str | None, typer.Option(metavar="DATE", help="When (default: today).")]
ScreeningExpires = Annotated[
    str | None, typer.Option(metavar="DATE", help="Its last valid day (default and at most: a year later).")
]
Consent = Annotated[str | None, typer.Option(metavar="DATE", help="When the client agreed to data being kept.")]
ConsentOrNone = Annotated[
    str | None, typer.Option(metavar="DATE|withdrawn", help="When the client agreed to data being kept, or no more.")
]
Injuries = Annotated[str | None, typer.Option(metavar="TEXT", help="What hurts or needs care.")]


@client_app.command()
def add(
    name: NewName,
    birth_year: Annotated[int, typer.Option(metavar="YEAR", help="Year of birth; needed for every limit.")],
    mass: Mass = None,
    mass_on: MassOn = None,
    resting_hr: RestingHr = None,
    max_hr: MaxHr = None,
    beta_blocker: BetaBlocker = None,
    falls: Falls = None,
    goal: Goal = None,
    forward: Forward = None,
    screening: Screening = None,
    screened_on: ScreenedOn = None,
    screening_expires: ScreeningExpires = None,
    consent: Consent = None,
    injuries: Injuries = None,
    by: By = None,
) -> None:
    """Add a client, at level new. Dates are written 2026-11-24; `today` will do.

    \b
    Examples:
      retroctl client add Ann --birth-year 1988 --screening clear --consent today
      retroctl client add "Client 7" --birth-year 1955 --mass 70.5 --resting-hr 62 --forward 6.5km/h
    """  # noqa: D301 - click reads the backspace character: the lines below it stay as they are
    from retroctl.cli.client_work import Given, add_client  # noqa: PLC0415 - heavy

    given = Given(
        birth_year=birth_year, mass=mass, mass_on=mass_on, resting_hr=resting_hr, max_hr=max_hr,
        beta_blocker=beta_blocker, falls=falls, goal=goal, forward=forward, screening=screening,
        screened_on=screened_on, screening_expires=screening_expires, consent=consent, injuries=injuries,
    )  # fmt: skip
    add_client(name, given, by)


@client_app.command()
def edit(
    name: Name,
    rename: Annotated[str | None, typer.Option(metavar="NAME", help="Another name.")] = None,
    birth_year: Annotated[int | None, typer.Option(metavar="YEAR", help="Year of birth.")] = None,
    mass: Mass = None,
    mass_on: MassOn = None,
    resting_hr: RestingHr = None,
    max_hr: MaxHr = None,
    beta_blocker: BetaBlocker = None,
    falls: Falls = None,
    goal: Goal = None,
    forward: Forward = None,
    screening: Screening = None,
    screened_on: ScreenedOn = None,
    screening_expires: ScreeningExpires = None,
    consent: ConsentOrNone = None,
    injuries: Injuries = None,
    balance_mastered: Annotated[
        bool | None,
        typer.Option(
            "--balance-mastered/--balance-not-mastered",
            show_default=False,
            help="Fully in command of space and balance, in your judgement (R13).",
        ),
    ] = None,
    incline: Annotated[
        bool | None,
        typer.Option(
            "--incline-confirmed/--incline-not-confirmed",
            show_default=False,
            help="Your own confirmation that incline may begin, one of R14's conditions.",
        ),
    ] = None,
    by: By = None,
) -> None:
    """Change what is noted of a client; who and when is kept. The level has a command of its own.

    \b
    Examples:
      retroctl client edit Ann --mass 68 --screening clear
      retroctl client edit Ann --balance-mastered --by Kim
      retroctl client edit Ann --rename "Ann K."
    """  # noqa: D301 - as above
    from retroctl.cli.client_work import Given, edit_client  # noqa: PLC0415 - heavy

    given = Given(
        birth_year=birth_year, mass=mass, mass_on=mass_on, resting_hr=resting_hr, max_hr=max_hr,
        beta_blocker=beta_blocker, falls=falls, goal=goal, forward=forward, screening=screening,
        screened_on=screened_on, screening_expires=screening_expires, consent=consent, injuries=injuries,
        rename=rename, balance_mastered=balance_mastered, incline=incline,
    )  # fmt: skip
    edit_client(name, given, by)


@client_app.command()
def show(name: Name) -> None:
    """Show a client: facts, caps, limits of the heart rate, whether a session may begin today, the next level.

    Example: retroctl client show Ann
    """
    from retroctl.cli.client_work import show_client  # noqa: PLC0415 - heavy

    show_client(name)


@client_app.command("list")
def list_() -> None:
    """List the clients: level, fastest backward speed, whether a session may begin today.

    Example: retroctl client list
    """
    from retroctl.cli.client_work import list_clients  # noqa: PLC0415 - heavy

    list_clients()


@client_app.command()
def level(
    name: Name,
    level: Annotated[
        str | None, typer.Argument(metavar="[LEVEL]", help="rehab, new, novice, practised, runner or trained.")
    ] = None,
    by: By = None,
    despite: Annotated[
        str | None, typer.Option(metavar="REASON", help="Why, although a condition is not met; recorded.")
    ] = None,
    with_simulated: Annotated[
        bool, typer.Option("--with-simulated", help="Count sessions on the simulated treadmill; recorded.")
    ] = False,
) -> None:
    """Set a client's level: your own act, recorded with what was known of its conditions. Nothing else changes it.

    Without LEVEL it shows the conditions of every level, and changes nothing.

    \b
    Examples:
      retroctl client level Ann                     what each level asks for
      retroctl client level Ann novice --by Kim     set it
      retroctl client level Ann practised --despite "six years of backward running elsewhere"
    """  # noqa: D301 - as above
    from retroctl.cli.client_work import set_level, show_levels  # noqa: PLC0415 - heavy

    if level is None:
        show_levels(name, with_simulated=with_simulated)
    else:
        set_level(name, level, by=by, despite=despite, with_simulated=with_simulated)


@client_app.command()
def clear(
    name: Name,
    clinician: Annotated[str | None, typer.Option("--from", metavar="WHO", help="The clinician who gave it.")] = None,
    ends: Annotated[str | None, typer.Option(metavar="DATE", help="Its last valid day.")] = None,
    on: Annotated[str | None, typer.Option(metavar="DATE", help="When it was given (default: today).")] = None,
    max_speed: Annotated[str | None, typer.Option(metavar="SPEED", help="The fastest speed it allows.")] = None,
    low_hr: Annotated[int | None, typer.Option(metavar="BPM", help="Lower end of the band (rehab).")] = None,
    high_hr: Annotated[int | None, typer.Option(metavar="BPM", help="Upper limit of the heart rate.")] = None,
    max_rpe: Annotated[int | None, typer.Option(metavar="RPE", help="Highest exertion, Borg 6 to 20.")] = None,
    limits: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Further limits, in the clinician's words.")
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Cleared to resume training without the rehab band.")
    ] = False,
    remove: Annotated[bool, typer.Option("--remove", help="No clearance is noted any more.")] = False,
    by: By = None,
) -> None:
    """Note a clinician's clearance: who, when, until when, within which limits. Rehab needs one.

    \b
    Examples:
      retroctl client clear Ann --from "Dr Lee" --ends 2027-02-28 --max-speed 1.5km/h
      retroctl client clear Ann --from "Dr Lee" --ends 2027-12-31 --resume
      retroctl client clear Ann --remove
    """  # noqa: D301 - as above
    from retroctl.cli.client_work import ClearanceGiven, clear_client  # noqa: PLC0415 - heavy

    given = ClearanceGiven(
        clinician=clinician, ends=ends, on=on, max_speed=max_speed, low_hr=low_hr, high_hr=high_hr, max_rpe=max_rpe,
        limits=limits, resume=resume, remove=remove,
    )  # fmt: skip
    clear_client(name, given, by)


@client_app.command()
def export(
    name: Name,
    to: Annotated[str | None, typer.Option(metavar="FILE", help="Where to (default: client-ID.json here).")] = None,
) -> None:
    """Write everything that is kept of a client into one readable JSON file: facts, changes, notes, sessions.

    \b
    Examples:
      retroctl client export Ann
      retroctl client export Ann --to /media/stick/ann.json
    """  # noqa: D301 - as above
    from retroctl.cli.client_work import export_client  # noqa: PLC0415 - heavy

    export_client(name, to)


@client_app.command()
def erase(
    name: Name,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for the name once more.")] = False,
) -> None:
    """Erase a client for good: name, facts, changes and notes, also from the files' free space.

    The sessions stay, under a random id that leads to nobody. Backups are not touched. End every session first.

    \b
    Examples:
      retroctl client export Ann      what would be gone
      retroctl client erase Ann       asks for the name once more
    """  # noqa: D301 - as above
    from retroctl.cli.client_work import erase_client  # noqa: PLC0415 - heavy

    erase_client(name, yes=yes)
