"""The floor on the screen: who stands first, how old it is, STOP for one and for all, every size, foreign text."""

from __future__ import annotations

from contextlib import asynccontextmanager

import pytest
from floor_tools import NASTY, Answer, Club, Presence
from textual.screen import ModalScreen

from retroctl.adapters.tui.floor.app import ASKED_S, FloorApp
from retroctl.adapters.tui.keymap import Urgent
from retroctl.adapters.tui.painted import Painted
from retroctl.app.floor_news import Alarm


class Hall(Club):
    """A club and its screen."""

    def __init__(self, *, club: str = "west") -> None:
        super().__init__()
        self.app = FloorApp(self.floor, lambda: self.now, self.send, club=club)
        self.rings = 0

    @asynccontextmanager
    async def open(self, width=80, height=24):
        def ring():
            self.rings += 1

        self.app.bell = ring
        async with self.app.run_test(size=(width, height)) as pilot:
            await pilot.pause()
            await self.draw(pilot)
            yield pilot
            self.app.exit()
        if self.app.failure is not None:
            raise self.app.failure

    async def draw(self, pilot):
        self.app.draw()
        await pilot.pause()

    async def press(self, pilot, *keys):
        await pilot.press(*keys)
        await self.draw(pilot)

    @property
    def lines(self):
        widgets = (widget for widget in self.app.screen.query(Painted) if widget.display)
        return "\n".join(widget.shown for widget in widgets).split("\n")

    @property
    def text(self):
        return "\n".join(self.lines)

    def line(self, machine):
        return next(line for line in self.lines if line[3:].startswith(machine))


@pytest.fixture
def hall():
    return Hall()


async def test_trouble_stands_first_by_word_and_shape_and_everything_has_its_age(hall):
    hall.evening()
    async with hall.open() as pilot:
        machines = [line for line in hall.lines if line[1:2] in "‼■▶▷·○" and line[2:3] == " " and line[3:4].isalpha()]
        assert [line[1:10] for line in machines[:4]] == ["‼ belt-03", "‼ belt-07", "▶ belt-01", "▶ belt-02"]
        assert machines[-1].startswith(" ○ belt-06")
        assert " ‼ 2 IN TROUBLE: belt-03, belt-07" in hall.text
        assert "‼ F3 THE BELT RUNS FASTER THAN ASKED" in hall.text
        assert "OFFLINE, MAY MOVE" in hall.line("belt-07")
        assert hall.line("belt-01").split() == ["▶", "belt-01", "k7", "HOLDING", "2.60", "2.60", "0:42", "now"]
        hall.now += 9
        await hall.draw(pilot)
        assert hall.line("belt-01").rstrip().endswith(" 9 s ago")
        assert "0 of 9 heard now" in hall.text


async def test_space_stops_the_machine_with_the_cursor_which_stays_with_it(hall):
    hall.state("a")
    hall.state("b")
    async with hall.open() as pilot:
        await hall.press(pilot, "down")
        assert "SPACE STOP b" in hall.text
        hall.state("b", alarms=(Alarm("F1", "NO DATA"),))
        await hall.draw(pilot)
        assert hall.lines[3].startswith(">‼ b")
        await hall.press(pilot, "space")
        assert hall.asked == [("b", "stop-1")]
        assert "STOP: sent, no answer yet" in hall.text
        hall.ack("b", Answer.ACCEPTED)
        await hall.draw(pilot)
        assert "STOP: accepted by the treadmill, rest not measured yet" in hall.text
        hall.ack("b", Answer.AT_REST)
        await hall.draw(pilot)
        assert "STOP: done, rest is measured" in hall.text


async def test_every_stop_key_of_the_trainers_screen_stops_here_too(hall):
    hall.state("a")
    async with hall.open() as pilot:
        for count, key in enumerate(("s", "S", "b", "full_stop", "f5", "escape", "ctrl+q"), start=1):
            await hall.press(pilot, key)
            assert [machine for machine, _ in hall.asked] == ["a"] * count


async def test_any_yes_stops_all_and_a_no_or_time_does_not(hall):
    hall.state("a")
    async with hall.open() as pilot:
        for count, second in enumerate(("a", "A", "enter", "space", "escape"), start=1):
            await hall.press(pilot, "a", second)
            assert len(hall.asked) == count
        for second in ("n", "backspace"):
            await hall.press(pilot, "a", second)
            assert "STOP ALL?" not in hall.text
        await hall.press(pilot, "enter", "a")
        hall.now += ASKED_S + 0.1
        await hall.draw(pilot)
        assert "STOP ALL?" not in hall.text
        await hall.press(pilot, "enter")
        assert len(hall.asked) == count


async def test_stop_all_takes_two_keys_and_shows_each_machines_answer(hall):
    hall.state("a")
    hall.state("b")
    hall.state("c", "stopped", kmh=0.0)
    async with hall.open() as pilot:
        await hall.press(pilot, "a")
        assert hall.asked == []
        assert "STOP ALL?  machines: 3" in hall.text
        await hall.press(pilot, "a")
        assert [machine for machine, _ in hall.asked] == ["a", "b", "c"]
        hall.ack("a", Answer.AT_REST)
        hall.ack("c", Answer.NOTHING)
        hall.now += 3.1
        await hall.draw(pilot)
        assert "STOP ALL 3 s ago, 3 asked: 1 NO ANSWER, 1 at rest, 1 no session" in hall.text
        assert "NO ANSWER TO STOP - GO THERE, PULL THE CLIP" in hall.text
        assert "‼ 1 IN TROUBLE: b" in hall.text


async def test_the_bell_rings_once_for_each_machine_that_gets_into_trouble(hall):
    hall.state("a")
    async with hall.open() as pilot:
        assert hall.rings == 0
        for _ in range(2):
            hall.state("a", alarms=(Alarm("F1", "NO DATA"),))
            await hall.draw(pilot)
        assert hall.rings == 1
        hall.state("b", alarms=(Alarm("F1", "NO DATA"),))
        await hall.draw(pilot)
        assert hall.rings == 2


async def test_an_alarm_that_is_over_stays_until_it_is_marked_as_seen(hall):
    for machine in "abc":
        hall.state(machine, alarms=(Alarm("F1", "NO DATA"),))
        hall.state(machine)
    async with hall.open() as pilot:
        assert hall.text.count("F1 NO DATA (over, not marked as seen)") == 3
        await hall.press(pilot, "m")
        assert hall.text.count("F1 NO DATA (over, not marked as seen)") == 2
        await hall.press(pilot, "M")
        assert "NO DATA" not in hall.text


async def test_a_broker_that_is_away_is_said_before_everything_else(hall):
    hall.state("a")
    hall.floor.unlinked(hall.now, "connection refused")
    hall.taken = False
    async with hall.open() as pilot:
        hall.now += 5
        await hall.draw(pilot)
        assert "NO BROKER for 5 s: all of this is old, no STOP leaves here" in hall.text
        await hall.press(pilot, "space")
        assert "STOP: asked" in hall.text
        hall.now += 3.1
        await hall.draw(pilot)
        assert "STOP NOT SENT - GO THERE, PULL THE CLIP (it waits for the broker)" in hall.text


async def test_stop_all_while_the_broker_is_away_is_told_machine_by_machine(hall):
    for number in range(300):
        hall.state(f"belt-{number:03d}")
    hall.floor.unlinked(hall.now, "connection refused")
    hall.taken = False
    async with hall.open() as pilot:
        await hall.press(pilot, "a", "a")
        hall.now += 3.1
        await hall.draw(pilot)
        assert "STOP ALL 3 s ago, 300 asked: 300 NOT SENT" in hall.text
        assert "300 IN TROUBLE" in hall.text
        assert len(hall.floor.unsent()) == 300


async def test_help_names_every_key_and_any_key_closes_it(hall):
    hall.state("a")
    async with hall.open() as pilot:
        for key in ("x", "n", "enter", "q"):
            await hall.press(pilot, "question_mark")
            assert "STOP ALL machines" in hall.text
            await hall.press(pilot, key)
            assert "STOP ALL machines" not in hall.text
        assert hall.asked == []


@pytest.mark.parametrize("key", ["space", "escape", "s", "S", "b", "full_stop", "f5", "ctrl+q"])
async def test_a_stop_key_over_the_help_closes_it_and_stops_as_without_it(hall, key):
    hall.state("a")
    async with hall.open() as pilot:
        await hall.press(pilot, "question_mark", key)
        assert hall.asked == [("a", "stop-1")]
        assert "STOP ALL machines" not in hall.text
        assert "STOP: sent, no answer yet" in hall.text


async def test_stop_all_over_the_help_takes_the_same_two_keys(hall):
    for machine in "ab":
        hall.state(machine)
    async with hall.open() as pilot:
        await hall.press(pilot, "question_mark", "a")
        assert "STOP ALL?" in hall.text
        assert hall.asked == []
        await hall.press(pilot, "question_mark", "space")
        assert sorted(machine for machine, _ in hall.asked) == ["a", "b"]
        await hall.press(pilot, "a", "question_mark", "enter")
        assert len(hall.asked) == 4
        await hall.press(pilot, "a", "question_mark", "n", "enter")
        assert len(hall.asked) == 4, "n leaves the question, over the help too"


@pytest.mark.parametrize("shown", ["help", "another"])
async def test_a_stop_key_that_comes_past_the_queue_stops_over_every_modal(hall, shown):
    hall.state("a")
    async with hall.open() as pilot:
        if shown == "help":
            hall.app.action_help()
        else:
            hall.app.push_screen(ModalScreen())
        await pilot.pause()
        hall.app.urgent(Urgent.STOP)
        assert hall.asked == [("a", "stop-1")]
        assert not isinstance(hall.app.screen, ModalScreen)
        hall.app.urgent(Urgent.STOP)
        assert len(hall.asked) == 2
        hall.app.action_help()
        hall.app.urgent(Urgent.HOLD)
        assert not isinstance(hall.app.screen, ModalScreen)
        assert len(hall.asked) == 2


async def test_the_pages_address_stands_in_the_help_and_a_page_that_broke_is_said(hall):
    hall.state("a")
    hall.app.page = "http://192.0.2.7:8770/k7m2p9/"
    async with hall.open() as pilot:
        await hall.press(pilot, "question_mark")
        assert "The page: http://192.0.2.7:8770/k7m2p9/" in hall.text
        await hall.press(pilot, "x")
        hall.app.remark = f"the floor's page has failed: {NASTY}"
        await hall.draw(pilot)
        assert " - the floor's page has failed: [bold red]x[/]" in hall.text
        await hall.press(pilot, "down")
        assert "has failed" not in hall.text


async def test_two_hundred_machines_scroll_and_the_cursor_is_always_seen(hall):
    for number in range(200):
        hall.state(f"belt-{number:03d}")
    async with hall.open() as pilot:
        for keys in (("end",), ("pageup",), ("home",), ("pagedown",), ("pagedown", "down")):
            await hall.press(pilot, *keys)
            assert sum(line.startswith(">") for line in hall.lines) == 1
        await hall.press(pilot, "end")
        assert hall.line("belt-199").startswith(">")
        await hall.press(pilot, "home")
        assert hall.line("belt-000").startswith(">")


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (40, 12), (10, 3)])
async def test_every_size_fits_and_foreign_text_is_plain(size):
    hall = Hall(club=NASTY)
    hall.evening()
    hall.state(NASTY, NASTY, client=NASTY, stop=NASTY, alarms=(Alarm(NASTY, NASTY),) * 9)
    hall.state("tomorrow", "stopping", stop=NASTY)
    async with hall.open(*size) as pilot:
        await hall.press(pilot, "a")
        await hall.press(pilot, "n", "end")
        for line in hall.lines:
            assert line.isprintable()
            assert len(line) <= size[0]


async def test_a_floor_where_nothing_was_heard_says_so_and_a_stop_stops_nobody(hall):
    async with hall.open() as pilot:
        assert "Nothing heard yet." in hall.text
        await hall.press(pilot, "space")
        assert "there is no machine to stop" in hall.text
        assert hall.asked == []


async def test_q_leaves_and_stops_nobody(hall):
    hall.state("a")
    async with hall.open() as pilot:
        await pilot.press("q")
        await pilot.pause()
        assert hall.app._exit
        assert hall.asked == []


async def test_urgent_keys_come_past_the_queue_too(hall):
    hall.state("a")
    async with hall.open():
        hall.app.urgent(Urgent.STOP)
        assert [machine for machine, _ in hall.asked] == ["a"]
        hall.app.urgent(Urgent.HOLD)
        hall.app.urgent(Urgent.LEAVE)
        assert hall.app._exit


async def test_without_colours_everything_is_still_told_apart(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    hall = Hall()
    hall.evening()
    hall.status("belt-08", Presence.SILENT)
    async with hall.open():
        assert hall.line("belt-08").startswith(" ‼") or hall.line("belt-08").startswith(">‼")
        assert "SILENT, MAY MOVE" in hall.line("belt-08")
