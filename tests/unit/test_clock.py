"""The scaled clock: never more than a quarter of a second at a time, and nothing makes it stand still."""

from __future__ import annotations

import asyncio
import itertools

import pytest

from retroctl.app.clock import MAX_STEP_S, Deadline, LoopClock, ScaledClock


@pytest.fixture
async def clock():
    made = ScaledClock(500)
    yield made
    made.stop()


async def test_time_runs_in_steps_that_no_data_gap_can_hide_in(clock):
    seen: list[float] = []

    def look() -> None:
        seen.append(clock.now())
        if len(seen) < 200:
            clock.call_at(clock.now() + 0.01, look)

    clock.call_at(0.0, look)
    await clock.sleep(60.0)
    assert len(seen) == 200

    assert all(0 <= after - before <= MAX_STEP_S for before, after in itertools.pairwise(seen))


async def test_timers_run_in_their_order_at_their_times(clock):
    ran: list[tuple[str, float]] = []
    for name, when in (("c", 3.0), ("a", 1.0), ("b", 2.0)):
        clock.call_at(when, lambda name=name: ran.append((name, clock.now())))
    await clock.sleep(4.0)

    assert [name for name, _ in ran] == ["a", "b", "c"]
    assert [at for _, at in ran] == [1.0, 2.0, 3.0]


async def test_a_cancelled_timer_does_not_run(clock):
    ran: list[int] = []
    clock.call_at(1.0, lambda: ran.append(1)).cancel()
    await clock.sleep(2.0)
    assert ran == []


async def test_a_callback_that_raises_does_not_stop_time(clock):
    told: list[dict] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: told.append(context))
    ran: list[float] = []
    clock.call_at(1.0, lambda: 1 / 0)
    clock.call_at(1.0, lambda: ran.append(clock.now()))
    await clock.sleep(5.0)

    assert ran == [pytest.approx(1.0, abs=2 * MAX_STEP_S)]
    assert isinstance(told[0]["exception"], ZeroDivisionError)


async def test_a_bound_is_in_session_seconds(clock):
    before = clock.now()
    with pytest.raises(TimeoutError):
        async with clock.timeout(10.0):
            await asyncio.Event().wait()
    assert clock.now() - before >= 10


async def test_a_stopped_clock_stands_still(clock):
    clock.stop()
    at = clock.now()
    await asyncio.sleep(0.01)
    assert clock.now() == at


@pytest.mark.parametrize("factor", [0, -1, 1001, float("nan")])
async def test_a_factor_that_makes_no_sense(factor):
    with pytest.raises(ValueError, match="speed-up"):
        ScaledClock(factor)


@pytest.mark.virtual
async def test_the_loops_own_time():
    clock = LoopClock()
    ran: list[float] = []
    clock.call_at(5.0, lambda: ran.append(clock.now()))
    await clock.sleep(6.0)
    assert ran == [pytest.approx(5.0, abs=0.01)]
    with pytest.raises(TimeoutError):
        async with clock.timeout(1.0):
            await clock.sleep(2.0)


@pytest.mark.virtual
async def test_a_deadline_that_is_set_anew_rings_once_and_one_that_is_cancelled_never():
    clock, rang = LoopClock(), []
    deadline = Deadline(clock, lambda: rang.append(clock.now()))
    began = clock.now()
    deadline.set(began + 1)
    deadline.set(began + 2)
    await clock.sleep(5)
    assert [round(at - began, 1) for at in rang] == [2.0]
    assert not deadline.pending
    deadline.set(clock.now() + 1)
    assert deadline.pending
    deadline.set(None)
    await clock.sleep(5)
    assert len(rang) == 1
