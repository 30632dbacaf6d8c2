"""What the record keeps of the briefing's answers: it can never be erased, so nothing in free words (R30)."""

from __future__ import annotations

import pytest
from bench import Bench
from hypothesis import given
from hypothesis import strategies as st
from rig import Rig

from retroctl.app.reports import Kind
from retroctl.domain import events as ev
from retroctl.domain.briefing import GAZE_TARGETS, IN_OTHER_WORDS, to_be_recorded


@given(st.sampled_from(ev.BriefingItem), st.booleans(), st.text(max_size=30))
def test_no_words_of_the_trainers_own_are_kept(item, yes, text):
    kept = to_be_recorded(ev.BriefingAnswered(item, yes=yes, text=text))

    assert kept in {"", IN_OTHER_WORDS, *GAZE_TARGETS.values(), *"12345"}


@pytest.mark.parametrize("text", GAZE_TARGETS.values())
def test_the_gaze_targets_that_are_offered_are_kept_as_they_are(text):
    assert to_be_recorded(ev.BriefingAnswered(ev.BriefingItem.GAZE_TARGET, yes=True, text=text)) == text


def test_a_name_in_the_gaze_target_reaches_no_report_and_so_no_record():
    rig = Rig()
    rig.tell(ev.BriefingAnswered(ev.BriefingItem.GAZE_TARGET, yes=True, text="Ann Miller's photograph"))

    said = [report.data for report in rig.reports if report.kind is Kind.EVENT]
    assert [data["text"] for data in said if data.get("item") == "gaze-target"] == [IN_OTHER_WORDS]
    assert "Miller" not in str(rig.reports)


def test_each_answer_is_kept_once_with_its_time_before_the_first_command():
    bench = Bench()
    bench.start()
    answered = [event for event in bench.of(Kind.EVENT) if event["event"] == "BriefingAnswered"]
    assert sorted(event["item"] for event in answered) == sorted(ev.BriefingItem)
    assert all(event["yes"] and 0 < event["t"] <= bench.of(Kind.COMMAND)[0]["t"] for event in answered)
