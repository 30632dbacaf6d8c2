"""Why a session ended, in words for people."""

from __future__ import annotations

import pytest

from retroctl.app.result import ExitStatus, Result
from retroctl.cli.summing_up import reason_words


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("F1: for 5 s", "No data from the treadmill: for 5 s (F1)"),
        ("F7: the safety key was pulled", "Stopped at the machine: the safety key was pulled (F7)"),
        ("the end of easing down", "eased down to rest"),
        ("F99: \x1b[31mno such", "F99: ?[31mno such"),
        ("something else", "something else"),
    ],
)
def test_a_failsafe_is_named_in_words_with_its_number_behind(reason, words):
    assert reason_words(Result(ExitStatus.OK, reason, belt_at_rest=True, wrote=True)) == words
