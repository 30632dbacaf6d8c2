"""aiomqtt's client with what it leaves open closed: how much is read at a time, how large a packet may be, the log."""

from __future__ import annotations

import asyncio
import logging
import socket
from typing import TYPE_CHECKING, Any, Final

import aiomqtt
from paho.mqtt.client import MQTT_CLEAN_START_FIRST_ONLY
from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from retroctl.adapters.mqtt.messages import MOST_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable

    from retroctl.adapters.mqtt.broker import Broker
    from retroctl.adapters.mqtt.outbox import Outgoing

IO_S: Final = 5.0
"""The most that the broker may take for an answer; then the connection is given up and made anew."""
MOST_PACKET: Final = 2 * MOST_BYTES
"""A broker that sends larger packets than anybody of us is cut off before memory is spent on one."""
MOST_WAITING: Final = 1000
"""Answers that wait for the broker to read them; one that does not is cut off, like one that keeps to no QoS."""
READ_A_TURN: Final = 50
TURN_S: Final = 0.02
"""At most so many packets in so long, 2,500 a second: the rest waits at the broker. Python runs one thread at a time,
and what a flood costs here the belt's control would lack. Where no belt is controlled a client may read more."""
AT_ONCE: Final = ((socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),)
"""A small message leaves when it is made, and not when what was sent before it has been acknowledged."""
_QUICKACK: Final = getattr(socket, "TCP_QUICKACK", None)
"""Linux: acknowledge what was read now. A broker that keeps small messages back (Mosquitto, unless told otherwise)
holds a Stop until what it sent before is acknowledged, and left to itself the system takes 40 ms over that."""
REFUSED: Final = 0x80
"""Reason codes from here on are refusals."""
_TAKEN_OVER: Final = 0x8E

_silent = logging.getLogger(f"{__name__}.aiomqtt")
_silent.addHandler(logging.NullHandler())
_silent.propagate = False  # it would write over the trainer's screen


class Client(aiomqtt.Client):
    """One connection to a broker. It is made once and not reused."""

    def __init__(
        self,
        broker: Broker,
        identifier: str,
        will: aiomqtt.Will | None,
        arrived: Callable[[str, bytes, bool], None] = lambda _topic, _payload, _retained: None,
        read_a_turn: int = READ_A_TURN,
    ) -> None:
        """`arrived` gets topic, payload and whether it was retained, of each message, in the loop; it must be quick.

        `read_a_turn`: the most packets that are read in `TURN_S`.
        """
        version = aiomqtt.ProtocolVersion.V5 if broker.version == "5" else aiomqtt.ProtocolVersion.V311
        five = version is aiomqtt.ProtocolVersion.V5
        properties = None
        if five:
            properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho's
            properties.MaximumPacketSize = MOST_PACKET
            properties.ReceiveMaximum = 64
        address = broker.address
        super().__init__(
            address.host,
            address.port,
            username=address.user,
            password=broker.password,
            identifier=identifier,
            protocol=version,
            will=will,
            clean_session=None if five else True,
            clean_start=True if five else MQTT_CLEAN_START_FIRST_ONLY,
            properties=properties,
            keepalive=broker.keepalive_s,
            timeout=IO_S,
            tls_context=broker.tls,
            socket_options=AT_ONCE,
            logger=_silent,
        )
        self._arrived, self._read_a_turn = arrived, read_a_turn
        self.taken_over = False
        """Another client came with this one's identifier, and the broker has said so (MQTT 5)."""
        self.receive_maximum = 0xFFFF
        """So many messages may be on their way to the broker at a time (MQTT 5 section 3.2.2.3.3)."""
        self._answers: dict[int, asyncio.Future[bool]] = {}
        """Of each message that `say` has sent: whether the broker has taken it."""
        self._read_in_turn, self._turn_began = 0, 0.0
        self._reading: tuple[Any, int] | None = None
        self._cut = False
        self._bound_packets()

    async def lost(self) -> None:
        """Wait until the connection is gone. Raises what ended it."""
        await asyncio.shield(self._disconnected)

    def say(self, message: Outgoing) -> asyncio.Future[bool]:
        """Publish, QoS 1, and wait for nothing; the future tells whether the access list let it through.

        MQTT 5 only: the older one does not say, so there everything counts as let through.

        aiomqtt's own way waits for each before the next may go, or makes a task of each, and does not tell them apart.
        Raises aiomqtt.MqttError where there is no connection any more.
        """
        sent = self._client.publish(message.topic, message.payload, 1, message.retain)
        if sent.rc != MQTTErrorCode.MQTT_ERR_SUCCESS:
            raise aiomqtt.MqttCodeError(sent.rc, "the connection to the broker was lost")
        answer: asyncio.Future[bool] = self._loop.create_future()
        self._answers[sent.mid] = answer
        return answer

    async def answered(self, answer: asyncio.Future[bool]) -> bool:
        """Wait for it. Raises aiomqtt.MqttError where the broker does not answer."""
        try:
            async with asyncio.timeout(IO_S):
                return await answer
        except TimeoutError:
            raise aiomqtt.MqttError("Operation timed out") from None

    def cut(self) -> None:
        """Close the socket without a word: the broker takes it for lost."""
        self._cut = True
        self._reading = None
        if self._misc_task is not None:
            self._misc_task.cancel()
        sock = self._client.socket()
        if sock is not None and sock.fileno() >= 0:
            self._loop.remove_reader(sock.fileno())
            self._loop.remove_writer(sock.fileno())
            sock.close()
            # Paho would have the loop forget it once more when it is thrown away, and a closed socket has no number.
            self._client.on_socket_unregister_write = self._client.on_socket_close = None

    def _bound_packets(self) -> None:
        """Paho asks its socket for the whole of a packet at once, up to 256 MB."""
        receive = self._client._sock_recv  # noqa: SLF001 - no public way; test_mqtt_trouble shows that it works

        def bounded(size: int) -> bytes:
            if size > MOST_PACKET:
                raise ConnectionAbortedError("a packet larger than any of ours")
            return receive(size)

        self._client._sock_recv = bounded  # type: ignore[method-assign,assignment]  # noqa: SLF001

    def _on_connect(self, client: Any, userdata: Any, flags: Any, reason_code: Any, properties: Any = None) -> None:
        # Only what the broker named is there. 0 would be a protocol error; one at a time is then the least.
        self.receive_maximum = max(1, getattr(properties, "ReceiveMaximum", self.receive_maximum))
        super()._on_connect(client, userdata, flags, reason_code, properties)

    def _on_disconnect(self, client: Any, userdata: Any, flags: Any, reason_code: Any, properties: Any = None) -> None:
        self.taken_over = self.taken_over or getattr(reason_code, "value", reason_code) == _TAKEN_OVER
        # aiomqtt would wait for an answer that cannot come any more.
        self._give_up("the broker ended the connection before it said yes")
        super()._on_disconnect(client, userdata, flags, reason_code, properties)

    def _give_up(self, why: str) -> None:
        if not self._connected.done():
            self._connected.set_exception(aiomqtt.MqttError(why))

    def _on_message(self, client: Any, userdata: Any, message: Any) -> None:
        """Straight to whom it concerns: aiomqtt's queue costs two tasks a message, which a flood turns into a load."""
        del client, userdata
        try:
            topic = message.topic
        except UnicodeDecodeError:
            return  # none of ours
        self._arrived(topic, bytes(message.payload), bool(message.retain))

    def _on_publish(self, client: Any, userdata: Any, mid: int, reason_code: Any, properties: Any) -> None:
        refused = getattr(reason_code, "value", 0) >= REFUSED
        answer = self._answers.pop(mid, None)
        if answer is not None and not answer.done():
            answer.set_result(not refused)
        super()._on_publish(client, userdata, mid, reason_code, properties)

    def _on_socket_open(self, client: Any, userdata: Any, sock: Any) -> None:
        """Read in turns, where aiomqtt reads for as long as anything comes. Called in the connecting thread."""
        del userdata
        descriptor = sock.fileno()

        def begin() -> None:
            if self._cut:  # given up while it was still being made
                sock.close()
                return
            self._misc_task = self._loop.create_task(self._misc_loop())
            self._reading = (client, descriptor)
            self._loop.add_reader(descriptor, self._read)

        self._loop.call_soon_threadsafe(begin)

    def _on_socket_close(self, client: Any, userdata: Any, sock: Any) -> None:
        self._reading = None
        super()._on_socket_close(client, userdata, sock)

    def _read(self) -> None:
        if self._reading is None:
            return
        client, descriptor = self._reading
        now = self._loop.time()
        if now - self._turn_began >= TURN_S:
            self._turn_began, self._read_in_turn = now, 0
        try:
            while True:
                client.loop_read()
                self._refuse_hoards()
                _acknowledged(client.socket())
                self._read_in_turn += 1
                if self._read_in_turn >= self._read_a_turn:
                    self._loop.remove_reader(descriptor)
                    self._loop.call_at(self._turn_began + TURN_S, self._next_turn)
                    return
                # What TLS has decoded already is not seen by the selector.
                if getattr(client.socket(), "pending", int)() == 0:
                    return
        except Exception as error:  # noqa: BLE001 - whatever it is, this connection is over
            self._loop.remove_reader(descriptor)
            self._reading = None
            self._give_up(str(error))
            if not self._disconnected.done():
                self._disconnected.set_exception(error)

    def _refuse_hoards(self) -> None:
        """Paho keeps what a broker promises (QoS 2) and what it does not read, without end."""
        paho = self._client
        if paho._in_messages:  # noqa: SLF001 - no public way
            raise ConnectionAbortedError("a message with QoS 2, for which nobody asked")
        if len(paho._out_packet) > MOST_WAITING:  # noqa: SLF001 - no public way
            raise ConnectionAbortedError("the broker does not read what it is answered")

    def _next_turn(self) -> None:
        if self._reading is not None:
            self._loop.add_reader(self._reading[1], self._read)
            self._read()


def _acknowledged(sock: Any) -> None:
    """Have the system acknowledge what was read; it forgets that it was told to, so it is told every time."""
    if _QUICKACK is not None and sock is not None:
        sock.setsockopt(socket.IPPROTO_TCP, _QUICKACK, 1)
