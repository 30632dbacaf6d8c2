"""Between "connected" and "ready": subscribe, let an urgent write out, read what the machine says of itself."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from bleak.exc import BleakError

from retroctl.adapters.ble import gatt
from retroctl.adapters.ble.bounds import abandon
from retroctl.adapters.ble.faults import STACK_ERRORS, describe
from retroctl.app.ports import FrameArrived, MachineInfo
from retroctl.errors import LinkLost, MalformedFrame, ProcedureTimeout, UnsupportedTreadmill, WriteRefused
from retroctl.ftms.features import decode_feature
from retroctl.ftms.ranges import decode_inclination_range, decode_speed_range

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from bleak.backends.characteristic import BleakGATTCharacteristic

    from retroctl.adapters.ble.link import Link
    from retroctl.app.clock import Clock

T = TypeVar("T")

CONTROL_POINT_FIRST_S = 1.0
"""How long an urgent write waits for the Control Point's subscription; after that it goes out all the same."""
SUBSCRIBE_S = 5.0
READ_S = 2.0
URGENT_WRITE_S = 2.0
"""An urgent write not answered by then blocks the link: it is dropped, so that a fresh one can carry the Stop."""
FIRST_FRAME_S = 2.5
"""Treadmill Data come about once a second; when none has come by then, the machine may have lost the subscription."""
STAGGER_S = 0.1
"""Between subscriptions: some machines lose those written less than about 30 ms apart."""


class Setup:
    """Makes one fresh link ready. `silent` names characteristics that once did not answer: they are not asked again.

    An unanswered request blocks all later ones on the link until the stack gives up after 30 s (ATT allows one at a
    time), so after the first one nothing optional is asked any more. Nor where another program uses the
    link too (`reads` is False): a request of ours could hold up its Stop.
    """

    def __init__(self, link: Link, *, name: str, clock: Clock, silent: set[str], reads: bool = True) -> None:
        self._link = link
        self._name = name
        self._clock = clock
        self._silent = silent
        self._reads = reads
        self._blocked = False
        self._remarks: list[str] = []
        self._offered: dict[str, BleakGATTCharacteristic] = {}

    async def run(
        self, address: str, deliver: Callable[[FrameArrived], None], urgent: Callable[[], bytes | None]
    ) -> MachineInfo:
        """Do it all. Raises UnsupportedTreadmill or LinkLost."""
        offered = gatt.fitness_machine_characteristics(self._link.client.services)
        if offered is None:
            raise UnsupportedTreadmill(
                f"{self._name} has no Fitness Machine Service (1826), the common language of treadmills; choose another"
            )
        self._offered = offered
        await self._open_control_point(deliver, urgent)
        await self._subscribe_treadmill_data(deliver)
        if not self._reads:
            return self._info(address, has_status=False)
        has_status = await self._subscribe_optional(gatt.MACHINE_STATUS, "Machine Status", deliver)
        if not has_status:
            self._remark("a console stop or a pulled safety key will show only in the speed")
        if gatt.TRAINING_STATUS in offered:
            await self._subscribe_optional(gatt.TRAINING_STATUS, "Training Status", deliver)
        speed_range = await self._read(gatt.SPEED_RANGE, "Supported Speed Range", decode_speed_range)
        feature = await self._read(gatt.FEATURE, "Fitness Machine Feature", decode_feature)
        claims_incline = feature is not None and feature.target_inclination_supported
        incline_range = None
        if gatt.INCLINATION_RANGE in offered or claims_incline:
            incline_range = await self._read(
                gatt.INCLINATION_RANGE, "Supported Inclination Range", decode_inclination_range
            )
        info = self._info(address, has_status=has_status)
        return replace(info, feature=feature, speed_range=speed_range, incline_range=incline_range)

    def _info(self, address: str, *, has_status: bool) -> MachineInfo:
        return MachineInfo(
            name=self._name,
            address=address,
            generation=self._link.generation,
            has_treadmill_data=True,
            has_control_point=self._link.control is not None,
            has_machine_status=has_status,
            feature=None,
            speed_range=None,
            incline_range=None,
            remarks=tuple(self._remarks),
        )

    async def _open_control_point(
        self, deliver: Callable[[FrameArrived], None], urgent: Callable[[], bytes | None]
    ) -> None:
        control_point = self._offered.get(gatt.CONTROL_POINT)
        if control_point is None:
            self._remark("it has no Control Point (2AD9): it can be watched, its speed is set at the console")
            return
        with_response = gatt.writes_with_response(control_point)
        self._link.subscribe_again = lambda: self._start_again(control_point, gatt.CONTROL_POINT, deliver)
        subscription = self._link.begin(self._start(control_point, gatt.CONTROL_POINT, deliver), "subscribe 2ad9")
        try:
            await self._link.wait(subscription, CONTROL_POINT_FIRST_S)
            if with_response is None:
                self._remark(
                    "its Control Point (2AD9) takes no writes: it can be watched, its speed is set at the console"
                )
            else:
                self._link.control = (control_point, with_response)
                await self._write_urgent(urgent())
            await self._finish_control_point(subscription)
        finally:
            abandon(subscription)

    async def _finish_control_point(self, subscription: asyncio.Task[None]) -> None:
        shown = "its Control Point (2AD9)"
        try:
            if await self._link.wait(subscription, SUBSCRIBE_S):
                self._link.result(subscription)
            else:
                self._note_silence(gatt.CONTROL_POINT, f"{shown} did not confirm the subscription in time")
        except STACK_ERRORS as error:
            self._lost_or_remark(error, f"the answers of {shown} cannot be heard")

    async def _write_urgent(self, payload: bytes | None) -> None:
        if payload is None:
            return
        try:
            await self._link.write_control_point(payload, URGENT_WRITE_S)
        except WriteRefused as error:
            self._remark(
                f"it refused the first write after connecting, {payload.hex(' ')} (ATT error 0x{error.code:02X})"
            )
        except ProcedureTimeout as error:
            raise LinkLost(
                f"{self._name} did not answer the first write after connecting, the link was dropped"
            ) from error

    async def _subscribe_treadmill_data(self, deliver: Callable[[FrameArrived], None]) -> None:
        treadmill_data = self._offered.get(gatt.TREADMILL_DATA)
        if treadmill_data is None:
            raise UnsupportedTreadmill(
                f"{self._name} sends no Treadmill Data (2ACD), so its speed cannot be known: it may be another kind of "
                "machine, or it may need its maker's own app; choose another"
            )
        heard = False

        def hear(frame: FrameArrived) -> None:
            nonlocal heard
            heard = True
            deliver(frame)

        async def again_if_silent() -> None:
            await self._clock.sleep(FIRST_FRAME_S)
            if not heard:
                with suppress(*STACK_ERRORS, LinkLost):  # then the session says that no data come
                    again = self._start_again(treadmill_data, gatt.TREADMILL_DATA, hear)
                    await self._link.run(again, SUBSCRIBE_S, "subscribe 2acd again")

        await self._clock.sleep(STAGGER_S)
        try:
            await self._link.run(self._start(treadmill_data, gatt.TREADMILL_DATA, hear), SUBSCRIBE_S, "subscribe 2acd")
        except TimeoutError as error:
            raise LinkLost(f"{self._name} did not answer the subscription to its Treadmill Data (2ACD)") from error
        except STACK_ERRORS as error:
            if not self._link.client.is_connected:
                raise LinkLost(f"the connection to {self._name} ended while it was set up") from error
            raise UnsupportedTreadmill(
                f"{self._name} does not let its Treadmill Data (2ACD) be subscribed ({describe(error)}), "
                "so its speed cannot be known"
            ) from error
        self._link.watchers.append(self._link.begin(again_if_silent(), "verify 2acd"))

    async def _subscribe_optional(self, number: str, title: str, deliver: Callable[[FrameArrived], None]) -> bool:
        """Subscribe if it can be done; says whether it was. What stood in the way becomes a remark."""
        shown = f"its {title} ({number.upper()})"
        characteristic = self._offered.get(number)
        if characteristic is None:
            self._remark(f"it has no {title} ({number.upper()})")
            return False
        if self._skip(number, shown):
            return False
        await self._clock.sleep(STAGGER_S)
        try:
            await self._link.run(self._start(characteristic, number, deliver), SUBSCRIBE_S, f"subscribe {number}")
        except TimeoutError:
            self._note_silence(number, f"{shown} did not confirm the subscription in time")
        except STACK_ERRORS as error:
            self._lost_or_remark(error, f"{shown} cannot be subscribed")
        else:
            return True
        return False

    async def _start(
        self, characteristic: BleakGATTCharacteristic, number: str, deliver: Callable[[FrameArrived], None]
    ) -> None:
        generation = self._link.generation

        def arrived(_sender: BleakGATTCharacteristic, data: bytearray) -> None:
            deliver(FrameArrived(generation, number, bytes(data)))

        if not gatt.notifies(characteristic):
            raise BleakError("it offers neither notifications nor indications")
        await self._link.client.start_notify(characteristic, arrived)

    async def _start_again(
        self, characteristic: BleakGATTCharacteristic, number: str, deliver: Callable[[FrameArrived], None]
    ) -> None:
        with suppress(*STACK_ERRORS):  # the stack may not count it as subscribed
            await self._link.client.stop_notify(characteristic)
        await self._start(characteristic, number, deliver)

    async def _read(self, number: str, title: str, decode: Callable[[bytes], T]) -> T | None:
        """Read and decode one value; None when it is not there or makes no sense, with a remark."""
        shown = f"its {title} ({number.upper()})"
        characteristic = self._offered.get(number)
        if characteristic is None:
            self._remark(f"it does not tell {shown}")
            return None
        if self._skip(number, shown):
            return None
        try:
            data = bytes(
                await self._link.run(self._link.client.read_gatt_char(characteristic), READ_S, f"read {number}")
            )
            if data:
                return decode(data)
            self._remark(f"{shown} is empty")
        except MalformedFrame as error:
            self._remark(f"{shown} makes no sense ({error})")
        except TimeoutError:
            self._note_silence(number, f"{shown} could not be read: no answer in {READ_S:g} s")
        except STACK_ERRORS as error:
            self._lost_or_remark(error, f"{shown} cannot be read")
        return None

    def _skip(self, number: str, shown: str) -> bool:
        if self._blocked or number in self._silent:
            self._remark(f"{shown} was not asked for, because the machine left a request unanswered")
            return True
        return False

    def _note_silence(self, number: str, remark: str) -> None:
        self._silent.add(number)
        self._blocked = True
        self._remark(f"{remark}; until that request ends a Stop may be late")

    def _lost_or_remark(self, error: BaseException, remark: str) -> None:
        if not self._link.client.is_connected:
            raise LinkLost(f"the connection to {self._name} ended while it was set up") from error
        self._remark(f"{remark} ({describe(error)})")

    def _remark(self, text: str) -> None:
        self._remarks.append(f"{text[0].upper()}{text[1:]}.")
