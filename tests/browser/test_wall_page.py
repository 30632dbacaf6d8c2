"""The wall page in a real browser: what stands on it, how large, and how old. Needs the system's Chromium."""

from __future__ import annotations

import asyncio
import os
import shutil
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio
from wall_tools import picture, screen

from retroctl.adapters.wall import server
from retroctl.domain.effects import StopView
from retroctl.domain.transitions import State
from retroctl.units import Speed

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
REQUIRED = os.environ.get("RETROCTL_REQUIRE_SYSTEM_TIERS") == "1"
TELEVISION, PHONE = (1920, 1080), (390, 844)
BOTH = pytest.mark.parametrize("size", [TELEVISION, PHONE], ids=["television", "phone"])

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),  # one Chromium for all, a page in a context of its own for each
    pytest.mark.xdist_group("chromium"),
    pytest.mark.skipif(
        not REQUIRED and not Path(CHROMIUM).exists(),
        reason="no Chromium here; as root, .ci/system-packages installs it",
    ),
]

# Notes when the page last heard and when it turned grey, in the page's own time; and everything it asked for.
WATCH = """
window.heard = 0;
window.grey = 0;
const Native = window.EventSource;
window.EventSource = class extends Native {
  constructor(...given) {
    super(...given);
    this.addEventListener("message", () => { window.heard = performance.now(); });
  }
};
new MutationObserver(() => {
  const silent = document.body && document.body.hasAttribute("data-silent");
  if (!silent) window.grey = 0;
  else if (!window.grey) window.grey = performance.now();
}).observe(document, { attributes: true, subtree: true });
"""
# Where the ink of each text is: its box, less what the font keeps free above and below these letters.
SHOWN = """
(ids) => Object.fromEntries(ids.map((id) => {
  const element = document.getElementById(id);
  const style = getComputedStyle(element);
  const pen = document.createElement("canvas").getContext("2d");
  pen.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
  const room = pen.measureText(element.innerText);
  const range = document.createRange();
  range.selectNodeContents(element);
  const box = range.getBoundingClientRect();
  return [id, {
    text: element.innerText.replace(/\\s+/g, " ").trim(),
    visible: box.width > 0 && style.display !== "none",
    left: box.left,
    right: box.right,
    top: box.top + room.fontBoundingBoxAscent - room.actualBoundingBoxAscent,
    bottom: box.bottom - room.fontBoundingBoxDescent + room.actualBoundingBoxDescent,
    digit: pen.measureText("0").actualBoundingBoxAscent,
  }];
}))
"""
ALL = ["number", "unit", "word", "left", "next", "age"]


class Browser:
    """A page on a wall screen."""

    def __init__(self, page, shown, complaints: list[str], requests: list[str]) -> None:
        self.page, self.screen, self.complaints, self.requests = page, shown, complaints, requests

    async def show(self, now, *, until: str) -> dict:
        self.screen.show(now)
        await self.until(until)
        return await self.look()

    async def until(self, true: str) -> None:
        # As a function: an expression would be evaluated from a string, which the page's policy forbids.
        await self.page.wait_for_function(f"() => {true}", timeout=10_000)

    async def look(self) -> dict:
        return {name: found for name, found in (await self.page.evaluate(SHOWN, ALL)).items() if found["visible"]}

    async def colour(self) -> tuple[int, ...]:
        text = await self.page.evaluate("getComputedStyle(document.body).backgroundColor")
        return tuple(int(part) for part in text.removeprefix("rgb(").removesuffix(")").split(","))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def chromium():
    from playwright.async_api import async_playwright  # noqa: PLC0415 - a skipped test must not need it

    async with async_playwright() as tools:
        # The sandbox needs what a container has not; the page is our own.
        started = await tools.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        try:
            yield started
        finally:
            await started.close()


@pytest.fixture
def browser(chromium):
    @asynccontextmanager
    async def shown_in(size: tuple[int, int], *, lan: bool = False):
        async with (
            screen(lan=lan) as shown,
            await chromium.new_context(viewport={"width": size[0], "height": size[1]}) as context,
        ):
            page = await context.new_page()
            complaints: list[str] = []
            requests: list[str] = []
            page.on("console", lambda message: complaints.append(message.text))
            page.on("pageerror", lambda error: complaints.append(str(error)))
            page.on("request", lambda request: requests.append(request.url))
            await page.add_init_script(WATCH)
            await page.goto(shown.wall.url)
            seen = Browser(page, shown, complaints, requests)
            await seen.until("window.heard > 0")
            yield seen

    return shown_in


def field(name: str) -> str:
    return f"document.body.dataset.field === '{name}'"


def speed_of(now) -> str:
    return f"{now.measured.kmh:.1f}"


def inside(found: dict, size: tuple[int, int]) -> None:
    """Nothing is cut off, and nothing lies over another or over the mark in the middle."""
    width, height = size
    boxes = []
    for name, box in found.items():
        assert box["left"] >= 0, name
        assert box["right"] <= width, name
        assert box["top"] >= 0, name
        assert box["bottom"] <= height, name
        boxes.append((name, box["left"], box["right"], box["top"], box["bottom"]))
    mark = min(size) * 0.025
    boxes.append(("mark", width / 2 - mark, width / 2 + mark, height / 2 - mark, height / 2 + mark))
    for index, (one, left, right, top, bottom) in enumerate(boxes):
        for other, left2, right2, top2, bottom2 in boxes[index + 1 :]:
            apart = right <= left2 or right2 <= left or bottom <= top2 or bottom2 <= top
            assert apart, f"{one} lies over {other}"


@BOTH
async def test_a_hold_shows_speed_time_left_and_what_comes_next(browser, size):
    async with browser(size) as seen:
        found = await seen.show(
            picture(hold_remaining_s=60.0), until="document.getElementById('left').innerText === '1:00'"
        )
        assert {name: found[name]["text"] for name in found} == {
            "number": "2.6",
            "unit": "km/h",
            "left": "1:00",
            "next": "Next 3.4",
        }
        inside(found, size)
        bar, track = await seen.page.evaluate(
            "['bar', 'track'].map((id) => document.getElementById(id).getBoundingClientRect().width)"
        )
        assert bar == pytest.approx(track / 2, rel=0.01), "half of the hold is left"
        assert seen.complaints == []
        origin = seen.screen.wall.url
        assert all(url.startswith(origin) for url in seen.requests), "nothing foreign is asked for"


@BOTH
async def test_it_is_readable_from_the_belt(browser, size):
    width, height = size
    async with browser(size) as seen:
        for speed in (100, 260, 1240):
            found = await seen.show(
                picture(measured=Speed(speed)),
                until=f"document.getElementById('number').innerText === '{speed / 100:.1f}'",
            )
            inside(found, size)
            if size == TELEVISION:
                assert 0.36 <= found["number"]["digit"] / height <= 0.42, "digits of about 40 % of the height"
            else:
                assert found["number"]["right"] - found["number"]["left"] > 0.75 * width, "as wide as a phone allows"
            assert found["next"]["digit"] / min(size) > 0.07
            assert found["left"]["digit"] / min(size) > 0.09


@BOTH
async def test_every_state_fits(browser, size):
    async with browser(size) as seen:
        for state in set(State) - {State.STOPPING}:
            holding = state in {State.HOLDING, State.READY, State.ANNOUNCING}
            speed = Speed(0) if state in {State.ARMED, State.TURNING, State.STOPPED} else Speed(1020)
            await seen.show(picture(measured=None, hold_remaining_s=None), until=field("wait"))
            now = picture(state=state, measured=speed, hold_remaining_s=30.0 if holding else None)
            name = {State.STOPPED: "rest", State.ANNOUNCING: "faster"}.get(state, "run")
            found = await seen.show(now, until=field(name))
            assert found["word" if name == "rest" else "number"]["text"] == (
                "STOPPED" if name == "rest" else speed_of(now)
            )
            shown = {each: box for each, box in found.items() if box["text"]}
            inside(shown, size)
            assert ("left" in shown) == holding
            assert len(set(shown) - {"unit"}) <= 3, "at most three things"
        assert seen.complaints == []


@BOTH
async def test_a_stop_takes_the_whole_field(browser, size):
    async with browser(size) as seen:
        for view in StopView:
            await seen.show(picture(), until=field("run"))
            calm = await seen.colour()
            name = {StopView.STOPPING: "stop", StopView.STOPPED: "rest"}.get(view, "clip")
            found = await seen.show(
                picture(state=State.STOPPING, stop_view=view, measured=Speed(180)), until=field(name)
            )
            words = f"{found['word']['text']} - {found['next']['text']}" if name == "clip" else found["word"]["text"]
            assert words == view.value
            assert not {"number", "unit", "left"} & set(found)
            inside({each: box for each, box in found.items() if box["text"]}, size)
            assert found["word"]["digit"] / min(size) > 0.09
            colour = await seen.colour()
            assert colour != calm
            if name != "rest":
                assert colour[0] > 2 * max(colour[1:]), "red"
            border = await seen.page.evaluate("getComputedStyle(document.body).borderTopStyle")
            assert (border == "dashed") == (name == "clip"), "a shape, too: not by colour alone"


async def test_it_turns_grey_within_two_seconds_of_silence_and_counts(browser):
    async with browser(TELEVISION) as seen:
        assert len(set(await seen.colour())) > 1
        seen.screen.wall._broadcast.cancel()
        await seen.until("window.grey > 0")
        heard, grey = await seen.page.evaluate("[window.heard, window.grey]")
        assert 1.0 < (grey - heard) / 1000 <= 2.0
        red, green, blue = await seen.colour()
        assert red == green == blue
        first = (await seen.look())["age"]["text"]
        assert first in {"No news for 1 s", "No news for 2 s"}
        await seen.until("document.getElementById('age').innerText.includes('3 s')")
        found = await seen.look()
        assert set(found) == {"number", "unit", "age"}
        inside(found, TELEVISION)


async def test_old_data_of_a_server_that_lives_are_grey_too(browser):
    async with browser(PHONE) as seen:
        found = await seen.show(picture(measured_age_s=7.2), until="document.body.hasAttribute('data-silent')")
        assert found["age"]["text"] == "No news for 7 s"
        inside(found, PHONE)
        await seen.show(picture(), until="!document.body.hasAttribute('data-silent')")
        assert "age" not in await seen.look()


async def test_silence_does_not_take_back_the_advice_to_pull_the_clip(browser):
    async with browser(TELEVISION) as seen:
        bad = picture(state=State.STOPPING, stop_view=StopView.NOT_CONFIRMED, measured_age_s=4.0)
        found = await seen.show(bad, until="document.body.hasAttribute('data-silent')")
        assert (found["word"]["text"], found["next"]["text"]) == ("NOT CONFIRMED", "PULL THE CLIP")
        assert found["age"]["text"] == "No news for 4 s"
        inside(found, TELEVISION)
        colour = await seen.colour()
        assert colour[0] > 2 * max(colour[1:])


async def test_a_program_that_ends_says_so_and_its_page_stays(browser):
    async with browser(TELEVISION) as seen:
        await seen.show(picture(state=State.STOPPED, measured=Speed(0), hold_remaining_s=None), until=field("rest"))
        await seen.screen.wall.close()
        await seen.until("document.getElementById('next').innerText.includes('over')")
        await asyncio.sleep(server.BEAT_S * 5)  # longer than a page takes to turn grey
        found = await seen.look()
        assert (found["word"]["text"], found["next"]["text"]) == ("STOPPED", "The session is over")
        assert "age" not in found


async def test_behind_a_token_the_page_finds_its_events(browser):
    async with browser(PHONE, lan=True) as seen:
        assert (await seen.look())["number"]["text"] == "2.6"
        answer = await seen.page.goto(seen.screen.wall.url.replace(seen.screen.path, "/0123456789ab/"))
        assert (answer.status, await answer.text()) == (403, "403\n")


async def test_a_mark_stands_in_the_middle_whatever_is_shown(browser):
    async with browser(TELEVISION) as seen:
        for now, name in (
            (picture(), "run"),
            (picture(state=State.ANNOUNCING), "faster"),
            (picture(state=State.STOPPING, stop_view=StopView.NOT_CONFIRMED), "clip"),
            (picture(state=State.STOPPING, stop_view=StopView.STOPPING), "stop"),
        ):
            await seen.show(now, until=field(name))
            box = await seen.page.evaluate(
                "(({left, right, top, bottom}) => [(left + right) / 2, (top + bottom) / 2])"
                "(document.getElementById('mark').getBoundingClientRect())"
            )
            assert box == [TELEVISION[0] / 2, TELEVISION[1] / 2]
