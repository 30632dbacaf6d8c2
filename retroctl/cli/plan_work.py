"""What `retroctl plan` does."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from retroctl.adapters.console.text import plain
from retroctl.adapters.plans import PRESETS, Preset, read_plan
from retroctl.adapters.tui.choose.picture import draw_plan, stage_lines, times_of
from retroctl.cli.options import checked_belt
from retroctl.cli.person import NOBODY, person
from retroctl.cli.plan_files import plan_files
from retroctl.cli.planning import judged
from retroctl.config import load_settings
from retroctl.domain.method.practice import kind_of, shape_of
from retroctl.errors import ConfigError

if TYPE_CHECKING:
    from retroctl.domain.limits import BeltRange, Caps
    from retroctl.domain.plan import Plan

ROWS: Final = 10
MOST_STAGES: Final = 60
_ASCII: Final = str.maketrans("▁▂▃▄▅▆▇█▒░╌…", "____####=.-~")
"""Where the output cannot show the blocks."""

_STAGES: Final = """\
# Stage by stage. Speeds are written 3, 3.0km/h or 1.9mph; times are seconds.
name = "{name}"
ease_rung_s = 20          # seconds on each rung of the way down at the end, 15 to 30

[[stage]]
target = "1.0 km/h"       # the first is the machine's lowest speed (R6)
hold_s = 120              # 60 or more for every backward speed (R9)
kind = "ladder"           # ladder (warm-up), work, recovery or cool-down
facing = "backward"       # backward or forward; facing changes on a standing belt only

[[stage]]
target = "1.8 km/h"       # a raise is 0.80 km/h at most (R7)
hold_s = 120
"""
_COMMENTS: Final = {
    "top": ("# top = 3.0km/h", "the fastest speed; without it, the client's cap"),
    "hold_s": ("hold_s = {}", "seconds at each rung of the warm-up, 60 or more (R9)"),
    "interval_s": ("interval_s = {}", "seconds of each interval, 60 or more"),
    "count": ("count = {}", "how many intervals"),
    "recovery_s": ("recovery_s = {}", "seconds one raise slower between two intervals, 60 or more"),
    "total_s": ("total_s = {}", "seconds of the whole run, 600 or more"),
    "forward": ("# forward = 6km/h", "what the client is expected to run at, set at the console"),
    "ease_rung_s": ("ease_rung_s = 20", "seconds on each rung of the way down, 15 to 30"),
}


def list_plans() -> None:
    """Print presets and plan files."""
    for preset, about in PRESETS.items():
        print(f"{preset:<21} {about.summary}")
        if about.keys:
            print(f"{'':<21} keys: {', '.join(key for key in _COMMENTS if key in about.keys)}")
    files = plan_files()
    print(f"\nPlan files found: {len(files)}")
    for path in files:
        print(f"  {path}")
    print("\nA file to begin from: retroctl plan new intervals monday.toml")


def show_plan(source: str, client: str | None, speed_range: str | None, *, with_simulated: bool) -> None:
    """Print all that is known of a plan beforehand. Raises ConfigError, PlanError, ClientError, JournalError."""
    if _is_outdoor(source):
        print("A session outdoors: its own checklist, no machine, noted afterwards. retroctl run --plan outdoor")
        return
    plan, caps, belt = _built(source, client, speed_range, with_simulated=with_simulated)
    shape, width = shape_of(plan.stages), _width()
    print(f"{plain(plan.name)}: {times_of(plan)}")
    _draw(plan, caps, width)
    for line in stage_lines(plan, MOST_STAGES):
        print(line)
    print(
        f"For R11 it is a {kind_of(plan.stages)}: peak {shape.peak}, longest interval {shape.interval_s:g} s, "
        f"{shape.count} of them, incline {shape.incline_pct:g} %"
    )
    print(f"Cap {caps.backward} ({caps.backward_reason}). Drawn for a machine of {_words(belt)}.")
    for remark in plan.remarks:
        print(f"Note: {plain(remark)}")


def check_plan(source: str, client: str | None, speed_range: str | None, *, with_simulated: bool) -> None:
    """Say OK, or raise what the plan breaks."""
    if _is_outdoor(source):
        print("OK: a session outdoors, no machine")
        return
    plan, _, belt = _built(source, client, speed_range, with_simulated=with_simulated)
    print(f"OK: {plain(plan.name)}, {len(plan.stages)} stages, on a machine of {_words(belt)}")


def draw_only(source: str, client: str | None, speed_range: str | None, *, with_simulated: bool) -> None:
    """Print the picture alone."""
    if _is_outdoor(source):
        raise ConfigError("an outdoor session has no stages to draw")
    plan, caps, _ = _built(source, client, speed_range, with_simulated=with_simulated)
    _draw(plan, caps, _width())


def new_plan(preset: str, file: str) -> None:
    """Write a file to edit. Raises ConfigError."""
    if not file:
        raise ConfigError("give what to begin from and a file to write: retroctl plan new PRESET FILE")
    path = Path(file)
    if preset == "stages":
        text = _STAGES.format(name=_plan_name(path))
    elif preset in list(Preset):
        about = PRESETS[Preset(preset)]
        lines = [f"# {about.summary}", f'name = "{_plan_name(path)}"', f'preset = "{preset}"']
        for key, (written, meaning) in _COMMENTS.items():
            if key in about.keys:
                line = written.replace("= 3.0km/h", '= "3.0 km/h"').replace("= 6km/h", '= "6.0 km/h"')
                lines.append(f"{line.format(_number(about.defaults.get(key))):<24} # {meaning}")
        text = "\n".join(lines) + "\n"
    else:
        raise ConfigError(f"{preset[:80]!r} is no preset: give one of {', '.join(Preset)}, or stages")
    try:
        with path.open("x", encoding="utf-8") as out:
            out.write(text)
    except FileExistsError:
        raise ConfigError(f"{plain(file)}: there is a file already; name another") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise ConfigError(f"{plain(file)}: cannot be written: {reason}") from None
    print(f"{plain(file)}: written. Edit it, then: retroctl plan show {plain(file)}")


def _built(
    source: str, client: str | None, speed_range: str | None, *, with_simulated: bool
) -> tuple[Plan, Caps, BeltRange]:
    request = read_plan(source)
    who = NOBODY if client is None else person(client, load_settings().data_dir, simulated=with_simulated)
    belt = usual_belt() if speed_range is None else checked_belt(speed_range)
    # As on a measured machine: what a machine adds to the rules is said once it is known.
    plan, caps = judged(request, who, belt, qualified=True)
    return plan, caps, belt


def usual_belt() -> BeltRange:
    """The range of the simulated treadmill."""
    from retroctl.domain.limits import BeltRange as Made  # noqa: PLC0415 - beside the simulator's
    from simulators.personality import personality  # noqa: PLC0415 - only where a machine is imagined

    traits = personality("standard").traits
    return Made(traits.minimum, traits.maximum, traits.increment)


def _is_outdoor(source: str) -> bool:
    return read_plan(source).preset is Preset.OUTDOOR


def _draw(plan: Plan, caps: Caps, width: int) -> None:
    parts = draw_plan(plan, caps, width, ROWS)  # the picture of the choosing screen, without its colours
    text = "".join(part if isinstance(part, str) else part[0] for part in parts)
    encoding = getattr(sys.stdout, "encoding", None) or "ascii"
    try:
        text.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        text = text.translate(_ASCII)
    print(text.rstrip("\n"))


def _width() -> int:
    return min(100, max(40, shutil.get_terminal_size((80, 24)).columns - 1))


def _words(belt: BeltRange) -> str:
    return f"{belt.minimum.kmh:g} to {belt.maximum.kmh:g} km/h in steps of {belt.increment.kmh:g}"


def _plan_name(path: Path) -> str:
    kept = "".join(letter for letter in path.stem if letter.isprintable() and letter not in '"\\')
    return kept[:80] or "plan"


def _number(value: object) -> str:
    return f"{value:g}" if isinstance(value, int | float) else ""
