"""The floor's page in a real browser: on a desk and on a phone, alarms first, old values named, foreign text plain."""

from __future__ import annotations

import os
import shutil
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from floor_tools import NASTY, Answer, Club

from retroctl.adapters.wall.address import WallAddress
from retroctl.adapters.wall.floor_page import FloorPage
from retroctl.app.floor_news import Alarm

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
REQUIRED = os.environ.get("RETROCTL_REQUIRE_SYSTEM_TIERS") == "1"

pytestmark = [
    pytest.mark.xdist_group("chromium"),
    pytest.mark.skipif(
        not REQUIRED and not Path(CHROMIUM).exists(),
        reason="no Chromium here; as root, .ci/system-packages installs it",
    ),
]

# What stands over the edge, the least contrast of text and its ground as WCAG reckons it, and what is said.
LOOK = """
() => {
  const light = (text) => {
    const parts = text.match(/[\\d.]+/g).map(Number);
    const lin = parts.slice(0, 3).map((part) => {
      const share = part / 255;
      return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * lin[0] + 0.7152 * lin[1] + 0.0722 * lin[2];
  };
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor;
      if (!/, 0\\)$/.test(colour) && colour !== "transparent") return colour;
    }
    return "rgb(255, 255, 255)";
  };
  const words = [...document.querySelectorAll("h1, p, span, small, footer")].filter((each) => each.innerText);
  const contrast = words.map((element) => {
    const pair = [light(getComputedStyle(element).color), light(ground(element))].sort((a, b) => b - a);
    return (pair[0] + 0.05) / (pair[1] + 0.05);
  });
  const cards = [...document.querySelectorAll("article")];
  return {
    wide: document.documentElement.scrollWidth > innerWidth,
    least: Math.min(...contrast),
    cards: cards.map((card) => card.innerText),
    old: cards.map((card) => card.hasAttribute("data-old")),
    columns: new Set(cards.map((card) => card.getBoundingClientRect().left)).size,
    urgent: document.getElementById("urgent").innerText,
    silent: document.getElementById("silent").innerText,
    stop: document.getElementById("stop").innerText,
    buttons: document.querySelectorAll("button, a, form, input").length,
    text: document.body.innerText,
  };
}
"""


class Seen:
    """A page on a floor."""

    def __init__(self, page, club, server) -> None:
        self.page, self.club, self.server = page, club, server
        self.complaints: list[str] = []
        self.requests: list[str] = []

    async def until(self, text: str) -> dict:
        # As a function: an expression would be evaluated from a string, which the page's policy forbids.
        await self.page.wait_for_function(f"() => document.body.innerText.includes({text!r})", timeout=10_000)
        return await self.page.evaluate(LOOK)


@asynccontextmanager
async def opened(club: Club, size: tuple[int, int]):
    from playwright.async_api import async_playwright  # noqa: PLC0415 - a skipped test must not need it

    server = FloorPage(WallAddress("127.0.0.1", 0, lan=False), club.floor, lambda: club.now, club="west")
    await server.open()
    try:
        async with async_playwright() as tools:
            # The sandbox needs what a container has not; the page is our own.
            chromium = await tools.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
            try:
                page = await chromium.new_page(viewport={"width": size[0], "height": size[1]})
                seen = Seen(page, club, server)
                page.on("console", lambda message: seen.complaints.append(message.text))
                page.on("pageerror", lambda error: seen.complaints.append(str(error)))
                page.on("request", lambda request: seen.requests.append(request.url))
                await page.goto(server.url)
                yield seen
            finally:
                await chromium.close()
    finally:
        await server.close()


@pytest.mark.parametrize(("size", "columns"), [((1280, 800), 4), ((390, 844), 1)], ids=["desktop", "phone"])
async def test_a_floor_is_read_on_a_desk_and_on_a_phone_and_nothing_can_be_done_from_it(size, columns):
    club = Club()
    club.evening()
    club.state(NASTY, NASTY, client=NASTY, alarms=(Alarm(NASTY, NASTY),))
    async with opened(club, size) as seen:
        found = await seen.until("belt-01")
        assert not found["wide"]
        assert found["columns"] == columns
        assert found["least"] >= 4.5
        assert found["buttons"] == 0
        assert "nothing can be stopped from this page" in found["text"]
        assert "3 IN TROUBLE" in found["urgent"]
        assert [card.split("\n")[0][:9] for card in found["cards"][1:4]] == ["‼ belt-03", "‼ belt-07", "▶ belt-01"]
        assert "F3 THE BELT RUNS FASTER THAN ASKED" in found["cards"][1]
        assert "<" not in found["cards"][0]
        assert "\x1b" not in found["text"]
        assert "\u202e" not in found["text"]
        assert {url.split("/", 3)[3] for url in seen.requests} == {"", "events"}
        assert seen.complaints == []


async def test_what_is_old_is_grey_and_says_so_and_stop_answers_are_shown():
    club = Club()
    club.state("belt-01")
    club.state("belt-02")
    async with opened(club, (1280, 800)) as seen:
        found = await seen.until("belt-02")
        assert found["old"] == [False, False]
        club.now += 5
        club.state("belt-02")
        found = await seen.until("OLD:\xa05\xa0s\xa0ago")
        assert found["old"] == [True, False]
        club.asked = club.floor.stop_all(club.now)
        for _, stop_id in club.asked:
            club.floor.sent(stop_id, club.now)
        club.ack("belt-02", Answer.AT_REST)
        club.now += 3.5
        found = await seen.until("STOP ALL 4 s ago")
        assert "2 asked: 1 NO ANSWER, 1 at rest" in found["stop"]
        assert "NO ANSWER TO STOP - GO THERE, PULL THE CLIP" in found["cards"][0]
        club.floor.unlinked(club.now, "no broker listens there")
        club.now += 4
        assert "NO BROKER for 4 s" in (await seen.until("NO BROKER"))["urgent"]


async def test_a_page_that_hears_nothing_says_that_all_of_it_is_old():
    club = Club()
    club.state("belt-01")
    async with opened(club, (390, 844)) as seen:
        await seen.until("belt-01")
        await seen.server.close()
        found = await seen.until("The floor's program has ended: all of this is old.")
        assert found["cards"]
