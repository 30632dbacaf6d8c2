"""How old a message is that the broker had kept, as `retroctl mqtt watch` says it."""

from __future__ import annotations

import pytest

from retroctl.adapters.mqtt.messages import Status
from retroctl.adapters.mqtt.topics import Machine
from retroctl.adapters.mqtt.watcher import Heard
from retroctl.cli.mqtt import _age


@pytest.mark.parametrize(
    ("ts", "words"),
    [
        ("2026-01-02T03:04:05.678Z", " s old]"),
        ("9999-12-31T23:59:59.999Z", "0 s old]"),
        ("2026-13-45T99:99:99.000Z", "nobody knows since when"),
    ],
)
def test_a_moment_that_no_calendar_has_is_no_fault_of_ours(ts: str, words: str) -> None:
    said = {"seq": 1, "ts": ts, "run": "0" * 32, "version": "0.1.0", "simulated": True, "treadmill": "Belt"}
    message = Status(**said, status="offline", reason="lost")
    assert words in _age(Heard(Machine("club", "belt"), message, True, 0.0))
