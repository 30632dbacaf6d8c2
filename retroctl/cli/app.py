"""The commands and their options. What they do is imported when they run, so that `--help` is quick."""

from __future__ import annotations

import os
import sys
from typing import Annotated, NoReturn

import typer

from retroctl import __version__
from retroctl.cli.bare import with_bare_wall
from retroctl.cli.client import client_app
from retroctl.cli.early import last_words
from retroctl.cli.exchange import backup, check, export, import_, restore
from retroctl.cli.floor_commands import floor
from retroctl.cli.plan import plan_app
from retroctl.cli.programme import programme_app
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

app.add_typer(client_app, name="client")
app.add_typer(plan_app, name="plan")
app.add_typer(programme_app, name="programme")


def run_app() -> None:
    """Run a command; every expected error is one line on standard error and its exit status."""
    if len(sys.argv) == 1:
        sys.argv.append("--help")
    try:
        sys.exit(app(args=with_bare_wall(sys.argv[1:]), standalone_mode=False) or OK)
    except KeyboardInterrupt:
        _fail("interrupted; nothing was written to a treadmill", NO_TREADMILL)
    except RetroctlError as error:
        _fail(str(error), status_of(error))
    except BrokenPipeError:
        _nobody_reads()
    except Exception as error:  # noqa: BLE001 - the end of the program; the belt was brought to rest where it was armed
        _unexpected(error)


def _unexpected(error: Exception) -> None:
    """What click says of the command line is usage; anything else is a fault of ours."""
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
    sys.exit(status)


def _nobody_reads() -> NoReturn:
    """The reader of what a command prints went away: nothing more to say, and no complaint from the interpreter."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    sys.exit(OK)


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


_SIM = "Use a simulated treadmill: standard, or others joined with + (`retroctl simulate --list`)."


@app.command()
def run(
    sim: Annotated[str | None, typer.Option(metavar="NAME", help=_SIM)] = None,
    address: Annotated[
        str | None, typer.Option(metavar="ID", help="The treadmill's address, as `retroctl scan` shows it.")
    ] = None,
    client: Annotated[str | None, typer.Option(metavar="NAME", help="The client; without one, level new.")] = None,
    plan: Annotated[
        str | None,
        typer.Option(metavar="FILE|PRESET", help="A plan file (TOML), or a preset: see `retroctl plan list`."),
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
    plain: Annotated[
        bool, typer.Option("--plain", help="Plain lines and single keys instead of the trainer's screen.")
    ] = False,
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
    voice: Annotated[
        bool | None,
        typer.Option(
            "--voice/--quiet", show_default=False, help="Speak the cues (default at a terminal in real time), or not."
        ),
    ] = None,
    volume: Annotated[str | None, typer.Option(metavar="N", help="How loud the voice is, 1 to 100.")] = None,
    wall: Annotated[
        str | None,
        typer.Option(metavar="[HOST:PORT]", help="Serve the client's wall screen (default 127.0.0.1:8760)."),
    ] = None,
    wall_lan: Annotated[
        bool, typer.Option("--wall-lan", help="Let other devices open it, with the token in its address.")
    ] = False,
    call_out: Annotated[
        bool,
        typer.Option(
            "--call-out",
            help="Command no speed: say what to press at the console, watch that it is done; Stop is sent.",
        ),
    ] = False,
    strap: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS|auto|none", help="The client's heart-rate strap (default: the one worn last)."),
    ] = None,
    sim_strap: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Simulator only: steady, dropouts, contact, frozen or high."),
    ] = None,
) -> None:
    """Run a session: the warm-up ladder, every speed held, a stop that always works.

    A briefing comes first; until it is answered nothing is written to the machine. A terminal gets the
    trainer's screen: space, Esc, s and others STOP, ? shows every key. With --plain: Enter confirm, h hold,
    d down, ANY OTHER KEY STOPS THE BELT. Ctrl-C, Ctrl-Z, a closed terminal and a closed output stop it
    too, and the program waits until rest is measured.

    \b
    Examples:
      retroctl run                                 choose machine, client, plan
      retroctl run --address ID --top 2.0mph       this one, up to 2.0 mph
      retroctl run --plan monday.toml              the stages of a file
      retroctl run --sim standard --speedup 5      practise, without a treadmill
      retroctl run --sim standard --yes --jsonl    for programs: JSON lines
      retroctl run --wall --wall-lan               a screen for the client

    \b
    Exit status:
      0  ended, the belt confirmed at rest
      1  a fault in this program, the belt at rest
      2  usage, configuration or plan; nothing was written
      3  no treadmill, or not a usable one
      4  the belt is NOT confirmed at rest: look at it
    """  # noqa: D301 - click reads the backspace character: the lines below it stay as they are
    if plan is not None and plan.split(":")[0] == "outdoor":
        from retroctl.cli.outdoor import outdoor_command  # noqa: PLC0415 - heavy

        sys.exit(outdoor_command(client, machine=sim or address, plan=plan))
    from retroctl.adapters.tui.choose.ports import Choice  # noqa: PLC0415 - heavy
    from retroctl.cli.choosing import choose_first  # noqa: PLC0415
    from retroctl.cli.options import RunOptions  # noqa: PLC0415
    from retroctl.cli.session import run_session  # noqa: PLC0415

    def check(choice: Choice) -> RunOptions:
        return RunOptions.checked(
            sim=choice.sim,
            address=choice.address,
            client=choice.client,
            plan=choice.plan,
            top=choice.top,
            hold=choice.hold,
            advance=choice.advance,
            speedup=speedup,
            plain=plain,
            jsonl=jsonl,
            yes=yes,
            speed_range=speed_range,
            coarse=accept_coarse_steps,
            wall=wall,
            wall_lan=wall_lan,
            call_out=call_out,
            strap=strap,
            sim_strap=sim_strap,
            terminal=_has_terminal(),
            screen=_has_screen(),
            voice=voice,
            volume=volume,
        )

    given = Choice(sim=sim, address=address, client=client, plan=plan, top=top, hold=hold, advance=advance)
    sys.exit(run_session(choose_first(check(given), check, given)))


@app.command()
def qualify(
    sim: Annotated[str | None, typer.Option(metavar="NAME", help="Use a simulated treadmill: standard.")] = None,
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

    About seven minutes: start, lowest speed, units, targets, ramps up to 4 km/h, twenty stops, pause, a dropped
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
        terminal=_has_terminal(),
        speed_range=speed_range,
    )
    sys.exit(qualify_command(options))


machine_app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="The profiles of treadmills that `retroctl qualify` has measured.",
    epilog="Example: retroctl machine list",
)
app.add_typer(machine_app, name="machine")


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


@app.command()
def demo() -> None:
    """Show a whole ladder on the simulated treadmill: about a minute, nothing to answer, no treadmill needed.

    Example: retroctl demo
    """
    from retroctl.cli.options import demo_options  # noqa: PLC0415 - heavy
    from retroctl.cli.session import run_session  # noqa: PLC0415

    sys.exit(run_session(demo_options()))


@app.command()
def decode(
    char: Annotated[str, typer.Argument(metavar="CHAR", help="2acd, 2ad9, ...; `adv` for service data.")],
    hex_: Annotated[str, typer.Argument(metavar="HEX", help="The bytes, spaces and colons allowed.")],
) -> None:
    """Explain the bytes of an FTMS characteristic as one JSON object.

    \b
    Examples:
      retroctl decode 2acd 00006400     Treadmill Data: 1.00 km/h
      retroctl decode 2ad9 80:08:01     the answer to Stop: success
      retroctl decode 2ad4 640040060a00 the speeds a machine has
    """  # noqa: D301 - click reads the backspace character: the lines below it stay as they are
    from retroctl.cli.decode import decode_text  # noqa: PLC0415 - heavy

    typer.echo(decode_text(char, hex_))


@app.command()
def scan(
    seconds: Annotated[float | None, typer.Option(metavar="SECONDS", help="How long to listen (default 8).")] = None,
    straps: Annotated[bool, typer.Option("--straps", help="List heart-rate straps instead.")] = False,
) -> None:
    """List the treadmills in range, or the straps: name, address, signal. Connects to nothing.

    \b
    Examples:
      retroctl scan                what answers within 8 s
      retroctl scan --seconds 20   for machines that advertise seldom
      retroctl scan --straps       for --strap ADDRESS
    """  # noqa: D301 - click reads the backspace character: the lines below it stay as they are
    from retroctl.cli.look import scan_command, scan_straps_command  # noqa: PLC0415 - heavy

    sys.exit(scan_straps_command(seconds) if straps else scan_command(seconds))


@app.command()
def observe(
    sim: Annotated[str | None, typer.Option(metavar="NAME", help=_SIM)] = None,
    address: Annotated[str | None, typer.Option(metavar="ID", help="The treadmill's address.")] = None,
    seconds: Annotated[
        float | None, typer.Option(metavar="SECONDS", help="Stop watching after so long (default: until Ctrl-C).")
    ] = None,
    jsonl: Annotated[bool, typer.Option("--jsonl", help="One JSON object a line.")] = False,
) -> None:
    """Connect and show what the machine says of itself and of its belt. Never writes anything.

    \b
    Examples:
      retroctl observe                              the one in range, until Ctrl-C
      retroctl observe --address ID                 this one
      retroctl observe --sim standard --seconds 5   a simulated one
    """  # noqa: D301 - click reads the backspace character: the lines below it stay as they are
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
    fleet: Annotated[
        int | None, typer.Option(metavar="N", help="Instead: N controllers on treadmills in memory, on a broker.")
    ] = None,
    mqtt: Annotated[str | None, typer.Option(metavar="URL", help="With --fleet: broker and club.")] = None,
    seconds: Annotated[float | None, typer.Option(metavar="S", help="With --fleet: end after so long.")] = None,
) -> None:
    """Put a simulated treadmill on the air, so that any app can connect to it. Needs the extra `radio`.

    With --fleet nothing goes on the air: N whole controllers run sessions on simulated treadmills in this
    process and publish on a broker, as a club does. `retroctl floor` shows them; Ctrl-C stops every belt.

    \b
    Examples:
      retroctl simulate --list                 which there are, what each does
      retroctl simulate --transport usb:0      the standard one, on a dongle
      retroctl simulate stop-third             one that heeds only the third Stop
      retroctl simulate --fleet 20 --mqtt mqtt://127.0.0.1/club
    """  # noqa: D301 - click reads the backspace character: the lines below it stay as they are
    if fleet is not None or mqtt is not None or seconds is not None:
        from retroctl.cli.floor_commands import run_fleet  # noqa: PLC0415 - heavy

        sys.exit(run_fleet(fleet, mqtt, seconds))
    from retroctl.cli.look import simulate_command  # noqa: PLC0415 - heavy

    sys.exit(simulate_command(sim, transport=transport, name=name, address=address, list_only=list_))


@app.command()
def history(
    who: Annotated[
        str | None, typer.Argument(metavar="[CLIENT|SESSION]", help="A client's name, or (part of) a session's id.")
    ] = None,
    session: Annotated[str | None, typer.Option(metavar="ID", help="Open this session; the first 4 digits do.")] = None,
    last: Annotated[int | None, typer.Option(metavar="N", help="List the latest N (default 40).")] = None,
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

    history_command(Wanted(who, session, last, everything, plain, screen=_has_screen() and _has_terminal()))


@app.command()
def report(
    client: Annotated[str, typer.Argument(metavar="CLIENT", help="The client's name, or the id.")],
    weeks: Annotated[int | None, typer.Option(metavar="N", help="The last N weeks (default 6).")] = None,
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

        sys.exit(teach_command(terminal=_has_terminal()))


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


app.add_typer(remote_app, name="remote")


app.command()(floor)
app.command()(export)
app.command("import")(import_)
app.command()(backup)
app.command()(restore)
app.command()(check)


@app.command()
def doctor() -> None:
    """Check what a session needs: Python, Bluetooth, permissions, the data folder.

    Each line: ok or not ok, and what to do. Example: retroctl doctor
    """
    from retroctl.cli.look import doctor_command  # noqa: PLC0415 - heavy

    sys.exit(doctor_command())


def _has_screen() -> bool:
    """Whether standard output is a terminal that can be drawn on."""
    try:
        drawn = sys.stdout is not None and sys.stdout.isatty() and sys.__stdout__ is not None
    except ValueError:  # closed
        return False
    return drawn and os.environ.get("TERM", "") != "dumb"


def _has_terminal() -> bool:
    try:
        return sys.stdin is not None and sys.stdin.isatty()
    except ValueError:  # closed
        return False
