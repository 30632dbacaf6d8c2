"""How the belt comes into motion."""

from __future__ import annotations

from retroctl.units import Speed
from simulators import quirks
from simulators import quirks_moving as moving
from simulators.recipe import Personality

_ONE_START = "Sends Start once, from measured rest, and then only waits."

STARTS = (
    Personality(
        "toggle-start",
        "pauses when Start arrives while started",
        behaviours=(quirks.ToggleStart,),
        source="cagnulein/qdomyos-zwift#5100 (TM11GY)",
        answer=f"{_ONE_START} Start is never sent to a moving belt.",
    ),
    Personality(
        "restarted-countdown",
        "begins its countdown again at each Start",
        {"countdown_s": 5.0},
        (quirks.RestartedCountdown,),
        "cagnulein/qdomyos-zwift#4066 (Tunturi T80)",
        answer=_ONE_START,
    ),
    Personality(
        "restarts-on-start",
        "stops and counts down anew when Start arrives while it moves",
        behaviours=(moving.RestartsOnStart,),
        source="cagnulein/qdomyos-zwift src/devices/horizontreadmill/horizontreadmill.cpp (WELLFIT, YPOO, 3G, FS-)",
        answer="Set Target Speed goes out alone.",
    ),
    Personality(
        "keep-alive",
        "stops unless a Start comes every five seconds",
        behaviours=(moving.KeepAlive,),
        source="cagnulein/qdomyos-zwift src/devices/horizontreadmill/horizontreadmill.cpp (TRX3500)",
        outcome="stopped",
        shows=("F7",),
        answer="Is not served: no Start goes to a moving belt. Ends when the machine stops.",
    ),
    Personality(
        "two-starts",
        "does nothing at the first Start",
        behaviours=(moving.TwoStarts,),
        source="cagnulein/qdomyos-zwift#1850 (NordicTrack S20)",
        outcome="stopped",
        shows=("no motion was measured within 20 s",),
        answer="No second Start by itself: stops, and the trainer may start anew.",
    ),
    Personality(
        "target-only-moving",
        "loses a target that comes before the belt moves, and climbs slowly",
        {"ramp_up": 0.2},
        (moving.TargetOnlyMoving,),
        "cagnulein/qdomyos-zwift#3382 (3G Cardio, Sole)",
        answer="No target before the belt has run steadily for 2 s.",
    ),
    Personality(
        "crashes-on-early-target",
        "loses its link when a target comes while the belt spins up",
        behaviours=(moving.CrashesOnEarlyTarget,),
        source="mcdax/walkingpad-controller src/walkingpad_controller/ftms.py (KS-HD-Z1D)",
        answer="No target before the belt has run steadily for 2 s.",
    ),
    Personality(
        "long-countdown",
        "counts down for 6.2 s",
        {"countdown_s": 6.2},
        source="Belgian-Coder/treadmill-runner docs/project (Horizon Omega Z), ph4r05/ph4-walkingpad#25",
        answer="Waits up to 20 s for motion; no hold runs before the speed is there.",
    ),
    Personality(
        "very-long-countdown",
        "counts down for 25 s",
        {"countdown_s": 25.0},
        outcome="stopped",
        shows=("no motion was measured within 20 s",),
        answer="Stops when the belt has not moved after 20 s.",
    ),
    Personality(
        "moves-at-connect",
        "sets its belt in motion when a central connects",
        {"ramp_up": 0.8},
        (quirks.MovesAtConnect,),
        "cagnulein/qdomyos-zwift#4916, #4931 (NordicTrack)",
        outcome="refused",
        shows=("F12",),
        answer="Watches for 3 s before anything is offered. Writes nothing: somebody may be on it.",
    ),
    Personality(
        "moves-before-start",
        "sets its belt in motion four seconds after a central has connected",
        behaviours=(moving.MovesOnceArmed,),
        outcome="ladder",
        answer="Motion right after a confirmed start is taken for the start; any other is stopped (F12).",
    ),
    Personality(
        "starts-after-a-minute",
        "starts by itself a minute after a central has connected",
        behaviours=(moving.StartsAfterAMinute,),
        source="cagnulein/qdomyos-zwift#704 (Horizon 7.0)",
        answer="Motion that nobody asked for is stopped once armed (F12); a belt that runs already is not disturbed.",
    ),
    Personality(
        "request-control-starts",
        "starts on Request Control",
        behaviours=(quirks.RequestControlStarts,),
        source="hughesjs/FitnessMachine protocol/README.md (CITYSPORTS Linker)",
        answer="Asks for control only after the trainer has confirmed a start.",
    ),
    Personality(
        "connect-cancels-countdown",
        "gives its countdown up when a central connects",
        behaviours=(moving.ConnectCancelsCountdown,),
        source="cagnulein/qdomyos-zwift#1950 (Atletica FitShow)",
        answer="Connects first, starts second.",
    ),
    Personality(
        "starts-fast",
        "starts at 2.5 km/h",
        {"start_speed": Speed(250)},
        answer="Asks for the lowest speed first, once the belt is steady.",
    ),
    Personality(
        "starts-over-the-cap",
        "starts at 8.0 km/h",
        {"start_speed": Speed(800)},
        outcome="stopped",
        shows=("F4",),
        answer="Stops as soon as the belt is measured over the cap.",
    ),
    Personality(
        "resumes-at-half",
        "goes on at 0.5 km/h after a pause",
        behaviours=(moving.ResumesAtHalf,),
        source="korniychuk/treadmill-bluetooth-macos README (Yesoul W2 Pro)",
        answer="A pause ends the session; the next start begins at the lowest speed.",
    ),
)
