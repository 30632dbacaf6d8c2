"""What waits to be said, with injected time: who goes first, who is cut off, what comes too late."""

from __future__ import annotations

import pytest

from retroctl.adapters.voice.cues import WAITING, Cue, CueQueue
from retroctl.adapters.voice.grammar import COUNT_LASTS_S, LASTS_S, Urgency
from retroctl.app.ports import Telling


class Desk:
    """A queue whose time stands until it is moved, and what became of its cues."""

    def __init__(self) -> None:
        self.now = 100.0
        self.queue = CueQueue(lambda: self.now)
        self.became: dict[str, Telling] = {}

    def put(self, name: str, urgency: Urgency = Urgency.SENTENCE, lasts_s: float = LASTS_S) -> Cue:
        cue = Cue((name,), urgency, self.now, lasts_s, lambda telling: self.became.update({name: telling}))
        self.queue.put(cue)
        return cue

    def take(self) -> str | None:
        cue = self.queue.take(0)
        return None if cue is None else cue.clips[0]

    def end(self) -> None:
        self.queue.played()


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_the_most_urgent_goes_first_then_the_oldest(desk):
    desk.put("tone", Urgency.TONE)
    desk.put("slower")
    desk.now += 0.1
    desk.put("hold")
    desk.put("alarm", Urgency.ALARM)
    assert [desk.take() for _ in range(5)] == ["alarm", "slower", "hold", "tone", None]


def test_stop_cuts_off_what_is_said_and_clears_what_waits(desk):
    desk.put("announcement", Urgency.ANNOUNCEMENT)
    assert desk.take() == "announcement"
    desk.put("slower")
    desk.put("alarm", Urgency.ALARM)
    desk.put("stopping", Urgency.STOP)
    assert desk.queue.cut.is_set()
    desk.end()
    assert desk.take() == "stopping"
    assert not desk.queue.cut.is_set(), "what is said now is not cut off"
    assert desk.take() is None
    assert desk.became == {"slower": Telling.BROKEN_OFF, "alarm": Telling.BROKEN_OFF}


def test_the_newest_word_on_a_stop_cuts_off_the_one_before(desk):
    desk.put("not confirmed", Urgency.STOP)
    desk.take()
    desk.put("stopped", Urgency.STOP)
    assert desk.queue.cut.is_set()
    desk.end()
    assert desk.take() == "stopped"


@pytest.mark.parametrize("later", [Urgency.SENTENCE, Urgency.TONE, Urgency.ANNOUNCEMENT])
def test_what_is_not_more_urgent_waits_its_turn(desk, later):
    desk.put("announcement", Urgency.ANNOUNCEMENT)
    desk.take()
    desk.put("other", later)
    assert not desk.queue.cut.is_set()
    desk.end()
    assert desk.take() == "other"


def test_an_alarm_does_not_wait_for_a_sentence(desk):
    desk.put("hold")
    desk.take()
    desk.put("link lost", Urgency.ALARM)
    assert desk.queue.cut.is_set()


def test_a_cue_older_than_a_second_is_dropped_and_whoever_waits_for_it_hears_so(desk):
    desk.put("slower")
    desk.now += LASTS_S
    desk.put("hold")
    desk.now += 0.001
    assert desk.take() == "hold"
    assert desk.became == {"slower": Telling.BROKEN_OFF}


def test_a_count_is_dropped_sooner_since_late_it_counts_wrong(desk):
    desk.put("3", Urgency.ANNOUNCEMENT, COUNT_LASTS_S)
    desk.now += COUNT_LASTS_S + 0.001
    assert desk.take() is None


def test_the_queue_is_bounded_and_drops_the_least_urgent(desk):
    for index in range(1000):
        desk.put(f"{index}", Urgency.TONE)
    desk.put("alarm", Urgency.ALARM)
    taken = [desk.take() for _ in range(WAITING + 1)]
    assert taken[0] == "alarm"
    assert taken[-1] is None
    assert len(desk.became) == 1001 - WAITING


def test_what_is_withdrawn_is_not_said(desk):
    waiting = desk.put("announcement", Urgency.ANNOUNCEMENT)
    desk.queue.withdraw(waiting)
    assert desk.take() is None


def test_what_is_withdrawn_while_it_is_said_falls_silent(desk):
    said = desk.put("announcement", Urgency.ANNOUNCEMENT)
    desk.take()
    desk.queue.withdraw(said)
    assert desk.queue.cut.is_set()


def test_withdrawing_what_is_over_cuts_off_nothing(desk):
    over = desk.put("announcement", Urgency.ANNOUNCEMENT)
    desk.take()
    desk.end()
    desk.put("hold")
    desk.take()
    desk.queue.withdraw(over)
    assert not desk.queue.cut.is_set()


def test_the_end_leaves_only_the_last_word_to_be_said(desk):
    desk.put("hold")
    desk.put("stopped", Urgency.STOP)
    desk.put("tone", Urgency.TONE)
    desk.queue.close()
    desk.put("slower")
    assert not desk.queue.over
    assert desk.take() == "stopped"
    assert desk.queue.over
    assert set(desk.became) == {"hold", "tone", "slower"}
