"""A call into a Bluetooth stack is bounded, whatever the stack does."""

from __future__ import annotations

import asyncio
import gc

import pytest

from retroctl.adapters.ble import bounds
from retroctl.adapters.ble.bounds import abandon, bounded
from retroctl.app.clock import LoopClock

pytestmark = pytest.mark.virtual


async def test_a_call_gives_its_result_or_its_error():
    async def fails():
        raise RuntimeError("boom")

    assert await bounded(asyncio.sleep(1, "done"), 2, "sleep", LoopClock()) == "done"
    with pytest.raises(RuntimeError, match="boom"):
        await bounded(fails(), 2, "fail", LoopClock())


async def test_a_call_that_takes_too_long_is_cancelled_and_named():
    cancelled = asyncio.Event()

    async def hangs():
        try:
            await asyncio.sleep(1000)
        finally:
            cancelled.set()

    with pytest.raises(TimeoutError, match="no answer to: hang"):
        await bounded(hangs(), 2, "hang", LoopClock())
    assert asyncio.get_running_loop().time() == pytest.approx(2)
    await asyncio.sleep(0)
    assert cancelled.is_set()


async def test_an_abandoned_call_is_kept_until_it_ends_and_its_error_is_no_news():
    told = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: told.append(context))

    async def ends_badly():
        try:
            await asyncio.sleep(1000)
        finally:
            await asyncio.sleep(1)
            raise RuntimeError("too late for anybody")

    async def fails():
        raise RuntimeError("before anybody looked")

    late, early = asyncio.create_task(ends_badly()), asyncio.create_task(fails())
    await asyncio.sleep(0.1)
    abandon(late)
    abandon(early)
    await asyncio.sleep(0.1)
    assert bounds._strays == {late}
    del late, early
    gc.collect()
    await asyncio.sleep(5)
    gc.collect()
    assert bounds._strays == set()
    assert told == []
