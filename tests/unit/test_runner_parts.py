"""The runner's parts by themselves: the inbox, the announcement, connecting again, the last resort, the attendant."""

from __future__ import annotations

import asyncio

import pytest

from retroctl.app.announcer import Announcer
from retroctl.app.attendant import PATIENCE_S, Attendant
from retroctl.app.clock import LoopClock
from retroctl.app.inbox import QUEUE, Inbox
from retroctl.app.last_resort import LastResort
from retroctl.app.ports import Disconnected, FrameArrived, MachineInfo
from retroctl.app.reconnect import (
    FIRST_PAUSE_S,
    LONGEST_PAUSE_S,
    RECONNECT_FOR_S,
    STEADY_S,
    STORM_FOR_S,
    Reconnector,
    pause_s,
)
from retroctl.app.recorder import Recorder
from retroctl.app.reports import Kind, Report
from retroctl.domain import events as ev
from retroctl.domain.effects import Announce
from retroctl.errors import LinkLost, TreadmillNotFound, WriteRefused
from retroctl.units import Speed

pytestmark = pytest.mark.virtual

REST = bytes.fromhex("00000000")
MOVING = bytes.fromhex("00006400")


def info(generation: int) -> MachineInfo:
    return MachineInfo("Belt", "AA", generation, True, True, True, None, None, None)


class Fake:
    """A treadmill that does what each test says. `writes` and `opens` are consumed; an exception is raised."""

    def __init__(self, *, writes=(), opens=(), at_rest_after: int | None = 1) -> None:
        self.writes, self.opens = list(writes), list(opens)
        self.written: list[bytes] = []
        self.urgent: list[bytes | None] = []
        self.at_rest_after = at_rest_after
        self.deliver = None

    async def write(self, payload: bytes) -> None:
        self.written.append(payload)
        answer = self.writes.pop(0) if self.writes else None
        if answer is not None:
            raise answer
        if payload == b"\x08\x01" and self.deliver is not None and self.at_rest_after is not None:
            self.at_rest_after -= 1
            if self.at_rest_after <= 0:
                for after_s in (0.0, 0.5, 1.0):
                    asyncio.get_running_loop().call_later(after_s, self.deliver, REST)

    async def open(self, _sink, urgent) -> MachineInfo:
        answer = self.opens.pop(0)
        if isinstance(answer, BaseException):
            raise answer
        self.urgent.append(urgent())
        return info(answer)


# -- inbox -----------------------------------------------------------------------------------------------------------


async def pumped(inbox: Inbox) -> list:
    taken: list = []
    pump = asyncio.create_task(inbox.pump(taken.append))
    await asyncio.sleep(0.1)
    pump.cancel()
    return taken


async def test_a_full_inbox_loses_the_oldest_treadmill_data_and_nothing_else():
    inbox = Inbox()
    answer = FrameArrived(1, "2ad9", b"\x80\x08\x01")
    inbox.put(answer)
    for number in range(QUEUE):
        inbox.put(FrameArrived(1, "2acd", number.to_bytes(2)))
    inbox.put(Disconnected(1))

    taken = await pumped(inbox)

    assert len(taken) == QUEUE
    assert taken[0] is answer
    assert taken[1].data == (2).to_bytes(2)
    assert taken[-1] == Disconnected(1)


async def test_an_inbox_full_of_other_things_grows_rather_than_lose_one():
    inbox = Inbox()
    for _ in range(QUEUE + 10):
        inbox.put(FrameArrived(1, "2ada", b"\x02\x01"))
    assert len(await pumped(inbox)) == QUEUE + 10


# -- announcement ----------------------------------------------------------------------------------------------------


async def test_the_sentence_then_the_countdown_then_the_end():
    clock = LoopClock()
    heard: list[tuple[float, str | int]] = []
    announcer = Announcer(clock, lambda n: heard.append((clock.now(), n)), lambda n: heard.append((clock.now(), n)))
    announcer.announce(Announce(7, Speed(180), 5.0, "Faster in 5 seconds: 1.8."))
    await clock.sleep(6)

    assert [(round(at), what) for at, what in heard] == [(2, "3"), (3, "2"), (4, "1"), (5, 7)]


async def test_a_silenced_announcement_never_ends():
    clock = LoopClock()
    heard: list[object] = []
    announcer = Announcer(clock, heard.append, heard.append)
    announcer.announce(Announce(7, Speed(180), 5.0, "Faster"))
    await clock.sleep(2.5)
    announcer.silence()
    await clock.sleep(10)

    assert heard == ["3"]


# -- connecting again ------------------------------------------------------------------------------------------------


def reconnector(treadmill: Fake, told: list[str], *, jitter=lambda: 0.5) -> Reconnector:
    return Reconnector(
        treadmill, LoopClock(), sink=id, failed=told.append, lost=lambda: told.append("lost"), jitter=jitter
    )


async def test_connecting_again_tries_until_it_works_and_says_why_not():
    told: list[str] = []
    treadmill = Fake(opens=[TreadmillNotFound("nobody"), LinkLost("gone"), TimeoutError(), 4])

    found = await reconnector(treadmill, told).run(lambda: b"\x08\x01", drop=False)

    assert found is not None
    assert found.generation == 4
    assert told == ["nobody", "gone", "no answer in time"]
    assert treadmill.urgent == [b"\x08\x01"]


async def test_connecting_again_ends_after_its_bound():
    clock, told = LoopClock(), []
    treadmill = Fake(opens=[TreadmillNotFound("nobody")] * 1000)
    began = clock.now()

    assert await reconnector(treadmill, told).run(lambda: None, drop=False) is None
    assert RECONNECT_FOR_S <= clock.now() - began <= RECONNECT_FOR_S + 0.5
    assert told[-1] == "lost"
    assert 25 <= len(told) <= 40, "with pauses, not as fast as it goes"


def test_pauses_grow_to_a_bound_and_are_spread_by_the_source_that_was_handed_in():
    middle = [pause_s(failures, lambda: 0.5) for failures in range(6)]
    assert middle == [0.0, FIRST_PAUSE_S, 1.0, LONGEST_PAUSE_S, LONGEST_PAUSE_S, LONGEST_PAUSE_S]
    assert [pause_s(1, lambda at=at: at) for at in (0.0, 1.0)] == [FIRST_PAUSE_S * 0.5, FIRST_PAUSE_S * 1.5]
    assert pause_s(5000, lambda: 1.0) == LONGEST_PAUSE_S * 1.5


async def test_a_link_that_does_not_last_counts_as_a_failure_and_one_that_does_begins_anew():
    clock, told = LoopClock(), []
    treadmill = Fake(opens=range(2, 100))
    again = reconnector(treadmill, told)

    async def took_s() -> float:
        began = clock.now()
        assert await again.run(lambda: None, drop=False) is not None
        return clock.now() - began

    assert await took_s() == pytest.approx(0.0, abs=0.01), "a stop may wait for it: the first try comes at once"
    await clock.sleep(0.3)
    assert await took_s() == pytest.approx(FIRST_PAUSE_S, abs=0.01)
    await clock.sleep(STEADY_S)
    assert await took_s() == pytest.approx(0.0, abs=0.01)


async def test_links_that_come_and_go_end_after_the_bound_of_a_storm():
    clock, told = LoopClock(), []
    treadmill = Fake(opens=range(2, 1000))
    again = reconnector(treadmill, told)
    began = clock.now()
    while await again.run(lambda: None, drop=False) is not None:
        await clock.sleep(0.3)
    assert STORM_FOR_S - 5 <= clock.now() - began <= STORM_FOR_S + 5
    assert told == ["lost"]


# -- the last resort -------------------------------------------------------------------------------------------------


def last_resort(treadmill: Fake, *, generation: int = 3) -> LastResort:
    last = LastResort(treadmill, LoopClock(), generation, sink=lambda _: None, told=lambda _: None)
    treadmill.deliver = lambda data: last.take_in(FrameArrived(generation, "2acd", data))
    treadmill.deliver(MOVING)
    return last


async def test_one_stop_and_a_second_of_rest_are_enough():
    treadmill = Fake()
    assert await last_resort(treadmill).stop(15) is True
    assert treadmill.written == [b"\x08\x01"]


async def test_stop_is_repeated_and_control_asked_for_where_it_is_refused():
    treadmill = Fake(writes=[WriteRefused(0xFE), WriteRefused(0x80)], at_rest_after=1)
    assert await last_resort(treadmill).stop(15) is True
    assert treadmill.written == [b"\x08\x01", b"\x00", b"\x08\x01"]
    assert b"\x07" not in treadmill.written


async def test_a_belt_that_does_not_rest_is_not_called_at_rest():
    treadmill = Fake(at_rest_after=None)
    last = last_resort(treadmill)
    for data in (MOVING, REST, MOVING, b"", b"\x00"):
        treadmill.deliver(data)

    assert await last.stop(15) is False
    assert treadmill.written.count(b"\x08\x01") >= 5


async def test_two_frames_of_rest_that_arrive_at_once_prove_nothing():
    treadmill = Fake(at_rest_after=None)
    last = last_resort(treadmill)
    treadmill.deliver(REST)
    treadmill.deliver(REST)

    assert await last.stop(3) is False


@pytest.mark.parametrize(("zero_for_s", "rests"), [(4.5, False), (5.5, True)])
async def test_a_belt_that_was_never_seen_to_move_is_given_time_to_fall(zero_for_s, rests):
    treadmill = Fake(at_rest_after=None)
    last = LastResort(treadmill, LoopClock(), 3, sink=lambda _: None, told=lambda _: None)
    for tick in range(int(zero_for_s * 2) + 1):
        asyncio.get_running_loop().call_later(tick / 2, last.take_in, FrameArrived(3, "2acd", REST))

    assert await last.stop(8) is rests


async def test_frames_of_an_earlier_connection_prove_nothing():
    treadmill = Fake(at_rest_after=None)
    last = last_resort(treadmill)
    for _ in range(3):
        last.take_in(FrameArrived(2, "2acd", REST))
        last.take_in(FrameArrived(3, "2ada", REST))

    assert await last.stop(3) is False


async def test_a_lost_link_is_made_again_with_stop_as_its_first_write():
    treadmill = Fake(writes=[LinkLost("gone"), LinkLost("gone")], opens=[LinkLost("not yet"), 4])
    last = last_resort(treadmill)
    treadmill.deliver = lambda data: last.take_in(FrameArrived(4, "2acd", data))

    assert await last.stop(15) is True
    assert treadmill.urgent == [b"\x08\x01"]


# -- listeners -------------------------------------------------------------------------------------------------------


class Journal:
    """A record that can be made to fail."""

    problem: str | None = None

    def __init__(self) -> None:
        self.rows: list[tuple] = []

    def append(self, *row) -> None:
        self.rows.append(row)

    sample = append


async def test_a_record_that_fails_and_works_again_is_told_once_each():
    journal, told = Journal(), []
    recorder = Recorder(journal, told.append)
    for problem in (None, "full", "full", None, None):
        journal.problem = problem
        recorder(Report(1.0, Kind.TELEMETRY, {"measured_kmh": 1.004, "target_kmh": None}))

    assert told == [ev.RecordFailed("full"), ev.RecordRestored()]
    assert journal.rows[0] == (1.0, 100, None, None)


async def test_what_is_told_behind_the_end_of_a_record_is_neither_kept_nor_taken_for_its_failure():
    journal, told = Journal(), []
    recorder = Recorder(journal, told.append)
    recorder(Report(1.0, Kind.EVENT, {"event": "one"}))
    recorder.end()
    journal.problem = "a row came outside a session"
    recorder(Report(2.0, Kind.EVENT, {"event": "the broker is gone"}))

    assert (len(journal.rows), told) == (1, [])


def state(name: str) -> Report:
    return Report(0.0, Kind.STATE, {"state": name})


ALARM = Report(0.0, Kind.ALARM, {"id": "F14", "text": ""})


async def attended(*reports: Report, alone: bool = True) -> list[str]:
    clock, told = LoopClock(), []
    attendant = Attendant(clock, told.append, alone=alone)
    for report in reports:
        attendant(report)
    await clock.sleep(PATIENCE_S + 1)
    return [type(event).__name__ for event in told]


async def test_alone_the_attendant_eases_down_where_only_a_trainer_could_help():
    assert await attended(state("holding"), ALARM, ALARM) == ["EaseDownPressed"]
    assert await attended(state("holding"), ALARM, alone=False) == []
    assert await attended(state("holding"), ALARM, state("stopping")) == []
    assert await attended(state("holding"), Report(0.0, Kind.LINK, {"link": "restored"})) == ["EaseDownPressed"]


async def test_a_block_before_arming_is_remembered_until_the_belt_runs():
    clock, told = LoopClock(), []
    attendant = Attendant(clock, told.append, alone=True)
    attendant(state("observing"))
    attendant(ALARM)
    await clock.sleep(PATIENCE_S + 1)
    assert told == []
    attendant(state("holding"))
    await clock.sleep(PATIENCE_S)

    assert told == [ev.EaseDownPressed()]


async def test_the_attendant_briefs_in_full_and_starts():
    events = await attended(state("briefing"), state("armed"))
    assert events == ["BriefingAnswered"] * 7 + ["ArmRequested", "StartConfirmed"]


async def test_only_a_simulated_belt_that_nobody_stands_on_is_turned_without_a_person():
    assert await attended(state("turning")) == ["ConfirmPressed"]
    assert await attended(state("turning"), alone=False) == []
