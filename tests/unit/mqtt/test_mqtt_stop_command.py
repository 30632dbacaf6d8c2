"""`retroctl mqtt stop`: its exit status claims rest only where that was measured."""

from __future__ import annotations

import pytest
from mqtt_rig import BELT_1

from retroctl.adapters.mqtt.broker import Broker, parse_url
from retroctl.adapters.mqtt.link import Standing
from retroctl.adapters.mqtt.messages import Ack
from retroctl.adapters.mqtt.watcher import Watcher
from retroctl.cli.mqtt import _stop

SAID = {"ts": "2026-01-02T03:04:05.678Z", "run": "0" * 32}


@pytest.mark.parametrize(
    ("results", "status"),
    [
        ([], 3),
        (["received", "at_rest"], 0),
        (["received", "sent", "not_confirmed", "at_rest"], 0),
        (["received"], 4),
        (["received", "sent", "accepted"], 4),
        (["received", "sent", "not_confirmed"], 4),
        (["received", "nothing_to_stop"], 4),
        (["refused"], 4),
    ],
)
async def test_0_is_for_a_belt_measured_at_rest_alone(monkeypatch, results, status):
    async def reached(_watcher, _wait_s):
        return Standing(connected=True)

    async def stop(_watcher, _machine, *, by):
        assert by
        for number, result in enumerate(results, 1):
            yield Ack(seq=number, **SAID, id="a", result=result, text="")

    async def close(_watcher):
        pass

    monkeypatch.setattr(Watcher, "begin", lambda _watcher: None)
    monkeypatch.setattr(Watcher, "reached", reached)
    monkeypatch.setattr(Watcher, "stop", stop)
    monkeypatch.setattr(Watcher, "close", close)
    assert await _stop(Broker.checked(parse_url("mqtt://127.0.0.1/club")), BELT_1) == status
