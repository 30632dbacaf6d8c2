"""What the domain's unit tests share."""

from __future__ import annotations

import pytest
from rig import BELT, CLIENT

from retroctl.domain.limits import caps_for
from retroctl.domain.plan import ladder_plan
from retroctl.domain.session.core import Core
from retroctl.units import Speed


@pytest.fixture
def bare_core() -> Core:
    """A session's inside, before anything happened."""
    caps = caps_for(CLIENT, BELT, qualified=True)
    return Core(ladder_plan(BELT, caps, top=Speed(260)), BELT, caps)
