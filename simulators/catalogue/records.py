"""What Treadmill Data carry, and how."""

from __future__ import annotations

from simulators import encoding as wire
from simulators import quirks_telling as telling
from simulators.recipe import Personality

_USUAL = wire.TOTAL_DISTANCE | wire.INCLINATION | wire.ENERGY | wire.ELAPSED_TIME
_OWN_CLOCK = "Keeps its own time; the machine's counters decide nothing but a restart."

RECORDS = (
    Personality(
        "split-records",
        "splits each record over two notifications",
        {"record_flags": 0x1F9E},
        source="TrackMyIndoorWorkout/TrackMyIndoorWorkout test (Matrix TouchXL, Technogym MyRun)",
        answer="Joins them.",
    ),
    Personality(
        "truncated-records",
        "cuts each record at 20 bytes",
        {"record_flags": 0x1F9E, "too_long": "truncate"},
        source="TrackMyIndoorWorkout/TrackMyIndoorWorkout test/matrix_treadmill_test.dart (Matrix)",
        answer="Takes what came whole.",
    ),
    Personality(
        "speed-first-records",
        "sends the speed first and the other half of the record after it",
        behaviours=(telling.SpeedFirst,),
        source="Zebradil/blebridge tests/fixtures/ftms (FitShow FS-D9D0A1)",
        answer="Takes a speed as it comes and waits for no partner.",
    ),
    Personality(
        "steps-appended",
        "sets a reserved flag and appends three bytes of steps",
        behaviours=(telling.StepsAppended,),
        source="korniychuk/treadmill-bluetooth-macos src/ftms.rs (KingSmith, Urevo, Yesoul)",
        answer="Bytes behind the known ones are kept and harm nothing.",
    ),
    Personality(
        "steps-flag-only",
        "sets a reserved flag and appends nothing",
        {"record_flags": _USUAL | 1 << 13},
        source="kkz6/WalkingPadSDK (KS-HD-Z1D)",
        answer="An unknown flag harms nothing.",
    ),
    Personality(
        "elevation-not-available",
        "tells elevation gains of 7FFF and FFFF",
        {"record_flags": wire.ELEVATION_GAIN | wire.ELAPSED_TIME},
        (telling.NoElevation,),
        "TrackMyIndoorWorkout/TrackMyIndoorWorkout test (Life Fitness, Matrix)",
        answer="Treats both as missing.",
    ),
    Personality(
        "zero-energy",
        "tells energy and heart rate as 0 instead of missing",
        {"record_flags": _USUAL | wire.HEART_RATE},
        (telling.ZeroEnergy,),
        "cagnulein/qdomyos-zwift#175 (Horizon 7.0AT), duhow/ftms-bridge (BH)",
        answer="0 is no proof of a sensor.",
    ),
    Personality(
        "speed-despite-flags",
        "says that there is no speed, and sends it all the same",
        behaviours=(telling.SpeedDespiteFlags,),
        source="ph4r05/ph4-walkingpad#25 (KS-PH4)",
        outcome="refused",
        shows=("sends no speed",),
        answer="Does not guess: a machine without a speed is not steered.",
    ),
    Personality(
        "zero-counters",
        "tells time, distance and energy as 0 always",
        behaviours=(telling.ZeroCounters,),
        source="duhow/ftms-bridge docs/research/ftms-treadmill-bh-quirks.md (BH)",
        answer=_OWN_CLOCK,
    ),
    Personality(
        "frozen-clock",
        "tells an elapsed time that stands still",
        behaviours=(telling.FrozenClock,),
        source="cagnulein/qdomyos-zwift src/devices/horizontreadmill/horizontreadmill.cpp (Mobvoi TMP)",
        answer=_OWN_CLOCK,
    ),
    Personality(
        "counters-restart",
        "begins its counters again forty seconds after the start",
        behaviours=(telling.CountersRestart,),
        source="cagnulein/qdomyos-zwift#2591 (KingSmith, TRX4500)",
        outcome="stopped",
        shows=("F12",),
        answer="Time that runs backwards is a restart: stops and abandons the session.",
    ),
    Personality(
        "odd-incline",
        "tells its inclination 6.25 times too steep",
        behaviours=(telling.OddIncline,),
        source="duhow/ftms-bridge docs/research/ftms-treadmill-bh-quirks.md (BH)",
        answer="Inclination decides nothing.",
    ),
    Personality(
        "fast-frames",
        "sends ten records a second while it moves, one while it stands",
        {"record_interval_s": 0.1},
        (telling.IdleSlowly,),
        "mcdax/walkingpad-controller (KingSmith)",
        answer="What is old is a matter of seconds, not of frames.",
    ),
    Personality(
        "slow-frames",
        "sends a record every three seconds",
        {"record_interval_s": 3.0},
        outcome="refused",
        shows=("too seldom",),
        answer="Does not steer it: 2 s without a speed block every raise.",
    ),
    Personality(
        "transient-zero",
        "tells a speed of 0 now and then while the belt runs",
        behaviours=(telling.TransientZero,),
        source="cagnulein/qdomyos-zwift src/devices/horizontreadmill/horizontreadmill.cpp (Merach)",
        answer="One frame of 0 is no rest.",
    ),
    Personality(
        "speed-jumps",
        "tells 3 km/h too much in a single record now and then",
        behaviours=(telling.JumpingSpeed,),
        source="TrackMyIndoorWorkout/TrackMyIndoorWorkout test/life_fitness_indoor_bike_test.dart",
        answer="One frame trips nothing; two do.",
    ),
    Personality(
        "late-speed",
        "tells a speed that is four seconds old",
        behaviours=(telling.LateSpeed,),
        answer="The hold begins when the speed is reported.",
    ),
    Personality(
        "always-zero",
        "tells a speed of 0, whatever the belt does",
        behaviours=(telling.AlwaysZero,),
        outcome="stopped",
        shows=("no motion was measured within 20 s",),
        answer="Stops when no motion is seen after a Start.",
    ),
    Personality(
        "no-data",
        "sends no Treadmill Data, as machines do that want their maker's own opening words",
        behaviours=(telling.NoData,),
        source="dudanov/hassio-ftms#21, mcdax/walkingpad-controller (Sole, YPOO, Merach, KingSmith, Urevo)",
        outcome="refused",
        shows=("sends no speed",),
        answer="Does not steer what it cannot see.",
    ),
    Personality(
        "data-only-moving",
        "sends Treadmill Data only while the belt moves",
        behaviours=(telling.DataOnlyMoving,),
        outcome="refused",
        shows=("sends no speed",),
        answer="Does not steer it: a belt that cannot be seen at rest is not started.",
    ),
    Personality(
        "falls-silent",
        "sends no more Treadmill Data from forty seconds after the start",
        behaviours=(telling.FallsSilent,),
        outcome="not confirmed",
        shows=("F1",),
        answer="Blocks raises after 2 s, stops after 5 s; rest cannot be confirmed: exit status 4.",
    ),
)
