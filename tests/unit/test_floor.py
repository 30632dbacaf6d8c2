"""The floor's model: order, age, restarts, wills, repetitions, Stop with its answers, and bounds."""

from __future__ import annotations

import itertools

import pytest

from retroctl.app.floor import MOST_MACHINES, OLD_S, SILENT_S, Floor, Heard
from retroctl.app.floor_news import AckNews, Alarm, AlarmNews, Answer, Origin, Presence, StateNews, StatusNews
from retroctl.app.floor_row import Fresh, Urgency
from retroctl.app.floor_stop import AGAIN_FOR_S, ANSWER_S, FRESH_S, REST_S
from retroctl.app.floor_words import heading, shown
from retroctl.units import Speed

UTC = 1_790_000_000.0
RUN, NEXT = "a" * 32, "b" * 32
F3 = Alarm("F3", "THE BELT RUNS FASTER THAN ASKED")


class Club:
    """A floor and its time: monotonic seconds from 100; the machines' clocks are `skew` seconds off."""

    def __init__(self) -> None:
        numbers = itertools.count(1)
        self.floor = Floor(lambda: f"stop-{next(numbers)}")
        self.now = 100.0
        self.skew = 0.0
        self.floor.linked(self.now)

    def origin(self, machine="belt-1", seq=1, *, run=RUN, late=0.0, kept=False):
        return Origin(machine, run, seq, UTC + self.now + self.skew - late, kept)

    def hear(self, news):
        return self.floor.hear(news, self.now, UTC + self.now)

    def state(self, machine="belt-1", seq=1, *, run=RUN, late=0.0, kept=False, state="holding", kmh=2.6, **more):
        measured = None if kmh is None else Speed.from_kmh(kmh)
        origin = self.origin(machine, seq, run=run, late=late, kept=kept)
        return self.hear(StateNews(origin, state, measured=measured, target=measured, **more))

    def status(self, presence, seq=1, *, machine="belt-1", run=RUN, kept=False):
        return self.hear(StatusNews(self.origin(machine, seq, run=run, kept=kept), presence))

    def ack(self, stop_id, answer, machine="belt-1", reason=""):
        return self.hear(AckNews(machine, stop_id, answer, reason))

    def row(self, machine="belt-1"):
        return next(row for row in self.floor.rows(self.now) if row.machine == machine)

    def words(self, machine="belt-1"):
        return shown(self.row(machine))

    def notes(self, machine="belt-1"):
        return [note.text for note in self.words(machine).notes]

    def heading(self):
        return heading(self.floor, self.floor.rows(self.now), self.now)


@pytest.fixture
def club():
    return Club()


# -- age ---------------------------------------------------------------------------------------------------------------


def test_a_value_is_of_now_for_three_seconds_then_it_is_grey_and_says_its_age(club):
    club.state(client="k7", hold_left_s=41.2)
    words = club.words()
    assert (words.client, words.state, words.measured, words.hold, words.age) == (
        "k7",
        "HOLDING",
        "2.60",
        "0:42",
        "now",
    )
    assert not words.grey
    club.now += OLD_S + 0.1
    assert club.row().fresh is Fresh.OLD
    assert (club.words().grey, club.words().age) == (True, "3 s ago")
    club.now += SILENT_S
    words = club.words()
    assert club.row().urgency is Urgency.TROUBLE
    assert words.state == "SILENT, MAY MOVE"
    assert club.notes() == ["IT MAY BE MOVING - LOOK AT IT (last heard: HOLDING at 2.60 km/h)"]


def test_the_age_counts_from_the_measurement_and_not_from_the_message(club):
    club.state(measured_age_s=2.5)
    club.now += 1.0
    assert club.row().age_s == pytest.approx(3.5)
    assert club.row().fresh is Fresh.OLD


@pytest.mark.parametrize("skew", [0.0, 3600.0, -86_400.0])
def test_a_message_that_waited_somewhere_is_old_whatever_the_machines_clock_says(club, skew):
    club.skew = skew
    for seq in range(1, 5):
        club.now += 1.0
        club.state(seq=seq)
        assert club.row().fresh is Fresh.NOW
    club.state(seq=5, late=9.0)
    assert club.row().age_s == pytest.approx(9.0)
    assert club.row().fresh is Fresh.OLD


def test_a_machines_clock_that_is_set_is_forgotten_within_a_minute(club):
    club.state()
    club.skew = -600.0
    for seq in range(2, 62):
        club.now += 1.0
        club.state(seq=seq)
    assert club.row().fresh is Fresh.NOW


def test_what_the_broker_kept_is_never_of_now(club):
    club.state(kept=True)
    assert club.row().fresh is Fresh.OLD
    club.now += 1.0
    club.state(seq=2)
    assert club.row().fresh is Fresh.NOW
    club.state("belt-2", kept=True, late=7200.0)
    assert club.words("belt-2").age == "2 h ago"
    assert club.words("belt-2").state == "SILENT, MAY MOVE"


def test_a_belt_at_rest_that_falls_silent_is_no_trouble(club):
    club.state(state="stopped", kmh=0.0)
    club.now += 60.0
    assert club.words().state == "SILENT"
    assert club.row().urgency is Urgency.REST


# -- order of messages -------------------------------------------------------------------------------------------------


def test_repeated_and_overtaken_messages_change_nothing(club):
    club.state(seq=5, kmh=2.6)
    assert club.state(seq=5, kmh=1.0) is Heard.OLD
    assert club.state(seq=4, kmh=1.0) is Heard.OLD
    assert club.words().measured == "2.60"
    assert club.state(seq=7, kmh=3.4) is Heard.TAKEN
    assert club.words().measured == "3.40"


def test_each_topic_has_an_order_of_its_own(club):
    club.state(seq=500)
    assert club.status(Presence.ENDED, seq=2) is Heard.TAKEN
    assert club.words().state == "OFFLINE, MAY MOVE"


def test_a_program_that_starts_anew_begins_at_1_and_what_the_old_one_said_is_dropped(club):
    club.state(seq=900)
    assert club.state(seq=1, run=NEXT, state="idle", kmh=None) is Heard.TAKEN
    assert club.row().restarts == 1
    assert club.state(seq=901) is Heard.OLD
    assert club.status(Presence.LOST, seq=9) is Heard.OLD
    assert club.words().state == "CONNECTING"


def test_of_two_programs_with_one_name_the_one_that_speaks_is_never_hidden_by_the_one_that_ended(club):
    """Two laptops with one machine's name: the second ended at rest, the first one's belt moves on."""
    club.state(seq=100)
    club.state(seq=1, run=NEXT, state="stopped", kmh=0.0)
    assert club.state(seq=101) is Heard.OLD, "it may have been on its way"
    assert not club.row().rival
    club.now += 10.0
    club.state(seq=2, run=NEXT, state="stopped", kmh=0.0)
    assert club.state(seq=110) is Heard.OLD
    assert club.notes() == ["TWO PROGRAMS SPEAK AS THIS MACHINE - give each computer its own name"]
    assert club.row().urgency is Urgency.TROUBLE
    club.status(Presence.ENDED, seq=9, run=NEXT)
    assert club.state(seq=100) is Heard.OLD
    assert club.state(seq=111, kept=True) is Heard.OLD
    assert club.state(seq=111) is Heard.TAKEN
    assert (club.words().state, club.words().measured) == ("HOLDING", "2.60")
    assert club.state(seq=3, run=NEXT, kmh=0.0) is Heard.OLD


def test_more_runs_than_are_remembered_are_bounded(club):
    for number in range(50):
        club.state(run=f"{number:032x}")
    assert club.row().restarts == 49
    assert len(club.floor._machines["belt-1"].order._earlier) == 8


def test_what_the_broker_kept_of_another_run_does_not_replace_what_was_heard_live(club):
    club.state(seq=3)
    assert club.state(seq=99, run=NEXT, kept=True, state="stopped", kmh=0.0) is Heard.OLD
    assert club.words().state == "HOLDING"


# -- offline -----------------------------------------------------------------------------------------------------------


def test_a_last_will_of_a_moving_belt_is_trouble_though_its_number_is_old(club):
    club.status(Presence.ONLINE, seq=2)
    club.state(seq=40)
    assert club.status(Presence.LOST, seq=1) is Heard.TAKEN
    assert club.words().state == "OFFLINE, MAY MOVE"
    assert club.row().urgency is Urgency.TROUBLE
    assert club.words().grey


def test_who_speaks_again_is_there_again_but_not_by_what_was_kept(club):
    club.state(seq=40)
    club.status(Presence.LOST, seq=1)
    club.state(seq=41, kept=True)
    assert club.row().fresh is Fresh.OFFLINE
    club.state(seq=42)
    assert club.row().fresh is Fresh.NOW


def test_a_program_that_ended_with_the_belt_at_rest_is_gone_and_stands_last(club):
    club.state("belt-1", state="stopped", kmh=0.0)
    club.status(Presence.ENDED, seq=3)
    club.state("belt-2", state="briefing", kmh=0.0)
    assert [row.machine for row in club.floor.rows(club.now)] == ["belt-2", "belt-1"]
    assert club.row().urgency is Urgency.GONE


def test_a_publisher_whose_control_loop_hangs_is_silent_at_once(club):
    club.state()
    club.status(Presence.SILENT, seq=2)
    assert club.words().state == "SILENT, MAY MOVE"


def test_only_a_status_shows_a_machine_of_which_nothing_is_known(club):
    club.status(Presence.ONLINE)
    words = club.words()
    assert (words.state, words.measured, words.age) == ("NOTHING YET", "-", "-")


# -- alarms ------------------------------------------------------------------------------------------------------------


def test_names_are_in_the_order_in_which_people_count(club):
    for machine in ("belt-10", "belt-2", "belt-1a", "belt", "belt-1"):
        club.state(machine)
    assert [row.machine for row in club.floor.rows(club.now)] == ["belt", "belt-1", "belt-1a", "belt-2", "belt-10"]


def test_alarms_come_first_then_stopping_moving_ready_and_rest_by_name(club):
    club.state("e", state="stopped", kmh=0.0)
    club.state("d", state="armed", kmh=0.0)
    club.state("b")
    club.state("a")
    club.state("c", state="stopping", kmh=1.2, stop="STOPPING")
    club.state("z", alarms=(F3,))
    assert [row.machine for row in club.floor.rows(club.now)] == ["z", "c", "a", "b", "d", "e"]
    assert club.heading().trouble == "1 IN TROUBLE"
    assert club.notes("z") == ["F3 THE BELT RUNS FASTER THAN ASKED"]


def test_an_alarm_that_is_over_stays_until_somebody_has_seen_it(club):
    club.state(alarms=(F3,))
    club.state(seq=2)
    assert club.row().urgency is Urgency.TROUBLE
    assert club.notes() == ["F3 THE BELT RUNS FASTER THAN ASKED (over, not marked as seen)"]
    club.floor.seen(["belt-1"])
    assert club.row().urgency is Urgency.MOVING
    assert club.notes() == []


def test_an_alarm_between_two_states_is_seen_too(club):
    club.state()
    club.hear(AlarmNews(club.origin(), F3))
    club.state(seq=2)
    assert club.row().past == (F3,)


def test_an_alarm_that_lasts_is_trouble_also_when_it_was_seen_and_rings_anew_when_it_comes_anew(club):
    club.state(alarms=(F3,))
    club.floor.seen(["belt-1", "nobody"])
    club.state(seq=2, alarms=(F3,))
    assert club.row().urgency is Urgency.TROUBLE
    club.state(seq=3)
    assert club.row().past == ()
    club.state(seq=4, alarms=(F3,))
    club.state(seq=5)
    assert club.row().past == (F3,)


def test_a_stop_that_the_machine_itself_calls_not_confirmed_is_trouble(club):
    club.state(state="stopping", kmh=1.0, stop="NOT CONFIRMED - PULL THE CLIP", problem=True)
    assert club.row().urgency is Urgency.TROUBLE
    assert club.notes() == ["NOT CONFIRMED - PULL THE CLIP"]


def test_a_problem_without_a_name_is_trouble_too(club):
    club.state(problem=True)
    assert club.row().urgency is Urgency.TROUBLE
    assert club.notes() == ["its program asks for somebody to look"]


def test_a_state_that_this_version_does_not_know_may_be_a_moving_belt(club):
    club.state(state="levitating", kmh=0.0)
    assert club.row().urgency is Urgency.MOVING
    assert club.words().state == "LEVITATING"


def test_a_belt_that_moves_in_a_state_of_rest_moves(club):
    club.state(state="briefing", kmh=1.0)
    assert club.row().moving


# -- stop --------------------------------------------------------------------------------------------------------------


def test_a_stop_is_asked_sent_received_accepted_and_at_rest(club):
    club.state()
    stop_id = club.floor.stop("belt-1", club.now)
    told = [club.notes()[0]]
    club.floor.sent(stop_id, club.now)
    told.append(club.notes()[0])
    for answer in (Answer.RECEIVED, Answer.WRITTEN, Answer.ACCEPTED, Answer.AT_REST):
        assert club.ack(stop_id, answer) is Heard.TAKEN
        told.append(club.notes()[0])
    assert told == [
        "STOP: asked",
        "STOP: sent, no answer yet",
        "STOP: its program has it",
        "STOP: sent to the treadmill",
        "STOP: accepted by the treadmill, rest not measured yet",
        "STOP: done, rest is measured",
    ]


def test_no_answer_in_time_is_trouble_and_a_late_answer_takes_it_back(club):
    club.state()
    stop_id = club.floor.stop("belt-1", club.now)
    club.floor.sent(stop_id, club.now)
    assert club.row().urgency is Urgency.STOPPING
    club.now += ANSWER_S + 0.1
    assert club.row().urgency is Urgency.TROUBLE
    assert club.notes()[0].startswith("NO ANSWER TO STOP - GO THERE, PULL THE CLIP")
    club.ack(stop_id, Answer.ACCEPTED)
    assert club.row().urgency is Urgency.STOPPING


def test_a_stop_that_nobody_answers_is_sent_again_every_2_s_for_half_a_minute(club):
    club.state()
    stop_id = club.floor.stop("belt-1", club.now)
    club.floor.sent(stop_id, club.now)
    again = 0
    for _ in range(160):
        club.now += 0.25
        due = club.floor.due(club.now)
        assert due in ([], [("belt-1", stop_id)])
        again += len(due)
    assert again == 15
    club.floor.stop("belt-1", club.now)
    club.now += 2.1
    assert len(club.floor.due(club.now)) == 1


def test_a_stop_that_waits_for_the_broker_is_said_not_sent_and_the_machine_has_its_time_once_it_leaves(club):
    club.state()
    stop_id = club.floor.stop("belt-1", club.now)
    until = club.floor.fresh_until(stop_id)
    assert club.floor.unsent() == ["belt-1"]
    club.now += ANSWER_S + 0.1
    assert club.row().urgency is Urgency.TROUBLE
    assert club.notes()[0] == "STOP NOT SENT - GO THERE, PULL THE CLIP (it waits for the broker)"
    club.now += AGAIN_FOR_S + 10
    club.row()
    club.floor.sent(stop_id, club.now)
    assert club.floor.unsent() == []
    assert "STOP: sent, no answer yet" in club.notes()
    club.now += 2.1  # the machine's program comes back from the same outage: it has not heard the first
    assert club.floor.due(club.now) == [("belt-1", stop_id)]
    club.now += ANSWER_S
    assert club.notes()[0].startswith("NO ANSWER TO STOP - GO THERE")
    assert club.now < until


def test_a_stop_that_could_not_leave_for_two_minutes_is_given_up_and_that_is_said(club):
    club.state()
    stop_id = club.floor.stop("belt-1", club.now)
    assert club.floor.fresh_until(stop_id) == club.now + FRESH_S
    club.now += ANSWER_S + 0.1
    club.row()
    club.now += FRESH_S
    assert club.notes()[0] == "STOP NOT SENT - GO THERE, PULL THE CLIP (given up after 120 s)"
    assert club.floor.due(club.now) == []
    assert club.floor.fresh_until("stop-of-another-floor") < club.now
    assert club.floor.fresh_until(club.floor.stop("belt-1", club.now)) > club.now
    assert "STOP: asked" in club.notes()


def test_of_a_stop_that_was_asked_again_the_latest_counts_as_sent(club):
    club.state()
    first = club.floor.stop("belt-1", club.now)
    club.floor.stop("belt-1", club.now)
    club.floor.sent(first, club.now)
    assert club.floor.unsent() == ["belt-1"]
    club.floor.refused(first, "not you", club.now)
    assert club.notes()[0] == "STOP REFUSED - GO THERE, PULL THE CLIP (not you)"


@pytest.mark.parametrize("answer", [Answer.RECEIVED, Answer.ACCEPTED, Answer.AT_REST, Answer.REFUSED, Answer.NOTHING])
def test_a_stop_that_was_answered_is_not_sent_again(club, answer):
    club.state()
    club.ack(club.floor.stop("belt-1", club.now), answer)
    club.now += 2.1
    assert club.floor.due(club.now) == []


def test_who_is_gone_with_its_belt_at_rest_is_not_asked_again(club):
    club.state(state="stopped", kmh=0.0)
    club.status(Presence.ENDED, seq=2)
    club.floor.stop("belt-1", club.now)
    club.now += 2.1
    assert club.floor.due(club.now) == []


def test_an_accepted_stop_without_rest_is_not_confirmed_and_rest_takes_it_back(club):
    club.state()
    stop_id = club.floor.stop("belt-1", club.now)
    club.ack(stop_id, Answer.ACCEPTED)
    club.now += REST_S + 0.1
    assert club.notes()[0].startswith("STOP NOT CONFIRMED - GO THERE")
    club.ack(stop_id, Answer.AT_REST)
    club.ack(stop_id, Answer.NOT_CONFIRMED)
    assert club.notes()[0] == "STOP: done, rest is measured"


@pytest.mark.parametrize("answer", [Answer.RECEIVED, Answer.WRITTEN, Answer.ACCEPTED, Answer.NOT_CONFIRMED])
def test_rest_that_the_machines_own_state_tells_of_is_rest_though_its_answer_was_lost(club, answer):
    """A broker drops what one client does not read in time; of 500 machines that stopped 103 stayed NOT CONFIRMED."""
    club.state()
    stop_id = club.floor.stop("belt-1", club.now)
    club.floor.sent(stop_id, club.now)
    club.ack(stop_id, answer)
    club.now += 4.0
    club.state(seq=2, state="stopping", kmh=0.0, measured_age_s=0.1)
    assert club.row().stop.answer is answer, "one frame of 0 is no rest: its program says when it is"
    club.state(seq=3, state="stopped", kmh=0.0, measured_age_s=4.1)
    assert club.row().stop.answer is answer, "measured before the Stop was asked for"
    club.state(seq=4, state="stopped", kmh=0.0)
    assert club.row().stop.answer is answer, "nobody knows when it was measured"
    club.state(seq=5, state="stopped", kmh=0.3, measured_age_s=0.1)
    assert club.row().stop.answer is answer, "that belt moves"
    club.state(seq=6, state="stopped", kmh=0.0, measured_age_s=0.1, kept=True)
    assert club.row().stop.answer is answer, "the broker kept it"
    if answer is not Answer.NOT_CONFIRMED:
        club.state(seq=7, state="armed", kmh=0.0, measured_age_s=0.1)
        assert club.row().stop.answer is answer, "it may have been told to start just before"
    club.state(seq=8, state="stopped", kmh=0.0, measured_age_s=0.1)
    assert club.notes() == ["STOP: done, rest is measured (its own state says so, no answer did)"]
    assert club.row().urgency is Urgency.REST
    club.ack(stop_id, Answer.AT_REST)
    assert club.notes() == ["STOP: done, rest is measured"]


def test_a_program_that_was_started_anew_confirms_by_a_belt_that_it_measures_at_rest(club):
    """The one that was stopped is gone, and its last answer with it."""
    club.state()
    club.ack(club.floor.stop("belt-1", club.now), Answer.ACCEPTED)
    club.now += REST_S + 0.1
    assert club.notes()[0].startswith("STOP NOT CONFIRMED - GO THERE")
    club.state(run=NEXT, state="observing", kmh=0.0, measured_age_s=0.1)
    assert club.notes() == ["STOP: done, rest is measured (its own state says so, no answer did)"]


def test_a_machine_that_did_not_answer_is_at_rest_once_its_session_is_stopped_and_not_while_it_may_start(club):
    club.state()
    club.floor.sent(club.floor.stop("belt-1", club.now), club.now)
    club.state(seq=2, state="stopped", kmh=0.0, measured_age_s=0.0)
    club.now += 1.0
    club.state(seq=3, state="stopped", kmh=0.0, measured_age_s=0.1)
    assert club.notes() == ["STOP: sent, no answer yet"], "its program has its time to answer"
    club.now += ANSWER_S
    club.state(seq=4, state="armed", kmh=0.0, measured_age_s=0.1)
    assert club.notes()[0].startswith("NO ANSWER TO STOP - GO THERE")
    club.state(seq=5, state="stopped", kmh=0.0, measured_age_s=0.1)
    assert club.notes() == ["STOP: done, rest is measured (its own state says so, no answer did)"]
    assert club.floor.due(club.now + 2.1) == []


@pytest.mark.parametrize("refused", [True, False])
def test_a_stop_that_did_not_leave_or_was_refused_is_not_done_because_the_belt_rests(club, refused):
    club.state()
    stop_id = club.floor.stop("belt-1", club.now)
    if refused:
        club.floor.refused(stop_id, "not you", club.now)
    else:
        club.floor.sent(stop_id, club.now, failed="no broker")
    club.now += 1.0
    club.state(seq=2, state="stopped", kmh=0.0, measured_age_s=0.1)
    assert club.row().urgency is Urgency.TROUBLE


def test_a_stop_that_cannot_leave_says_so_and_can_be_asked_again(club):
    club.state()
    club.floor.sent(club.floor.stop("belt-1", club.now), club.now, failed="no broker")
    assert club.notes()[0] == "STOP NOT SENT - GO THERE, PULL THE CLIP (no broker)"
    again = club.floor.stop("belt-1", club.now)
    assert club.notes()[0] == "STOP: asked"
    club.floor.sent(again, club.now)
    assert club.notes()[0] == "STOP: sent, no answer yet"


def test_answers_to_an_earlier_asking_count_while_it_is_not_over_and_never_for_a_new_stop(club):
    club.state()
    first = club.floor.stop("belt-1", club.now)
    club.floor.stop("belt-1", club.now)
    club.ack(first, Answer.AT_REST)
    assert club.row().stop.answer is Answer.AT_REST
    club.floor.stop("belt-1", club.now)
    club.ack(first, Answer.AT_REST)
    assert club.row().stop.answer is Answer.ASKED


def test_an_answer_that_nobody_asked_for_or_of_another_machine_is_dropped(club):
    club.state()
    stop_id = club.floor.stop("belt-1", club.now)
    assert club.ack("stop-99", Answer.AT_REST) is Heard.UNKNOWN
    assert club.ack(stop_id, Answer.AT_REST, machine="belt-2") is Heard.UNKNOWN
    assert club.row().stop.answer is Answer.ASKED


def test_stop_all_asks_everybody_the_moving_ones_first_and_says_how_far_each_is(club):
    club.state("a", state="stopped", kmh=0.0)
    club.state("b")
    club.state("c")
    club.state("d", state="stopped", kmh=0.0)
    club.status(Presence.ENDED, machine="d", seq=2)
    asked = dict(club.floor.stop_all(club.now))
    assert list(asked) == ["b", "c", "a", "d"]
    for stop_id in asked.values():
        club.floor.sent(stop_id, club.now)
    club.ack(asked["a"], Answer.NOTHING, machine="a")
    club.ack(asked["b"], Answer.AT_REST, machine="b")
    club.now += ANSWER_S + 0.1
    assert club.heading().stop_all == "STOP ALL 3 s ago, 4 asked: 2 NO ANSWER, 1 at rest, 1 no session"
    assert club.row("c").urgency is Urgency.TROUBLE
    assert club.row("d").urgency is Urgency.GONE
    assert club.notes("d") == ["STOP: nobody there to answer"]


def test_a_done_stop_goes_away_when_the_belt_moves_again_or_after_a_minute(club):
    for machine in ("belt-1", "belt-2"):
        club.state(machine)
        club.ack(club.floor.stop(machine, club.now), Answer.AT_REST, machine=machine)
    club.now += 10.0
    club.state("belt-1", seq=2)
    assert club.row("belt-1").stop is None
    assert club.row("belt-2").stop is not None
    club.now += 60.0
    assert club.row("belt-2").stop is None


def test_a_failed_stop_stays_until_it_is_marked_as_seen(club):
    club.state()
    club.floor.stop("belt-1", club.now)
    club.now += 3600.0
    club.state(seq=2, state="stopped", kmh=0.0)
    assert club.row().urgency is Urgency.TROUBLE
    club.floor.seen(["belt-1"])
    assert club.row().urgency is Urgency.REST


def test_nobody_is_asked_who_was_never_heard_of(club):
    assert club.floor.stop("belt-9", club.now) is None
    assert club.floor.stop_all(club.now) == []
    assert club.heading().stop_all == ""


# -- the broker, and bounds --------------------------------------------------------------------------------------------


def test_without_a_broker_nothing_is_news_and_that_is_said(club):
    club.state()
    club.floor.unlinked(club.now, "connection refused")
    club.now += 4.0
    assert club.heading().broker == "NO BROKER for 4 s: all of this is old, no STOP leaves here (connection refused)"
    assert club.words().grey
    club.floor.linked(club.now)
    assert club.heading().broker == ""


def test_machines_texts_and_alarms_are_bounded_and_what_is_left_out_is_counted(club):
    for number in range(MOST_MACHINES + 3):
        club.state(f"belt-{number}")
    assert len(club.floor) == MOST_MACHINES
    assert club.floor.left_out == 3
    assert club.floor.counts[Heard.FULL] == 3
    assert club.heading().left_out.startswith("3 machines more")
    many = tuple(Alarm(f"F{number}" * 9, "x" * 9999) for number in range(50))
    club.state("belt-0", seq=2, state="s" * 9999, client="c" * 9999, stop="t" * 9999, alarms=many)
    row = club.row("belt-0")
    assert (len(row.news.state), len(row.news.client), len(row.news.stop), len(row.alarms)) == (64, 64, 64, 6)
    assert max(len(alarm.text) for alarm in row.alarms) == 120
    for number in range(50):
        club.hear(AlarmNews(club.origin("belt-0", number + 1), Alarm(f"X{number}", "")))
    assert len(club.row("belt-0").past) <= 6


def test_ten_thousand_stops_are_bounded_too(club):
    club.state()
    for _ in range(10_000):
        club.floor.stop("belt-1", club.now)
    assert len(club.floor._ids) <= 2 * MOST_MACHINES
