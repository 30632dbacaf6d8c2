"""A session's voice on the club's broker, where it has one: begun before the treadmill is reached, ended after all."""

from __future__ import annotations

import asyncio
import uuid
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

from retroctl import __version__
from retroctl.app.reports import Kind, Report
from retroctl.app.snapshot import Snapshot, snapshot

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from retroctl.adapters.mqtt.link import Standing
    from retroctl.adapters.mqtt.publisher import MachinePublisher
    from retroctl.app.runner import Runner
    from retroctl.cli.mqtt_choice import MqttChoice
    from retroctl.cli.options import RunOptions
    from retroctl.domain.limits import Caps
    from retroctl.domain.plan import Plan

ALARM_ID: Final = "mqtt"
ALARMS: Final = 10
"""A broker that comes and goes all day is said so often; what follows is in the record."""
GONE_S: Final = 0.5
"""What the end of a run waits for a broker that is not there."""


class MqttVoice:
    """What a session tells the broker beside its reports. Without a broker it does nothing."""

    def __init__(self, runner: Runner, publisher: MachinePublisher | None = None) -> None:
        self._runner, self._publisher = runner, publisher

    def begun(self, plan: Plan, caps: Caps) -> None:
        """There is a plan."""
        if self._publisher is not None:
            stages = [
                {"kind": s.kind.value, "facing": s.facing.value, "target_kmh": s.target.kmh, "hold_s": s.hold_s}
                for s in plan.stages
            ]
            self._publisher.session_begun(cap_kmh=caps.backward.kmh, stages=stages)

    def ended(self, summary: dict[str, Any], status: int) -> None:
        """The run has ended so."""
        if self._publisher is not None:
            self._publisher.session_ended(summary, status)
            counts = self._publisher.counts
            told = {"connects": counts.connects, "sent": counts.sent, "received": counts.received}
            lost = {"dropped": counts.dropped_out, "denied": counts.denied, "uncounted": self._publisher.uncounted}
            self._runner.report(Kind.EVENT, {"event": "MqttEnded", **told, **lost})


class _Teller:
    """Says at the keys when the broker goes and comes. It decides nothing."""

    def __init__(self, runner: Runner, where: str) -> None:
        self._runner, self._where = runner, where
        self._away = False
        self._alarms = 0

    def standing(self, standing: Standing) -> None:
        """The connection stands otherwise."""
        self._runner.report(Kind.EVENT, {"event": "Mqtt", "connected": standing.connected, "why": standing.why})
        if standing.connected and self._away:
            self._away = False
            self._say("the broker is there again")
        elif not standing.connected and not self._away:
            self._away = True
            self._say(f"NO BROKER at {self._where}: {standing.why}. Nobody there sees this session or can stop it")

    def note(self, text: str) -> None:
        """A line for the record."""
        self._runner.report(Kind.EVENT, {"event": "MqttRefused", "text": text})

    def _say(self, text: str) -> None:
        self._alarms += 1
        if self._alarms <= ALARMS:
            self._runner.report(Kind.ALARM, {"id": ALARM_ID, "text": text})


@asynccontextmanager
async def mqtt_voice(
    options: RunOptions, runner: Runner, listeners: list[Callable[[Report], None]], *, treadmill: str
) -> AsyncIterator[MqttVoice]:
    """Tell the broker while inside, if there is one, and take Stop from it."""
    choice = options.mqtt
    if choice is None:
        yield MqttVoice(runner)
        return
    from retroctl.adapters.mqtt.hub import Hub  # noqa: PLC0415 - only with a broker

    hub = Hub()
    publisher = _publisher(hub, choice, options, runner, treadmill)
    listeners.append(publisher)
    publisher.begin()
    try:
        yield MqttVoice(runner, publisher)
    finally:
        await (publisher.close() if publisher.link.connected else publisher.close(GONE_S))
        await asyncio.to_thread(hub.close, GONE_S)


def _publisher(hub: Any, choice: MqttChoice, options: RunOptions, runner: Runner, treadmill: str) -> MachinePublisher:
    from retroctl.adapters.mqtt.homeassistant import HAIL, discovery  # noqa: PLC0415 - only with a broker
    from retroctl.adapters.mqtt.narrator import Identity, short  # noqa: PLC0415 - only with a broker
    from retroctl.adapters.mqtt.publisher import MachinePublisher  # noqa: PLC0415 - only with a broker

    def picture() -> Snapshot | None:
        return None if runner.engine is None else snapshot(runner.engine, runner.now())

    identity = Identity(
        choice.machine,
        run=uuid.uuid4().hex,
        version=__version__,
        treadmill=treadmill,
        simulated=options.sim is not None,
        client=None if options.client_id is None else options.client_id[:8],
        client_name=None if choice.client_name is None else short(choice.client_name),
        heart_rate=choice.heart_rate,
    )
    extras = [discovery(choice.machine, version=__version__, heart_rate=choice.heart_rate)]
    teller = _Teller(runner, choice.broker.address.shown)
    return MachinePublisher(
        hub,
        choice.broker,
        identity,
        picture=picture,
        elapsed=lambda: runner.now() - runner.began_at,
        stop=runner.stop,
        note=teller.note,
        standing=teller.standing,
        extras=extras if choice.homeassistant else (),
        hail=HAIL if choice.homeassistant else None,
    )
