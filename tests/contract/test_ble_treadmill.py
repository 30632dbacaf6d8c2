"""`BleTreadmill` through the real BleakClient on the simulated radio, in virtual time."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import itertools
from typing import TYPE_CHECKING, Any

import pytest
from bleak.exc import BleakDBusError, BleakDeviceNotFoundError, BleakError, BleakGATTProtocolError

from retroctl.adapters.ble.treadmill import BleTreadmill
from retroctl.app.clock import LoopClock
from retroctl.app.ports import Disconnected, FrameArrived
from retroctl.errors import (
    LinkLost,
    ProcedureTimeout,
    TreadmillError,
    TreadmillNotFound,
    UnsupportedTreadmill,
    WriteRefused,
)
from simulators.bleak_backend import SimulatedRadio
from simulators.machine import FtmsMachine
from simulators.personality import personality

if TYPE_CHECKING:
    from collections.abc import Callable

    from bleak.backends.client import BaseBleakClient

    from retroctl.app.ports import LinkEvent, MachineInfo
    from simulators.personality import Personality

pytestmark = pytest.mark.virtual

STOP = b"\x08\x01"
REQUEST_CONTROL = b"\x00"
ADDRESS = "AA:BB:CC:00:00:01"


@pytest.fixture(autouse=True)
async def complaints():
    """Nothing is left for the event loop to complain about; a test that expects a complaint takes it out."""
    told: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: told.append(context))
    yield told
    gc.collect()
    await asyncio.sleep(0)
    assert told == []


class Bench:
    """One machine on one radio, the adapter under test, and what happened, in order."""

    def __init__(self, kind: Personality | str = "standard", *, backend: Callable[..., Any] | None = None) -> None:
        self.clock = LoopClock()
        self.radio = SimulatedRadio(self.clock)
        self.machine = FtmsMachine(personality(kind) if isinstance(kind, str) else kind, now=self.clock.now())
        self.device = self.radio.add(self.machine, name="Belt", address=ADDRESS)
        self.calls: list[str] = []
        self.events: list[LinkEvent] = []
        self.backend = recording(self.radio.client_backend, self.calls)
        if backend is not None:
            self.backend = backend(self.backend)
        self.treadmill = BleTreadmill(
            self.device,
            clock=self.clock,
            backend=self.backend,
            scanner=self.radio.scanner_backend,
            jitter=lambda: 0.5,
        )

    async def open(self, urgent: bytes | None = None) -> MachineInfo:
        return await self.treadmill.open(self.events.append, lambda: urgent)

    @property
    def frames(self) -> list[FrameArrived]:
        return [event for event in self.events if isinstance(event, FrameArrived)]

    @property
    def drops(self) -> list[Disconnected]:
        return [event for event in self.events if isinstance(event, Disconnected)]

    @property
    def written(self) -> list[bytes]:
        return [entry.data for entry in self.machine.log]


def recording(base: type[BaseBleakClient], calls: list[str]) -> Any:
    class Recording(base):  # type: ignore[valid-type, misc]
        async def connect(self, pair, **kwargs):
            calls.append("connect")
            await super().connect(pair, **kwargs)

        async def start_notify(self, characteristic, callback, **kwargs):
            calls.append(f"subscribe {characteristic.obj}")
            await super().start_notify(characteristic, callback, **kwargs)

        async def read_gatt_char(self, characteristic, **kwargs):
            calls.append(f"read {characteristic.obj}")
            return await super().read_gatt_char(characteristic, **kwargs)

        async def write_gatt_char(self, characteristic, data, response):
            calls.append(f"write {bytes(data).hex()} {'with' if response else 'without'} response")
            await super().write_gatt_char(characteristic, data, response)

        async def disconnect(self):
            calls.append("disconnect")
            await super().disconnect()

    return Recording


def odd(**methods: Any) -> Callable[[Any], Any]:
    """Make a backend whose named methods are replaced, for what no simulated machine does."""
    return lambda base: type("Odd", (base,), methods)


def failing(error: BaseException | None, *numbers: str) -> Callable[..., Any]:
    """Make a call that fails for these characteristics with `error`, or never ends when it is None."""

    async def fail(self, characteristic, *args, **kwargs):
        if characteristic.obj in numbers:
            if error is None:
                await asyncio.get_running_loop().create_future()
            raise error
        name = kwargs.pop("_name")
        return await getattr(super(type(self), self), name)(characteristic, *args, **kwargs)

    return fail


def named(name: str, function: Callable[..., Any]) -> Any:
    async def call(self, *args, **kwargs):
        return await function(self, *args, _name=name, **kwargs)

    return {name: call}


async def nothing_left_running() -> None:
    await asyncio.sleep(60)
    others = asyncio.all_tasks() - {asyncio.current_task()}
    assert not [task for task in others if "att-request" not in task.get_name()]


# Opening.


async def test_opening_subscribes_control_point_first_then_data_and_writes_nothing():
    bench = Bench()
    info = await bench.open()
    assert bench.calls == [
        "connect",
        "subscribe 2ad9",
        "subscribe 2acd",
        "subscribe 2ada",
        "subscribe 2ad3",
        "read 2ad4",
        "read 2acc",
        "read 2ad5",
    ]
    assert bench.written == []
    assert (info.name, info.address, info.generation) == ("Belt", ADDRESS, 1)
    assert (info.has_treadmill_data, info.has_control_point, info.has_machine_status) == (True, True, True)
    assert info.speed_range is not None
    assert info.speed_range.minimum.hundredths == 100
    assert info.feature is not None
    assert info.feature.target_speed_supported
    assert info.incline_range is not None
    assert info.remarks == ()
    await bench.treadmill.close()
    await nothing_left_running()


async def test_subscriptions_are_at_least_100_ms_apart():
    times: list[float] = []

    async def start_notify(self, characteristic, callback, **kwargs):
        times.append(asyncio.get_running_loop().time())
        await super(type(self), self).start_notify(characteristic, callback, **kwargs)

    bench = Bench(backend=odd(start_notify=start_notify))
    await bench.open()
    assert len(times) == 4
    assert all(later - earlier >= 0.1 for earlier, later in itertools.pairwise(times))
    await bench.treadmill.close()


async def test_frames_arrive_in_order_with_generation_and_number():
    bench = Bench()
    await bench.open()
    await asyncio.sleep(3.5)
    assert len(bench.frames) >= 3
    assert {(frame.generation, frame.characteristic) for frame in bench.frames} == {(1, "2acd")}
    assert all(type(frame.data) is bytes for frame in bench.frames)
    await bench.treadmill.close()


async def test_an_urgent_stop_is_written_right_after_the_control_point_subscription():
    bench = Bench()
    asked = []
    await bench.treadmill.open(bench.events.append, lambda: asked.append(True) or STOP)
    assert bench.calls[1:4] == ["subscribe 2ad9", "write 0801 with response", "subscribe 2acd"]
    assert bench.written == [STOP]
    assert len(asked) == 1
    await bench.treadmill.close()


async def test_an_urgent_stop_goes_out_after_a_second_when_the_subscription_is_not_answered():
    subscribe = named("start_notify", failing(None, "2ad9"))
    bench = Bench(kind=personality("notify-control-point"), backend=odd(**subscribe))
    before = bench.clock.now()
    info = await bench.open(STOP)
    assert bench.machine.log[0].data == STOP
    assert 1.0 <= bench.machine.log[0].at - before < 2.0
    assert info.has_control_point
    assert any("2AD9" in remark and "in time" in remark for remark in info.remarks)
    await bench.treadmill.close()
    await nothing_left_running()


async def test_a_refused_urgent_stop_is_a_remark_and_the_opening_goes_on():
    bench = Bench()
    bench.machine.faults.reject_writes = [0xFE]
    info = await bench.open(STOP)
    assert any("08 01" in remark and "0xFE" in remark for remark in info.remarks)
    assert info.has_treadmill_data
    await bench.treadmill.close()


async def test_an_unanswered_urgent_stop_drops_the_link_so_that_the_next_one_can_carry_it():
    bench = Bench()
    bench.machine.faults.hang_writes = 1
    with pytest.raises(LinkLost):
        await bench.open(STOP)
    before = bench.clock.now()
    info = await bench.open(STOP)
    assert bench.written == [STOP, STOP]
    assert bench.clock.now() - before < 5
    assert info.generation == 2
    assert bench.drops == []
    await bench.treadmill.close()
    await nothing_left_running()


async def test_a_bug_behind_urgent_is_not_taken_for_the_machines_fault():
    bench = Bench()

    def urgent() -> bytes:
        raise AssertionError("ours")

    with pytest.raises(AssertionError, match="ours"):
        await bench.treadmill.open(bench.events.append, urgent)
    assert not bench.machine.connected
    await nothing_left_running()


async def test_without_a_usable_control_point_urgent_is_not_asked():
    bench = Bench("no-control-point")
    asked = []
    info = await bench.treadmill.open(bench.events.append, lambda: asked.append(True) or STOP)
    assert not info.has_control_point
    assert asked == []
    assert any("2AD9" in remark for remark in info.remarks)
    with pytest.raises(UnsupportedTreadmill):
        await bench.treadmill.write(STOP)
    await bench.treadmill.close()


async def test_a_control_point_that_takes_no_writes_counts_as_none():
    bench = Bench(personality("standard").but(control_point_properties=("indicate",)))
    info = await bench.open()
    assert not info.has_control_point
    assert any("takes no writes" in remark for remark in info.remarks)
    await bench.treadmill.close()


@pytest.mark.parametrize("kind", ["notify-control-point", "standard"])
async def test_answers_are_heard_by_notification_and_by_indication(kind):
    bench = Bench(kind)
    await bench.open()
    await bench.treadmill.write(REQUEST_CONTROL)
    await asyncio.sleep(0.5)
    assert FrameArrived(1, "2ad9", b"\x80\x00\x01") in bench.frames
    await bench.treadmill.close()


@pytest.mark.parametrize(
    ("properties", "how"),
    [
        (("write", "indicate"), "with"),
        (("write-without-response", "notify"), "without"),
        (("write", "write-without-response", "indicate"), "with"),
    ],
)
async def test_the_kind_of_write_follows_the_properties(properties, how):
    bench = Bench(personality("standard").but(control_point_properties=properties))
    await bench.open()
    await bench.treadmill.write(REQUEST_CONTROL)
    assert f"write 00 {how} response" in bench.calls
    assert bench.machine.log[-1].error is None
    await bench.treadmill.close()


async def test_missing_optional_characteristics_become_remarks():
    bench = Bench("no-optional")
    info = await bench.open()
    assert info.speed_range is None
    assert info.feature is None
    assert info.incline_range is None
    assert not info.has_machine_status
    for number in ("2ADA", "2AD4", "2ACC"):
        assert any(number in remark for remark in info.remarks), number
    assert not any("2AD5" in remark for remark in info.remarks), "nobody said that it can incline"
    assert any("safety key" in remark for remark in info.remarks)
    await bench.treadmill.close()


async def test_empty_reads_become_remarks():
    bench = Bench("empty-reads")
    info = await bench.open()
    assert info.speed_range is None
    assert info.feature is None
    assert sum("empty" in remark for remark in info.remarks) == 2
    await bench.treadmill.close()


@pytest.mark.parametrize(
    "error", [BleakGATTProtocolError(0x02), BleakError("odd"), BleakDBusError("org.bluez.Error.Failed", ["odd"])]
)
async def test_failing_reads_become_remarks(error):
    bench = Bench(backend=odd(**named("read_gatt_char", failing(error, "2acc", "2ad4", "2ad5"))))
    info = await bench.open()
    assert (info.speed_range, info.feature, info.incline_range) == (None, None, None)
    assert sum("cannot be read" in remark for remark in info.remarks) == 3
    await bench.treadmill.close()


async def test_short_reads_become_remarks():
    async def read_gatt_char(self, characteristic, **kwargs):
        return bytearray(b"\x64")

    bench = Bench(backend=odd(read_gatt_char=read_gatt_char))
    info = await bench.open()
    assert (info.speed_range, info.feature) == (None, None)
    assert any("2AD4" in remark and "makes no sense" in remark for remark in info.remarks)
    await bench.treadmill.close()


async def test_a_read_that_is_never_answered_is_bounded_and_not_asked_again_on_the_next_connection():
    bench = Bench(backend=odd(**named("read_gatt_char", failing(None, "2ad4"))))
    before = bench.clock.now()
    info = await bench.open()
    assert bench.clock.now() - before < 4
    assert info.speed_range is None
    assert info.feature is None, "nothing optional is queued behind an unanswered request"
    await bench.treadmill.close()
    info = await bench.open()
    assert info.speed_range is None
    assert info.feature is not None
    await bench.treadmill.close()
    await nothing_left_running()


async def test_failing_optional_subscriptions_become_remarks():
    subscribe = named("start_notify", failing(BleakGATTProtocolError(0x05), "2ad9", "2ada", "2ad3"))
    bench = Bench(backend=odd(**subscribe))
    info = await bench.open()
    assert info.has_control_point
    assert not info.has_machine_status
    assert sum("paired" in remark for remark in info.remarks) == 3
    await bench.treadmill.close()


async def test_an_optional_subscription_that_is_never_answered_is_bounded_and_told():
    bench = Bench(backend=odd(**named("start_notify", failing(None, "2ada"))))
    before = bench.clock.now()
    info = await bench.open()
    assert bench.clock.now() - before < 8
    assert not info.has_machine_status
    assert any("2ADA" in remark and "in time" in remark and "a Stop may be late" in remark for remark in info.remarks)
    assert sum("was not asked for" in remark for remark in info.remarks) == 4
    await bench.treadmill.close()
    await nothing_left_running()


async def test_no_treadmill_data_is_unsupported_in_one_line_and_the_link_is_let_go():
    bench = Bench(personality("standard").but(characteristics=frozenset({"2acc", "2ad9"})))
    with pytest.raises(UnsupportedTreadmill, match="2ACD") as caught:
        await bench.open()
    assert "\n" not in str(caught.value)
    assert not bench.machine.connected
    await nothing_left_running()


@pytest.mark.parametrize(
    ("error", "expected"), [(BleakGATTProtocolError(0x05), UnsupportedTreadmill), (None, LinkLost)]
)
async def test_treadmill_data_that_cannot_be_subscribed_ends_the_opening(error, expected):
    bench = Bench(backend=odd(**named("start_notify", failing(error, "2acd"))))
    with pytest.raises(expected, match="2ACD"):
        await bench.open()
    assert not bench.machine.connected
    assert bench.drops == []
    await nothing_left_running()


async def test_a_machine_without_the_fitness_machine_service_is_unsupported():
    async def connect(self, pair, **kwargs):
        await super(type(self), self).connect(pair, **kwargs)
        for service in self.services:
            service._uuid = "0000180d-0000-1000-8000-00805f9b34fb"

    bench = Bench(backend=odd(connect=connect))
    with pytest.raises(UnsupportedTreadmill, match="1826"):
        await bench.open()
    assert not bench.machine.connected


# Connecting.


async def test_a_machine_that_stays_away_is_not_found_after_four_bounded_tries():
    bench = Bench()
    bench.radio.occupy(ADDRESS)
    before = bench.clock.now()
    with pytest.raises(TreadmillNotFound, match="phone") as caught:
        await bench.open()
    # 4 tries of 10 s with pauses of 0.25, 0.5 and 1 s between them; each client is let go of before the next try
    assert bench.clock.now() - before == pytest.approx(41.75, abs=0.1)
    assert bench.calls == ["connect", "disconnect"] * 4
    assert "no answer in time, 4 tries" in str(caught.value)
    assert "\n" not in str(caught.value)
    await nothing_left_running()


async def test_a_machine_that_comes_back_is_connected_by_a_later_try():
    bench = Bench()
    bench.radio.occupy(ADDRESS)
    bench.clock.call_at(bench.clock.now() + 12, lambda: bench.radio.occupy(ADDRESS, taken=False))
    info = await bench.open()
    assert info.generation == 1
    await bench.treadmill.close()


async def test_a_hanging_connect_that_ignores_its_cancellation_is_bounded():
    async def connect(self, pair, **kwargs):
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(1000)
        await asyncio.sleep(1000)

    bench = Bench(backend=odd(connect=connect))
    with pytest.raises(TreadmillNotFound):
        await bench.open()
    assert bench.clock.now() < 70


async def test_bluetooth_off_is_one_clear_line_at_once():
    bench = Bench()
    bench.radio.power(False)
    before = bench.clock.now()
    with pytest.raises(TreadmillError, match="switched off") as caught:
        await bench.open()
    assert bench.clock.now() - before < 1
    assert caught.value.__cause__ is not None


async def test_a_connection_that_ends_at_once_is_tried_again():
    tries = []

    async def connect(self, pair, **kwargs):
        await super(type(self), self).connect(pair, **kwargs)
        tries.append(True)
        if len(tries) == 1:
            bench.radio.drop(ADDRESS)

    bench = Bench(backend=odd(connect=connect))
    info = await bench.open()
    assert (len(tries), info.generation) == (2, 1)
    assert bench.drops == []
    await bench.treadmill.close()
    await nothing_left_running()


async def test_a_call_that_the_stack_cancels_is_link_lost_and_not_our_cancellation():
    async def write_gatt_char(self, characteristic, data, response):
        raise asyncio.CancelledError

    bench = Bench(backend=odd(write_gatt_char=write_gatt_char))
    await bench.open()
    with pytest.raises(LinkLost):
        await bench.treadmill.write(STOP)
    await bench.treadmill.close()


async def test_a_machine_that_the_system_has_forgotten_is_searched_and_connected_by_what_was_found():
    bench = Bench()
    used = []

    def init(self, device, **kwargs):
        used.append(device)
        super(type(self), self).__init__(device, **kwargs)

    async def connect(self, pair, **kwargs):
        if used[-1] is bench.device:
            raise BleakDeviceNotFoundError(ADDRESS, "gone")
        await super(type(self), self).connect(pair, **kwargs)

    bench.treadmill._backend = odd(__init__=init, connect=connect)(bench.backend)
    await bench.open()
    bench.radio.drop(ADDRESS)
    await asyncio.sleep(1)
    await bench.open()
    assert len(used) == 3
    assert used[1] is used[2], "what was found is kept for the next time"
    await bench.treadmill.close()


async def test_a_machine_forgotten_and_not_heard_is_not_found():
    async def connect(self, pair, **kwargs):
        raise BleakDeviceNotFoundError(ADDRESS, "It may have been removed")

    bench = Bench(backend=odd(connect=connect))
    bench.radio.occupy(ADDRESS)
    with pytest.raises(TreadmillNotFound, match="may have been removed"):
        await bench.open()
    assert bench.clock.now() < 45


async def test_a_cancelled_connect_ends_before_its_client_is_let_go_of():
    """The client is what tells the system that the connect is off."""
    order = []

    async def connect(self, pair, **kwargs):
        try:
            await asyncio.sleep(1000)
        finally:
            await asyncio.sleep(1)
            order.append("connect ended")

    async def disconnect(self):
        order.append("disconnect")

    bench = Bench(backend=odd(connect=connect, disconnect=disconnect))
    opening = asyncio.create_task(bench.open())
    await asyncio.sleep(3)
    await bench.treadmill.close()
    assert order == ["connect ended", "disconnect"]
    with pytest.raises(LinkLost):
        await opening


@pytest.mark.parametrize("after_s", [0.2, 0.6])
async def test_cancelling_an_opening_leaves_nothing_behind(after_s):
    """At 0.2 s it connects, at 0.6 s it sets up."""
    bench = Bench()
    opening = asyncio.create_task(bench.open())
    await asyncio.sleep(after_s)
    assert bench.machine.connected
    opening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await opening
    await nothing_left_running()
    assert not bench.machine.connected
    assert bench.calls[-1] == "disconnect"


@pytest.mark.parametrize(("away", "after_s"), [(True, 15), (True, 5), (False, 0.2), (False, 0.6)])
async def test_closing_ends_an_opening_with_link_lost(away, after_s):
    bench = Bench()
    bench.radio.occupy(ADDRESS, taken=away)
    opening = asyncio.create_task(bench.open())
    await asyncio.sleep(after_s)
    await bench.treadmill.close()
    before = bench.clock.now()
    with pytest.raises(LinkLost):
        await opening
    assert bench.clock.now() - before < 1.5
    await nothing_left_running()


# Losing the link.


async def test_a_vanished_machine_is_told_once_with_its_generation():
    bench = Bench()
    await bench.open()
    await asyncio.sleep(2)
    bench.radio.drop(ADDRESS)
    await asyncio.sleep(30)
    assert bench.drops == [Disconnected(1)]
    assert bench.events[-1] == Disconnected(1)
    assert bench.calls.count("disconnect") == 1, "the old client keeps its bus unless it is told"
    with pytest.raises(LinkLost):
        await bench.treadmill.write(STOP)
    await bench.treadmill.close()
    assert bench.drops == [Disconnected(1)]
    await nothing_left_running()


async def test_a_drop_while_opening_is_link_lost_and_no_event():
    bench = Bench()
    bench.clock.call_at(bench.clock.now() + 0.75, lambda: bench.radio.drop(ADDRESS))
    with pytest.raises(LinkLost):
        await bench.open()
    assert bench.drops == []
    await nothing_left_running()


async def test_a_drop_during_the_last_step_of_opening_is_link_lost():
    async def read_gatt_char(self, characteristic, **kwargs):
        data = await super(type(self), self).read_gatt_char(characteristic, **kwargs)
        if characteristic.obj == "2ad5":
            bench.radio.drop(ADDRESS)
        return data

    bench = Bench(backend=odd(read_gatt_char=read_gatt_char))
    with pytest.raises(LinkLost):
        await bench.open()
    assert bench.drops == []


async def test_opening_again_lets_go_of_the_old_link_first_and_waits_for_it():
    bench = Bench()
    await bench.open()
    bench.calls.clear()
    info = await bench.open()
    assert info.generation == 2
    assert bench.calls[:2] == ["disconnect", "connect"]
    assert bench.drops == []
    await bench.treadmill.close()
    assert not bench.machine.connected
    await nothing_left_running()


async def test_opening_again_after_a_drop_waits_until_the_old_client_is_let_go_of():
    order = []

    async def disconnect(self):
        order.append("letting go")
        await asyncio.sleep(3)
        await super(type(self), self).disconnect()
        order.append("let go")

    async def connect(self, pair, **kwargs):
        order.append("connect")
        await super(type(self), self).connect(pair, **kwargs)

    bench = Bench(backend=odd(connect=connect, disconnect=disconnect))
    await bench.open()
    bench.radio.drop(ADDRESS)
    await bench.open()
    assert order == ["connect", "letting go", "let go", "connect"]
    await bench.treadmill.close()


async def test_a_hundred_reconnections_leave_nothing_behind():
    bench = Bench()
    for _ in range(100):
        await bench.open()
        bench.radio.drop(ADDRESS)
        await asyncio.sleep(1)
    await bench.treadmill.close()
    assert bench.drops == [Disconnected(generation) for generation in range(1, 101)]
    assert bench.treadmill._releases == set()
    await nothing_left_running()


async def test_reconnecting_counts_on_and_old_frames_are_not_delivered():
    callbacks = []

    async def start_notify(self, characteristic, callback, **kwargs):
        callbacks.append(callback)
        await super(type(self), self).start_notify(characteristic, callback, **kwargs)

    bench = Bench(backend=odd(start_notify=start_notify))
    await bench.open()
    bench.radio.drop(ADDRESS)
    await asyncio.sleep(1)
    old = list(callbacks)
    info = await bench.open()
    assert info.generation == 2
    before = len(bench.events)
    for callback in old:
        callback(bytearray(b"\x00\x00\xff\x7f"))
    assert len(bench.events) == before
    await asyncio.sleep(3)
    assert {frame.generation for frame in bench.frames[before:]} == {2}
    await bench.treadmill.close()


async def test_closing_is_no_drop_and_may_be_repeated():
    bench = Bench()
    await bench.open()
    await bench.treadmill.close()
    await bench.treadmill.close()
    assert bench.drops == []
    assert not bench.machine.connected
    assert bench.calls.count("disconnect") == 1


async def test_closing_before_opening_does_nothing():
    bench = Bench()
    await bench.treadmill.close()
    assert bench.calls == []


@pytest.mark.parametrize("stubborn", [False, True])
async def test_a_disconnect_that_hangs_holds_nobody_longer_than_five_seconds(stubborn):
    async def disconnect(self):
        with contextlib.suppress(*([asyncio.CancelledError] if stubborn else [])):
            await asyncio.sleep(1000)
        await asyncio.sleep(1000)

    bench = Bench(backend=odd(disconnect=disconnect))
    await bench.open()
    before = bench.clock.now()
    await bench.treadmill.close()
    assert bench.clock.now() - before <= 5.0


async def test_a_disconnect_that_fails_is_not_the_callers_trouble():
    async def disconnect(self):
        raise BleakDBusError("org.bluez.Error.Failed", ["odd"])

    bench = Bench(backend=odd(disconnect=disconnect))
    await bench.open()
    await bench.treadmill.close()


# Writing.


@pytest.mark.parametrize("code", [0x03, 0x0E, 0x80, 0xFC, 0xFD, 0xFE])
async def test_a_refused_write_carries_its_att_code(code):
    bench = Bench()
    await bench.open()
    bench.machine.faults.reject_writes = [code] * (2 if code == 0xFD else 1)  # FD: the write is repeated once
    with pytest.raises(WriteRefused) as caught:
        await bench.treadmill.write(STOP)
    assert caught.value.code == code
    assert isinstance(caught.value.__cause__, BleakGATTProtocolError)
    await bench.treadmill.write(STOP)
    await bench.treadmill.close()


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (BleakDBusError("org.bluez.Error.InProgress", ["Operation already in progress"]), WriteRefused),
        (BleakDBusError("org.freedesktop.DBus.Error.NoReply", ["no reply"]), ProcedureTimeout),
        (BleakError("Could not write value: Unreachable"), ProcedureTimeout),
        (TimeoutError(), ProcedureTimeout),
        (BleakError("Not connected"), LinkLost),
        (BleakDBusError("org.bluez.Error.Failed", ["Not connected"]), LinkLost),
        (BleakDBusError("org.freedesktop.DBus.Error.UnknownObject", ["gone"]), LinkLost),
        (EOFError(), LinkLost),
        (AssertionError(), LinkLost),
    ],
)
async def test_what_the_stacks_raise_becomes_our_error(error, expected):
    bench = Bench(backend=odd(**named("write_gatt_char", failing(error, "2ad9"))))
    await bench.open()
    with pytest.raises(expected) as caught:
        await bench.treadmill.write(STOP)
    assert caught.value.__cause__ is error
    if expected is WriteRefused:
        assert caught.value.code == 0xFE
    assert bench.drops == ([Disconnected(1)] if expected is LinkLost else [])
    await bench.treadmill.close()


async def test_closing_works_while_a_write_hangs_and_the_write_ends_with_link_lost():
    bench = Bench()
    await bench.open()
    bench.machine.faults.hang_writes = 1
    pending = asyncio.create_task(bench.treadmill.write(b"\x02\x64\x00"))
    await asyncio.sleep(1)
    assert not pending.done()
    before = bench.clock.now()
    await bench.treadmill.close()
    assert bench.clock.now() - before <= 5
    with pytest.raises(LinkLost):
        await pending
    assert bench.drops == []
    info = await bench.open(STOP)
    assert info.generation == 2
    assert bench.written[-1] == STOP
    await bench.treadmill.close()
    await nothing_left_running()


async def test_nothing_is_written_on_a_link_that_is_being_let_go_of():
    bench = Bench()
    await bench.open()
    closing = asyncio.create_task(bench.treadmill.close())
    await asyncio.sleep(0.5)
    assert bench.machine.connected
    with pytest.raises(LinkLost):
        await bench.treadmill.write(b"\x07")
    await closing
    assert bench.written == []


async def test_a_write_that_hangs_ends_with_the_link_after_atts_thirty_seconds():
    bench = Bench()
    await bench.open()
    bench.machine.faults.hang_writes = 1
    before = bench.clock.now()
    with pytest.raises(LinkLost):
        await bench.treadmill.write(STOP)
    assert bench.clock.now() - before == pytest.approx(30, abs=1)
    assert bench.drops == [Disconnected(1)]
    await nothing_left_running()


async def test_a_stack_that_never_gives_up_is_a_procedure_timeout_after_31_seconds():
    bench = Bench(backend=odd(**named("write_gatt_char", failing(None, "2ad9"))))
    await bench.open()
    before = bench.clock.now()
    with pytest.raises(ProcedureTimeout, match="unknown"):
        await bench.treadmill.write(STOP)
    assert bench.clock.now() - before == pytest.approx(31, abs=0.1)
    await bench.treadmill.close()
    await nothing_left_running()


async def test_a_drop_ends_a_pending_write_at_once_with_link_lost():
    bench = Bench()
    await bench.open()
    bench.machine.faults.hang_writes = 1
    pending = asyncio.create_task(bench.treadmill.write(STOP))
    await asyncio.sleep(1)
    bench.radio.drop(ADDRESS)
    before = bench.clock.now()
    with pytest.raises(LinkLost):
        await pending
    assert bench.clock.now() - before < 0.1
    await bench.treadmill.close()


async def test_a_cancelled_write_leaves_no_task():
    bench = Bench()
    await bench.open()
    bench.machine.faults.hang_writes = 1
    pending = asyncio.create_task(bench.treadmill.write(STOP))
    await asyncio.sleep(0.5)
    pending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await pending
    await bench.treadmill.close()
    await nothing_left_running()


async def test_writing_is_possible_while_the_rest_is_still_being_set_up():
    bench = Bench()
    opening = asyncio.create_task(bench.open())
    with pytest.raises(LinkLost):
        await bench.treadmill.write(STOP)
    await asyncio.sleep(0.6)
    assert bench.calls == ["connect", "subscribe 2ad9", "subscribe 2acd"]
    await bench.treadmill.write(STOP)
    assert not opening.done()
    assert bench.written == [STOP]
    await opening
    await bench.treadmill.close()


# The sink.


async def test_an_exception_in_the_sink_reaches_the_loops_exception_handler(complaints):
    bench = Bench()
    boom = RuntimeError("boom")

    def sink(event: LinkEvent) -> None:
        raise boom

    await bench.treadmill.open(sink, lambda: None)
    await asyncio.sleep(2.5)
    await bench.treadmill.close()
    assert complaints
    assert all(context["exception"] is boom for context in complaints)
    complaints.clear()


async def test_two_treadmills_keep_their_own_frames():
    first = Bench()
    other = FtmsMachine(personality("standard"), now=first.clock.now())
    device = first.radio.add(other, name="Other", address="AA:BB:CC:00:00:02")
    events: list[LinkEvent] = []
    second = BleTreadmill(device, clock=first.clock, backend=first.radio.client_backend)
    await first.open()
    info = await second.open(events.append, lambda: None)
    assert info.name == "Other"
    await first.treadmill.write(REQUEST_CONTROL)
    first.radio.drop(ADDRESS)
    await asyncio.sleep(3)
    assert first.drops == [Disconnected(1)]
    assert events
    assert all(isinstance(event, FrameArrived) for event in events)
    assert other.log == []
    await second.close()
    await first.treadmill.close()


async def test_a_machine_without_a_name_is_shown_by_its_address():
    bench = Bench()
    machine = FtmsMachine(personality("anonymous"), now=bench.clock.now())
    device = bench.radio.add(machine, address="AA:BB:CC:00:00:03")
    treadmill = BleTreadmill(device, clock=bench.clock, backend=bench.radio.client_backend)
    assert treadmill.name == treadmill.address == "AA:BB:CC:00:00:03"


async def test_a_subscription_without_the_property_is_not_asked_for():
    bench = Bench(personality("standard").but(control_point_properties=("write",)))
    info = await bench.open()
    assert info.has_control_point
    assert "subscribe 2ad9" not in bench.calls
    assert any("neither notifications nor indications" in remark for remark in info.remarks)
    await bench.treadmill.close()
