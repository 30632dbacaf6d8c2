"""From a session's reports to messages: all of them valid, and nothing in them that was not opted in."""

from __future__ import annotations

import json

import pytest
from mqtt_rig import identity
from rig import Rig

from retroctl.adapters.mqtt.messages import Event, encoded
from retroctl.adapters.mqtt.narrator import Narrator, outcome_of
from retroctl.app.reports import Kind, Report
from retroctl.app.snapshot import snapshot
from retroctl.domain import events as ev


def told(rig: Rig, narrator: Narrator) -> list[Event]:
    """Every report of the rig's session as it would be told, with a state after each."""
    events = []
    for report in rig.reports:
        event = narrator.event(report)
        if event is not None:
            events.append(event)
    narrator.state(snapshot(rig.engine, rig.now), rig.now)
    return events


@pytest.mark.parametrize("machine", ["standard", "write-hangs", "mph-target", "stop-ignored"])
def test_a_session_with_whatever_happens_makes_valid_messages(machine):
    rig = Rig(machine)
    narrator = Narrator(identity())
    rig.start()
    for _ in range(90):
        rig.run_for(1.0)
        narrator.state(snapshot(rig.engine, rig.now), rig.now)
    rig.tell(ev.StopRequested("MQTT"))
    for _ in range(15):
        rig.run_for(1.0)
        state = narrator.state(snapshot(rig.engine, rig.now), rig.now)
    events = told(rig, narrator)

    assert {"command", "state"} <= {event.event for event in events}
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert state.seq == 105


def test_a_stop_that_is_not_confirmed_is_a_problem():
    rig = Rig("stop-ignored")
    narrator = Narrator(identity())
    rig.start_and_hold()
    assert not narrator.state(snapshot(rig.engine, rig.now), rig.now).problem
    rig.tell(ev.StopRequested("MQTT"))
    rig.run_for(3.0)
    state = narrator.state(snapshot(rig.engine, rig.now), rig.now)
    assert (state.state, state.stop, state.problem) == ("stopping", "not_confirmed", True)


EFFORT = (
    Report(1.0, Kind.ALARM, {"id": "F10", "text": "heart rate 182, near the highest; stop?"}),
    Report(1.0, Kind.REFUSAL, {"rule": "F10", "reason": "the heart rate is over the limit of 150"}),
    Report(1.0, Kind.REFUSAL, {"rule": "RPE", "reason": "RPE 17 is over 15"}),
)
NEVER = (
    Report(1.0, Kind.NOTE, {"note": "rpe", "value": 17, "target_kmh": 1.0, "measured_kmh": 1.0}),
    Report(1.0, Kind.CUE, {"text": "Anna, slower"}),
    Report(1.0, Kind.EVENT, {"event": "BriefingAnswered", "text": "Anna's mark"}),
    Report(1.0, Kind.TELEMETRY, {"measured_kmh": 1.0, "target_kmh": 1.0, "heart_rate_bpm": 120}),
    Report(1.0, Kind.SUMMARY, {"tags": [], "record": "/home/anna/records.sqlite3"}),
    Report(1.0, Kind.HELD, {"target_kmh": 1.0, "seconds": 60.0, "hands": "both"}),
)


@pytest.mark.parametrize("report", EFFORT)
def test_what_is_about_effort_is_told_only_where_heart_rates_were_opted_in(report):
    assert Narrator(identity()).event(report) is None
    assert Narrator(identity(heart_rate=True)).event(report) is not None


@pytest.mark.parametrize("report", NEVER)
def test_what_is_about_a_person_is_never_an_event(report):
    assert Narrator(identity(heart_rate=True, client_name="Anna")).event(report) is None


def test_a_state_holds_no_name_and_no_heart_rate_unless_opted_in():
    rig = Rig()
    rig.start_and_hold()
    picture = snapshot(rig.engine, rig.now)
    silent = json.loads(encoded(Narrator(identity(client="4f3a9c21")).state(picture, 0.0)))
    assert (silent["client"], silent["client_name"], silent["heart_rate_bpm"]) == ("4f3a9c21", None, None)
    opted = json.loads(encoded(Narrator(identity(client_name="Anna", heart_rate=True)).state(picture, 0.0)))
    assert opted["client_name"] == "Anna"


def test_an_alarm_stands_in_the_state_for_half_a_minute():
    narrator = Narrator(identity())
    narrator.event(Report(10.0, Kind.ALARM, {"id": "F1", "text": "no data"}))
    assert narrator.state(None, 39.0).alarm == "F1"
    assert narrator.state(None, 41.0).alarm is None


def test_foreign_text_is_made_plain_and_short():
    event = Narrator(identity()).event(Report(1.0, Kind.LINK, {"remark": "\x1b[2J" + "x" * 1000}))
    assert event is not None
    assert event.text is not None
    assert event.text.isprintable()
    assert len(event.text) <= 300


def test_an_outcome_claims_rest_only_where_it_was_said():
    assert not outcome_of({}, 4).belt_at_rest
    assert outcome_of({"belt_at_rest": True, "peak_kmh": 2.6}, 0).peak_kmh == 2.6


def test_nothing_of_a_client_stays_when_the_run_has_ended():
    narrator = Narrator(identity(client="4f3a9c21", client_name="Anna"))
    assert narrator.session(cap_kmh=3.2).client == "4f3a9c21"
    ended = narrator.session(outcome=outcome_of({"belt_at_rest": True}, 0))
    narrator.forget_client()
    state = narrator.state(None, 0.0)
    assert {ended.client, ended.client_name, state.client, state.client_name} == {None}
