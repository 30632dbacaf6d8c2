"""Whole ladders through the pure core on the simulated machine."""

from __future__ import annotations

import pytest
from rig import Rig

from retroctl.app.reports import Kind


def test_the_ladder_runs_from_the_lowest_speed_to_the_top_and_back_to_rest():
    rig = Rig(top=2.6)
    rig.start()
    rig.run_until(lambda: bool(rig.ended), limit_s=600)

    targets = [command["target_kmh"] for command in rig.of(Kind.COMMAND) if command["name"] == "set-target-speed"]
    assert targets == [1.0, 1.8, 2.6, 1.8, 1.0]
    assert rig.written[:3] == ["00", "07", "026400"]
    assert rig.written[-1] == "0801"
    holds = [(held["target_kmh"], held["seconds"]) for held in rig.of(Kind.HELD)]
    assert [target for target, _ in holds] == [1.0, 1.8, 2.6]
    assert all(seconds >= 60 for _, seconds in holds)
    assert rig.state == "stopped"
    assert rig.true_speed == 0
    assert rig.alarms() == []
    assert max(report["measured_kmh"] for report in rig.of(Kind.TELEMETRY)) == pytest.approx(2.6)
