"""The voice with its own thread on players of every kind: who is heard, who waits, and what breaks nothing."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest
from players import FakePlayer, NamedBank

from retroctl.adapters.voice import Voice, worker
from retroctl.adapters.voice.bank import Bank
from retroctl.adapters.voice.players import Played
from retroctl.app.ports import Telling
from retroctl.app.reports import Kind, Report
from retroctl.domain.effects import Announce
from retroctl.units import Speed

ANNOUNCEMENT = ("faster-in-five", "two-point", "six")


class Speaking:
    """A voice on a fake player, with what it told."""

    def __init__(self, *players: FakePlayer, bank: Bank | None = None, awaited: bool = True) -> None:
        self.told: list[str | None] = []
        self.something = asyncio.Event()
        self.voice = Voice(players=players, bank=bank or (players[0].bank if players else Bank()), awaited=awaited)
        self.became: list[Telling] = []

    async def __aenter__(self):
        self.voice.begin(self._told)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert await asyncio.to_thread(self.voice.close), "the thread ends"

    def _told(self, why: str | None) -> None:
        self.told.append(why)
        self.something.set()

    def cue(self, text: str) -> None:
        self.voice(Report(0.0, Kind.CUE, {"text": text}))

    def announce(self, number: int = 1) -> None:
        self.voice.announce(Announce(number, Speed(260), 5.0, ""), self._settled)

    def _settled(self, telling: Telling) -> None:
        self.became.append(telling)
        self.something.set()

    async def ready(self) -> None:
        """Wait until the voice has taken to a player."""
        async with asyncio.timeout(10):
            while not self.voice._worker.able:  # noqa: ASYNC110 - the voice tells only when it is not able
                await asyncio.sleep(0.001)

    async def settled(self) -> None:
        async with asyncio.timeout(10):
            while not self.became:
                self.something.clear()
                await self.something.wait()

    async def has_told(self, count: int = 1) -> None:
        async with asyncio.timeout(10):
            while len(self.told) < count:
                self.something.clear()
                await self.something.wait()


def fake(**more: object) -> FakePlayer:
    return FakePlayer(NamedBank(), **more)  # type: ignore[arg-type]


async def test_cues_are_played_in_their_order():
    player = fake()
    async with Speaking(player) as speaking:
        await speaking.ready()
        for text, clips in (("Slower. 2.6.", ("slower", "two-point", "six")), ("Stopping.", ("stopping",))):
            speaking.cue(text)
            await asyncio.to_thread(player.wait_for, clips)
    assert player.spoken == [("slower", "two-point", "six"), ("stopping",)]
    assert speaking.told == []


async def test_stop_is_heard_at_once_in_the_middle_of_a_sentence():
    player = fake(fate={"starting": Played.CUT})
    async with Speaking(player) as speaking:
        await speaking.ready()
        speaking.cue("Starting. Hands on the rails.")
        await asyncio.to_thread(player.wait_for, ("starting",))
        speaking.cue("Slower. 2.6.")
        said_at = time.monotonic()
        speaking.cue("Stopping.")
        await asyncio.to_thread(player.wait_for, ("stopping",))
    assert player.spoken == [("starting",), ("stopping",)], "what waited is not said any more"
    began = next(at for at, clips in player.begun if clips == ("stopping",))
    assert began - said_at < 2.0


async def test_an_announcement_is_given_when_the_sentence_has_ended():
    player = fake(fate={"faster-in-five": Played.WHOLE})
    async with Speaking(player) as speaking:
        await speaking.ready()
        speaking.announce()
        assert speaking.became == [], "not before"
        await speaking.settled()
    assert speaking.became == [Telling.GIVEN]
    assert player.spoken == [ANNOUNCEMENT]


@pytest.mark.parametrize("urgent", ["Stopping."])
async def test_an_announcement_that_was_cut_off_was_not_given(urgent):
    player = fake(fate={"faster-in-five": Played.CUT})
    async with Speaking(player) as speaking:
        await speaking.ready()
        speaking.announce()
        await asyncio.to_thread(player.wait_for, ANNOUNCEMENT)
        speaking.cue(urgent)
        await speaking.settled()
    assert speaking.became == [Telling.BROKEN_OFF]


async def test_an_announcement_that_is_withdrawn_falls_silent():
    player = fake(fate={"faster-in-five": Played.CUT})
    async with Speaking(player) as speaking:
        await speaking.ready()
        speaking.announce()
        await asyncio.to_thread(player.wait_for, ANNOUNCEMENT)
        speaking.voice.withdraw()
        await asyncio.to_thread(player.wait_for, ANNOUNCEMENT, ended=True)
    assert player.ended[-1] == (ANNOUNCEMENT, Played.CUT)


async def test_a_device_unplugged_in_the_middle_is_said_once_and_the_next_announcement_is_the_screen_s():
    player = fake(fate={"faster-in-five": Played.FAILED})
    async with Speaking(player) as speaking:
        await speaking.ready()
        speaking.announce(1)
        await speaking.has_told()
        await speaking.settled()
        assert speaking.became == [Telling.BROKEN_OFF], "half a sentence is no announcement"
        speaking.announce(2)
        assert speaking.became == [Telling.BROKEN_OFF, Telling.GIVEN], "at once: the screen counts alone"
        for _ in range(20):
            speaking.cue("Slower. 2.6.")
    assert speaking.told == ["fake failed"]


@pytest.mark.parametrize("count", [0, 2])
async def test_without_a_sound_device_the_voice_is_silent_and_says_so_once(count):
    bank = NamedBank()
    silent = [FakePlayer(bank, fate={"silence": Played.FAILED}, name=f"fake{index}") for index in range(count)]
    async with Speaking(*silent, bank=bank) as speaking:
        await speaking.has_told()
        speaking.announce()
        speaking.cue("Stopping.")
    assert speaking.became == [Telling.GIVEN]
    assert speaking.told == ["fake0, fake1 found no sound device" if count else "no sound player found"]
    assert all(player.spoken == [] for player in silent)


async def test_the_first_player_that_works_is_taken():
    bank = NamedBank()
    broken = FakePlayer(bank, fate={"silence": Played.FAILED})
    works = FakePlayer(bank)
    async with Speaking(broken, works) as speaking:
        await speaking.ready()
        speaking.cue("Stopping.")
        await asyncio.to_thread(works.wait_for, ("stopping",))
    assert (broken.spoken, speaking.told) == ([], [])


async def test_a_headset_that_comes_back_is_used_again(monkeypatch):
    monkeypatch.setattr(worker, "TRY_AGAIN_S", 0.05)
    monkeypatch.setattr(worker, "LOOK_S", 0.02)
    player = fake(fate={"slower": Played.FAILED})
    async with Speaking(player) as speaking:
        await speaking.ready()
        speaking.cue("Slower. 2.6.")
        await speaking.has_told(2)
        assert speaking.told == ["fake failed", None]
        speaking.cue("Stopping.")
        await asyncio.to_thread(player.wait_for, ("stopping",))


async def test_a_voice_that_fails_again_and_again_gives_up_for_good(monkeypatch):
    monkeypatch.setattr(worker, "TRY_AGAIN_S", 0.0)
    monkeypatch.setattr(worker, "LOOK_S", 0.01)
    player = fake(fate={"slower": Played.FAILED})
    async with Speaking(player) as speaking:
        await speaking.ready()
        for failure in range(worker.FAILURES):
            speaking.cue("Slower. 2.6.")
            await speaking.has_told(2 * failure + 1)
            if failure < worker.FAILURES - 1:
                await speaking.has_told(2 * failure + 2)
        tries = len(player.begun)
        speaking.cue("Slower. 2.6.")
        await asyncio.sleep(0.1)
        assert len(player.begun) == tries
    assert speaking.told == ["fake failed", None] * (worker.FAILURES - 1) + ["fake failed"]


async def test_a_player_that_hangs_delays_nobody(monkeypatch):
    """Stuck in the sound driver, out of every bound: cues are taken at once, the next raise does not wait for it."""
    monkeypatch.setattr(worker, "STUCK_S", 0.0)
    player = fake(hangs={"slower"})
    async with Speaking(player) as speaking:
        await speaking.ready()
        speaking.cue("Slower. 2.6.")
        await asyncio.to_thread(player.wait_for, ("slower", "two-point", "six"))
        began = time.monotonic()
        for _ in range(1000):
            speaking.cue("Stopping.")
        assert time.monotonic() - began < 5.0, "the player hangs for ever"
        async with asyncio.timeout(10):
            while not speaking.became:  # once the sound's own length has passed, the thread counts as stuck
                await asyncio.sleep(0.05)
                if not speaking.voice._worker.able:
                    speaking.announce()
        assert speaking.became == [Telling.GIVEN]
        player.hang.set()


async def test_the_end_of_a_run_does_not_wait_for_a_player_that_hangs(monkeypatch):
    monkeypatch.setattr("retroctl.adapters.voice.voice.CLOSE_S", 0.1)
    monkeypatch.setattr("retroctl.adapters.voice.voice.CUT_S", 0.1)
    player = fake(hangs={"stopping"})
    speaking = Speaking(player)
    speaking.voice.begin(speaking._told)
    await speaking.ready()
    speaking.cue("Stopping.")
    await asyncio.to_thread(player.wait_for, ("stopping",))
    began = time.monotonic()
    assert speaking.voice.close() is False
    assert time.monotonic() - began < 2.0
    player.hang.set()


async def test_the_last_word_is_said_to_its_end():
    player = fake(pace=4.0)
    async with Speaking(player) as speaking:
        await speaking.ready()
        speaking.voice(Report(0.0, Kind.STOP, {"view": "STOPPED"}))
    assert player.ended[-1] == (("stopped",), Played.WHOLE)


async def test_a_fault_in_the_voice_ends_the_voice_only():
    class Faulty(FakePlayer):
        def play(self, sound, cut):
            raise ZeroDivisionError("a fault of ours")

    async with Speaking(Faulty(NamedBank())) as speaking:
        await speaking.has_told()
        speaking.cue("Stopping.")
        speaking.announce()
    assert speaking.told == ["a fault in the voice: ZeroDivisionError: a fault of ours"]
    assert speaking.became == [Telling.GIVEN]


async def test_a_bank_without_clips_is_told_and_harms_nothing(tmp_path):
    async with Speaking(fake(), bank=Bank(where=tmp_path)) as speaking:
        await speaking.has_told()
        speaking.cue("Stopping.")
    assert len(speaking.told) == 1
    assert "silence cannot be read" in str(speaking.told[0])


async def test_a_hold_s_end_sounds_a_tone_and_a_withdrawn_raise_does_not():
    player = fake()
    async with Speaking(player) as speaking:
        await speaking.ready()
        for state in ("holding", "ready", "announcing", "ready"):
            speaking.voice(Report(0.0, Kind.STATE, {"state": state}))
        await asyncio.to_thread(player.wait_for, ("tone-hold-served",))
        speaking.cue("Stopping.")
        await asyncio.to_thread(player.wait_for, ("stopping",))
    assert player.spoken == [("tone-hold-served",), ("stopping",)]


async def test_beside_a_clock_that_runs_faster_no_raise_waits_for_speech():
    player = fake(fate={"faster-in-five": Played.CUT})
    async with Speaking(player, awaited=False) as speaking:
        await speaking.ready()
        speaking.announce()
        assert speaking.became == [Telling.GIVEN]
        await asyncio.to_thread(player.wait_for, ANNOUNCEMENT)
        speaking.voice.withdraw()


async def test_nothing_is_told_once_the_run_is_over():
    """The record is closed by then."""
    player = fake(fate={"stopped": Played.FAILED})
    async with Speaking(player) as speaking:
        await speaking.ready()
        speaking.voice(Report(0.0, Kind.STOP, {"view": "STOPPED"}))
        await asyncio.to_thread(speaking.voice.close)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    assert speaking.told == []
    assert not [thread for thread in threading.enumerate() if thread.name == "voice" and thread.is_alive()]
