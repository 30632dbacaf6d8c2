"""The chart of a session."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retroctl.adapters.console.chart import HEIGHT, MOST_POINTS, WIDTH, Trace, draw
from retroctl.app.reports import Kind, Report


def cells(lines: list[str]) -> list[str]:
    return [line[7:].ljust(WIDTH) for line in lines[:HEIGHT]]


def test_a_ladder_looks_like_a_ladder():
    points = [(float(t), 1.0 if t < 60 else 2.0, 1.0 if t < 60 else 2.0) for t in range(120)]

    drawn = cells(draw(points))

    left, right = [row[:30] for row in drawn], [row[30:] for row in drawn]
    assert left == [" " * 30] * 5 + ["#" * 30] * 5
    assert right == ["#" * 30] * 10


def test_a_target_that_the_belt_does_not_reach_is_drawn_above_it():
    drawn = cells(draw([(float(t), 1.0, 2.0) for t in range(60)]))

    assert drawn == ["-" * WIDTH] * 5 + ["#" * WIDTH] * 5


def test_the_axes_name_speeds_and_session_times():
    lines = draw([(65.0 + t, 1.8, 1.8) for t in range(60)])

    assert lines[0].startswith("  1.8 |")
    assert lines[HEIGHT].startswith("  0.0 +---")
    assert lines[HEIGHT + 1].split() == ["1:05", "2:04"]
    assert "measured" in lines[HEIGHT + 2]


def test_time_before_the_belt_moved_is_left_out():
    points = [(float(t), 0.0, None) for t in range(100)] + [(100.0 + t, 1.0, 1.0) for t in range(60)]

    assert cells(draw(points))[-1] == "#" * WIDTH


def test_fewer_frames_than_columns_leave_no_gaps():
    assert cells(draw([(0.0, 1.0, 1.0), (30.0, 1.0, 1.0), (60.0, 1.0, 1.0)]))[-1] == "#" * WIDTH


@pytest.mark.parametrize("points", [[], [(0.0, 1.0, None)], [(0.0, 0.0, None), (1.0, 0.0, None)]])
def test_a_belt_that_never_moved_has_no_picture(points):
    assert draw(points) == []


speeds = st.floats(0, 30)


@given(st.lists(st.tuples(st.floats(0, 1e5), speeds, st.none() | speeds), max_size=200))
def test_any_session_gives_lines_that_fit(points):
    lines = draw(sorted(points, key=lambda point: point[0]))

    assert len(lines) in (0, HEIGHT + 3)
    assert all(len(line) <= WIDTH + 8 for line in lines)


def test_only_telemetry_is_kept():
    trace = Trace()
    trace(Report(1.0, Kind.CUE, {"text": "x"}))
    trace(Report(2.0, Kind.TELEMETRY, {"measured_kmh": 1.0, "target_kmh": None}))

    assert trace.points == [(2.0, 1.0, None)]


def test_a_long_session_takes_no_more_room_than_a_short_one_and_its_peak_stays():
    """Ten frames a second for eight hours."""
    trace = Trace()
    for n in range(288_000):
        speed = 4.2 if n == 100_001 else 1.0
        trace(Report(n / 10, Kind.TELEMETRY, {"measured_kmh": speed, "target_kmh": 1.0}))

    assert len(trace.points) <= MOST_POINTS
    assert max(point[1] for point in trace.points) == 4.2
    assert [point[0] for point in trace.points] == sorted(point[0] for point in trace.points)
    assert trace.points[0][0] < 10
    assert trace.points[-1][0] == 28_799.9
    between = [later[0] - earlier[0] for earlier, later in zip(trace.points, trace.points[1:], strict=False)]
    assert max(between) < 20, "no part of it is coarser than another"
