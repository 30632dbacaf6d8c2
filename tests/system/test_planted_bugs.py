"""The judge of the storm is shown to see: bugs are planted in the program, one at a time, and each must be caught."""

from __future__ import annotations

import pytest
from planted import BUGS, plant

from simulators.storm.judge import Violation
from simulators.storm.shrink import fails


def test_there_are_bugs_enough():
    assert len(BUGS) >= 20


@pytest.mark.parametrize("name", BUGS)
def test_a_planted_bug_is_caught_for_what_it_is(name, monkeypatch):
    bug = BUGS[name]
    assert fails(bug.story()) is None, "without the bug the story breaks no rule"

    plant(bug, monkeypatch)

    error = fails(bug.story())
    assert isinstance(error, Violation), f"{name} went unseen: {error!r}"
    assert bug.says in str(error)
