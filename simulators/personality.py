"""Personalities: named machines, each the standard one plus a few changes, and combinable with `+`.

A personality is data (`changes` to `Traits`) and, where data do not reach, a small `Behaviour`. `a+b` takes
the changes of both, the later name winning where they meet, and stacks their behaviours.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from retroctl.errors import ConfigError
from retroctl.units import Speed
from simulators import quirks
from simulators.behaviour import Behaviour
from simulators.traits import EVERYTHING, Traits

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Personality:
    """A machine as it is. `summary` says what it does, `source` who was seen doing it."""

    name: str
    summary: str
    changes: Mapping[str, Any] = field(default_factory=dict)
    behaviours: tuple[type[Behaviour], ...] = ()
    source: str = ""

    @cached_property
    def traits(self) -> Traits:
        """The standard machine with this one's changes."""
        return dataclasses.replace(Traits(), **self.changes)

    @cached_property
    def behaviour_class(self) -> type[Behaviour]:
        """The behaviours as one class; the first named is asked first."""
        return type("Behaviour", self.behaviours or (Behaviour,), {})

    def __add__(self, other: Personality) -> Personality:
        """Combine both."""
        return Personality(
            name=f"{self.name}+{other.name}",
            summary=f"{self.summary}; {other.summary}",
            changes={**self.changes, **other.changes},
            behaviours=tuple(dict.fromkeys((*self.behaviours, *other.behaviours))),
            source="; ".join(filter(None, (self.source, other.source))),
        )

    def but(self, **changes: Any) -> Personality:
        """Give the same machine with other traits: `personality("standard").but(countdown_s=0)`."""
        return dataclasses.replace(self, changes={**self.changes, **changes})


_ALL = (
    Personality("standard", "does what the specification says"),
    Personality("mph-target", "reads targets as mph, reports km/h", behaviours=(quirks.MphTarget,), source="TM11GY"),
    Personality("mph-telemetry", "obeys km/h, reports mph", behaviours=(quirks.MphTelemetry,), source="JFTM T202"),
    Personality(
        "setpoint-telemetry",
        "reports its target, not its belt",
        behaviours=(quirks.SetpointTelemetry,),
        source="FitShow FS-D9D0A1",
    ),
    Personality("no-indication", "obeys, never answers", {"answers": False}, source="KingSmith KS-MC21"),
    Personality(
        "request-control-04",
        "refuses Request Control with 04, obeys all the same",
        {"results": {0x00: 0x04}, "needs_control": False},
        source="KingSmith KS-MC21",
    ),
    Personality(
        "always-success",
        "answers success to everything",
        {"results": dict.fromkeys(range(0x15), 0x01)},
        source="TM11GY",
    ),
    Personality(
        "no-control-point",
        "has neither Control Point nor Machine Status",
        {"characteristics": EVERYTHING - {"2ad9", "2ada"}, "targets": 0},
        source="Life Fitness, Reebok FR30z, Sole F85",
    ),
    Personality(
        "notify-control-point",
        "notifies its answers instead of indicating them",
        {"control_point_properties": ("write", "notify")},
        source="Horizon Omega Z",
    ),
    Personality(
        "write-command",
        "takes writes without response only, and notifies",
        {"control_point_properties": ("write-without-response", "notify")},
        source="BH Fitness iConcept",
    ),
    Personality(
        "write-hangs", "never answers the second Set Target Speed, not even on ATT", behaviours=(quirks.WriteHangs,)
    ),
    Personality(
        "stop-ignored",
        "answers success to Stop and runs on",
        behaviours=(quirks.StopIgnored,),
        source="Horizon 7.x, NordicTrack S20",
    ),
    Personality("stop-third", "heeds only the third Stop", behaviours=(quirks.StopHeedsTheThird,)),
    Personality(
        "silent-after-stop", "sends no Treadmill Data once stopped", behaviours=(quirks.SilentAfterStop,), source="T318"
    ),
    Personality("coasts-on", "takes a long time to come to rest", {"stop_rate": 0.08}),
    Personality("slow-ramp", "ramps at 0.1 km/h per second", {"ramp_up": 0.1, "ramp_down": 0.1}),
    Personality(
        "moves-at-connect",
        "sets its belt in motion when a central connects",
        {"ramp_up": 0.8},
        (quirks.MovesAtConnect,),
        "NordicTrack, Horizon 7.0",
    ),
    Personality(
        "request-control-starts",
        "starts on Request Control",
        behaviours=(quirks.RequestControlStarts,),
        source="CITYSPORTS Linker",
    ),
    Personality(
        "toggle-start", "pauses when Start arrives while started", behaviours=(quirks.ToggleStart,), source="TM11GY"
    ),
    Personality(
        "restarted-countdown",
        "begins its countdown again at each Start",
        {"countdown_s": 5.0},
        (quirks.RestartedCountdown,),
        "Tunturi T80",
    ),
    Personality("inc-0.5", "has an increment of 0.5 km/h", {"increment": Speed(50)}),
    Personality("inc-1.0", "has an increment of 1.0 km/h, more than a raise may be", {"increment": Speed(100)}),
    Personality(
        "empty-reads",
        "gives zero bytes for Feature, Speed Range and Training Status",
        {"empty_reads": frozenset({"2acc", "2ad3", "2ad4"})},
        source="Domyos, Horizon 7.4AT",
    ),
    Personality(
        "no-optional",
        "has nothing but Treadmill Data and Control Point",
        {"characteristics": frozenset({"2acd", "2ad9"})},
    ),
    Personality(
        "split-records",
        "splits each record over two notifications",
        {"record_flags": 0x1F9E},
        source="Matrix TouchXL, Technogym MyRun",
    ),
    Personality(
        "truncated-records",
        "cuts each record at 20 bytes",
        {"record_flags": 0x1F9E, "too_long": "truncate"},
        source="Matrix",
    ),
    Personality(
        "anonymous",
        "advertises the service, but neither name nor service data",
        {"name": "", "service_data": None},
        source="Horizon Omega Z, Toorx TRL200",
    ),
    Personality("clamps", "brings targets out of range into it and answers success", {"out_of_range": "clamp"}),
    Personality(
        "vanishes", "drops the link 20 s after the start, for 4 s", behaviours=(quirks.Vanishes,), source="Domyos 500"
    ),
    Personality("runaway", "speeds up by itself a minute after the start", behaviours=(quirks.Runaway,)),
    Personality(
        "falls-back",
        "returns to its minimum 3 s after a target",
        behaviours=(quirks.FallsBack,),
        source="FitShow FS-465D50",
    ),
    Personality(
        "stops-by-itself",
        "stops 45 s after the start and says nothing",
        behaviours=(quirks.StopsByItself,),
        source="Sole F65",
    ),
)

PERSONALITIES: dict[str, Personality] = {each.name: each for each in _ALL}
"""Every named machine."""


def personality(name: str) -> Personality:
    """Find the machine of that name, or several joined with `+`. Raises ConfigError that names the known ones."""
    found: Personality | None = None
    for part in name.split("+"):
        each = PERSONALITIES.get(part.strip())
        if each is None:
            raise ConfigError(
                f"no simulated treadmill is called {part.strip()!r}; known are {', '.join(PERSONALITIES)}"
            )
        found = each if found is None else found + each
    assert found is not None  # noqa: S101 - split gives at least one part
    return found
