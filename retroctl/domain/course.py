"""Where in its plan a session is, and what comes next."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from retroctl.domain.limits import Facing

if TYPE_CHECKING:
    from retroctl.domain.plan import Plan, Stage
    from retroctl.units import Speed


class Move(Enum):
    """What the next stage asks for once a hold is served."""

    RAISE = "raise"
    LOWER = "lower"
    STAY = "stay"
    TURN = "turn"
    FINISH = "finish"


@dataclass(slots=True)
class Course:
    """The position in a plan. The belt's target may differ from the stage's: the trainer stepped down, say."""

    plan: Plan
    index: int = 0

    @property
    def stage(self) -> Stage:
        """The stage under way."""
        return self.plan.stages[self.index]

    @property
    def following(self) -> Stage | None:
        """The stage after this one; None at the last."""
        return self.plan.stages[self.index + 1] if self.index + 1 < len(self.plan.stages) else None

    def next_move(self, in_force: Speed, ceiling: Speed) -> tuple[Move, Speed]:
        """What follows a served hold at `in_force`: the kind of move and its target, no raise above `ceiling`.

        `ceiling` is on the machine's grid. After an override the next stage may be more than one raise away: then the
        target is the next rung on the way to it.
        """
        following = self.following
        if following is None:
            return Move.FINISH, in_force
        if following.facing is not self.stage.facing:
            return Move.TURN, in_force
        if following.target > in_force and following.facing is Facing.FORWARD:
            return Move.STAY, in_force  # the client faces the console and sets the speed there
        if following.target > in_force:
            rungs = (rung for rung in self.plan.ladder if rung > in_force)
            return Move.RAISE, min(following.target, ceiling, *rungs)
        return (Move.LOWER if following.target < in_force else Move.STAY), following.target

    def take(self, target: Speed) -> None:
        """The next stage was entered, unless `target` is only a rung on the way to it."""
        if self.following is not None and self.following.target == target:
            self.index += 1

    def advance(self) -> None:
        """The next stage."""
        self.index += 1

    def relocate(self, speed: Speed) -> None:
        """The belt runs at `speed` for another reason than the plan: go to the stage it belongs to.

        Backward to the last stage not above it; forward past every rising stage that it has reached already.
        """
        stages = self.plan.stages
        while self.index > 0 and self.stage.target > speed and stages[self.index - 1].facing is self.stage.facing:
            self.index -= 1
        while self.index + 1 < len(stages):
            here, following = stages[self.index], stages[self.index + 1]
            if following.facing is not here.facing or not here.target < following.target <= speed:
                break
            self.index += 1

    def rungs_below(self, speed: Speed) -> int:
        """How many rungs lie below `speed`."""
        return sum(rung < speed for rung in self.plan.ladder)

    def rung_below(self, speed: Speed) -> Speed | None:
        """The next lower rung; None at the lowest."""
        return max((rung for rung in self.plan.ladder if rung < speed), default=None)
