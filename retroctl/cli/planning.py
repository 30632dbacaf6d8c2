"""The plan of a session on the machine it is for, under every rule that a plan can be judged by beforehand."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from retroctl.domain.introduction import refuse_before_balance
from retroctl.domain.limits import caps_for
from retroctl.domain.method.one_variable import refuse_two_rises
from retroctl.domain.method.practice import last_comparable, shape_of

if TYPE_CHECKING:
    from retroctl.cli.options import RunOptions
    from retroctl.domain.limits import BeltRange, Caps
    from retroctl.domain.plan import Plan


def planned(options: RunOptions, belt: BeltRange, *, qualified: bool) -> tuple[Plan, Caps]:
    """The plan and the caps. Raises PlanError naming stage and rule.

    What rises against the client's last completed session of the kind stands in the plan's remarks (R11, R12).
    """
    caps = caps_for(options.client, belt, qualified=qualified)
    plan = options.request.build(belt, caps, coarse_accepted=options.coarse)
    refuse_before_balance(plan, options.client, belt)
    before = last_comparable(options.practice, plan.name)
    if before is None:
        return plan, caps
    variable = refuse_two_rises(before.shape, shape_of(plan.stages))
    rises = "nothing rises" if variable is None else f"the {variable} rises, and nothing else"
    remark = f"against the last completed {plan.name}, of {before.day}, {rises} (R11)"
    return replace(plan, remarks=(*plan.remarks, remark)), caps
