"""A stop asked for over the broker: it goes at once, and what is said of it is what is known."""

from __future__ import annotations

import pytest
from mqtt_rig import BELT_1, OnRig
from rig import Rig

from retroctl.adapters.mqtt.broker import Broker, parse_url
from retroctl.adapters.mqtt.desk import WAITING
from retroctl.adapters.mqtt.topics import Leaf
from retroctl.app.reports import Kind, Report
from retroctl.domain import events as ev
from retroctl.domain.envelope import Wire

BROKER = Broker.checked(parse_url("mqtt://127.0.0.1/club/belt-1"))
TOPIC = BELT_1.topic(Leaf.STOP)


def ask(on: OnRig, name: str = "a", by: str = "the floor") -> None:
    on.arrive(TOPIC, f'{{"schema": "retroctl.stop/1", "id": "{name}", "by": "{by}"}}'.encode())


def told(on: OnRig, name: str = "a") -> list[str]:
    return [ack["result"] for ack in on.acks if ack["id"] == name]


def test_it_is_written_in_the_call_in_which_it_arrives():
    rig = Rig()
    rig.start_and_hold()
    on = OnRig(rig, BROKER)
    before = rig.now
    ask(on)
    assert rig.written[-1] == "0801"
    assert rig.now == before
    assert on.sources == ["MQTT, the floor"]
    assert told(on) == ["received", "sent"]
    on.run_for(8.0)
    assert told(on) == ["received", "sent", "accepted", "at_rest"]
    assert on.acks[-1]["measured_kmh"] == 0


def test_nothing_that_is_only_for_words_comes_before_it():
    rig = Rig()
    rig.start_and_hold()
    on = OnRig(rig, BROKER)

    def broken() -> None:
        raise ZeroDivisionError

    on.publisher._picture = broken
    with pytest.raises(ZeroDivisionError):
        ask(on)
    assert on.sources == ["MQTT, the floor"]


def test_it_stops_from_the_briefing_too_as_a_key_does():
    rig = Rig()
    rig.run_until(lambda: rig.state == "briefing", limit_s=10)
    on = OnRig(rig, BROKER)
    ask(on)
    assert rig.written == ["0801"]
    on.run_for(12.0)
    assert told(on)[-1] == "at_rest"


@pytest.mark.parametrize("machine", ["stop-ignored", "silent-after-stop"])
def test_a_belt_that_is_not_seen_at_rest_is_never_called_so(machine):
    rig = Rig(machine)
    rig.start_and_hold()
    on = OnRig(rig, BROKER)
    ask(on)
    on.run_for(14.0)
    assert told(on)[:2] == ["received", "sent"]
    assert told(on)[-1] == "not_confirmed"
    assert "NOT confirmed" in on.acks[-1]["text"]


def test_not_confirmed_is_taken_back_by_rest():
    rig = Rig("stop-late")
    rig.start_and_hold()
    on = OnRig(rig, BROKER)
    ask(on)
    on.run_for(25.0)
    assert told(on)[-2:] == ["not_confirmed", "at_rest"]


@pytest.mark.parametrize("asked_before", [False, True])
def test_a_stop_that_cannot_leave_is_not_called_sent_before_it_does(asked_before):
    """FLOOR.md: sent is "written over Bluetooth"."""
    rig = Rig()
    rig.start_and_hold()
    on = OnRig(rig, BROKER)
    rig.drop_link()
    if not asked_before:
        rig.tell(ev.StopRequested("a key"))
    ask(on)
    on.run_for(3.0)
    assert rig.written[-1] != "0801"
    assert set(told(on)) <= {"received", "not_confirmed"}
    rig.reconnect()
    on.run_for(12.0)
    assert "0801" in rig.written
    assert told(on)[-1] == "at_rest"


def test_who_asks_while_the_belt_is_being_stopped_is_told_the_same():
    rig = Rig()
    rig.start_and_hold()
    on = OnRig(rig, BROKER)
    ask(on, "a")
    ask(on, "b")
    on.run_for(8.0)
    assert told(on, "b") == told(on, "a") == ["received", "sent", "accepted", "at_rest"]
    assert on.sources == ["MQTT, the floor"]


def test_a_stop_after_the_session_was_armed_again_is_a_new_one():
    """The same id too: a panel may send the same each time, and the belt stops when asked."""
    rig = Rig()
    rig.start_and_hold()
    on = OnRig(rig, BROKER)
    ask(on)
    on.run_for(8.0)
    rig.tell(ev.ArmRequested())
    rig.tell(ev.StartConfirmed(ev.StartKind.PROGRAM))
    rig.run_until(lambda: rig.state == "holding", limit_s=60)
    on.publisher._pressed_at -= 1.0  # real time, which does not pass here
    ask(on)
    on.run_for(8.0)
    assert len(on.sources) == 2
    assert rig.true_speed == 0


def test_more_requests_than_can_be_told_stop_all_the_same():
    rig = Rig()
    rig.start_and_hold()
    on = OnRig(rig, BROKER)
    for number in range(WAITING + 20):
        ask(on, f"n{number}")
    on.run_for(8.0)
    assert rig.true_speed == 0
    assert on.publisher._desk.uncounted == 20
    assert [ack["result"] for ack in on.acks].count("at_rest") == WAITING


def test_a_belt_that_a_person_stops_is_told_as_not_confirmed_until_it_rests():
    rig = Rig(wire=Wire.CLOSED)
    rig.run_until(lambda: rig.state == "briefing", limit_s=10)
    on = OnRig(rig, BROKER)
    ask(on)
    on.run_for(12.0)
    assert rig.written == []
    assert told(on)[-1] == "at_rest"


def test_the_end_of_a_run_answers_who_still_waits():
    rig = Rig("stop-ignored")
    rig.start_and_hold()
    on = OnRig(rig, BROKER)
    ask(on)
    on.publisher._acknowledge(on.publisher._desk.end(at_rest=False, now=0.0))
    assert told(on)[-1] == "not_confirmed"


def test_foreign_words_in_a_request_are_made_plain():
    rig = Rig()
    rig.start_and_hold()
    on = OnRig(rig, BROKER)
    ask(on, by="\\u001b[2J" + "x" * 70)
    assert on.sources[0].isprintable()
    assert len(on.sources[0]) <= 46


def test_what_waits_while_the_broker_is_away_is_bounded_and_counted():
    rig = Rig()
    rig.start_and_hold()
    on = OnRig(rig, BROKER)
    on.run_for(2.0)
    for number in range(400):
        on.publisher(Report(float(number), Kind.ALARM, {"id": "F1", "text": f"number {number}"}))
    waiting = on.publisher.link._waiting
    assert len(waiting.others) <= 256
    assert set(waiting.latest) == {BELT_1.topic(Leaf.STATE)}
    assert on.publisher.counts.dropped_out >= 400 - 256
    assert on.waiting[-1][1]["text"] == "number 399", "the oldest were dropped"


def test_a_message_that_cannot_be_made_does_not_hold_up_the_next():
    on = OnRig(Rig(), BROKER)
    on.publisher(Report(1.0, Kind.ALARM, {"id": "F1", "text": "first", "target_kmh": "fast"}))
    on.publisher(Report(2.0, Kind.ALARM, {"id": "F1", "text": "second"}))
    assert [content["text"] for _, content in on.waiting] == ["second"]
    assert on.publisher.counts.dropped_out == 1
