"""The Control Point procedure: one request at a time, and a Stop that waits for nothing but ATT."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from retroctl.ftms.procedure import ANSWER_S, QUEUE, Finished, Procedure, Reply, Stray, Stuck, Write

CONTROL, START, TARGET, OTHER, STOP = b"\x00", b"\x07", b"\x02\x64\x00", b"\x02\xb4\x00", b"\x08\x01"


def answer(op: int, result: int = 1) -> bytes:
    return bytes((0x80, op, result))


def written(actions) -> list[bytes]:
    return [action.payload for action in actions if isinstance(action, Write)]


def sent(procedure: Procedure, payload: bytes, now: float = 0.0) -> int:
    """Submit and let the write return; gives its token."""
    (write,) = procedure.submit(payload, now)
    assert procedure.write_returned(write.token, now + 0.1) == []
    return write.token


def test_a_request_is_written_at_once_and_ends_with_its_indication():
    procedure = Procedure()
    sent(procedure, CONTROL)
    assert procedure.indication(answer(0), 0.2) == [Finished(CONTROL, Reply.ANSWERED, 1)]
    assert procedure.next_deadline() is None


def test_an_indication_that_comes_before_the_write_has_returned_is_told_when_something_can_be_written():
    procedure = Procedure()
    (write,) = procedure.submit(CONTROL, 0.0)
    assert procedure.indication(answer(0, 4), 0.1) == []
    assert procedure.write_returned(write.token, 0.2) == [Finished(CONTROL, Reply.ANSWERED, 4)]
    assert written(procedure.submit(START, 0.3)) == [START]


def test_a_second_request_waits_for_the_first_and_goes_when_asked_to_proceed():
    procedure = Procedure()
    sent(procedure, CONTROL)
    assert procedure.submit(START, 0.1) == []
    assert procedure.proceed(0.1) == []
    procedure.indication(answer(0), 0.2)
    assert written(procedure.proceed(0.2)) == [START]


def test_what_waited_is_asked_about_again_before_it_goes():
    asked = []
    procedure = Procedure(lambda payload, now: asked.append((payload, now)) or payload == TARGET)
    sent(procedure, CONTROL)
    procedure.submit(START, 0.1)
    procedure.submit(TARGET, 0.1)
    procedure.indication(answer(0), 0.2)
    actions = procedure.proceed(0.2)
    assert actions[0] == Finished(START, Reply.NOT_SENT)
    assert written(actions) == [TARGET]
    assert asked == [(START, 0.2), (TARGET, 0.2)]


def test_what_waits_too_long_is_not_sent_any_more():
    procedure = Procedure()
    (write,) = procedure.submit(CONTROL, 0.0)
    procedure.submit(TARGET, 1.0)
    assert procedure.next_deadline() == 3.0
    procedure.tick(3.0)
    procedure.write_returned(write.token, 3.5)
    assert procedure.tick(4.0) == [Finished(TARGET, Reply.NOT_SENT)]


def test_no_more_than_a_few_may_wait():
    procedure = Procedure()
    sent(procedure, CONTROL)
    assert all(procedure.submit(TARGET, 0.1) == [] for _ in range(QUEUE))
    assert procedure.submit(TARGET, 0.1) == [Finished(TARGET, Reply.NOT_SENT)]


def test_no_indication_within_3_s_is_no_answer_and_the_next_may_go():
    procedure = Procedure()
    sent(procedure, CONTROL)
    assert procedure.next_deadline() == 0.1 + ANSWER_S
    assert procedure.tick(0.1 + ANSWER_S) == [Finished(CONTROL, Reply.NO_ANSWER)]
    assert written(procedure.submit(START, 3.2)) == [START]


def test_a_late_success_does_not_answer_the_next_request_of_its_kind_but_a_late_refusal_does():
    procedure = Procedure()
    sent(procedure, TARGET)
    procedure.tick(3.1)
    sent(procedure, OTHER, 3.2)
    assert procedure.indication(answer(2), 3.4) == [Stray(answer(2))]
    assert procedure.indication(answer(2), 3.5) == [Finished(OTHER, Reply.ANSWERED, 1)]
    assert procedure.indication(answer(2), 3.6) == [Stray(answer(2))]
    sent(procedure, TARGET, 4.0)
    procedure.tick(7.1)
    sent(procedure, OTHER, 7.2)
    assert procedure.indication(answer(2, 3), 7.4) == [Finished(OTHER, Reply.ANSWERED, 3)]


def test_indications_that_answer_nothing_are_strays():
    procedure = Procedure()
    for data in (answer(2), b"", b"\x80", b"\x01\x02\x03", bytes(20)):
        assert procedure.indication(data, 0.0) == [Stray(data)]
    sent(procedure, CONTROL)
    assert procedure.indication(answer(7), 0.2) == [Stray(answer(7))]


def test_a_duplicate_answer_is_a_stray():
    procedure = Procedure()
    (write,) = procedure.submit(CONTROL, 0.0)
    procedure.indication(answer(0), 0.1)
    assert procedure.indication(answer(0), 0.1) == [Stray(answer(0))]
    procedure.write_returned(write.token, 0.2)


def test_lost_answers_to_request_control_cast_no_doubt_on_a_later_one():
    procedure = Procedure()
    for start in (0.0, 10.0):
        sent(procedure, CONTROL, start)
        assert procedure.tick(start + 3.2) == [Finished(CONTROL, Reply.NO_ANSWER)]
    sent(procedure, CONTROL, 20.0)
    assert procedure.indication(answer(0), 20.2) == [Finished(CONTROL, Reply.ANSWERED, 1)]


def test_what_waits_can_be_dropped_without_a_stop():
    procedure = Procedure()
    procedure.submit(TARGET, 0.0)
    procedure.submit(CONTROL, 0.0)
    assert procedure.drop_waiting() == [Finished(CONTROL, Reply.NOT_SENT)]
    assert procedure.proceed(1.0) == []


def test_a_write_refused_by_att_was_not_sent_and_carries_the_code():
    procedure = Procedure()
    (write,) = procedure.submit(CONTROL, 0.0)
    assert procedure.write_returned(write.token, 0.1, error=0x80) == [Finished(CONTROL, Reply.NOT_SENT, 0x80)]


def test_a_lost_write_has_no_answer():
    procedure = Procedure()
    (write,) = procedure.submit(CONTROL, 0.0)
    assert procedure.write_returned(write.token, 0.1, lost=True) == [Finished(CONTROL, Reply.NO_ANSWER)]


def test_a_write_that_returns_twice_or_from_another_connection_is_ignored():
    procedure = Procedure()
    token = sent(procedure, CONTROL)
    assert procedure.write_returned(token, 0.2, lost=True) == []
    assert procedure.write_returned(99, 0.2) == []


# -- Stop


def test_a_stop_does_not_wait_for_an_indication_and_empties_the_queue():
    procedure = Procedure()
    sent(procedure, CONTROL)
    procedure.submit(TARGET, 0.1)
    actions = procedure.stop(STOP, 0.2)
    assert actions[:2] == [Finished(TARGET, Reply.NOT_SENT), Finished(CONTROL, Reply.NO_ANSWER)]
    assert written(actions) == [STOP]


def test_a_stop_waits_for_a_write_on_the_air_and_goes_the_moment_it_returns():
    procedure = Procedure()
    (write,) = procedure.submit(TARGET, 0.0)
    assert procedure.stop(STOP, 0.1) == []
    actions = procedure.write_returned(write.token, 0.5)
    assert written(actions) == [STOP]
    assert Finished(TARGET, Reply.NO_ANSWER) in actions


def test_a_stop_already_on_its_way_is_not_written_twice():
    procedure = Procedure()
    (write,) = procedure.stop(STOP, 0.0)
    assert procedure.stop(STOP, 0.1) == [Finished(STOP, Reply.NOT_SENT)]
    procedure.write_returned(write.token, 0.2, error=0xFE)
    assert procedure.stop(STOP, 0.25) == [Finished(STOP, Reply.NOT_SENT)]


def test_a_stop_that_waits_for_its_answer_may_be_repeated():
    procedure = Procedure()
    (write,) = procedure.stop(STOP, 0.0)
    procedure.write_returned(write.token, 0.1)
    assert written(procedure.stop(STOP, 1.5)) == [STOP]


def test_in_progress_is_met_by_writing_stop_again_after_100_ms():
    procedure = Procedure()
    (write,) = procedure.stop(STOP, 0.0)
    assert procedure.write_returned(write.token, 0.05, error=0xFE) == []
    assert procedure.next_deadline() == 0.05 + 0.1
    assert procedure.tick(0.14) == []
    assert written(procedure.tick(0.05 + 0.1)) == [STOP]


def test_only_a_stop_is_written_again():
    procedure = Procedure()
    (write,) = procedure.submit(TARGET, 0.0)
    assert procedure.write_returned(write.token, 0.05, error=0xFE) == [Finished(TARGET, Reply.NOT_SENT, 0xFE)]
    assert procedure.next_deadline() is None


def test_a_write_that_holds_up_a_stop_for_1_s_is_reported_once():
    procedure = Procedure()
    procedure.submit(TARGET, 0.0)
    procedure.stop(STOP, 0.2)
    assert procedure.next_deadline() == 1.2
    assert procedure.tick(1.19) == []
    assert procedure.tick(1.2) == [Stuck()]
    assert procedure.tick(1.3) == []
    procedure.link_gone()
    assert procedure.next_deadline() is None


def test_a_stop_that_does_not_return_is_reported_after_3_s():
    procedure = Procedure()
    procedure.stop(STOP, 0.0)
    assert procedure.tick(3.0) == [Finished(STOP, Reply.NO_ANSWER), Stuck()]


def test_a_write_that_hangs_is_reported_after_3_s_and_nothing_queues_behind_it():
    procedure = Procedure()
    (write,) = procedure.submit(TARGET, 0.0)
    assert procedure.tick(3.0) == [Finished(TARGET, Reply.NO_ANSWER), Stuck()]
    assert procedure.submit(CONTROL, 3.1) == [Finished(CONTROL, Reply.NOT_SENT)]
    assert procedure.write_returned(write.token, 9.0) == []


def test_in_progress_without_end_is_reported_after_3_s():
    procedure = Procedure()
    actions = procedure.stop(STOP, 0.0)
    now, stuck = 0.0, None
    while stuck is None and now < 10:
        for action in actions:
            if isinstance(action, Write):
                procedure.write_returned(action.token, now, error=0xFE)
        now = procedure.next_deadline()
        actions = procedure.tick(now)
        stuck = now if Stuck() in actions else None
    assert stuck is not None
    assert 3.0 <= stuck <= 3.2


def test_what_a_stop_needs_waits_1_s_for_a_machine_that_answers_nothing():
    procedure = Procedure()
    (write,) = procedure.stop(STOP, 0.0)
    procedure.submit(TARGET, 0.0)
    procedure.write_returned(write.token, 0.1)
    assert procedure.next_deadline() == 1.1
    assert procedure.tick(1.1) == [Finished(STOP, Reply.NO_ANSWER)]
    assert written(procedure.proceed(1.1)) == [TARGET]


# -- the link


def test_without_a_link_nothing_is_sent_and_everything_ends_at_once():
    procedure = Procedure()
    procedure.submit(TARGET, 0.0)
    procedure.link_gone()
    assert procedure.submit(CONTROL, 0.1) == [Finished(CONTROL, Reply.NOT_SENT)]
    assert procedure.stop(STOP, 0.1) == [Finished(STOP, Reply.NOT_SENT)]
    procedure.link_back()
    assert written(procedure.submit(CONTROL, 0.2)) == [CONTROL]


def test_a_stop_written_while_connecting_gets_its_answer():
    procedure = Procedure()
    procedure.link_gone()
    procedure.written_while_connecting(STOP, 1.0)
    procedure.link_back()
    assert procedure.indication(answer(8), 1.1) == [Finished(STOP, Reply.ANSWERED, 1)]


def test_an_answer_of_an_earlier_connection_is_not_owed_on_the_next():
    procedure = Procedure()
    sent(procedure, TARGET)
    procedure.tick(3.1)
    procedure.link_gone()
    procedure.link_back()
    sent(procedure, OTHER, 4.0)
    assert procedure.indication(answer(2), 4.2) == [Finished(OTHER, Reply.ANSWERED, 1)]


steps = st.lists(
    st.tuples(
        st.sampled_from(["submit", "stop", "return", "refuse", "busy", "lose", "answer", "tick", "drop", "back"]),
        st.sampled_from([CONTROL, START, TARGET]),
        st.floats(0.0, 4.0),
    ),
    max_size=60,
)


@given(steps)
def test_never_two_writes_at_once_nothing_overtakes_a_stop_and_every_request_ends(sequence):
    """Whatever comes in whatever order; afterwards, given time, nothing is left over."""
    procedure, now = Procedure(), 0.0
    flying: Write | None = None
    begun, ended = 0, 0
    stop_waits = False
    linked = True

    def take(actions):
        nonlocal flying, ended, stop_waits
        for action in actions:
            if isinstance(action, Write):
                assert linked
                assert flying is None, "two writes at once"
                assert not stop_waits or action.payload == STOP, "something overtook a Stop"
                flying = action
                stop_waits = False if action.payload == STOP else stop_waits
            elif isinstance(action, Finished) and action.payload != STOP:
                ended += 1

    for what, payload, delay in sequence:
        now += delay
        match what:
            case "submit":
                begun += 1
                take(procedure.submit(payload, now))
            case "stop":
                actions = procedure.stop(STOP, now)
                stop_waits = linked and not written(actions) and Finished(STOP, Reply.NOT_SENT) not in actions
                take(actions)
            case "drop" if linked:
                linked = False
                begun = ended = 0
                flying, stop_waits = None, False
                procedure.link_gone()
            case "back":
                linked = True
                procedure.link_back()
            case "tick":
                take(procedure.tick(now))
            case "answer" if flying is not None:
                take(procedure.indication(answer(flying.payload[0]), now))
            case "return" | "refuse" | "busy" | "lose" if flying is not None:
                token, flying = flying.token, None
                error = {"refuse": 0x80, "busy": 0xFE}.get(what)
                take(procedure.write_returned(token, now, error=error, lost=what == "lose"))
            case _:
                pass
        take(procedure.proceed(now))
    for _ in range(60):
        deadline = procedure.next_deadline()
        now = now + 0.5 if deadline is None else max(now, deadline)
        if flying is not None:
            token, flying = flying.token, None
            take(procedure.write_returned(token, now))
        take(procedure.tick(now))
        take(procedure.proceed(now))
    assert begun == ended
    assert procedure.next_deadline() is None


def test_a_write_refused_by_att_after_its_indication_ends_with_what_the_machine_said():
    procedure = Procedure()
    (write,) = procedure.submit(CONTROL, 0.0)
    procedure.indication(answer(0), 0.1)
    assert procedure.write_returned(write.token, 0.2, error=0x80) == [Finished(CONTROL, Reply.ANSWERED, 1)]


def test_time_in_which_the_program_heard_nothing_does_not_count_against_a_write_or_an_answer():
    procedure = Procedure()
    procedure.submit(TARGET, 0.0)
    procedure.stood_still(6.0)
    procedure.stop(STOP, 6.0)
    assert not any(isinstance(action, Stuck) for action in procedure.tick(6.1))
    assert any(isinstance(action, Stuck) for action in procedure.tick(7.1)), "behind a Stop it may still take 1 s"

    procedure = Procedure()
    sent(procedure, CONTROL)
    procedure.stood_still(6.0)
    assert procedure.tick(ANSWER_S + 1.0) == []
    assert procedure.tick(ANSWER_S + 6.2) == [Finished(CONTROL, Reply.NO_ANSWER)]


DENIED, BUSY = 5, 0xFE


def repeated_stop(procedure: Procedure) -> None:
    """A Stop whose answer was given up, and its repeat, which meets the first one's procedure."""
    (first,) = procedure.stop(STOP, 0.0)
    procedure.write_returned(first.token, 0.1)
    again = procedure.stop(STOP, 1.5)
    assert again[0] == Finished(STOP, Reply.NO_ANSWER)
    assert procedure.write_returned(again[1].token, 1.55, error=BUSY) == []


def test_a_late_denial_of_a_stop_lets_request_control_go_before_the_stop_that_waits():
    procedure = Procedure()
    repeated_stop(procedure)
    assert procedure.indication(answer(8, DENIED), 1.6) == [Finished(STOP, Reply.ANSWERED, DENIED)]
    (control,) = procedure.submit(CONTROL, 1.6)
    assert control.payload == CONTROL
    assert procedure.write_returned(control.token, 1.65) == []
    actions = procedure.tick(1.75)  # its answer is not waited for
    assert actions[0] == Finished(CONTROL, Reply.NO_ANSWER)
    assert written(actions) == [STOP]


def test_a_denial_that_comes_while_the_repeat_is_on_the_air_is_told_at_once_and_control_still_goes_first():
    procedure = Procedure()
    (first,) = procedure.stop(STOP, 0.0)
    procedure.write_returned(first.token, 0.1)
    _, again = procedure.stop(STOP, 1.5)
    assert procedure.indication(answer(8, DENIED), 1.52) == [Finished(STOP, Reply.ANSWERED, DENIED)]
    assert procedure.submit(CONTROL, 1.52) == []
    assert procedure.write_returned(again.token, 1.55, error=BUSY) == []
    assert written(procedure.tick(1.66)) == [CONTROL]


def test_a_machine_that_answers_the_request_for_control_slowly_keeps_its_link():
    procedure = Procedure()
    repeated_stop(procedure)
    procedure.indication(answer(8, DENIED), 1.6)
    (control,) = procedure.submit(CONTROL, 1.6)
    procedure.write_returned(control.token, 1.65)
    now = 1.75
    while now < 4.6:
        (stop,) = [action for action in procedure.tick(now) if isinstance(action, Write)]
        procedure.write_returned(stop.token, now + 0.03, error=BUSY)
        now += 0.15
    assert Stuck() in [action for later in range(20) for action in procedure.tick(5.6 + later)]


def test_control_that_may_not_go_any_more_does_not_hold_the_stop_up():
    procedure = Procedure(lambda _payload, _now: False)
    repeated_stop(procedure)
    procedure.indication(answer(8, DENIED), 1.6)
    assert procedure.submit(CONTROL, 1.6) == [Finished(CONTROL, Reply.NOT_SENT)]
    assert written(procedure.tick(1.7)) == [STOP]


def test_another_request_does_not_go_before_a_denied_stop():
    procedure = Procedure()
    repeated_stop(procedure)
    procedure.indication(answer(8, DENIED), 1.6)
    assert procedure.submit(TARGET, 1.6) == []
    assert written(procedure.tick(1.7)) == [STOP]


def test_a_denial_of_a_stop_that_nobody_sent_is_a_stray():
    procedure = Procedure()
    assert procedure.indication(answer(8, DENIED), 0.1) == [Stray(answer(8, DENIED))]
    procedure.link_gone()
    procedure.link_back()
    assert procedure.indication(answer(8, DENIED), 0.2) == [Stray(answer(8, DENIED))]


def test_a_stop_that_waits_behind_a_request_for_control_on_the_air_wakes_nobody_before_that_returns():
    """A deadline in the past is asked for again and again: a busy loop, and on a faster clock one without end."""
    procedure = Procedure()
    repeated_stop(procedure)
    procedure.indication(answer(8, DENIED), 1.6)
    (control,) = procedure.submit(CONTROL, 1.6)
    assert procedure.tick(1.75) == []
    assert procedure.next_deadline() > 1.75
    assert written(procedure.write_returned(control.token, 1.8)) == [STOP]


def test_control_is_asked_for_at_once_where_the_denial_comes_before_the_stop_has_returned():
    procedure = Procedure()
    (stop,) = procedure.stop(STOP, 0.0)
    assert procedure.indication(answer(8, DENIED), 0.05) == []
    assert procedure.write_returned(stop.token, 0.06) == [Finished(STOP, Reply.ANSWERED, DENIED)]
    assert written(procedure.submit(CONTROL, 0.06)) == [CONTROL]


def test_control_that_may_not_go_any_more_does_not_hold_up_a_stop_that_waited_for_another_write():
    procedure = Procedure(lambda _payload, _now: False)
    (first,) = procedure.stop(STOP, 0.0)
    procedure.write_returned(first.token, 0.1)
    procedure.tick(ANSWER_S + 0.2)
    (target,) = procedure.submit(TARGET, 3.3)
    assert procedure.stop(STOP, 3.4) == []
    assert procedure.indication(answer(8, DENIED), 3.45) == [Finished(STOP, Reply.ANSWERED, DENIED)]
    assert procedure.submit(CONTROL, 3.45) == []
    actions = procedure.write_returned(target.token, 3.5)
    assert actions[0] == Finished(CONTROL, Reply.NOT_SENT)
    assert written(actions) == [STOP]


@given(
    st.lists(
        st.tuples(st.sampled_from(["submit", "stop", "return", "busy", "deny", "answer"]), st.floats(0.0, 2.0)),
        max_size=40,
    )
)
def test_whatever_came_time_is_wanted_again_only_later(sequence):
    procedure, now = Procedure(), 0.0
    flying: list[Write] = []

    def take(actions):
        flying.extend(action for action in actions if isinstance(action, Write))

    for what, delay in sequence:
        now += delay
        match what:
            case "submit":
                take(procedure.submit(CONTROL, now))
            case "stop":
                take(procedure.stop(STOP, now))
            case "return" | "busy" if flying:
                take(procedure.write_returned(flying.pop().token, now, error=BUSY if what == "busy" else None))
            case "deny":
                take(procedure.indication(answer(8, DENIED), now))
            case "answer":
                take(procedure.indication(answer(0), now))
            case _:
                pass
        take(procedure.proceed(now))
        take(procedure.tick(now))
        take(procedure.proceed(now))
        deadline = procedure.next_deadline()
        assert deadline is None or deadline > now
        assert len(flying) <= 1
