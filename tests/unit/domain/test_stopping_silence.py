"""When a stop that was accepted may be called silent."""

from __future__ import annotations

from retroctl.domain.commands import Answer, Stop
from retroctl.domain.effects import StopView
from retroctl.domain.stopping import StopWatch
from retroctl.units import Speed


def test_silence_is_not_counted_from_before_stop_was_accepted():
    """Seen after a reconnect in mid-stop: the belt was still falling when the screen already spoke of silence."""
    watch = StopWatch(Speed(100), 0.0, Speed(300))
    watch.begin(quiet=False)
    watch.measure(Speed(300), 0.2)
    watch.answered(Stop(), Answer.SUCCESS, 9.0)  # the link was down until now
    assert watch.view(9.1) is not StopView.SILENT
    assert watch.view(14.1) is StopView.SILENT
