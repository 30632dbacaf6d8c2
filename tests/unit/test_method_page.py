"""METHOD.md has every requirement with a test or an honest "not yet", and its tables are the code's."""

from __future__ import annotations

import re
from pathlib import Path

from retroctl.domain.limits import LEVEL_CAPS, Level
from retroctl.domain.method.heart import INTENSITIES

PAGE = (Path(__file__).parents[2] / "docs" / "METHOD.md").read_text(encoding="utf-8")


def table(heading: str) -> list[list[str]]:
    section = PAGE.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    rows = [line for line in section.splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]


def test_every_requirement_has_a_row_with_a_test_or_an_honest_not_yet():
    rows = table("Every requirement")
    assert [row[0] for row in rows] == [f"R{number}" for number in range(1, 31)]
    for row in rows:
        assert row[1]
        assert re.search(r"`tests/[\w/]+\.py::\w+`", row[3]) or row[3].startswith("not yet"), row[0]


def test_the_levels_and_limits_are_those_of_the_code():
    caps = {row[0]: float(row[1].split()[0]) for row in table("Levels")}
    assert caps == {level.value: cap.kmh for level, cap in LEVEL_CAPS.items()}
    shown = {}
    for row in table("How hard"):
        share = int(re.findall(r"(\d+) %", row[1])[-1])
        shown |= {Level(name.strip()): (share, int(row[2])) for name in row[0].split(",")}
    assert shown == {level: (round(each.high * 100), each.rpe_max) for level, each in INTENSITIES.items()}
