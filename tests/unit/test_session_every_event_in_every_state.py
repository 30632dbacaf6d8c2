"""Every state meets every event: nothing raises, Stop stops, and after it nothing leaves but what a stop needs."""

from __future__ import annotations

import itertools
import typing

import pytest
from states import in_state

from retroctl.app.engine import DropLink
from retroctl.domain import events as ev
from retroctl.domain.commands import Answer, RequestControl, SetTargetSpeed, StartOrResume, Stop
from retroctl.domain.transitions import State
from retroctl.domain.verdict import Wire
from retroctl.ftms.procedure import Write
from retroctl.units import Speed

COMMANDS = [RequestControl(), StartOrResume(), SetTargetSpeed(Speed(100)), SetTargetSpeed(Speed(260)), Stop()]
EVENTS: list[ev.Event] = [
    ev.Connected(),
    *(ev.TelemetryReceived(Speed(speed), elapsed) for speed, elapsed in ((0, None), (100, 3), (180, None), (2000, 3))),
    *(ev.MachineStopped(cause) for cause in ev.MachineStop),
    ev.MachineStarted(),
    *(ev.MachineTargetChanged(Speed(speed)) for speed in (180, 210, 1500)),
    ev.ControlLost(),
    *(ev.CommandAnswered(command, Answer.NOT_PERMITTED) for command in COMMANDS),
    *(ev.CommandAnswered(SetTargetSpeed(Speed(180)), answer) for answer in Answer),
    *(ev.CommandAnswered(command, Answer.REFUSED) for command in COMMANDS),
    ev.LinkDropped(),
    ev.LinkRestored(),
    *(ev.BriefingAnswered(item, yes=yes) for item in (ev.BriefingItem.CLIP,) for yes in (True, False)),
    ev.ArmRequested(),
    *(ev.StartConfirmed(kind) for kind in ev.StartKind),
    ev.ConfirmPressed(),
    ev.HoldPressed(),
    ev.StepDownPressed(),
    ev.EaseDownPressed(),
    *(ev.BalanceEventNoted(kind) for kind in ev.BalanceEvent),
    *(ev.RpeGiven(rating) for rating in (5, 6, 20, 21, -1)),
    *(ev.HandsNoted(hands) for hands in ev.Hands),
    *(ev.TagNoted(number) for number in (0, 1, 9, 10)),
    *(ev.HeartRateReceived(bpm, beats=bpm == 90) for bpm in (None, 0, 90, 250)),
    ev.KeyboardLost(),
    ev.AnnouncementFinished(1),
    ev.AnnouncementFinished(99),
    ev.StopRequested("a key"),
    ev.StopRequested("SIGTERM", person=False),
    ev.RestWitnessed(),
    ev.RecordFailed("no room"),
    ev.RecordRestored(),
    *(ev.ProcessStalled(seconds) for seconds in (0.8, 6.0)),
    ev.ComputerSlept(3.0),
    ev.Ticked(),
]
PLAIN = [event for event in EVENTS if not isinstance(event, ev.LinkDropped | ev.LinkRestored)]


def test_the_list_holds_every_kind_of_event():
    kinds = set(typing.get_args(ev.Event)) - {ev.CommandRefusedByGate}
    assert {type(event) for event in EVENTS} == kinds


@pytest.mark.parametrize("state", list(State))
def test_every_event_is_taken_in_without_a_raise_and_a_stop_after_it_is_clean(state):
    """The bench's judge looks at every byte meanwhile: see `judge.py` for what it forbids after Stop."""
    for event in EVENTS:
        bench = in_state(state)
        match event:
            case ev.LinkDropped():
                if bench.link_up:
                    bench.drop_link()
            case ev.LinkRestored():
                bench.restore_link()
            case _:
                if isinstance(event, ev.CommandAnswered) and event.answer is Answer.NOT_PERMITTED:
                    bench.judge.denied = True
                bench.tell(event)
        bench.advance(0.4)
        bench.tell(ev.StopRequested("a key"))
        assert bench.state in {"stopping", "stopped", "faulted"}, f"{event} in {state}: {bench.state}"
        pressed = bench.now
        bench.advance(12.0)
        after = set(bench.wire(since=pressed))
        assert after <= {"0801", "00", "026400"}, f"{event} in {state}: {after}"


@pytest.mark.parametrize("state", list(State))
def test_a_persons_stop_leads_to_stopping_and_is_written_at_once(state):
    bench = in_state(state)
    before = len(bench.wire())
    bench.tell(ev.StopRequested("a key"))
    assert bench.state == "stopping"
    if state is State.STOPPING:  # the first Stop left a moment ago: a key held down must not fill the radio
        assert bench.wire()[before:] == []
        bench.advance(0.5)
        bench.tell(ev.StopRequested("a key"))
    if bench.link_up:
        assert bench.wire()[before:] == ["0801"]
    else:
        assert bench.wire()[before:] == []
        bench.restore_link()
        assert bench.wire()[before:] == ["0801"], "the first thing on the new connection"


@pytest.mark.parametrize("state", ["idle", "observing", "briefing"])
def test_before_arming_a_mere_way_out_writes_nothing(state):
    bench = in_state(state)
    bench.tell(ev.StopRequested("SIGTERM", person=False))
    assert bench.state == "stopped"
    bench.belt.set(3.0)
    bench.advance(20.0)
    assert bench.wire() == []
    assert [end.reason for end in bench.ended] == ["stopped"]


@pytest.mark.parametrize("state", [state for state in State if state not in {"idle", "observing", "briefing"}])
def test_once_armed_every_way_out_stops_the_belt(state):
    bench = in_state(state)
    before = len(bench.wire())
    bench.tell(ev.StopRequested("SIGTERM", person=False))
    assert bench.state in {"stopping", "stopped", "faulted"}
    if state not in {State.STOPPED, State.FAULTED, State.STOPPING, State.LOST}:
        assert bench.wire()[before:] == ["0801"]


@pytest.mark.parametrize("pair", list(itertools.pairwise(PLAIN[::4])))
def test_two_events_in_a_row_raise_nothing_while_the_belt_runs(pair):
    for state in ("settling", "announcing", "easing_down"):
        bench = in_state(state)
        bench.judge.denied = True  # an answer handed straight to the session is not seen on the air
        bench.tell(pair[0])
        bench.advance(0.3)
        bench.tell(pair[1])
        bench.advance(3.0)
        bench.tell(ev.StopRequested("a key"))
        assert bench.state in {"stopping", "stopped"}


@pytest.mark.parametrize("state", list(State))
def test_no_event_in_no_state_opens_a_closed_wire(state):
    """The bench fails at any write on a closed wire; the judge looks at every call as if it had been written."""
    for event in EVENTS:
        bench = in_state(state, Wire.CLOSED)
        match event:
            case ev.LinkDropped():
                if bench.link_up:
                    bench.drop_link()
            case ev.LinkRestored():
                bench.restore_link()
            case _:
                bench.tell(event)
        bench.advance(0.4)
        bench.tell(ev.StopRequested("a key"))
        bench.advance(12.0)
        assert bench.written == []
        assert bench.engine.urgent(bench.now) is None
        assert not any(isinstance(output, Write | DropLink) for output in bench.outputs)
