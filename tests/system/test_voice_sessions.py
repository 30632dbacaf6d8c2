"""Whole sessions with a voice: no raise before its announcement has ended, and Stop waits for none.

In virtual time the voice is one whose sentences last as long as the test says; on a clock sped up it is the program's
own, with its thread, on a player that takes as long as the sounds do.
"""

from __future__ import annotations

import asyncio
import math
import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from players import FakePlayer, NamedBank
from whole import FrontEnd, Whole

from retroctl.adapters.voice import Voice
from retroctl.adapters.voice.bank import Bank
from retroctl.adapters.voice.grammar import announcement
from retroctl.adapters.voice.players import Played
from retroctl.app.clock import LoopClock, ScaledClock
from retroctl.app.ports import Telling
from retroctl.app.reports import Kind, Report
from retroctl.domain import events as ev
from retroctl.units import Speed
from simulators.bleak_backend import SimulatedRadio
from simulators.machine import FtmsMachine
from simulators.personality import personality

if TYPE_CHECKING:
    from collections.abc import Callable

    from retroctl.app.clock import Clock
    from retroctl.domain.effects import Announce

ANNOUNCE_S = 5.0


def front_end(clock: Clock) -> FrontEnd:
    radio = SimulatedRadio(clock)
    machine = FtmsMachine(personality("standard"), seed=1, now=clock.now())
    device = radio.add(machine, address="C0:DE:00:00:00:01")
    return FrontEnd(machine, device, radio.client_backend, radio.scanner_backend, lambda: None)


@dataclass
class Mouth:
    """A voice in virtual time. `lasts` gives for the n-th announcement its seconds and its end; None: no end at all."""

    lasts: Callable[[int], tuple[float, Telling] | None]
    spans: list[list[float | Telling | None]] = field(default_factory=list)
    """Of each: when it began, when it ended, what became of it."""
    withdrawn: int = 0

    def announce(self, announce: Announce, settled: Callable[[Telling], None]) -> None:
        loop = asyncio.get_running_loop()
        span: list[float | Telling | None] = [loop.time(), None, None]
        self.spans.append(span)
        fate = self.lasts(len(self.spans) - 1)
        if fate is None:
            return

        def ended() -> None:
            span[1:] = [loop.time(), fate[1]]
            settled(fate[1])

        loop.call_later(fate[0], ended)

    def withdraw(self) -> None:
        self.withdrawn += 1


def raises(run: Whole) -> list[float]:
    """When each raise was commanded: every target above the one before."""
    last, found = 0.0, []
    for command in run.of(Kind.COMMAND):
        if "target_kmh" in command:
            if command["target_kmh"] > last > 0:
                found.append(run.runner.began_at + command["t"])
            last = command["target_kmh"]
    return found


def each_raise_had_its_announcement(run: Whole, mouth: Mouth) -> int:
    """Every raise comes after the end of one given announcement of its own, and the full count-down; how many."""
    given = [span for span in mouth.spans if span[2] is Telling.GIVEN]
    for at in raises(run):
        mine = [span for span in mouth.spans if span[0] < at][-1]
        assert mine in given, "the raise belongs to an announcement that was given"
        assert at >= mine[1] - 0.002
        assert at >= mine[0] + ANNOUNCE_S - 0.002
        given.remove(mine)
    return len(raises(run))


@pytest.mark.virtual
@pytest.mark.parametrize("seed", range(6))
async def test_no_raise_comes_before_the_end_of_its_announcement(seed):
    """Sentences of 0 to 14 s, in every mix: each raise waits for its own."""
    chance = random.Random(seed)  # noqa: S311 - a repeatable test, no secret
    mouth = Mouth(lambda _: (chance.choice([0.0, 1.0, 2.2, 4.999, 5.0, 5.001, 7.5, 14.0]), Telling.GIVEN))
    run = Whole(front_end(LoopClock()), top=5.0, speech=mouth)
    result = await run.run()
    assert result.status == 0
    assert each_raise_had_its_announcement(run, mouth) >= 5
    assert run.of(Kind.ALARM) == []


@pytest.mark.virtual
async def test_an_announcement_that_is_broken_off_raises_nothing_and_is_given_anew():
    """Cut off or unplugged in the middle: withdrawn within 15 s, said why, announced again from its beginning."""
    mouth = Mouth(lambda n: (1.0, Telling.BROKEN_OFF if n % 2 == 0 else Telling.GIVEN))
    run = Whole(front_end(LoopClock()), top=1.8, speech=mouth)
    result = await run.run()
    assert result.status == 0
    assert each_raise_had_its_announcement(run, mouth) >= 1
    refused = [refusal["reason"] for refusal in run.of(Kind.REFUSAL)]
    assert "the announcement did not come to its end" in refused


@pytest.mark.virtual
@pytest.mark.parametrize("fate", [None, (60.0, Telling.GIVEN)])
async def test_a_sentence_that_never_ends_raises_nothing_and_is_withdrawn_within_its_bound(fate):
    mouth = Mouth(lambda _: fate)
    run = Whole(front_end(LoopClock()), top=1.8, speech=mouth)
    await run.begin()
    await run.until(lambda report: report.kind is Kind.REFUSAL and report.data["rule"] == "announcement")
    assert run.clock.now() - mouth.spans[0][0] == pytest.approx(15.0, abs=0.1)
    await asyncio.sleep(120)
    assert raises(run) == []
    run.runner.leave("the test is over")
    assert (await run.finish()).belt_at_rest


@pytest.mark.virtual
@pytest.mark.parametrize("after_s", [0.0, 2.0, 4.9, 4.999, 6.9])
async def test_a_veto_wins_to_the_last_moment_of_the_sentence_and_silences_it(after_s):
    mouth = Mouth(lambda _: (7.0, Telling.GIVEN))
    run = Whole(front_end(LoopClock()), top=1.8, speech=mouth)
    await run.begin()
    await run.until_state("announcing")
    await asyncio.sleep(after_s)
    run.runner.tell(ev.HoldPressed())
    assert mouth.withdrawn == 1
    await asyncio.sleep(60)
    assert raises(run) == []
    run.runner.leave("the test is over")
    assert (await run.finish()).belt_at_rest


@pytest.mark.virtual
async def test_stop_waits_for_no_sentence():
    mouth = Mouth(lambda _: None)
    run = Whole(front_end(LoopClock()), top=1.8, speech=mouth)
    await run.begin()
    await run.until_state("announcing")
    await asyncio.sleep(1)
    pressed = run.clock.now()
    run.runner.stop("key")
    await run.until(lambda report: report.kind is Kind.COMMAND and report.data["name"] == "stop")
    await asyncio.sleep(0.05)
    assert run.written[-1] == "0801"
    assert run.clock.now() - pressed < 0.1
    assert mouth.withdrawn == 1
    assert (await run.finish()).belt_at_rest


# -- the program's own voice, with its thread ----------------------------------------------------------------------


SPEEDUP = 40.0


async def spoken_session(player: FakePlayer, *, act: Callable[[Whole, Report], None] = lambda *_: None) -> Whole:
    """A session on a clock sped up, spoken on a player that is sped up as much."""
    clock = ScaledClock(SPEEDUP)
    voice = Voice(players=[player], bank=player.bank)
    voice.begin(lambda _why: None)
    try:
        run = Whole(front_end(clock), clock, top=1.4, speech=voice)
        run.runner._listeners += [voice, lambda report: act(run, report)]
        result = await run.run()
        assert result.belt_at_rest
    finally:
        closed = await asyncio.to_thread(voice.close)
        clock.stop()
    assert closed
    return run


async def test_a_session_is_spoken_from_the_start_to_the_last_word():
    player = FakePlayer(NamedBank(), pace=SPEEDUP)
    run = await spoken_session(player)
    said = player.spoken
    wanted = [
        ("starting",),
        ("hold", "one", "minute"),
        announcement(Speed.from_kmh(1.4), ANNOUNCE_S, mph=False).clips,
        ("stopping",),
        ("stopped",),
    ]
    assert [clips for clips in wanted if clips not in said] == []
    assert said.index(("starting",)) < said.index(wanted[1]) < said.index(wanted[2]) < said.index(("stopping",))
    assert said[-1] == ("stopped",)
    assert len(raises(run)) == 1


async def test_a_stop_in_the_middle_of_an_announcement_is_the_next_thing_heard():
    """Neither the rest of the sentence nor a count comes after it."""
    player = FakePlayer(NamedBank(), pace=1.0)  # the sentence is as slow as in life: still going on

    def act(run: Whole, report: Report) -> None:
        if report.kind is Kind.STATE and report.data["state"] == "announcing":
            stop_when_heard(run)

    def stop_when_heard(run: Whole) -> None:
        if any(clips[0] == "faster-in-five" for clips in player.spoken):
            run.runner.stop("key")
        else:
            run.clock.call_at(run.clock.now() + 0.05, lambda: stop_when_heard(run))

    await spoken_session(player, act=act)
    first = next(index for index, (clips, _) in enumerate(player.ended) if clips[0] == "faster-in-five")
    assert player.ended[first][1] is Played.CUT
    assert player.ended[-1] == (("stopped",), Played.WHOLE)
    assert {clips for clips, _ in player.ended[first + 1 :]} <= {("stopping",), ("stopped",)}


async def test_a_player_that_hangs_and_then_fails_keeps_no_session_from_its_end():
    player = FakePlayer(NamedBank(), fate={"starting": Played.CUT, "faster-in-five": Played.FAILED}, pace=SPEEDUP)
    run = await spoken_session(player)
    assert (run.written[-1], len(raises(run))) == ("0801", 1)


def test_no_announcement_is_longer_than_the_session_waits_for_one():
    bank = Bank()
    longest = max(bank.sound(announcement(Speed(tenths * 10), 5, mph=False).clips).seconds for tenths in range(300))
    assert longest < ANNOUNCE_S
    assert math.isfinite(longest)
