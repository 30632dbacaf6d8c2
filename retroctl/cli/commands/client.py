"""`retroctl client`: the commands and their options. What they do is imported when they run."""

from __future__ import annotations

from typing import Annotated

import typer

from retroctl.app import client_help as words
from retroctl.cli.commands.shared import decimal, whole

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
NewName = Annotated[str, typer.Argument(metavar="NAME", help=words.NAME)]
By = Annotated[str | None, typer.Option(metavar="WHO", help=words.BY)]
Mass = Annotated[float | None, typer.Option(parser=decimal, metavar="KG", help=words.MASS)]
MassOn = Annotated[str | None, typer.Option(metavar="DATE", help=words.MASS_ON)]
RestingHr = Annotated[int | None, typer.Option(parser=whole, metavar="BPM", help=words.RESTING_HR)]
MaxHr = Annotated[int | None, typer.Option(parser=whole, metavar="BPM", help=words.MAX_HR)]
BetaBlocker = Annotated[
    bool | None, typer.Option("--beta-blocker/--no-beta-blocker", show_default=False, help=words.BETA_BLOCKER)
]
Falls = Annotated[bool | None, typer.Option("--falls/--no-falls", show_default=False, help=words.FALLS)]
Goal = Annotated[str | None, typer.Option(metavar="GOAL", help=words.GOAL)]
Forward = Annotated[str | None, typer.Option(metavar="SPEED", help=words.FORWARD)]
Screening = Annotated[
    str | None,
    typer.Option(metavar="OUTCOME", help=words.SCREENING),
]
ScreenedOn = Annotated[str | None, typer.Option(metavar="DATE", help=words.SCREENED_ON)]
ScreeningExpires = Annotated[str | None, typer.Option(metavar="DATE", help=words.SCREENING_EXPIRES)]
Consent = Annotated[str | None, typer.Option(metavar="DATE", help=words.CONSENT)]
ConsentOrNone = Annotated[str | None, typer.Option(metavar="DATE|withdrawn", help=words.CONSENT_OR_NONE)]
Injuries = Annotated[str | None, typer.Option(metavar="TEXT", help=words.INJURIES)]


@client_app.command()
def add(
    name: NewName,
    birth_year: Annotated[int, typer.Option(parser=whole, metavar="YEAR", help=words.BIRTH_YEAR)],
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
    from retroctl.app.client_given import Given  # noqa: PLC0415 - heavy
    from retroctl.cli.client_work import add_client  # noqa: PLC0415 - heavy

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
    birth_year: Annotated[int | None, typer.Option(parser=whole, metavar="YEAR", help="Year of birth.")] = None,
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
            help=words.BALANCE_MASTERED,
        ),
    ] = None,
    incline: Annotated[
        bool | None,
        typer.Option(
            "--incline-confirmed/--incline-not-confirmed",
            show_default=False,
            help=words.INCLINE,
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
    from retroctl.app.client_given import Given  # noqa: PLC0415 - heavy
    from retroctl.cli.client_work import edit_client  # noqa: PLC0415 - heavy

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
    level: Annotated[str | None, typer.Argument(metavar="[LEVEL]", help=words.LEVEL)] = None,
    by: By = None,
    despite: Annotated[str | None, typer.Option(metavar="REASON", help=words.DESPITE)] = None,
    with_simulated: Annotated[bool, typer.Option("--with-simulated", help=words.WITH_SIMULATED)] = False,
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
    clinician: Annotated[str | None, typer.Option("--from", metavar="WHO", help=words.CLINICIAN)] = None,
    ends: Annotated[str | None, typer.Option(metavar="DATE", help=words.ENDS)] = None,
    on: Annotated[str | None, typer.Option(metavar="DATE", help=words.GIVEN_ON)] = None,
    max_speed: Annotated[str | None, typer.Option(metavar="SPEED", help=words.MAX_SPEED)] = None,
    low_hr: Annotated[int | None, typer.Option(parser=whole, metavar="BPM", help=words.LOW_HR)] = None,
    high_hr: Annotated[int | None, typer.Option(parser=whole, metavar="BPM", help=words.HIGH_HR)] = None,
    max_rpe: Annotated[int | None, typer.Option(parser=whole, metavar="RPE", help=words.MAX_RPE)] = None,
    limits: Annotated[str | None, typer.Option(metavar="TEXT", help=words.LIMITS)] = None,
    resume: Annotated[bool, typer.Option("--resume", help=words.RESUME)] = False,
    remove: Annotated[bool, typer.Option("--remove", help=words.REMOVE)] = False,
    by: By = None,
) -> None:
    """Note a clinician's clearance: who, when, until when, within which limits. Rehab needs one.

    \b
    Examples:
      retroctl client clear Ann --from "Dr Lee" --ends 2027-02-28 --max-speed 1.5km/h
      retroctl client clear Ann --from "Dr Lee" --ends 2027-12-31 --resume
      retroctl client clear Ann --remove
    """  # noqa: D301 - as above
    from retroctl.app.client_given import ClearanceGiven  # noqa: PLC0415 - heavy
    from retroctl.cli.client_work import clear_client  # noqa: PLC0415 - heavy

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
