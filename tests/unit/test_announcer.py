"""The end of an announcement: the count-down and the spoken sentence, both; in virtual time."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from retroctl.app.announcer import Announcer
from retroctl.app.clock import LoopClock
from retroctl.app.ports import Telling
from retroctl.domain.effects import Announce
from retroctl.units import Speed

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.virtual


@dataclass
class Mouth:
    """A voice whose sentences last as long as the test says, or are left to the test to settle."""

    lasts_s: float | None = None
    settle: list[Callable[[Telling], None]] = field(default_factory=list)
    withdrawn: int = 0

    def announce(self, announce: Announce, settled: Callable[[Telling], None]) -> None:
        self.settle.append(settled)
        if self.lasts_s == 0:
            settled(Telling.GIVEN)
        elif self.lasts_s is not None:
            asyncio.get_running_loop().call_later(self.lasts_s, settled, Telling.GIVEN)

    def withdraw(self) -> None:
        self.withdrawn += 1


class Talk:
    def __init__(self, mouth: Mouth | None) -> None:
        self.clock = LoopClock()
        self.began = self.clock.now()
        self.counts: list[tuple[float, str]] = []
        self.ends: list[tuple[float, int]] = []
        self.announcer = Announcer(
            self.clock,
            lambda count: self.counts.append((self.t, count)),
            lambda number: self.ends.append((self.t, number)),
            mouth,
        )

    @property
    def t(self) -> float:
        return round(self.clock.now() - self.began, 1)

    def announce(self, number: int = 1) -> None:
        self.announcer.announce(Announce(number, Speed(260), 5.0, "Faster in 5 seconds: 2.6."))


@pytest.mark.parametrize(
    ("lasts_s", "ends_at"), [(None, 5.0), (0, 5.0), (2.0, 5.0), (4.9, 5.0), (7.0, 7.0), (14.0, 14.0)]
)
async def test_an_announcement_ends_when_both_the_count_down_and_the_sentence_have(lasts_s, ends_at):
    talk = Talk(None if lasts_s is None else Mouth(lasts_s))
    talk.announce()
    await asyncio.sleep(20)
    assert talk.ends == [(ends_at, 1)]
    assert talk.counts == [(2.0, "3"), (3.0, "2"), (4.0, "1")]


async def test_one_that_was_broken_off_never_ends():
    talk = Talk(mouth := Mouth())
    talk.announce()
    mouth.settle[0](Telling.BROKEN_OFF)
    await asyncio.sleep(60)
    assert talk.ends == []


async def test_a_new_one_silences_the_one_before_whose_end_means_nothing_then():
    talk = Talk(mouth := Mouth())
    talk.announce(1)
    await asyncio.sleep(3)
    talk.announce(2)
    mouth.settle[0](Telling.GIVEN)
    await asyncio.sleep(20)
    assert talk.ends == []
    mouth.settle[1](Telling.GIVEN)
    assert (mouth.withdrawn, [number for _, number in talk.ends]) == (1, [2])
    assert [count for _, count in talk.counts] == ["3", "3", "2", "1"]


@pytest.mark.parametrize("after_s", [0.0, 2.5, 4.99])
async def test_what_is_withdrawn_falls_silent_and_never_ends(after_s):
    talk = Talk(mouth := Mouth(1.0))
    talk.announce()
    await asyncio.sleep(after_s)
    talk.announcer.silence()
    talk.announcer.silence()
    counted = list(talk.counts)
    await asyncio.sleep(20)
    assert (talk.ends, talk.counts, mouth.withdrawn) == ([], counted, 1)


async def test_one_that_has_ended_is_not_withdrawn_afterwards():
    """The raise has been given its announcement; what is spoken next is not the raise's."""
    talk = Talk(mouth := Mouth(1.0))
    talk.announce()
    await asyncio.sleep(6)
    talk.announcer.silence()
    assert (len(talk.ends), mouth.withdrawn) == (1, 0)
