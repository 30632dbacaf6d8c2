"""Every way out, at every stage: the belt rests at the end, the program says so, and says nothing else.

The ways are given to the program as their handler would; tests/system/test_cli_signals.py sends the signals themselves.
"""

from __future__ import annotations

import pytest
from cli_inside import Inside, entering, once

from retroctl.domain import events as ev
from retroctl.errors import TreadmillNotFound
from simulators.personality import personality

STAGES = ["idle", "observing", "briefing", "armed", "starting", "settling", "holding", "ready", "announcing"]
STAGES += ["easing_down", "stopping"]
UNARMED = {"idle", "observing", "briefing"}

pytestmark = pytest.mark.virtual


@pytest.fixture
def inside(monkeypatch, capfd, tmp_path):
    return Inside(monkeypatch, capfd, tmp_path / "data")


@pytest.mark.parametrize("stage", STAGES)
async def test_a_way_out_at_any_stage_leaves_the_belt_at_rest_and_says_so(inside, stage):
    inside.hook = once(entering(stage), lambda: inside.soon(lambda: inside.leave("SIGINT")))

    assert await inside.run() == 0

    assert inside.true_speed == 0
    assert inside.summary["belt_at_rest"] is True
    assert "the belt is at rest (measured)" in inside.err
    assert len(inside.err.splitlines()) == 1
    assert inside.record.summary.outcome["exit_status"] == 0


@pytest.mark.parametrize("stage", sorted(UNARMED))
async def test_who_leaves_before_arming_writes_nothing(inside, stage):
    inside.hook = once(entering(stage), lambda: inside.soon(lambda: inside.leave("SIGTERM")))

    assert await inside.run() == 0

    assert inside.written == []
    assert "nothing was written" in inside.err
    assert "armed" not in [line.get("state") for line in inside.lines]


@pytest.mark.parametrize("stage", [stage for stage in STAGES if stage not in UNARMED])
async def test_after_the_way_out_only_stop_is_written(inside, stage):
    before: list[int] = []

    def leave() -> None:
        before.append(len(inside.written))
        inside.leave("SIGHUP")

    inside.hook = once(entering(stage), lambda: inside.soon(leave))

    assert await inside.run() == 0

    # What had been handed to the radio before is on the wire first, as ATT has it.
    after = inside.written[before[0] :]
    assert after[-1:] in (["0801"], [])
    assert {"07"}.isdisjoint(after[1:])


async def test_leaving_again_and_again_changes_nothing(inside):
    def again() -> None:
        for name in ("SIGINT", "SIGINT", "SIGTERM", "SIGINT"):
            inside.leave(name)

    inside.hook = once(entering("holding"), lambda: inside.soon(again))

    assert await inside.run() == 0
    assert inside.true_speed == 0


async def test_a_belt_that_ignores_stop_ends_bounded_and_not_confirmed(inside):
    inside.personality = personality("stop-ignored")
    inside.hook = once(entering("holding"), lambda: inside.soon(lambda: inside.leave("SIGINT")))

    assert await inside.run() == 4

    assert inside.true_speed > 0
    assert inside.summary["belt_at_rest"] is False
    assert "NOT CONFIRMED AT REST" in inside.err
    assert "PULL THE CLIP" in inside.err
    assert inside.clock.now() < 120


async def test_leaving_while_the_machine_cannot_be_reached_gives_up_within_seconds(inside):
    inside.hook = once(entering("idle"), lambda: inside.soon(inside_left))

    def inside_left() -> None:
        inside.radio.out_of_range("C0:DE:00:00:00:01")
        inside.leave("SIGINT")

    assert await inside.run() is None

    assert isinstance(inside.error, TreadmillNotFound)
    assert "nothing was written" in str(inside.error)
    assert inside.clock.now() < 10
    assert inside.record.summary.outcome["exit_status"] == 3


async def test_a_belt_that_moves_before_arming_is_not_called_at_rest(inside):
    inside.personality = personality("moves-at-connect")
    inside.hook = once(entering("observing"), lambda: inside.soon(lambda: inside.leave("SIGINT")))

    status = await inside.run()

    assert status in (3, 4)
    assert inside.summary["belt_at_rest"] is False
    assert inside.written == []


async def test_nothing_can_be_armed_by_one_who_has_left(inside):
    inside.hook = once(entering("observing"), lambda: inside.soon(lambda: inside.leave("SIGINT")))
    await inside.run()

    events = [row.data["event"] for row in inside.record.rows if row.kind == "event"]
    assert ev.ArmRequested.__name__ not in events
