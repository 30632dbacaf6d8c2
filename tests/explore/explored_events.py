"""Everything that the explorer lets happen to a session: by name, so that a way can be told and walked again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rig import answers

from retroctl.domain import events as ev

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench import Bench

Happening = "Callable[[Bench], None]"


def _tell(*events: ev.Event) -> Callable[[Bench], None]:
    return lambda bench: bench.tell(*events)


def _status(*data: int) -> Callable[[Bench], None]:
    def happen(bench: Bench) -> None:
        if bench.link_up:
            bench.status(*data)

    return happen


def _console(change: int, *, told: bool) -> Callable[[Bench], None]:
    """Somebody at the console sets another speed; the belt is there at once."""

    def happen(bench: Bench) -> None:
        if bench.belt.speed > 0:
            bench.belt.set(max(0.1, (bench.belt.speed + change) / 100))
            if told and bench.link_up:
                bench.status(0x05, *round(bench.belt.speed).to_bytes(2, "little"))

    return happen


def _belt(kmh: float) -> Callable[[Bench], None]:
    return lambda bench: bench.belt.set(kmh)


def _frame(hundredths: int) -> Callable[[Bench], None]:
    def happen(bench: Bench) -> None:
        if bench.link_up:
            bench.send_frame(hundredths)

    return happen


def _air(**changes: object) -> Callable[[Bench], None]:
    def happen(bench: Bench) -> None:
        for name, value in changes.items():
            setattr(bench.air, name, value)

    return happen


def _deaf(bench: Bench) -> None:
    bench.belt.obeys = not bench.belt.obeys


def _console_stop(bench: Bench) -> None:
    bench.belt.goal = 0.0
    if bench.link_up:
        bench.status(0x02, 0x01)


def _safety_key(bench: Bench) -> None:
    bench.belt.goal = 0.0
    if bench.link_up:
        bench.status(0x03)


def _link(bench: Bench) -> None:
    if bench.link_up:
        bench.drop_link()
    else:
        bench.restore_link()


def _wait(seconds: float) -> Callable[[Bench], None]:
    return lambda bench: bench.advance(seconds)


def _until_it_changes(bench: Bench) -> None:
    """Until the session is in another state, at most 75 s; then until the next frame is in."""
    before, end = bench.state, bench.now + 75.0
    while bench.state == before and bench.now < end:
        bench.advance(min(1.0, end - bench.now))


def _almost_served(bench: Bench) -> None:
    bench.advance(max(0.0, (bench.session.hold_remaining_s(bench.now) or 0.0) - 1.0))


EVENTS: dict[str, Callable[[Bench], None]] = {
    # time
    "half a second": _wait(0.5),
    "three seconds": _wait(3.0),
    "until it changes": _until_it_changes,
    "until the hold is almost served": _almost_served,
    # people
    "briefed": _tell(*answers()),
    "a No in the briefing": _tell(ev.BriefingAnswered(ev.BriefingItem.CLIP, yes=False)),
    "ARM": _tell(ev.ArmRequested()),
    "START by the program": _tell(ev.StartConfirmed(ev.StartKind.PROGRAM)),
    "START at the console": _tell(ev.StartConfirmed(ev.StartKind.CONSOLE)),
    "confirm": _tell(ev.ConfirmPressed()),
    "HOLD": _tell(ev.HoldPressed()),
    "down": _tell(ev.StepDownPressed()),
    "ease down": _tell(ev.EaseDownPressed()),
    "a stumble": _tell(ev.BalanceEventNoted(ev.BalanceEvent.STUMBLE)),
    "a fall": _tell(ev.BalanceEventNoted(ev.BalanceEvent.FALL)),
    "no hands": _tell(ev.HandsNoted(ev.Hands.NONE)),
    "RPE 15": _tell(ev.RpeGiven(15)),
    "STOP": _tell(ev.StopRequested("a key")),
    "a way out": _tell(ev.StopRequested("SIGTERM", person=False)),
    "rest witnessed": _tell(ev.RestWitnessed()),
    # the computer
    "the record fails": _tell(ev.RecordFailed("no room")),
    "the record is back": _tell(ev.RecordRestored()),
    "a short stall": _tell(ev.ProcessStalled(0.8)),
    "a long stall": _tell(ev.ProcessStalled(6.0)),
    "the computer slept": _tell(ev.ComputerSlept(8.0)),
    "an announcement that nobody made": _tell(ev.AnnouncementFinished(99)),
    # the machine
    "the console goes up, told": _console(40, told=True),
    "the console goes up": _console(40, told=False),
    "the console goes down": _console(-30, told=False),
    "the belt runs away": _console(150, told=False),
    "the belt is at 0 at once": _belt(0.0),
    "the belt moves by itself": _belt(1.2),
    "the belt turns deaf, or hears again": _deaf,
    "STOP at the console": _console_stop,
    "the safety key": _safety_key,
    "control is lost": _status(0xFF),
    "a single frame of 0": _frame(0),
    "a frame of 655.35": _frame(65535),
    # the air
    "the link goes, or comes back": _link,
    "no frames": _air(frames=False),
    "frames": _air(frames=True),
    "every command is refused": _air(result=4),
    "no command is permitted": _air(result=5),
    "commands are obeyed": _air(result=1, answer_s=0.05, att_error=None, write_s=0.02),
    "no command is answered": _air(answer_s=None),
    "the stack is busy": _air(att_error=0xFE),
    "a write hangs": _air(write_s=float("inf")),
}
