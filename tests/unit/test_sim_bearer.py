"""One ATT request at a time: turns, callers who give up, ATT's 30 s, and the end of a link."""

from __future__ import annotations

import asyncio

import pytest

from retroctl.app.clock import LoopClock
from simulators.bearer import Bearer, wait

pytestmark = pytest.mark.virtual


def made() -> tuple[LoopClock, Bearer, list[float]]:
    clock = LoopClock()
    timeouts: list[float] = []
    return clock, Bearer(clock, lambda: timeouts.append(clock.now())), timeouts


def taking(clock: LoopClock, seconds: float, done: list[str], name: str):
    async def transact() -> str:
        await wait(clock, seconds)
        done.append(name)
        return name

    return transact


async def test_requests_take_turns_in_their_order():
    clock, bearer, _ = made()
    done: list[str] = []
    work = [asyncio.create_task(bearer.request(1, taking(clock, 1.0, done, name))) for name in "abc"]
    assert await asyncio.gather(*work) == ["a", "b", "c"]
    assert done == ["a", "b", "c"]
    assert clock.now() == pytest.approx(3.0, abs=0.01)


async def test_a_refusal_reaches_its_caller_and_frees_the_bearer():
    clock, bearer, _ = made()

    async def refused() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await bearer.request(1, refused)
    assert await bearer.request(1, taking(clock, 0, [], "next")) == "next"


async def test_a_caller_who_gives_up_frees_nothing_and_the_request_is_carried_out():
    clock, bearer, _ = made()
    done: list[str] = []
    first = asyncio.create_task(bearer.request(1, taking(clock, 5.0, done, "first")))
    await asyncio.sleep(1)
    first.cancel()
    assert await bearer.request(1, taking(clock, 0, done, "second")) == "second"
    assert clock.now() == pytest.approx(5.0, abs=0.01)
    assert done == ["first", "second"]


async def test_a_refusal_that_nobody_waits_for_is_no_trouble():
    clock, bearer, _ = made()

    async def refused() -> None:
        await wait(clock, 1)
        raise ValueError("no")

    first = asyncio.create_task(bearer.request(1, refused))
    await asyncio.sleep(0.5)
    first.cancel()
    await asyncio.sleep(1)
    assert not bearer.busy(1)


async def test_one_who_leaves_the_queue_is_passed_over():
    clock, bearer, _ = made()
    done: list[str] = []
    first, second, third = (
        asyncio.create_task(bearer.request(1, taking(clock, 2.0, done, name))) for name in ("a", "b", "c")
    )
    await asyncio.sleep(1)
    second.cancel()
    await asyncio.gather(first, third)
    assert done == ["a", "c"]


async def test_a_turn_given_to_one_who_leaves_in_the_same_moment_is_passed_on():
    clock, bearer, _ = made()
    done: list[str] = []

    async def transact() -> None:
        await wait(clock, 2.0)
        # Runs after the turn was handed over and before the second has taken it.
        asyncio.get_running_loop().call_soon(second.cancel)

    first = asyncio.create_task(bearer.request(1, transact))
    await asyncio.sleep(0)
    second, third = (asyncio.create_task(bearer.request(1, taking(clock, 1.0, done, name))) for name in ("b", "c"))
    await asyncio.gather(first, third)
    assert second.cancelled()
    assert done == ["c"]


async def test_after_30_s_the_link_is_dropped():
    clock, bearer, timeouts = made()
    hung = asyncio.create_task(bearer.request(1, taking(clock, float("inf"), [], "")))
    await asyncio.sleep(31)
    assert timeouts == [pytest.approx(30.0, abs=0.01)]
    bearer.freeze()
    await asyncio.sleep(100)
    assert not hung.done()
    assert bearer.busy(1)
    bearer.close(EOFError)
    with pytest.raises(EOFError):
        await hung


async def test_closing_fails_the_outstanding_the_waiting_and_the_late():
    clock, bearer, timeouts = made()
    work = [asyncio.create_task(bearer.request(1, taking(clock, float("inf"), [], ""))) for _ in range(3)]
    command = asyncio.create_task(bearer.free(1))
    await asyncio.sleep(1)
    bearer.close(EOFError)
    for each in (*work, command):
        with pytest.raises(EOFError):
            await each
    with pytest.raises(EOFError):
        await bearer.request(1, taking(clock, 0, [], ""))
    assert timeouts == []


async def test_a_command_waits_for_a_request_on_its_own_characteristic_only():
    clock, bearer, _ = made()
    slow = asyncio.create_task(bearer.request(1, taking(clock, 4.0, [], "")))
    await asyncio.sleep(1)
    await bearer.free(2)
    assert clock.now() == pytest.approx(1.0, abs=0.01)
    await bearer.free(1)
    assert clock.now() == pytest.approx(4.0, abs=0.01)
    await slow
