"""The guard's decisions, with the time as a number."""

from __future__ import annotations

import pytest

from retroctl.app.guard import (
    ALARM_AGAIN_S,
    GIVE_UP_S,
    SILENT_S,
    Alarm,
    Connect,
    DropLink,
    Guard,
    Join,
    Over,
    Told,
    Word,
)
from retroctl.ftms.procedure import Write

STOP, CONTROL = b"\x08\x01", b"\x00"
OBEYED, DENIED = b"\x80\x08\x01", b"\x80\x08\x05"


def frame(kmh: float) -> bytes:
    return b"\x00\x00" + round(kmh * 100).to_bytes(2, "little")


class Post:
    """A guard with its machine played by hand. `at` moves time on, looking as often as the guard wants to.

    The belt falls by 1.5 km/h a second, as belts do: a 0 from one frame to the next is not taken for rest.
    """

    def __init__(self, *, joined: bool = True, armed: bool = True) -> None:
        self.now = 0.0
        self.guard = Guard(0.0)
        self.done: list[object] = []
        self.kmh = 0.0
        if joined:
            self.take(self.guard.hear(Word.ATTACH, 0.0))
            assert self.done == [Join()]
            assert self.guard.urgent(0.0) is None, "joining writes nothing"
            self.take(self.guard.joined(0.0))
        if armed:
            self.take(self.guard.hear(Word.ARM, 0.0))
        self.done.clear()

    def take(self, actions: list) -> None:
        self.done += actions

    def at(self, until: float, *, beating: bool = False, kmh: float | None = None) -> None:
        beat = self.now
        second = self.now
        while self.now < until:
            self.now = min(until, self.now + self.guard.look_again_s)
            if beating and self.now >= beat + 0.5:
                beat += 0.5
                self.take(self.guard.hear(Word.HEARTBEAT, self.now))
            if kmh is not None and self.now >= second + 1:
                second += 1
                self.kmh = max(kmh, self.kmh - 1.5)
                self.take(self.guard.frame("2acd", frame(self.kmh), self.now))
            self.take(self.guard.tick(self.now))

    def obey(self) -> None:
        """The machine takes in what was written last and says success."""
        self.returned()
        self.take(self.guard.frame("2ad9", OBEYED, self.now))

    def returned(self, **how) -> None:
        self.take(self.guard.write_returned(self.of(Write)[-1].token, self.now, **how))

    def of(self, kind) -> list:
        return [action for action in self.done if isinstance(action, kind)]

    @property
    def written(self) -> list[bytes]:
        return [write.payload for write in self.of(Write)]

    @property
    def over(self) -> bool:
        return bool(self.of(Over))


def test_while_the_program_is_heard_nothing_is_ever_written():
    post = Post()
    post.at(3600, beating=True, kmh=5.0)
    assert post.done == []


def test_a_program_that_dies_is_answered_by_stop_in_the_same_moment_then_by_an_alarm():
    post = Post()
    post.at(10, beating=True, kmh=3.0)
    post.take(post.guard.died(post.now))
    assert post.written == [STOP]
    assert isinstance(post.done[0], Write)
    assert "retroctl has died" in post.of(Alarm)[0].text
    assert not post.guard.beside


@pytest.mark.parametrize("joined", [True, False])
def test_a_program_that_dies_unarmed_is_followed_without_a_write(joined):
    post = Post(joined=joined, armed=False)
    post.at(10, beating=True, kmh=3.0)
    post.take(post.guard.died(post.now))
    post.at(20)
    assert post.over
    assert post.written == []
    assert post.of(Alarm) == []


def test_silence_unarmed_means_nothing():
    post = Post(armed=False)
    post.at(60, kmh=2.0)
    assert post.done == []


def test_silence_is_believed_after_3_s_and_not_a_moment_before():
    post = Post()
    post.at(10, beating=True, kmh=3.0)
    post.at(10 + SILENT_S - 0.5, kmh=3.0)
    assert post.done == []
    post.at(10 + SILENT_S, kmh=3.0)
    assert post.written == [STOP]
    assert "does not answer" in post.of(Alarm)[0].text
    assert post.of(Told) == [Told("stopping retroctl does not answer")], "the program hears it when it comes back"


def test_stop_is_repeated_each_15_s_while_nothing_falls_and_no_speed_is_ever_set():
    post = Post()
    post.at(5, beating=True, kmh=3.0)
    post.take(post.guard.died(post.now))
    for _ in range(20):
        post.obey()
        post.at(post.now + 1.5, kmh=3.0)
    assert len(post.written) >= 19
    assert set(post.written) == {STOP}
    assert any("NOT CONFIRMED - PULL THE CLIP" in alarm.text for alarm in post.of(Alarm))
    assert not post.over


def test_a_machine_that_denies_control_is_asked_for_it_then_told_again():
    post = Post()
    post.at(5, beating=True, kmh=3.0)
    post.take(post.guard.died(post.now))
    post.returned()
    post.take(post.guard.frame("2ad9", DENIED, post.now))
    assert post.written == [STOP, CONTROL]
    post.returned()
    post.take(post.guard.frame("2ad9", b"\x80\x00\x01", post.now))
    assert post.written == [STOP, CONTROL, STOP]


def test_it_ends_when_rest_was_measured_and_says_so():
    post = Post()
    post.at(5, beating=True, kmh=3.0)
    post.take(post.guard.died(post.now))
    post.obey()
    for kmh in (2.0, 1.0, 0.0):
        post.now += 1
        post.take(post.guard.frame("2acd", frame(kmh), post.now))
        assert not post.over
    post.now += 1
    post.take(post.guard.frame("2acd", frame(0), post.now))
    assert post.over
    assert "at rest" in post.of(Alarm)[-1].text


def test_frames_of_0_from_before_the_death_prove_nothing():
    post = Post()
    post.at(5, beating=True, kmh=0.0)
    post.take(post.guard.died(post.now))
    post.take(post.guard.tick(post.now))
    assert not post.over


def test_a_belt_at_rest_whose_start_may_be_on_its_way_is_believed_after_10_s():
    post = Post()
    post.at(5, beating=True, kmh=0.0)
    post.take(post.guard.died(post.now))
    post.obey()
    answered = post.now
    post.at(answered + 9, kmh=0.0)
    assert not post.over
    post.at(answered + 12, kmh=0.0)
    assert post.over


def test_a_program_that_comes_back_finds_the_belt_at_rest_and_is_guarded_again():
    post = Post()
    post.at(5, beating=True, kmh=3.0)
    post.at(8.5, kmh=3.0)
    assert post.written == [STOP]
    post.obey()
    post.at(10, beating=True, kmh=3.0)
    assert not post.guard.beside, "being heard again does not call Stop off"
    post.obey()
    post.at(15, beating=True, kmh=0.0)
    assert Told("rest") in post.done
    assert not post.over
    assert post.guard.beside
    post.done.clear()
    post.at(60, beating=True, kmh=2.0)
    assert post.done == []
    post.at(64, kmh=2.0)
    assert post.written == [STOP]


def test_a_frozen_program_that_dies_while_the_belt_is_being_stopped_is_not_told_twice():
    post = Post()
    post.at(5, beating=True, kmh=3.0)
    post.at(8.5, kmh=3.0)
    post.obey()
    post.take(post.guard.died(post.now))
    assert post.written == [STOP]
    post.at(13, kmh=0.0)
    assert post.over


def test_a_frozen_program_that_dies_after_rest_is_followed_by_stop_once_more():
    post = Post()
    post.at(5, beating=True, kmh=3.0)
    post.at(8.5, kmh=3.0)
    post.obey()
    post.at(14, kmh=0.0)
    assert Told("rest") in post.done
    post.take(post.guard.died(post.now))
    assert post.written == [STOP, STOP]


def test_a_frozen_program_keeps_its_guard_for_10_minutes_and_no_longer():
    post = Post()
    post.at(5, beating=True, kmh=3.0)
    post.at(8.5, kmh=3.0)
    post.obey()
    post.at(8 + GIVE_UP_S - 1, kmh=0.0)
    assert not post.over
    post.at(8 + GIVE_UP_S + 1)
    assert post.over
    assert "PULL" not in post.of(Alarm)[-1].text


def test_a_belt_that_never_rests_ends_the_guard_after_10_minutes_with_the_truth():
    post = Post()
    post.at(5, beating=True, kmh=3.0)
    post.take(post.guard.died(post.now))
    while not post.over:
        post.at(post.now + 1, kmh=3.0)
        if post.written and post.guard._procedure._in_air is not None:
            post.obey()
    assert post.now - 5 == pytest.approx(GIVE_UP_S, abs=2)
    assert "PULL THE CLIP" in post.of(Alarm)[-1].text


def test_the_alarm_is_raised_again_every_5_s():
    post = Post()
    post.at(5, beating=True, kmh=3.0)
    post.take(post.guard.died(post.now))
    post.at(5 + 60, kmh=3.0)
    assert 60 / ALARM_AGAIN_S <= len(post.of(Alarm)) <= 60 / ALARM_AGAIN_S + 4


def test_the_end_that_the_program_tells_ends_the_guard_without_a_word():
    post = Post()
    post.at(5, beating=True, kmh=0.0)
    post.take(post.guard.hear(Word.END, post.now))
    assert post.over
    assert post.written == []
    assert post.of(Alarm) == []


def test_a_program_that_ends_with_the_belt_not_seen_at_rest_leaves_it_to_the_guard():
    post = Post()
    post.at(5, beating=True, kmh=3.0)
    post.take(post.guard.hear(Word.LEAVE, post.now))
    assert post.written == [STOP]
    assert "has ended and the belt was not seen at rest" in post.of(Alarm)[0].text
    assert post.guard.told_the_end
    assert not post.guard.beside
    said = len(post.done)
    post.take(post.guard.died(post.now))
    assert len(post.done) == said, "its end was told"
    post.obey()
    post.at(9, kmh=0.0)
    assert post.over


# -- the link --------------------------------------------------------------------------------------------------------


def test_while_the_program_lives_its_lost_link_is_left_to_it():
    post = Post()
    post.at(5, beating=True, kmh=3.0)
    post.take(post.guard.link_lost())
    post.at(20, beating=True)
    assert post.done == []
    post.take(post.guard.hear(Word.ATTACH, post.now))
    assert post.done == [Join()]
    post.take(post.guard.hear(Word.ATTACH, post.now))
    assert post.done == [Join()], "once"


def test_a_drop_that_is_seen_after_the_programs_new_connection_is_joined_all_the_same():
    post = Post()
    post.at(5, beating=True, kmh=3.0)
    post.take(post.guard.hear(Word.ATTACH, post.now))
    assert post.done == []
    post.take(post.guard.link_lost())
    assert post.done == [Join()]


def test_a_death_while_the_link_is_down_connects_and_stop_is_the_first_write():
    post = Post()
    post.at(5, beating=True, kmh=3.0)
    post.take(post.guard.link_lost())
    post.take(post.guard.died(post.now))
    assert post.of(Connect) == [Connect()]
    assert post.written == []
    post.at(9)
    assert "link is down" in post.of(Alarm)[-1].text
    assert post.guard.urgent(post.now) == STOP
    post.take(post.guard.joined(post.now))
    post.take(post.guard.frame("2ad9", DENIED, post.now))
    assert post.written == [CONTROL], "the link took control with it"


def test_a_link_that_drops_after_the_guard_took_over_is_made_again_by_it():
    post = Post()
    post.at(5, beating=True, kmh=3.0)
    post.take(post.guard.died(post.now))
    post.take(post.guard.link_lost())
    assert post.of(Connect) == [Connect()]


def test_a_death_while_the_guard_is_joining_needs_no_second_connection():
    post = Post(joined=False)
    post.take(post.guard.hear(Word.ATTACH, post.now))
    post.take(post.guard.died(post.now))
    assert post.of(Connect) == []
    assert post.guard.urgent(post.now) == STOP
    post.take(post.guard.joined(post.now))
    assert not post.over


def test_a_death_while_joining_fails_connects_alone():
    post = Post(joined=False)
    post.take(post.guard.hear(Word.ATTACH, post.now))
    post.take(post.guard.died(post.now))
    post.take(post.guard.not_joined("no answer"))
    assert post.of(Connect) == [Connect()]
    assert not post.over


def test_a_guard_that_cannot_join_says_so_and_ends():
    post = Post(joined=False)
    post.take(post.guard.hear(Word.ATTACH, post.now))
    post.take(post.guard.not_joined("no answer"))
    assert Told("failed no answer") in post.done
    assert post.over


def test_a_stop_that_does_not_return_drops_the_link_and_goes_out_first_on_the_new_one():
    post = Post()
    post.at(5, beating=True, kmh=3.0)
    post.take(post.guard.died(post.now))
    post.at(8.1, kmh=3.0)
    assert post.of(DropLink) == [DropLink()]
    assert post.guard.urgent(post.now) == STOP


def test_a_stop_that_meets_a_running_procedure_is_written_again_at_once():
    post = Post()
    post.at(5, beating=True, kmh=3.0)
    post.take(post.guard.died(post.now))
    post.returned(error=0xFE)
    post.at(5.25, kmh=3.0)
    assert post.written == [STOP, STOP]


# -- a computer that stood still -------------------------------------------------------------------------------------


def test_a_computer_that_stood_still_gives_the_program_one_second_once():
    post = Post()
    post.at(5, beating=True, kmh=3.0)
    post.now = 65.0  # neither the guard nor the program ran meanwhile
    post.take(post.guard.tick(post.now))
    assert post.written == []
    post.at(65.5, kmh=3.0)
    assert post.written == []
    post.at(66.1, kmh=3.0)
    assert post.written == [STOP]


def test_a_guard_that_is_always_late_does_not_forgive_for_ever():
    post = Post()
    post.at(5, beating=True, kmh=3.0)
    for _ in range(4):
        post.now += 2
        post.take(post.guard.tick(post.now))
    assert post.written == [STOP]


def test_bytes_that_mean_nothing_change_nothing():
    post = Post()
    post.take(post.guard.frame("2acd", b"\x01", 1.0))
    post.take(post.guard.frame("2acd", b"\x01\x00", 1.0))
    post.take(post.guard.frame("2ad9", b"\xff", 1.0))
    post.take(post.guard.frame("2ada", b"\x01", 1.0))
    assert post.done == []
