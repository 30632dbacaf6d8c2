"""How the belt comes to rest."""

from __future__ import annotations

from simulators import quirks, quirks_moving, quirks_telling
from simulators.recipe import Personality

_REPEATS = "Repeats Stop, asks for the lowest speed once, says NOT CONFIRMED - PULL THE CLIP; exit status 4."

STOPS = (
    Personality(
        "stop-ignored",
        "answers success to Stop and runs on",
        behaviours=(quirks.StopIgnored,),
        source="cagnulein/qdomyos-zwift#923 (Horizon 7.x), #1850 (NordicTrack S20)",
        outcome="not confirmed",
        shows=("NOT CONFIRMED - PULL THE CLIP",),
        answer=_REPEATS,
    ),
    Personality(
        "stop-slows-only",
        "comes down to 1 mph at a Stop, not to rest",
        behaviours=(quirks_moving.StopSlowsOnly,),
        source="cagnulein/qdomyos-zwift#1850 (NordicTrack S20)",
        outcome="not confirmed",
        shows=("NOT CONFIRMED - PULL THE CLIP",),
        answer=_REPEATS,
    ),
    Personality(
        "stop-third",
        "heeds only the third Stop",
        behaviours=(quirks.StopHeedsTheThird,),
        answer="Repeats Stop every 1.5 s in which nothing falls.",
    ),
    Personality(
        "stop-late",
        "heeds a Stop after six seconds",
        behaviours=(quirks_moving.StopLate,),
        shows=("NOT CONFIRMED - PULL THE CLIP",),
        answer="Repeats Stop and says NOT CONFIRMED until rest is measured.",
    ),
    Personality(
        "countdown-ignores-stop",
        "starts although it was stopped during the countdown",
        {"countdown_s": 5.0},
        (quirks_moving.CountdownIgnoresStop,),
        answer="After a Start, rest counts only when the longest known countdown has passed as well.",
    ),
    Personality(
        "starts-again",
        "starts by itself eight seconds after a Stop",
        behaviours=(quirks_moving.PauseKeepsRunningLater,),
        source="cagnulein/qdomyos-zwift#2591 (KingSmith, TRX4500)",
        answer="While it is connected, motion from rest is stopped at once (F12).",
    ),
    Personality(
        "stop-drops-link",
        "obeys Stop and drops its link for three seconds",
        behaviours=(quirks_moving.StopDropsLink,),
        shows=("F2",),
        answer="Connects again, Stop first, and looks.",
    ),
    Personality(
        "silent-after-stop",
        "sends no Treadmill Data once stopped",
        behaviours=(quirks.SilentAfterStop,),
        source="cagnulein/qdomyos-zwift#4024 (T318)",
        outcome="not confirmed",
        shows=("LOOK AT THE BELT",),
        answer="Silence is no rest: says so, asks to look; exit status 4.",
    ),
    Personality(
        "freezes-after-stop",
        "tells its last speed for ever once stopped",
        behaviours=(quirks_telling.FreezesAfterStop,),
        source="cagnulein/qdomyos-zwift#712 (Bowflex BXT216), #637 (Paragon X)",
        outcome="not confirmed",
        shows=("NOT CONFIRMED - PULL THE CLIP",),
        answer="Cannot be confirmed: says so, asks to look; exit status 4.",
    ),
    Personality(
        "zero-at-once",
        "tells 0 from the moment of a Stop, while the belt falls",
        behaviours=(quirks_telling.ZeroAtOnce,),
        answer="A fall too steep for a belt is given the time that a belt needs before it counts as rest.",
    ),
    Personality(
        "setpoint-telemetry",
        "reports its target, not its belt",
        behaviours=(quirks.SetpointTelemetry,),
        source="Zebradil/blebridge tests/fixtures/ftms/session-20260703-highspeed.jsonl (FitShow FS-D9D0A1)",
        answer="A machine that never shows a speed in between is given the time that a belt needs, at each speed and"
        " before rest is claimed.",
    ),
    Personality(
        "coasts-on",
        "takes a long time to come to rest",
        {"stop_rate": 0.08},
        answer="Says STOPPING while it falls.",
    ),
    Personality(
        "no-pause",
        "refuses Pause",
        behaviours=(quirks_moving.NoPause,),
        source="cagnulein/qdomyos-zwift#1255 (Winfita)",
        answer="Never sends Pause.",
    ),
    Personality(
        "stops-by-itself",
        "stops 45 s after the start and says nothing",
        behaviours=(quirks.StopsByItself,),
        source="cagnulein/qdomyos-zwift#2763 (Sole F65)",
        outcome="stopped",
        shows=("F7",),
        answer="Ends the session; never starts again by itself.",
    ),
    Personality(
        "bare-status",
        "tells a stop without saying which",
        behaviours=(quirks_telling.BareStatus,),
        source="dudanov/hassio-ftms, a captured hometro FitShow",
        answer="A stop without its cause is a stop.",
    ),
    Personality(
        "no-status",
        "says nothing on Machine Status",
        behaviours=(quirks_telling.NoStatus,),
        answer="Sees in the speed alone what happens at the console.",
    ),
    Personality(
        "console-locked",
        "locks its console while a central holds control",
        behaviours=(quirks_telling.ConsoleLocked,),
        source="dudanov/hassio-ftms#51 (Horizon 7.4AT)",
        answer="Lets go of the machine at the end; the clip works always.",
    ),
)
