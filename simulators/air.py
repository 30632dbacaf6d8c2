"""Bumble's link in memory, with distance: controllers can go out of range and lose their connections.

Needs Bumble, the extra `radio`.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from bumble import core, hci
from bumble.controller import Controller
from bumble.device import Device
from bumble.host import Host
from bumble.link import LocalLink
from bumble.transport.common import AsyncPipeSink

if TYPE_CHECKING:
    from bumble import ll


class Air(LocalLink):
    """A `LocalLink` that drops what is sent to or from a controller that is away.

    It also names the sender of data by the address of the connection: Bumble takes the controller's present
    random address, which BlueZ changes when it scans, and would lose every packet from then on.
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Bumble leaves it unannotated
        self.away: set[Controller] = set()

    def sever(self, controller: Controller) -> None:
        """Tell both ends of each connection of `controller` that the supervision timeout has passed."""
        reason = hci.HCI_ErrorCode.CONNECTION_TIMEOUT_ERROR
        for connection in list(controller.le_connections.values()):
            other = self._other_end(controller, connection.peer_address)
            if other is not None:
                for back in list(other.le_connections.values()):
                    if back.peer_address == connection.self_address:
                        other.on_le_disconnected(back, reason)
            controller.on_le_disconnected(connection, reason)

    def _other_end(self, sender: Controller, address: hci.Address) -> Controller | None:
        found = self.find_le_controller(address)
        return None if found is sender else found

    def send_acl_data(
        self,
        sender_controller: Controller,
        destination_address: hci.Address,
        transport: core.PhysicalTransport,
        data: bytes,
    ) -> None:
        """Carry data to the other end of the sender's connection."""
        connection = sender_controller.le_connections.get(destination_address)
        receiver = self._other_end(sender_controller, destination_address)
        if transport != core.PhysicalTransport.LE or connection is None or receiver is None:
            return
        if self.away.isdisjoint((sender_controller, receiver)):
            loop = asyncio.get_running_loop()
            loop.call_soon(receiver.on_link_acl_data, connection.self_address, transport, data)

    def send_advertising_pdu(self, sender_controller: Controller, packet: ll.AdvertisingPdu) -> None:
        """Let everybody in range hear an advertisement."""
        if sender_controller in self.away:
            return
        loop = asyncio.get_running_loop()
        for controller in self.controllers - self.away:
            if controller is not sender_controller:
                loop.call_soon(controller.on_ll_advertising_pdu, packet)

    def send_ll_control_pdu(
        self, sender_address: hci.Address, receiver_address: hci.Address, packet: ll.ControlPdu
    ) -> None:
        """Carry a control PDU; the end of a link that the other side no longer knows is no error."""
        sender, receiver = self.find_le_controller(sender_address), self.find_le_controller(receiver_address)
        if receiver is None or sender in self.away or receiver in self.away:
            return
        if sender_address in receiver.le_connections:
            asyncio.get_running_loop().call_soon(receiver.on_ll_control_pdu, sender_address, packet)


async def device_on(air: Air, address: str, name: str) -> tuple[Device, Controller]:
    """Make a Bumble device with a controller of its own on `air`, powered; its address is random static."""
    where = hci.Address(address, hci.Address.RANDOM_DEVICE_ADDRESS)
    controller = Controller(name, link=air)
    device = Device(name=name, address=where, host=Host(controller, AsyncPipeSink(controller)))
    await device.power_on()
    return device, controller
