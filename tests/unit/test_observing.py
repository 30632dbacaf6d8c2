"""`retroctl observe`: what it says of a machine that says nothing."""

from __future__ import annotations

import asyncio

import pytest

from retroctl.app.clock import LoopClock
from retroctl.app.ports import FrameArrived
from retroctl.cli.look import _Shown

pytestmark = pytest.mark.virtual


async def test_a_machine_without_a_speed_for_10_s_is_told_with_what_to_try(capsys):
    clock = LoopClock()
    shown = _Shown(clock, asyncio.Event(), jsonl=False)
    shown.take(FrameArrived(1, "2ada", b"\x04"))
    await clock.sleep(9.9)
    assert capsys.readouterr().err == ""
    await clock.sleep(0.2)
    assert "No Treadmill Data for 10 s: wake the machine" in capsys.readouterr().err


async def test_one_speed_is_enough(capsys):
    clock = LoopClock()
    shown = _Shown(clock, asyncio.Event(), jsonl=False)
    shown.take(FrameArrived(1, "2acd", bytes.fromhex("00006400")))
    await clock.sleep(11.0)
    assert capsys.readouterr().err == ""
