"""`retroctl plan`: the commands and their options. What they do is imported when they run."""

from __future__ import annotations

from typing import Annotated

import typer

plan_app = typer.Typer(
    rich_markup_mode=None,
    help="Plans: what a session will be, drawn and judged before anybody stands on a belt.",
    epilog="Begin with: retroctl plan list",
)


@plan_app.callback(invoke_without_command=True)
def _plan(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


Source = Annotated[str, typer.Argument(metavar="PLAN", help="A preset, PRESET:KEY=VALUE,..., or a plan file (TOML).")]
ForClient = Annotated[str | None, typer.Option("--client", metavar="NAME", help="For whom; without one, level new.")]
Range = Annotated[
    str | None,
    typer.Option("--range", metavar="MIN-MAX/STEP", help="The machine's speeds (default: the simulated treadmill's)."),
]
Simulated = Annotated[
    bool, typer.Option("--with-simulated", help="Count sessions on the simulated treadmill as done (R11, R14).")
]


@plan_app.command("list")
def list_() -> None:
    """List the presets with their keys, and the plan files here and beside the configuration.

    Example: retroctl plan list
    """
    from retroctl.cli.plan_work import list_plans  # noqa: PLC0415 - heavy

    list_plans()


@plan_app.command()
def show(plan: Source, client: ForClient = None, speed_range: Range = None, with_simulated: Simulated = False) -> None:
    """Show a plan: drawn, stage by stage, its four variables and what they are compared with.

    \b
    Examples:
      retroctl plan show ladder
      retroctl plan show intervals:count=7,top=3.2km/h --client Ann
      retroctl plan show monday.toml --range 0.8-16.0/0.1
    """  # noqa: D301 - click reads the backspace character: the lines below it stay as they are
    from retroctl.cli.plan_work import show_plan  # noqa: PLC0415 - heavy

    show_plan(plan, client, speed_range, with_simulated=with_simulated)


@plan_app.command()
def check(plan: Source, client: ForClient = None, speed_range: Range = None, with_simulated: Simulated = False) -> None:
    """Judge a plan under every rule and say nothing but OK, or which stage breaks which rule (status 2).

    \b
    Examples:
      retroctl plan check monday.toml
      retroctl plan check monday.toml --client Ann
    """  # noqa: D301 - as above
    from retroctl.cli.plan_work import check_plan  # noqa: PLC0415 - heavy

    check_plan(plan, client, speed_range, with_simulated=with_simulated)


@plan_app.command()
def draw(plan: Source, client: ForClient = None, speed_range: Range = None, with_simulated: Simulated = False) -> None:
    """Draw a plan: rungs as wide as their holds, forward stages hatched, the cap as an edge.

    Example: retroctl plan draw intervals --client demo
    """
    from retroctl.cli.plan_work import draw_only  # noqa: PLC0415 - heavy

    draw_only(plan, client, speed_range, with_simulated=with_simulated)


@plan_app.command()
def new(
    preset: Annotated[str, typer.Argument(metavar="PRESET", help="Which preset to begin from, or `stages`.")],
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="Where to, NAME.toml; never over something.", show_default=False)
    ] = "",
) -> None:
    """Write a plan file to edit: every key of the preset with what it takes, and what it means.

    \b
    Examples:
      retroctl plan new intervals monday.toml
      retroctl plan new stages mine.toml        stage by stage
    """  # noqa: D301 - as above
    from retroctl.cli.plan_work import new_plan  # noqa: PLC0415 - heavy

    new_plan(preset, file)
