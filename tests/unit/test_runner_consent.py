"""A confirmation in the last seconds of a hold is a raise, whatever the fractions of a second."""

from __future__ import annotations

import pytest
from rig import Rig

from retroctl.domain import events as ev
from retroctl.domain.session import Advance
from simulators.machine import FtmsMachine
from simulators.personality import personality


@pytest.mark.parametrize("seed", range(40))
def test_consent_before_the_end_of_a_hold_raises_when_it_is_served(seed):
    # The seed decides when in a second the machine sends: times whose sums round either way.
    rig = Rig(top=1.8, advance=Advance.CONFIRM, machine=FtmsMachine(personality("standard"), seed=seed))
    rig.start_and_hold()
    rig.run_until(lambda: (rig.engine.session.hold_remaining_s(rig.now) or 99.0) <= 7, limit_s=100)
    rig.tell(ev.ConfirmPressed())
    rig.run_for(15)

    assert rig.target == 1.8
