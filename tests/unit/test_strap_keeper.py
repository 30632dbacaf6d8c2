"""The strap is kept for a session, in the treadmill's shadow: bounded, and given up when the radio is needed."""

from __future__ import annotations

import asyncio
import math
from contextlib import asynccontextmanager

import pytest

from retroctl.app.clock import LoopClock
from retroctl.app.reports import Kind, Report
from retroctl.app.strap import STEADY_S, TRIES, StrapKeeper
from retroctl.errors import SeveralStraps, StrapNotFound

pytestmark = pytest.mark.virtual

LOST = Report(1.0, Kind.EVENT, {"event": "LinkDropped"})
BACK = Report(2.0, Kind.EVENT, {"event": "LinkRestored"})


def state(name: str) -> Report:
    return Report(1.0, Kind.STATE, {"state": name, "stage": 0, "target_kmh": 1.0})


class Strap:
    """A strap that does what the test says: each try takes `takes_s` and ends as `ends` has it."""

    def __init__(self, *ends: Exception | None, takes_s: float = 2.0) -> None:
        self.ends, self.takes_s = list(ends), takes_s
        self.tries: list[float] = []
        self.given_up: list[float] = []
        self.gone = asyncio.Event()
        self.closed = 0
        self.address: str | None = None

    async def connect(self, frame) -> None:
        now = asyncio.get_running_loop().time
        self.tries.append(now())
        try:
            await (asyncio.Event().wait() if math.isinf(self.takes_s) else asyncio.sleep(self.takes_s))
        except asyncio.CancelledError:
            self.given_up.append(now())
            raise
        end = self.ends.pop(0) if self.ends else None
        if end is not None:
            raise end
        self.address = "AA"
        self.gone.clear()
        frame(b"\x00\x50")

    async def lost(self) -> None:
        await self.gone.wait()

    async def close(self) -> None:
        self.closed += 1


@asynccontextmanager
async def kept(strap: Strap):
    frames: list[bytes] = []
    remarks: list[str] = []
    keeper = StrapKeeper(strap, LoopClock(), frame=frames.append, remark=remarks.append, jitter=lambda: 0.5)
    keeper.frames, keeper.remarks = frames, remarks
    keeper.begin()
    try:
        yield keeper
    finally:
        await keeper.close()
        assert strap.closed == 1


async def test_it_connects_hands_frames_on_and_connects_again_after_a_loss():
    strap = Strap()
    async with kept(strap) as keeper:
        await asyncio.sleep(3)
        assert keeper.frames == [b"\x00\x50"]
        assert keeper.address == "AA"
        strap.gone.set()
        await asyncio.sleep(5)
        assert len(strap.tries) == 2
        assert keeper.remarks == [
            "The strap is connected.",
            "The strap's connection is gone; looking for it again.",
            "The strap is connected.",
        ]


async def test_tries_come_further_and_further_apart_and_end():
    strap = Strap(*[StrapNotFound("no strap is heard")] * (TRIES + 3))
    async with kept(strap) as keeper:
        await asyncio.sleep(1000)
        gaps = [b - a - strap.takes_s for a, b in zip(strap.tries, strap.tries[1:], strict=False)]
        assert gaps == pytest.approx([1, 2, 4, 8, 16, 30, 30, 30, 30, 30, 30])
        assert len(strap.tries) == TRIES
        assert keeper.remarks == [
            "No strap is heard.",
            "The strap is given up for this session; a raise waits for RPE at each speed.",
        ]


async def test_a_strap_that_drops_as_soon_as_it_is_connected_is_given_up_too():
    """Found by hand: it was connected anew every second or two, for as long as the session lasted."""

    class Flapping(Strap):
        async def lost(self) -> None:
            await asyncio.sleep(STEADY_S - 1 if len(self.tries) < 3 or len(self.tries) > 4 else STEADY_S)

    strap = Flapping()
    async with kept(strap) as keeper:
        await asyncio.sleep(2000)
        assert len(strap.tries) == 4 + TRIES - 1, "one that held for a while begins the count anew"
        assert "given up" in keeper.remarks[-1]


async def test_of_several_straps_none_is_picked_and_it_ends_there():
    strap = Strap(SeveralStraps("2 straps are in range"))
    async with kept(strap) as keeper:
        await asyncio.sleep(100)
        assert len(strap.tries) == 1
        assert keeper.remarks == ["2 straps are in range."]


@pytest.mark.parametrize(
    ("needed", "over"), [(LOST, BACK), (state("stopping"), state("stopped")), (state("lost"), state("settling"))]
)
async def test_a_try_is_given_up_at_once_when_the_treadmill_needs_the_radio(needed, over):
    strap = Strap(takes_s=10.0)
    async with kept(strap) as keeper:
        await asyncio.sleep(1)
        keeper(needed)
        await asyncio.sleep(0.01)
        assert strap.given_up == [pytest.approx(1.0, abs=0.02)]
        await asyncio.sleep(60)
        assert len(strap.tries) == 1, "none is begun meanwhile"
        keeper(over)
        await asyncio.sleep(11)
        assert len(strap.tries) == 2
        assert keeper.frames == [b"\x00\x50"]


async def test_a_link_that_is_lost_keeps_a_connected_strap():
    strap = Strap()
    async with kept(strap) as keeper:
        await asyncio.sleep(3)
        keeper(LOST)
        keeper(Report(1.0, Kind.CUE, {"text": "Hold."}))
        await asyncio.sleep(3)
        assert strap.given_up == []
        assert len(strap.tries) == 1


async def test_a_try_that_never_ends_is_bounded():
    strap = Strap(takes_s=math.inf)
    async with kept(strap) as keeper:
        await asyncio.sleep(41)
        assert len(strap.given_up) == 1
        assert keeper.remarks == ["The strap does not answer."]


async def test_closing_before_it_began_is_harmless():
    strap = Strap()
    keeper = StrapKeeper(strap, LoopClock(), frame=lambda _: None, remark=lambda _: None)
    await keeper.close()
    assert strap.closed == 1
