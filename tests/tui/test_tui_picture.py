"""What stands on the screen: the machine, the belt with its age, the reason for waiting, foreign text, every size."""

from __future__ import annotations

import time

import pytest
from textual import events
from tui_rig import NAME, Desk

from retroctl.adapters.tui.feed import LOG_LINES, TRACE_POINTS, Feed, Point
from retroctl.adapters.tui.ladder import Course, draw
from retroctl.adapters.tui.widgets import Alarms, alarm_rows
from retroctl.adapters.tui.words import next_speed
from retroctl.app.reports import Kind, Report
from retroctl.domain.session import Advance

SIZES = [(80, 24), (120, 40), (200, 60), (60, 20), (40, 12), (20, 5), (5, 2)]
NASTY = "[bold red]x[/] \x1b[31m\x1b]0;t\x07\u202eevil\u2066 \U0001f3c3\u0301 \r\n\t" + "w" * 10_000


async def test_the_machine_and_the_belt_stand_on_every_screen():
    desk = Desk(top=1.8)
    async with desk.open() as pilot:
        seen = [desk.text]
        desk.rig.run_until(lambda: desk.rig.state == "briefing", limit_s=10)
        await pilot.pause()
        seen.append(desk.text)
        await desk.brief(pilot)
        seen.append(desk.text)
        await desk.press(pilot, "p")
        seen.append(desk.text)
        await desk.press(pilot, "enter", "question_mark")
        seen.append(desk.text)
        assert len(set(seen)) == 5
        for text in seen:
            assert NAME in text
            assert "BELT:" in text


async def test_a_belt_that_is_not_heard_of_is_not_known_and_its_age_stands_there():
    desk = Desk(top=1.8)
    async with desk.open() as pilot:
        await desk.hold(pilot)
        assert "BELT: MOVING   measured 1.00 km/h" in desk.text
        desk.rig.now += 3.0
        desk.app.draw()
        await pilot.pause()
        assert "BELT: NOT KNOWN FOR 3 s" in desk.text
        assert "OLD" in desk.text


async def test_the_reason_why_a_raise_waits_is_told():
    desk = Desk(top=1.8)
    async with desk.open() as pilot:
        await desk.hold(pilot)
        assert "WAITS  faster to 1.80 waits: " in desk.text
        assert "s of this hold are left" in desk.text
        await desk.press(pilot, "h")
        desk.app.draw()
        assert "ON HOLD" in desk.text
        await desk.press(pilot, "enter")
        desk.rig.run_until(lambda: desk.rig.state == "ready", limit_s=90)
        await pilot.pause()
        assert "YOUR TURN" in desk.text


async def test_an_alarm_stays_until_it_is_lifted():
    desk = Desk(top=1.8)
    async with desk.open() as pilot:
        await desk.hold(pilot)
        await desk.press(pilot, "1")
        await desk.pass_time(pilot, 30)
        assert "ALARM" in desk.text
        await desk.press(pilot, "enter")
        await desk.pass_time(pilot, 1)
        assert "ALARM" not in desk.text


async def test_a_stop_that_the_belt_does_not_obey_is_the_loudest_thing_on_the_screen():
    desk = Desk("stop-ignored", top=1.8)
    async with desk.open() as pilot:
        await desk.hold(pilot)
        await desk.press(pilot, "s")
        await desk.pass_time(pilot, 3)
        assert "▐█ ALARM █▌ NOT CONFIRMED - PULL THE CLIP" in desk.text
        assert "BELT: NOT CONFIRMED - PULL THE CLIP" in desk.text


async def test_losing_the_keyboard_is_told_in_words():
    desk = Desk(top=1.8)
    async with desk.open() as pilot:
        assert "keys: unknown" in desk.text
        await desk.hold(pilot)
        assert "keys: here" in desk.text
        desk.app.post_message(events.AppBlur())
        await pilot.pause()
        assert "THIS WINDOW DOES NOT HAVE THE KEYBOARD" in desk.text
        assert "keys: NOT HERE" in desk.text
        desk.app.post_message(events.AppFocus())
        await pilot.pause()
        assert "THIS WINDOW" not in desk.text


@pytest.mark.parametrize("size", SIZES)
async def test_every_size_from_briefing_to_summary(size):
    desk = Desk(top=1.8)
    async with desk.open(*size) as pilot:
        await desk.hold(pilot)
        await desk.press(pilot, "question_mark", "question_mark", "2")
        await desk.pass_time(pilot, 5)
        if size[1] >= 5:
            shown = "".join(strip.text for strip in desk.app.screen._compositor.render_strips())
            assert "BELT" in shown
            assert "1.00" in shown
        await desk.press(pilot, "s")
        desk.rig.run_for(20)
        desk.feed.summary = {"held": [], "belt_at_rest": True}
        desk.app.finish("stopped by a key", "the belt is at rest (measured)")
        await pilot.pause()
        await desk.press(pilot, "enter")
    assert desk.app.return_code == 0


async def test_resized_in_the_middle_of_a_session_and_stop_still_works():
    desk = Desk(top=1.8)
    async with desk.open() as pilot:
        await desk.hold(pilot)
        for size in SIZES:
            await pilot.resize_terminal(*size)
            await desk.pass_time(pilot, 1)
        await desk.press(pilot, "escape")
        assert "0801" in desk.written


async def test_foreign_text_is_plain_text():
    desk = Desk(top=1.8, machine=NASTY)
    async with desk.open(120, 40) as pilot:
        desk.feed(Report(1.0, Kind.ALARM, {"id": "F9", "text": NASTY}))
        desk.feed(Report(1.0, Kind.REFUSAL, {"rule": NASTY, "reason": NASTY}))
        await desk.hold(pilot)
        desk.feed(Report(desk.rig.now, Kind.LINK, {"remark": NASTY}))
        await desk.pass_time(pilot, 1)
        assert "[bold red]x[/]" in desk.text
        assert not set(desk.text) & set("\x1b\x07\r\t\u202e\u2066")
        await desk.press(pilot, "question_mark")
        assert "[bold red]x[/]" in desk.text


async def test_a_thousand_lines_and_a_thousand_keys_do_not_keep_stop_waiting():
    desk = Desk(top=1.8)
    async with desk.open() as pilot:
        await desk.hold(pilot)
        for number in range(1000):
            desk.feed(Report(desk.rig.now, Kind.LINK, {"link": "noise", "reason": str(number)}))
        before = time.process_time()  # a computer that is busy with others is not what is asked about
        await pilot.press("s")
        assert "0801" in desk.written
        assert time.process_time() - before < 1.0
        assert len(desk.feed.lines) == LOG_LINES


async def test_no_color_leaves_words_and_shapes(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    desk = Desk(top=1.8)
    async with desk.open() as pilot:
        await desk.hold(pilot)
        await desk.press(pilot, "1")
        desk.app.draw()
        assert desk.app.no_color
        assert "▐█ ALARM █▌" in desk.text
        assert "STOP" in desk.text


async def test_three_themes_one_key():
    desk = Desk()
    async with desk.open() as pilot:
        seen = []
        for _ in range(3):
            seen.append(desk.app.theme)
            await desk.press(pilot, "t")
        assert seen == ["dark", "light", "contrast"]
        assert desk.app.theme == "dark"


async def test_what_comes_next_while_easing_down_is_the_rung_below():
    desk = Desk(top=2.6, advance=Advance.AUTO)
    async with desk.open() as pilot:
        await desk.hold(pilot)
        desk.rig.run_until(lambda: desk.rig.target == 2.6 and desk.rig.state == "holding", limit_s=300)
        await desk.press(pilot, "e")
        await desk.pass_time(pilot, 1)
        assert "EASING" in desk.text
        assert next_speed(desk.app.view.facts, desk.app.view.picture) == 1.0


def test_the_trace_is_bounded_and_keeps_its_ends():
    feed = Feed()
    for number in range(100_000):
        feed(Report(number * 0.3, Kind.TELEMETRY, {"measured_kmh": 1.0 + number % 2, "target_kmh": 1.0}))
    assert len(feed.points) <= TRACE_POINTS
    assert feed.points[0].t == 0.0
    assert feed.points[-1].t > 0.99 * 100_000 * 0.3


def test_telemetry_alone_makes_no_news():
    feed = Feed()
    news: list[int] = []
    feed.news = lambda: news.append(1)
    for number in range(100):
        feed(Report(number * 0.1, Kind.TELEMETRY, {"measured_kmh": 1.0, "target_kmh": 1.0}))
    assert news == []
    feed(Report(11, Kind.STATE, {"state": "holding"}))
    assert news == [1]


def test_the_ladder_shows_now_the_cap_and_a_belt_that_does_not_obey():
    points = [Point(float(t), 1.0, 1.8) for t in range(60)]
    rows = draw(Course(points, 60.0, [(60.0, 1.8), (20.0, 1.0)], cap=2.0, top=1.8), 66, 11)
    assert len(rows) == 11
    assert {len(row) for row in rows} == {66}
    kinds = {what for row in rows for _, what in row}
    assert {"measured", "commanded", "planned", "now", "cap"} <= kinds
    now = [row.index(("│", "now")) for row in rows[:-1]]
    assert len(set(now)) == 1


@pytest.mark.parametrize(("width", "height"), [(0, 0), (10, 1), (16, 3), (300, 100)])
def test_the_ladder_fits_whatever_room_there_is(width, height):
    rows = draw(Course([Point(0.0, 1.0, 1.0)], 0.0, [], cap=3.2, top=1.0), width, height)
    assert all(len(row) == width for row in rows)
    assert len(rows) in (0, height)


async def test_the_wall_screens_address_and_code_can_be_shown_again():
    desk = Desk(top=1.8)
    desk.app.view.said = ("The client's wall screen: http://192.0.2.1:8760/?token=x", "\x1b[97;40m█▀▄ █\x1b[0m")
    async with desk.open() as pilot:
        await desk.hold(pilot)
        await desk.press(pilot, "w")
        assert "http://192.0.2.1:8760/?token=x" in desk.text
        assert "█▀▄ █" in desk.text
        assert "\x1b" not in desk.text
        await desk.press(pilot, "b")
        assert "0801" in desk.written
        assert list(desk.pages())[-1] == "SessionPage"


@pytest.mark.parametrize("size", [(40, 10), (20, 5)])
async def test_pull_the_clip_stands_whole_on_a_screen_of_any_width(size):
    """Found by hand: on 40 columns it ended in THE CLI, on 20 nothing of it was there."""
    desk = Desk("stop-ignored", top=1.8)
    async with desk.open(*size) as pilot:
        await desk.hold(pilot)
        await desk.press(pilot, "s")
        await desk.pass_time(pilot, 3)
        words = " ".join(str(desk.app.screen.query_one(Alarms).shown).split())
        assert "NOT CONFIRMED - PULL THE CLIP" in words
        assert "km/h" in desk.text, "and the belt's speed below it"


@pytest.mark.parametrize(("width", "whole"), [(120, True), (80, True), (60, True), (20, False)])
def test_the_alarm_of_a_lost_link_is_read_to_its_end_where_there_is_room(width, whole):
    """Found by hand: on 80 columns it ended in PRESS STO."""
    text = "LINK LOST - BELT MAY BE MOVING - PULL THE CLIP OR PRESS STOP ON THE CONSOLE"
    rows = alarm_rows([f"F2  {text}", *["F14  THE RECORD CANNOT BE WRITTEN"] * 3], width, 24)
    assert len(rows) <= 3
    assert all(len(row) == width for row in rows)
    assert (text in " ".join(" ".join(rows).split())) == whole
    assert "(+" in rows[-1]
