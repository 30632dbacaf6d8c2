"""Write docs/STATES.md and docs/FAILSAFES.md from the code's own tables: `python docs/tables.py`.

A test fails when either file is not what this gives.
"""

# ruff: noqa: INP001 - a script, no part of a package
from __future__ import annotations

from pathlib import Path

from retroctl.domain.failsafes import FAILSAFES
from retroctl.domain.transitions import ARMED_STATES, RUNNING_STATES, TRANSITIONS, State, Trigger

FOLDER = Path(__file__).parent


def states() -> str:
    """The states of a session: a diagram without the arrows that nearly every state has, and the whole table."""
    lines = [
        "# States of a session",
        "",
        "<!-- Written by docs/tables.py from retroctl/domain/transitions.py. Change the table there. -->",
        "",
        "What is not in this table raises an error and changes nothing. Stop is looked at before anything else, in",
        "every state. The diagram leaves out what the belt's running states share: stop, link lost, ease down, changed",
        "at the console.",
        "",
        "```mermaid",
        "stateDiagram-v2",
        "    [*] --> idle",
    ]
    shared = {Trigger.STOP, Trigger.LINK_LOST, Trigger.EASE, Trigger.OVERRIDE, Trigger.LEFT}
    for state, row in TRANSITIONS.items():
        lines += [
            f"    {state} --> {following}: {trigger}"
            for trigger, following in row.items()
            if trigger not in shared or state in {State.EASING_DOWN, State.OVERRIDDEN}
        ]
    lines += ["    holding --> overridden: changed at the console", "    holding --> lost: link lost"]
    lines += ["    holding --> easing_down: ease down", "```", ""]
    lines += ["| state | armed | belt under way | trigger | next state |", "|---|---|---|---|---|"]
    for state, row in TRANSITIONS.items():
        armed, running = ("yes" if state in group else "no" for group in (ARMED_STATES, RUNNING_STATES))
        lines += [f"| {state} | {armed} | {running} | {trigger} | {following} |" for trigger, following in row.items()]
    lines += [
        "",
        "*Armed*: reached only through the trainer's arming, or a Stop that a person pressed; failsafes act and every",
        "way out stops the belt. A session that was left before arming is `stopped` without having been armed: there",
        "failsafes only alarm.",
    ]
    return "\n".join(lines) + "\n"


def failsafes() -> str:
    """The failsafes as a table."""
    lines = [
        "# Failsafes",
        "",
        "<!-- Written by docs/tables.py from retroctl/domain/failsafes.py. Change the table there. -->",
        "",
        "Each blocks raises from the moment it trips until what is named under *lifted by* has happened. Before the",
        "trainer arms, they only alarm.",
        "",
        "| id | condition | act | lifted by | what the trainer sees first |",
        "|---|---|---|---|---|",
    ]
    lines += [
        f"| {row.id} | {row.condition} | {row.act.value} | {row.clears.value} | {row.alarm} |"
        for row in FAILSAFES.values()
    ]
    return "\n".join(lines) + "\n"


PAGES = {"STATES.md": states, "FAILSAFES.md": failsafes}

if __name__ == "__main__":
    for name, page in PAGES.items():
        (FOLDER / name).write_text(page(), encoding="utf-8")
