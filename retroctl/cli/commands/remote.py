"""`remote`: the commands. What they do is imported when they run."""

from __future__ import annotations

import sys

import typer

from retroctl.cli.terminal import has_terminal

remote_app = typer.Typer(rich_markup_mode=None, invoke_without_command=True)


@remote_app.callback()
def remote(context: typer.Context) -> None:
    """Teach a presenter remote (a clicker that sends keys): which button is STOP, HOLD, CONFIRM. Needs a terminal.

    As it comes, PageDown confirms, PageUp is HOLD, F5, Esc, b and full stop are STOP, on the trainer's screen.

    \b
    Examples:
      retroctl remote          press the buttons as you are asked
      retroctl remote show     what its keys mean
      retroctl remote forget   as it comes again
    """  # noqa: D301 - click reads the backspace character: the lines below it stay as they are
    if context.invoked_subcommand is None:
        from retroctl.cli.remote import teach_command  # noqa: PLC0415 - heavy

        sys.exit(teach_command(terminal=has_terminal()))


@remote_app.command("show")
def remote_show() -> None:
    """Show what the keys of the remote mean, taught or as it comes."""
    from retroctl.cli.remote import show_command  # noqa: PLC0415 - heavy

    sys.exit(show_command())


@remote_app.command("forget")
def remote_forget() -> None:
    """Forget what was taught: the remote is as it comes again."""
    from retroctl.cli.remote import forget_command  # noqa: PLC0415 - heavy

    sys.exit(forget_command())
