"""The Control Point procedure where two things meet: what was dropped, given up, late, or of an earlier connection."""

from __future__ import annotations

import pytest

from retroctl.ftms.procedure import Finished, Procedure, Reply, Stray, Stuck, Write

CONTROL, TARGET, OTHER, STOP = b"\x00", b"\x02\x64\x00", b"\x02\xb4\x00", b"\x08\x01"
SUCCESS, DENIED, BUSY = 1, 5, 0xFE


def answer(op: int, result: int = SUCCESS) -> bytes:
    return bytes((0x80, op, result))


def written(actions) -> list[bytes]:
    return [action.payload for action in actions if isinstance(action, Write)]


def sent(procedure: Procedure, payload: bytes, now: float) -> None:
    """Submit and let the write return a tenth of a second later."""
    (write,) = procedure.submit(payload, now)
    assert procedure.write_returned(write.token, now + 0.1) == []


def given_up(procedure: Procedure, payload: bytes, now: float) -> None:
    """A request that nobody answers within 3 s of its return."""
    sent(procedure, payload, now)
    assert procedure.tick(now + 3.2) == [Finished(payload, Reply.NO_ANSWER)]


def repeated_stop(procedure: Procedure, times: int = 1) -> int:
    """Stops whose answers were given up for the next, the last of them on the air; gives its token."""
    (stop,) = procedure.stop(STOP, 0.0)
    for n in range(times):
        procedure.write_returned(stop.token, n + 0.1)
        _, stop = procedure.stop(STOP, n + 1.0)
    return stop.token


# -- what waits


def test_what_was_dropped_does_not_go_when_the_air_is_free():
    procedure = Procedure()
    sent(procedure, CONTROL, 0.0)
    procedure.submit(TARGET, 0.1)
    assert procedure.drop_waiting() == [Finished(TARGET, Reply.NOT_SENT)]
    procedure.indication(answer(0), 0.2)
    assert procedure.proceed(0.3) == []
    assert procedure.drop_waiting() == [], "it ends once"


def test_what_waited_does_not_go_on_the_next_connection():
    procedure = Procedure()
    sent(procedure, CONTROL, 0.0)
    procedure.submit(TARGET, 0.1)
    procedure.link_gone()
    procedure.link_back()
    assert procedure.proceed(1.0) == []


def test_nothing_goes_while_a_write_is_on_the_air_or_a_stop_waits():
    procedure = Procedure()
    (write,) = procedure.submit(CONTROL, 0.0)
    procedure.submit(TARGET, 0.1)
    assert procedure.proceed(0.2) == []
    (dropped,) = procedure.stop(STOP, 0.3)
    assert dropped == Finished(TARGET, Reply.NOT_SENT)
    (stop,) = (action for action in procedure.write_returned(write.token, 0.4) if isinstance(action, Write))
    procedure.write_returned(stop.token, 0.5, error=BUSY)
    procedure.submit(TARGET, 0.5)
    assert procedure.proceed(0.5) == []


def test_four_requests_may_wait_and_a_fifth_is_not_sent():
    procedure = Procedure()
    sent(procedure, CONTROL, 0.0)
    assert [procedure.submit(TARGET, 0.2) for _ in range(5)] == [[], [], [], [], [Finished(TARGET, Reply.NOT_SENT)]]


@pytest.mark.parametrize("payload", [CONTROL, STOP])
def test_what_is_waited_for_alone_and_any_request_but_stop_has_3_s(payload):
    procedure = Procedure()
    (write,) = procedure.stop(STOP, 0.0) if payload is STOP else procedure.submit(payload, 0.0)
    procedure.write_returned(write.token, 0.0)
    if payload is not STOP:
        procedure.submit(TARGET, 0.0)
    assert procedure.tick(2.9) == []
    assert Finished(payload, Reply.NO_ANSWER) in procedure.tick(3.0)


# -- when it wants to be asked again


def test_what_waits_for_a_free_air_wakes_when_it_grows_too_old():
    procedure = Procedure()
    sent(procedure, CONTROL, 0.0)
    procedure.submit(TARGET, 0.5)
    procedure.indication(answer(0), 0.6)
    assert procedure.next_deadline() == 3.5


def test_a_radio_that_was_reported_held_still_wakes_for_the_answer_that_does_not_come():
    procedure = Procedure()
    procedure.submit(CONTROL, 0.0)
    procedure.stop(STOP, 0.5)
    assert procedure.tick(1.5) == [Stuck()]
    assert procedure.next_deadline() == 3.0


def test_a_stop_that_meets_in_progress_wakes_for_its_3_s_where_they_end_before_its_repeat():
    procedure = Procedure()
    (stop,) = procedure.stop(STOP, 0.0)
    procedure.write_returned(stop.token, 2.95, error=BUSY)
    assert procedure.next_deadline() == 3.0


# -- writes that return


def test_a_write_of_an_earlier_connection_ends_nothing_of_this_one():
    procedure = Procedure()
    (earlier,) = procedure.submit(CONTROL, 0.0)
    procedure.link_gone()
    procedure.link_back()
    (stop,) = procedure.stop(STOP, 1.0)
    assert procedure.write_returned(earlier.token, 1.1, lost=True) == []
    assert procedure.write_returned(stop.token, 1.2, lost=True) == [Finished(STOP, Reply.NO_ANSWER)]


def test_a_stop_that_is_refused_for_another_reason_than_in_progress_is_told_and_not_repeated():
    procedure = Procedure()
    (stop,) = procedure.stop(STOP, 0.0)
    assert procedure.write_returned(stop.token, 0.1, error=0x80) == [Finished(STOP, Reply.NOT_SENT, 0x80)]
    assert procedure.tick(1.0) == []


def test_a_second_stop_behind_a_write_changes_neither_the_first_nor_when_the_radio_counts_as_held():
    procedure = Procedure()
    procedure.submit(CONTROL, 0.0)
    assert procedure.stop(STOP, 0.1) == []
    assert procedure.stop(STOP, 0.9) == [Finished(STOP, Reply.NOT_SENT)]
    assert procedure.tick(1.1) == [Stuck()]


def test_a_write_that_hangs_after_its_answer_or_after_it_was_told_ends_once():
    procedure = Procedure()
    (write,) = procedure.submit(CONTROL, 0.0)
    assert procedure.indication(answer(0), 0.1) == []
    assert procedure.tick(3.0) == [Stuck()]
    assert procedure.write_returned(write.token, 3.1) == [Finished(CONTROL, Reply.ANSWERED, SUCCESS)]
    procedure.submit(TARGET, 4.0)
    assert procedure.tick(7.0) == [Finished(TARGET, Reply.NO_ANSWER)]
    assert procedure.tick(8.0) == []


def test_a_success_after_a_write_that_hung_is_doubted_once():
    procedure = Procedure()
    (write,) = procedure.submit(TARGET, 0.0)
    procedure.tick(3.0)
    procedure.write_returned(write.token, 3.5)
    sent(procedure, OTHER, 4.0)
    assert procedure.indication(answer(2), 4.2) == [Stray(answer(2))]
    assert procedure.indication(answer(2), 4.3) == [Finished(OTHER, Reply.ANSWERED, SUCCESS)]


# -- answers that come late


def test_a_late_answer_that_has_come_casts_no_doubt_on_the_next():
    procedure = Procedure()
    given_up(procedure, TARGET, 0.0)
    assert procedure.indication(answer(2), 3.5) == [Stray(answer(2))]
    sent(procedure, OTHER, 4.0)
    assert procedure.indication(answer(2), 4.2) == [Finished(OTHER, Reply.ANSWERED, SUCCESS)]


def test_of_two_late_answers_each_is_waited_for():
    procedure = Procedure()
    given_up(procedure, TARGET, 0.0)
    given_up(procedure, TARGET, 4.0)
    assert procedure.indication(answer(2), 8.0) == [Stray(answer(2))]
    sent(procedure, OTHER, 9.0)
    assert procedure.indication(answer(2), 9.2) == [Stray(answer(2))]
    assert procedure.indication(answer(2), 9.3) == [Finished(OTHER, Reply.ANSWERED, SUCCESS)]


def test_a_late_denial_of_another_request_says_nothing_about_a_stop():
    procedure = Procedure()
    (stop,) = procedure.stop(STOP, 0.0)
    procedure.write_returned(stop.token, 0.1)
    procedure.indication(answer(8), 0.2)
    given_up(procedure, TARGET, 1.0)
    assert procedure.indication(answer(2, DENIED), 5.0) == [Stray(answer(2, DENIED))]


def test_a_late_success_of_a_stop_that_was_given_up_does_not_answer_its_repeat():
    procedure = Procedure()
    procedure.write_returned(repeated_stop(procedure), 1.1, error=BUSY)
    assert procedure.indication(answer(8), 1.15) == [Stray(answer(8))]


def test_a_denial_of_a_repeated_stop_that_has_returned_is_its_answer():
    procedure = Procedure()
    procedure.write_returned(repeated_stop(procedure), 1.1)
    assert procedure.indication(answer(8, DENIED), 1.2) == [Finished(STOP, Reply.ANSWERED, DENIED)]
    assert procedure.next_deadline() is None


@pytest.mark.parametrize("times", [1, 2])
def test_each_stop_that_was_given_up_has_its_late_denial_and_the_next_one_is_the_repeats_own(times):
    procedure = Procedure()
    token = repeated_stop(procedure, times)
    for _ in range(times):
        assert procedure.indication(answer(8, DENIED), 2.1) == [Finished(STOP, Reply.ANSWERED, DENIED)]
    assert procedure.indication(answer(8, DENIED), 2.2) == []
    assert procedure.write_returned(token, 2.3) == [Finished(STOP, Reply.ANSWERED, DENIED)]


def test_a_denial_on_the_next_connection_is_not_of_the_stop_before():
    procedure = Procedure()
    procedure.stop(STOP, 0.0)
    procedure.link_gone()
    procedure.link_back()
    assert procedure.indication(answer(8, DENIED), 1.0) == [Stray(answer(8, DENIED))]


def test_a_late_denial_of_the_stop_that_was_written_while_connecting_is_told():
    procedure = Procedure()
    procedure.link_gone()
    procedure.link_back()
    procedure.written_while_connecting(STOP, 10.0)
    assert procedure.tick(13.0) == [Finished(STOP, Reply.NO_ANSWER)]
    assert procedure.indication(answer(8, DENIED), 13.5) == [Finished(STOP, Reply.ANSWERED, DENIED)]


# -- Request Control before a Stop that was denied


def test_without_a_denial_nothing_goes_before_a_stop():
    procedure = Procedure()
    (stop,) = procedure.stop(STOP, 0.0)
    procedure.write_returned(stop.token, 0.1, error=BUSY)
    assert procedure.submit(CONTROL, 0.1) == []
    assert written(procedure.tick(0.3)) == [STOP]


def test_a_denial_lets_one_request_control_go_before_and_no_second():
    procedure = Procedure()
    procedure.write_returned(repeated_stop(procedure), 1.1, error=BUSY)
    procedure.indication(answer(8, DENIED), 1.15)
    (control,) = procedure.submit(CONTROL, 1.15)
    procedure.write_returned(control.token, 1.2)
    (stop,) = (action for action in procedure.tick(1.3) if isinstance(action, Write))
    assert stop.payload == STOP
    procedure.write_returned(stop.token, 1.4, error=BUSY)
    assert procedure.submit(CONTROL, 1.4) == []
    assert written(procedure.tick(1.6)) == [STOP]


def test_request_control_waits_for_a_stop_that_was_taken_and_may_be_answered():
    procedure = Procedure()
    token = repeated_stop(procedure)
    procedure.indication(answer(8, DENIED), 1.05)
    procedure.write_returned(token, 1.1)
    assert procedure.submit(CONTROL, 1.2) == []


def test_a_machine_that_was_asked_for_control_has_100_ms_before_stop_follows_and_4_s_before_its_link_goes():
    procedure = Procedure()
    procedure.write_returned(repeated_stop(procedure), 1.02, error=BUSY)
    procedure.indication(answer(8, DENIED), 1.1)
    (control,) = procedure.submit(CONTROL, 1.1)
    assert procedure.write_returned(control.token, 1.15) == []
    assert procedure.next_deadline() == pytest.approx(1.2)
    now = 1.21
    while now < 5.0:
        actions = procedure.tick(now)
        assert Stuck() not in actions, now
        (stop,) = (action for action in actions if isinstance(action, Write))
        procedure.write_returned(stop.token, now, error=BUSY)
        now += 0.11
    assert Stuck() in [action for later in range(4) for action in procedure.tick(5.1 + later / 10)]
