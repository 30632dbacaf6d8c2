"""The guard beside the whole program on one machine and one link, through the real bleak, in virtual time.

The program "dies" by being frozen: its tasks are held and its link stays, which is what BlueZ leaves of a killed one.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from bleak.exc import BleakError
from whole import FrontEnd, Whole

from retroctl.adapters.ble.treadmill import BleTreadmill
from retroctl.app.clock import LoopClock
from retroctl.app.guard import Word
from retroctl.app.guarding import JOIN_S, Guarding
from retroctl.app.reports import Kind
from simulators.bleak_backend import RadioTiming, SimulatedRadio
from simulators.machine import FtmsMachine
from simulators.personality import personality

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.virtual

ADDRESS = "AA:BB:CC:00:00:01"
STOP, CONTROL = "0801", "00"


class Both:
    """The program and its guard on one machine. `life` is the program's heartbeat; without it, it is dead or frozen."""

    def __init__(self) -> None:
        self.clock = LoopClock()
        self.radio = SimulatedRadio(self.clock)
        self.radio.shares = True
        self.machine = FtmsMachine(personality("standard"), now=self.clock.now())
        device = self.radio.add(self.machine, address=ADDRESS)
        front = FrontEnd(
            self.machine,
            device,
            self.radio.client_backend,
            self.radio.scanner_backend,
            lambda: self.radio.drop(ADDRESS),
        )
        self.program = Whole(front, clock=self.clock)
        self.alarms: list[str] = []
        self.lines: list[str] = []
        self.over = asyncio.Event()
        self.why = ""
        self.guarding = Guarding(self.clock, alarm=self.alarms.append, tell=self.lines.append, over=self._over)
        self.disconnects: list[float] = []
        self.asked: list[str] = []
        self.deaf = "none"
        """The guard cannot subscribe to what begins so."""
        both = self

        class Watched(self.radio.client_backend):
            """What the guard asks of the system."""

            async def disconnect(self) -> None:
                if self.is_connected:
                    both.disconnects.append(both.clock.now())
                await super().disconnect()

            async def read_gatt_char(self, characteristic, **kwargs) -> bytearray:
                both.asked.append(f"read {characteristic.uuid[4:8]}")
                return await super().read_gatt_char(characteristic, **kwargs)

            async def start_notify(self, characteristic, callback, **kwargs) -> None:
                both.asked.append(f"subscribe {characteristic.uuid[4:8]}")
                if characteristic.uuid.startswith(both.deaf):
                    raise BleakError("not this one")
                await super().start_notify(characteristic, callback, **kwargs)

        self.guard_treadmill = BleTreadmill(
            device,
            clock=self.clock,
            backend=Watched,
            scanner=self.radio.scanner_backend,
            jitter=lambda: 0.5,
            beside=self.guarding.beside,
        )
        self.life: asyncio.Task[None] | None = None

    def _over(self, why: str) -> None:
        self.why = why
        self.over.set()

    async def begin(self) -> None:
        """Both are connected, the program is armed and the guard too."""
        await self.program.begin()
        self.guarding.begin(self.guard_treadmill)
        self.guarding.hear(Word.ATTACH)
        await self.until(lambda: "attached" in self.lines, 5)
        self.life = asyncio.create_task(self._live())
        await self.program.until_state("armed")
        self.guarding.hear(Word.ARM)

    async def until(self, happened: Callable[[], bool], seconds: float) -> None:
        end = self.clock.now() + seconds
        while not happened():
            assert self.clock.now() < end
            await asyncio.sleep(0.01)

    async def _live(self) -> None:
        while True:
            self.guarding.hear(Word.HEARTBEAT)
            await asyncio.sleep(0.5)

    def freeze(self) -> None:
        """The program does nothing any more; its connection stands."""
        assert self.life is not None
        self.life.cancel()
        runner = self.program.runner
        runner._engine_failed = True  # frames are not taken in
        runner._timer.cancel()

    def kill(self) -> None:
        self.freeze()
        self.guarding.died()

    @property
    def written(self) -> list[str]:
        return self.program.written

    async def at_rest(self, within_s: float) -> None:
        await self.until(lambda: self.program.true_speed == 0, within_s)


async def test_a_whole_session_beside_its_guard_is_as_without_and_the_guard_writes_nothing():
    both = Both()
    await both.begin()
    result = await both.program.finish()
    assert result.belt_at_rest
    assert both.program.of(Kind.ALARM) == []
    commands = [report["hex"] for report in both.program.of(Kind.COMMAND)]
    assert both.written == commands
    assert both.asked == ["subscribe 2ad9", "subscribe 2acd"], "a read of the guard's could hold up the program's Stop"
    both.guarding.hear(Word.END)
    assert both.over.is_set()
    assert both.alarms == []
    assert both.disconnects == []


async def test_a_killed_program_leaves_a_belt_that_the_guard_stops_on_the_same_link():
    both = Both()
    await both.begin()
    await both.program.until_state("holding")
    before = len(both.written)
    both.kill()
    at = both.clock.now()
    await both.until(lambda: len(both.written) > before, 1)
    assert both.clock.now() - at < 0.1
    await asyncio.wait_for(both.over.wait(), 30)
    assert both.program.true_speed == 0
    assert set(both.written[before:]) == {STOP}
    assert both.machine.connections == 1


async def test_a_frozen_program_is_stopped_after_3_s():
    both = Both()
    await both.begin()
    await both.program.until_state("holding")
    both.freeze()
    at, before = both.clock.now(), len(both.written)
    await both.until(lambda: len(both.written) > before, 10)
    assert 2.4 < both.clock.now() - at < 3.5
    await both.at_rest(20)
    await both.until(lambda: "rest" in both.lines, 5)
    assert both.lines[:2] == ["attached", "stopping retroctl does not answer"]
    assert both.disconnects == []
    assert not both.over.is_set()


async def test_a_link_that_drops_is_made_again_by_the_program_and_joined_by_the_guard():
    both = Both()
    await both.begin()
    await both.program.until_state("holding")
    both.radio.drop(ADDRESS)
    await both.program.until(lambda report: report.data.get("link") == "restored")
    assert both.machine.connections == 2
    both.guarding.hear(Word.ATTACH)
    await both.until(lambda: both.lines == ["attached", "attached"], 5)
    before = len(both.written)
    both.kill()
    await asyncio.wait_for(both.over.wait(), 30)
    assert both.written[before] == STOP
    assert both.program.true_speed == 0
    assert both.machine.connections == 2


async def test_a_death_while_the_link_is_down_is_answered_on_a_new_link_by_stop_first():
    both = Both()
    await both.begin()
    await both.program.until_state("holding")
    both.radio.out_of_range(ADDRESS)
    await both.program.until(lambda report: report.data.get("link") == "lost")
    both.program.runner._connection._reconnector._running = True  # it dies before it has tried
    for task in both.program.runner._tasks:
        task.cancel()
    before = len(both.written)
    both.kill()
    await asyncio.sleep(15)
    assert len(both.written) == before
    both.radio.out_of_range(ADDRESS, away=False)
    await both.until(lambda: len(both.written) > before, 2)
    assert both.written[before] == STOP
    await asyncio.wait_for(both.over.wait(), 60)
    assert set(both.written[before:]) == {STOP, CONTROL}, "the link took control with it"
    assert both.program.true_speed == 0


async def test_a_write_that_hangs_when_the_program_dies_is_freed_by_a_new_link():
    both = Both()
    await both.begin()
    await both.program.until_state("holding")
    both.machine.faults.hang_writes = 1
    before = len(both.written) + 1
    await both.until(lambda: len(both.written) == before, 120)  # the raise
    both.kill()
    await asyncio.wait_for(both.over.wait(), 60)
    assert any("drops the link" in alarm for alarm in both.alarms)
    assert len(both.disconnects) == 1
    stops = both.written[before:]
    assert stops
    assert set(stops) <= {STOP, CONTROL}
    assert both.machine.connections == 2
    assert both.program.true_speed == 0


async def test_a_connection_that_cannot_be_joined_ends_the_guard_and_leaves_the_link_alone():
    both = Both()
    await both.program.begin()
    both.radio.timing = RadioTiming(latency_s=3 * JOIN_S)
    both.guarding.begin(both.guard_treadmill)
    both.guarding.hear(Word.ATTACH)
    await asyncio.wait_for(both.over.wait(), JOIN_S + 1)
    assert both.lines == [f"failed no answer in {JOIN_S:g} s"]
    assert both.disconnects == []
    assert both.machine.connected


async def test_a_death_while_joining_hangs_connects_anew():
    both = Both()
    await both.program.begin()
    await both.program.until_state("armed")
    both.radio.timing, usual = RadioTiming(latency_s=3 * JOIN_S), both.radio.timing
    both.guarding.begin(both.guard_treadmill)
    both.guarding.hear(Word.ATTACH)
    both.guarding.hear(Word.ARM)
    await asyncio.sleep(1)
    both.life = asyncio.create_task(both._live())
    both.kill()
    both.radio.timing = usual
    before = len(both.written)
    await both.until(lambda: len(both.written) > before, JOIN_S + 5)
    assert both.written[before] == STOP
    await asyncio.wait_for(both.over.wait(), 30)


async def test_a_machine_that_the_guard_cannot_watch_ends_the_guard_and_leaves_the_link_alone():
    both = Both()
    both.deaf = "00002acd"
    await both.program.begin()
    both.guarding.begin(both.guard_treadmill)
    both.guarding.hear(Word.ATTACH)
    await asyncio.wait_for(both.over.wait(), JOIN_S)
    assert both.lines[0].startswith("failed ")
    assert "Treadmill Data" in both.lines[0]
    await asyncio.sleep(10)
    assert both.disconnects == []
    assert both.machine.connected


async def test_a_bug_in_the_guard_ends_it_loudly():
    both = Both()
    await both.begin()

    async def broken(_payload: bytes) -> None:
        raise ZeroDivisionError("boom")

    both.guard_treadmill.write = broken
    both.kill()
    await asyncio.wait_for(both.over.wait(), 5)
    assert both.why == "a fault in the guard"
    assert any("ZeroDivisionError: boom" in alarm for alarm in both.alarms)
