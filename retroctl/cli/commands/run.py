"""`run` and `demo`: the commands and their options. What they do is imported when they run."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from retroctl.cli.commands.shared import SIM
from retroctl.cli.terminal import has_screen, has_terminal


def run(
    sim: Annotated[str | None, typer.Option(metavar="NAME", help=SIM)] = None,
    address: Annotated[
        str | None, typer.Option(metavar="ID", help="The treadmill's address, as `retroctl scan` shows it.")
    ] = None,
    client: Annotated[str | None, typer.Option(metavar="NAME", help="The client; without one, level new.")] = None,
    by: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Who leads, for the record (default: `trainer` of the configuration)."),
    ] = None,
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
    mqtt: Annotated[
        str | None,
        typer.Option(metavar="[URL]|off", help="Tell the club's broker, take Stop from it; alone: the configured one."),
    ] = None,
    mqtt_plain: Annotated[
        bool, typer.Option("--mqtt-plain", help="Accept a broker on another computer without TLS.")
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
    d down, p and 6 to 20 RPE, ANY OTHER KEY STOPS THE BELT. Ctrl-C, Ctrl-Z, a closed terminal and a closed
    output stop it too, and the program waits until rest is measured.

    \b
    Examples:
      retroctl run                                 choose machine, client, plan
      retroctl run --address ID --top 2.0mph       this one, up to 2.0 mph
      retroctl run --plan monday.toml              the stages of a file
      retroctl run --sim standard --speedup 5      practise, without a treadmill
      retroctl run --sim standard --yes --jsonl    for programs: JSON lines
      retroctl run --wall --wall-lan               a screen for the client
      retroctl run --mqtt mqtts://belt-3@broker.example/club/belt-3

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

        sys.exit(outdoor_command(client, machine=sim or address, plan=plan, by=by))
    from retroctl.adapters.tui.choose.ports import Choice  # noqa: PLC0415 - heavy
    from retroctl.cli.choosing import choose_first  # noqa: PLC0415 - heavy
    from retroctl.cli.options import RunOptions  # noqa: PLC0415 - heavy
    from retroctl.cli.session import run_session  # noqa: PLC0415 - heavy

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
            mqtt=mqtt,
            mqtt_plain=mqtt_plain,
            by=by,
            call_out=call_out,
            strap=strap,
            sim_strap=sim_strap,
            terminal=has_terminal(),
            screen=has_screen(),
            voice=voice,
            volume=volume,
        )

    given = Choice(sim=sim, address=address, client=client, plan=plan, top=top, hold=hold, advance=advance)
    sys.exit(run_session(choose_first(check(given), check, given)))


def demo() -> None:
    """Show a whole ladder on the simulated treadmill: about a minute, nothing to answer, no treadmill needed.

    Example: retroctl demo
    """
    from retroctl.cli.options import demo_options  # noqa: PLC0415 - heavy
    from retroctl.cli.session import run_session  # noqa: PLC0415 - heavy

    sys.exit(run_session(demo_options()))
