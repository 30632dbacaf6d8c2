"""The test bed itself."""

from __future__ import annotations

import asyncio
import time

import pytest


@pytest.mark.virtual
async def test_a_virtual_test_waits_an_hour_in_no_time():
    before, real = asyncio.get_running_loop().time(), time.monotonic()
    await asyncio.sleep(3600)
    assert asyncio.get_running_loop().time() - before == pytest.approx(3600)
    assert time.monotonic() - real < 60


async def test_any_other_test_has_the_ordinary_loop():
    assert type(asyncio.get_running_loop()).__module__.startswith("asyncio")
