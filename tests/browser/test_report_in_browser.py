"""The report in a real browser: on a desk, on a phone, in the dark and on paper; it asks for nothing from anywhere."""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from made_record import RecordMaker, six_weeks

from retroctl.adapters.journal.confidence import confidences
from retroctl.adapters.journal.overview import local_day, overview
from retroctl.adapters.report import as_html
from retroctl.app.report import Asked, page
from retroctl.domain.events import BalanceEvent
from retroctl.domain.method.days import Day
from retroctl.domain.method.practice import Outing
from retroctl.domain.method.progress import Done

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
REQUIRED = os.environ.get("RETROCTL_REQUIRE_SYSTEM_TIERS") == "1"
FIRST = Day.of(2026, 10, 12)
AT_TEN_MS = FIRST.days_since(Day.of(1970, 1, 1)) * 86_400_000 + 36_000_000
OUT = (Outing(FIRST.plus(5), (BalanceEvent.STUMBLE,), 12, 20, confidence=4),)

pytestmark = [
    pytest.mark.xdist_group("chromium"),
    pytest.mark.skipif(
        not REQUIRED and not Path(CHROMIUM).exists(),
        reason="no Chromium here; as root, .ci/system-packages installs it",
    ),
]

# What stands over the edge of the window, and the least contrast of text and its ground, as WCAG reckons it.
LOOK = """
() => {
  const wide = [...document.querySelectorAll("body *")]
    .filter((element) => element.getBoundingClientRect().right > innerWidth + 1 && !element.closest(".wide"))
    .map((element) => element.tagName);
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
  const words = document.querySelectorAll("h1, h2, h3, p, td:not(.far), th, b, figcaption, span");
  const contrast = [...words].map((element) => {
    const pair = [light(getComputedStyle(element).color), light(ground(element))].sort((a, b) => b - a);
    return (pair[0] + 0.05) / (pair[1] + 0.05);
  });
  return {
    wide,
    least: Math.min(...contrast),
    text: document.body.innerText,
    ground: getComputedStyle(document.documentElement).backgroundColor,
    charts: [...document.querySelectorAll("figure svg")].map((svg) => svg.getBoundingClientRect().width),
    columns: getComputedStyle(document.querySelector(".charts")).gridTemplateColumns.split(" ").length,
  };
}
"""


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    maker = RecordMaker(folder)
    maker.write(*six_weeks("c" * 16, AT_TEN_MS))
    maker.close()
    said = confidences(maker.file, "c" * 16)
    done = tuple(
        Done(local_day(each.started_utc), replace(each.figures, confidence=said[each.id]))
        for each in reversed(overview(maker.file))
    )
    steps = ("The same once more, or one thing more.", "Trainer and client decide together.")
    asked = Asked("Ann <Meyer>", done, FIRST, FIRST.plus(41), programme=("six-week", 18), next_step=steps, outdoors=OUT)
    file = folder / "report.html"
    file.write_text(as_html(page(asked)), encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def chromium():
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - a skipped test must not need it

    with sync_playwright() as tools:
        # The sandbox needs what a container has not; the page is our own.
        browser = tools.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.mark.parametrize(
    ("size", "scheme", "columns"),
    [((1280, 900), "light", 2), ((1280, 900), "dark", 2), ((390, 844), "light", 1), ((320, 640), "dark", 1)],
    ids=["desktop", "dark", "phone", "small-phone"],
)
def test_it_is_read_on_every_screen_and_asks_for_nothing(chromium, report, size, scheme, columns):
    context = chromium.new_context(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme)
    try:
        shown = context.new_page()
        requests: list[str] = []
        complaints: list[str] = []
        shown.on("request", lambda request: requests.append(request.url))
        shown.on("console", lambda message: complaints.append(message.text))
        shown.on("pageerror", lambda error: complaints.append(str(error)))
        shown.goto(report.as_uri())
        seen = shown.evaluate(LOOK)
    finally:
        context.close()

    assert requests == [report.as_uri()]
    assert complaints == []
    assert seen["wide"] == []
    assert seen["least"] >= 4.5
    assert seen["columns"] == columns
    assert len(seen["charts"]) == 5
    assert min(seen["charts"]) > 200
    assert (seen["ground"] == "rgb(255, 255, 255)") is (scheme == "light")
    for words in (
        "Ann <Meyer>",
        "18",
        "256 min",
        "5.80 km/h",
        "Exertion at 1.80 km/h",
        "Calendar of the programme six-week: 16 sessions done to their end, of 18",
        "not measured",
        "2, 2, not noted, 4 (outdoors)",
        "The same once more, or one thing more.",
    ):
        assert words in seen["text"]


@pytest.mark.parametrize("paper", ["A4", "Letter"])
def test_it_prints_to_one_or_two_pages_also_from_the_dark(chromium, report, paper):
    context = chromium.new_context(color_scheme="dark")
    try:
        shown = context.new_page()
        shown.goto(report.as_uri())
        printed = shown.pdf(format=paper)
        shown.emulate_media(media="print")
        ground = shown.evaluate("() => getComputedStyle(document.documentElement).backgroundColor")
    finally:
        context.close()

    assert 1 <= int(re.findall(rb"/Count (\d+)", printed)[0]) <= 2
    assert ground == "rgb(255, 255, 255)"
