"""The program as a whole: its commands in the order of `--help`, and how each of its ends is said."""

from __future__ import annotations

import errno
import os
import sys
from typing import Annotated, Final, NoReturn

import typer

from retroctl import __version__
from retroctl.cli.bare import with_bare_options
from retroctl.cli.commands.client import client_app
from retroctl.cli.commands.exchange import backup, check, export, import_, restore
from retroctl.cli.commands.floor import floor
from retroctl.cli.commands.machine import machine_app, qualify
from retroctl.cli.commands.mqtt import mqtt_app
from retroctl.cli.commands.plan import plan_app
from retroctl.cli.commands.programme import programme_app
from retroctl.cli.commands.record import history, report
from retroctl.cli.commands.remote import remote_app
from retroctl.cli.commands.run import demo, run
from retroctl.cli.commands.treadmill import decode, doctor, observe, scan, simulate
from retroctl.cli.early import last_words
from retroctl.cli.status import INTERNAL, NO_TREADMILL, OK, USAGE, status_of
from retroctl.errors import RetroctlError

app = typer.Typer(
    name="retroctl",
    no_args_is_help=True,
    add_completion=True,
    rich_markup_mode=None,  # plain help: quick to start, readable everywhere
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    help="A treadmill session controller for backward running, over Bluetooth FTMS.\n\n"
    "The safety clip is the emergency stop. This program is not.",
    epilog="Try it without a treadmill: retroctl demo\n\n"
    "On a treadmill: retroctl doctor, retroctl scan, retroctl observe, then retroctl run",
)

_COMMANDS: Final = (
    run,
    qualify,
    demo,
    decode,
    scan,
    observe,
    simulate,
    floor,
    history,
    report,
    export,
    import_,
    backup,
    restore,
    check,
    doctor,
)
_GROUPS: Final = {
    "client": client_app,
    "plan": plan_app,
    "programme": programme_app,
    "machine": machine_app,
    "remote": remote_app,
    "mqtt": mqtt_app,
}

_OF_A_BELT: Final = (["run"], ["demo"], ["qualify"], ["mqtt", "stop"])
"""Commands whose status tells of a belt, whatever becomes of what they print."""

for command in _COMMANDS:
    app.command(command.__name__.rstrip("_"))(command)
for name, group in _GROUPS.items():
    app.add_typer(group, name=name)


def run_app() -> None:
    """Run a command; every expected error is one line on standard error and its exit status."""
    if len(sys.argv) == 1:
        sys.argv.append("--help")
    try:
        status = app(args=with_bare_options(sys.argv[1:]), standalone_mode=False) or OK
        if status == OK and sys.stdout is not None and not _of_a_belt():
            sys.stdout.flush()  # here, where what goes wrong with it can still be said
        _let_go_of_output()
        sys.exit(status)
    except SystemExit:
        # Typer has met a reader that went away. Of a belt its status says nothing, so there it stays a fault.
        if type(sys.stdout).__name__ == "PacifyFlushWrapper" and not _of_a_belt():
            _nobody_reads()
        raise
    except KeyboardInterrupt:
        _fail("interrupted; nothing was written to a treadmill", NO_TREADMILL)
    except RetroctlError as error:
        _fail(str(error), status_of(error))
    except BrokenPipeError as error:
        if _of_a_belt():
            _unexpected(error)
        _nobody_reads()
    except Exception as error:  # noqa: BLE001 - the end of the program; the belt was brought to rest where it was armed
        _unexpected(error)


def _of_a_belt() -> bool:
    return any(sys.argv[1 : 1 + len(command)] == command for command in _OF_A_BELT)


def _unexpected(error: Exception) -> None:
    """What click says of the command line is usage; anything else is a fault of ours."""
    if isinstance(error, OSError) and error.errno == errno.ENOSPC and not _of_a_belt():
        _fail(f"{error.filename or 'the output'}: no room left on the disk; free some space", USAGE)
    usage = getattr(error, "format_message", None)
    if usage is not None:
        context = getattr(error, "ctx", None)
        command = context.command_path if context is not None else "retroctl"
        _fail(f"{usage()} (see {command} --help)", USAGE)
    from retroctl.cli.summing_up import fault_words  # noqa: PLC0415 - only when it is needed

    last_words(f"retroctl: internal error: {type(error).__name__}: {' '.join(str(error).split())}")
    for line in fault_words(error):
        last_words(line)
    sys.exit(INTERNAL)


def _fail(text: str, status: int) -> NoReturn:
    last_words(f"retroctl: {' '.join(text.split())}")
    _let_go_of_output()
    sys.exit(status)


def _nobody_reads() -> NoReturn:
    """The reader of what a command prints went away: nothing more to say, and no complaint from the interpreter."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    sys.exit(OK)


def _let_go_of_output() -> None:
    """What could not be printed is not tried once more at the very end, by an interpreter that would complain."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


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
