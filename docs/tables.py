"""Write docs/STATES.md, FAILSAFES.md, MACHINES.md and mqtt-messages.schema.json from the code: `python docs/tables.py`.

A test fails when one of them is not what this gives.
"""

# ruff: noqa: INP001 - a script, no part of a package
from __future__ import annotations

import json
from pathlib import Path

from retroctl.adapters.mqtt.messages import schema_text
from retroctl.domain.failsafes import FAILSAFES, FailsafeId
from retroctl.domain.transitions import ARMED_STATES, RUNNING_STATES, TRANSITIONS, State, Trigger
from simulators.catalogue import COMMANDS, LINKS, NOT_ACTED_OUT, RECORDS, SPEEDS, STARTS, STOPS
from simulators.injected import HAPPENINGS

FOLDER = Path(__file__).parent
EXPLORED = FOLDER.parent / "tests" / "explore" / "reached.json"


def states() -> str:
    """The states of a session: a diagram without the arrows that nearly every state has, and the whole table.

    The arrows are those that the explorer took (`make explore`), not those that the table promises.
    """
    explored = json.loads(EXPLORED.read_text(encoding="utf-8"))
    lines = [
        "# States of a session",
        "",
        "<!-- Written by docs/tables.py from retroctl/domain/transitions.py and tests/explore/reached.json. -->",
        "",
        "What is not in this table raises an error and changes nothing. Stop is looked at before anything else, in",
        "every state. The diagram leaves out what the belt's running states share: stop, link lost, ease down, changed",
        "at the console.",
        "",
        "```mermaid",
        "stateDiagram-v2",
        "    [*] --> idle",
    ]
    lines += [
        f"    {state} --> {to}: {trigger}" for state, trigger, to in explored["rows"] if _is_drawn(state, trigger)
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
        "",
        "## Explored",
        "",
        "`make explore` brings the session, with its gate and procedure, to every place that it can find: from every",
        f"state above each of {explored['events']} events (people, machine, air, computer, time), and again from",
        f"wherever that leads, {explored['depth']} in a row, breadth first. Two places are one when the program's own",
        "variables are the same, with speeds and times in classes. At each step the bench's judge, which shares no",
        "code with session and gate, looks at every byte that leaves; and from each place STOP is pressed: it must be",
        "written at once, or as soon as the radio is free.",
        "",
        f"The last run: {explored['places']} places, {explored['steps']} steps, {explored['broken']} rules broken.",
        f"All {len(explored['rows'])} rows of the table were taken, and none led elsewhere; the diagram is drawn from",
        "them.",
        "",
        "| state | places |",
        "|---|---|",
    ]
    lines += [f"| {state} | {explored['by_state'][state]} |" for state in State]
    return "\n".join(lines) + "\n"


def _is_drawn(state: str, trigger: str) -> bool:
    shared = {Trigger.STOP, Trigger.LINK_LOST, Trigger.EASE, Trigger.OVERRIDE, Trigger.LEFT}
    return trigger not in shared or state in {State.EASING_DOWN, State.OVERRIDDEN}


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
    lines += [
        "",
        "Where a person at the console moves the belt ([call out](TRAINER.md#a-belt-that-cannot-be-commanded)), F3 and",
        "F4 are told first: LOWER IT AT THE CONSOLE. What does not fall for 5 s is called out as a stop, and then they",
        "are what the table says; lowered in time, they are lifted when the trainer confirms. F5 and F8 cannot trip:",
        "nothing was sent that could be taken in another unit, and no control is held that could be lost.",
        "",
        "## How each is shown",
        "",
        "What brings it about in the simulator, and one test that fails without it.",
        "",
        "| id | in the simulator | test |",
        "|---|---|---|",
    ]
    lines += [_shown(each) for each in FAILSAFES]
    return "\n".join(lines) + "\n"


def _shown(each: FailsafeId) -> str:
    if each not in SHOWN:
        return f"| {each} | none yet | none yet |"
    fault, file, test = SHOWN[each]
    return f"| {each} | {fault} | `tests/system/{file}.py::{test}` |"


PURE = "test_failsafes_pure"
SHOWN = {
    FailsafeId.F1: ("frames withheld", PURE, "test_f1_two_seconds_without_data_alarm_and_five_stop"),
    FailsafeId.F2: (
        "a link dropped, `vanishes`, links that come and go",
        "test_reconnect",
        "test_a_link_that_is_back_at_once_only_observes_until_the_trainer_confirms",
    ),
    FailsafeId.F3: ("`runaway`", PURE, "test_f3_a_runaway_is_stopped_after_2_s"),
    FailsafeId.F4: ("a console speed over the cap", PURE, "test_f4_two_frames_over_the_cap_stop_and_one_does_not"),
    FailsafeId.F5: (
        "`mph-target`, `mph-telemetry`",
        PURE,
        "test_f5_a_machine_that_takes_targets_for_miles_is_named_at_its_lowest_speed",
    ),
    FailsafeId.F6: (
        "the console's speed keys",
        "test_rules_pure",
        "test_a_speed_lowered_at_the_console_is_adopted_and_never_fought",
    ),
    FailsafeId.F7: (
        "the console's STOP, the safety key",
        PURE,
        "test_f7_a_stop_at_the_machine_ends_the_session_and_writes_nothing_while_the_belt_falls",
    ),
    FailsafeId.F8: (
        "another app takes control",
        PURE,
        "test_f8_lost_control_holds_where_the_belt_is_and_the_trainers_key_asks_for_it_again",
    ),
    FailsafeId.F9: (
        "a target refused, or not obeyed",
        "test_corners_pure",
        "test_forward_a_belt_that_ignores_a_key_is_f9",
    ),
    FailsafeId.F10: (
        "straps: `high`, `dropouts`, `contact`, `frozen`",
        "test_strap_session",
        "test_a_heart_over_the_limit_is_not_driven_higher",
    ),
    FailsafeId.F11: ("none: the trainer sees it", PURE, "test_f11_a_grave_balance_event_stops_the_belt"),
    FailsafeId.F12: ("`moves-at-connect`, a reboot", PURE, "test_f12_motion_from_rest_is_stopped"),
    FailsafeId.F13: ("none: a gate made deaf", PURE, "test_f13_a_refusal_by_the_gate_is_our_bug_and_stops"),
    FailsafeId.F14: (
        "none: a disk that is full, locked or read-only",
        "test_cli_record",
        "test_a_record_that_fails_in_mid_session_alarms_and_eases_down",
    ),
    FailsafeId.F15: (
        "none: clocks set forward; a process that is frozen",
        "test_stillness",
        "test_a_process_that_was_frozen_stops_the_belt_when_it_goes_on",
    ),
}
"""What brings a failsafe about, and a test that fails without it."""


GROUPS = {
    "Commands and answers": COMMANDS,
    "Starting": STARTS,
    "Speeds": SPEEDS,
    "Stopping": STOPS,
    "Treadmill Data": RECORDS,
    "Being found and connected": LINKS,
}

MEANT = {
    "ladder": "the whole ladder, belt at rest",
    "held": "stays low, asks the trainer, eases down, belt at rest",
    "stopped": "stopped, belt at rest",
    "not confirmed": "exit status 4: not confirmed at rest",
    "refused": "not used",
}


def machines() -> str:
    """The simulated machines: what each does, what the program does about it, how a ladder without a trainer ends."""
    lines = [
        "# Machines as they are",
        "",
        "<!-- Written by docs/tables.py from simulators/catalogue. Change the machines there. -->",
        "",
        "What treadmills do that the specification does not lead one to expect, and what the program does about it.",
        "Each row is a simulated machine (`retroctl run --sim mph-target --yes`), and each is held to its row by",
        "`tests/system/test_machines.py::test_a_ladder_on_each_machine_ends_as_its_row_says`, judged by what the",
        "simulated belt really did. No row goes by a machine's name: behaviour is measured. Names in brackets are",
        "those of the machines that were seen doing it, by the source given; a row without a source could be.",
        "",
        "Machines combine with `+`: `--sim mph-target+no-indication`. `retroctl simulate --list` lists them.",
    ]
    for title, group in GROUPS.items():
        lines += ["", f"## {title}", "", "| machine | what it does | what the program does | a ladder ends | source |"]
        lines += ["|---|---|---|---|---|"]
        lines += [
            f"| `{row.name}` | {row.summary} | {row.answer} | {MEANT[row.outcome]} | {row.source} |" for row in group
        ]
    lines += [
        "",
        "## Faults by chance",
        "",
        "The same for the same seed: `--sim standard+drop:seed=7`, `--sim standard+late:seed=7:every=10` (the mean",
        "distance between two, in seconds). Whatever they do, the belt keeps to the rules, and is at rest at the end",
        "or not said to be:",
        "`tests/system/test_machines.py::test_each_fault_by_chance_leaves_the_belt_at_rest_or_says_that_it_may_not_be`.",
        "",
        "| fault | the machine |",
        "|---|---|",
        *(f"| `{name}` | {each.summary} |" for name, each in HAPPENINGS.items()),
        "",
        "## Not acted out",
        "",
        *(f"- {what}: {why}." for what, why in NOT_ACTED_OUT.items()),
        "",
        "## What stays unknowable",
        "",
        "- A machine that takes and gives miles, starts at its lowest speed in its own unit and counts no metres",
        "  agrees with itself in everything. Compare its console with what the program shows before anybody steps on.",
        "- A machine that tells a speed of 0, obeys no Stop and counts no metres looks like one at rest.",
        "- A machine that starts by itself after the program has let go of it.",
    ]
    return "\n".join(lines) + "\n"


PAGES = {
    "STATES.md": states,
    "FAILSAFES.md": failsafes,
    "MACHINES.md": machines,
    "mqtt-messages.schema.json": schema_text,
}

if __name__ == "__main__":
    for name, page in PAGES.items():
        (FOLDER / name).write_text(page(), encoding="utf-8")
