"""Records made by hand: whole sessions written straight through the schema and the packing, as the program would.

For lists of ten thousand sessions and for months of training that nobody has waited for. Every hash is right.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from retroctl.adapters.journal import chain, files
from retroctl.adapters.journal.samples import Sample, pack

if TYPE_CHECKING:
    from pathlib import Path

SETTINGS = json.dumps(
    {"advance": "confirm", "level": "practised", "speedup": 1.0, "cap_kmh": 6.4}, separators=(",", ":")
)
EASED = "the end of easing down"
RAMP_S = 8.0
MINUTE_MS = 60_000


@dataclass
class Made:
    """One session to be written. Speeds in km/h; `rated` and `events` by the number of the rung."""

    id: str
    started_ms: int
    targets: tuple[float, ...] = (1.0, 1.8, 2.6)
    hold_s: float = 120.0
    client_id: str | None = None
    simulated: bool = False
    machine: str = "Treadmill 3"
    name: str = "ladder"
    work: tuple[float, float, int] | None = None
    """Target, seconds and count of the work stages after the ladder."""
    forward: bool = False
    rated: dict[int, int] = field(default_factory=dict)
    events: dict[int, str] = field(default_factory=dict)
    reason: str = EASED
    ended: bool = True
    kcal_per_min: float | None = 4.0
    heart: bool = True
    seed: int = 1
    confidence: tuple[object, int | None] = (3, None)
    """Before, as the briefing was answered; after, None where it was not asked."""
    settings: str = SETTINGS

    @property
    def stages(self) -> list[dict[str, Any]]:
        facing = "forward" if self.forward else "backward"
        ladder = [
            {"kind": "ladder", "facing": facing, "target_kmh": each, "hold_s": self.hold_s} for each in self.targets
        ]
        if self.work is None:
            return ladder
        target, seconds, count = self.work
        stages = ladder[:-1] if self.targets[-1] == target else ladder
        for number in range(count):
            stages += (
                [{"kind": "recovery", "facing": facing, "target_kmh": self.targets[0], "hold_s": 60.0}]
                if number
                else []
            )
            stages.append({"kind": "work", "facing": facing, "target_kmh": target, "hold_s": seconds})
        return stages


class Minutes:
    """Packed minutes, made once for each course and heart rate: eighteen million samples take too long otherwise."""

    def __init__(self) -> None:
        self._known: dict[tuple[tuple[int, ...], int, int], bytes] = {}

    def packed(self, targets: tuple[int, ...], heart: int | None, variant: int) -> bytes:
        """`targets`: of each second, in hundredths of km/h."""
        key = (targets, heart or 0, variant)
        if key not in self._known:
            dice = random.Random(repr(key))  # noqa: S311 - the same record each time
            samples = [
                Sample(
                    second * 1000 + dice.randrange(0, 20),
                    max(0, target + dice.randrange(-3, 4)) if target else 0,
                    target or None,
                    None if heart is None else heart + dice.randrange(-3, 4),
                )
                for second, target in enumerate(targets)
            ]
            self._known[key] = pack([sample.record() for sample in samples])
        return self._known[key]


class RecordMaker:
    """Writes sessions into a record; `close` lets go of it."""

    def __init__(self, folder: Path) -> None:
        self.file = files.prepare_folder(folder)
        self._connection = files.connect_to_write(self.file)
        self._connection.execute("PRAGMA synchronous = OFF")  # nobody misses it after a power cut
        self._minutes = Minutes()

    def close(self) -> None:
        self._connection.close()

    def write(self, *made: Made) -> None:
        """In one transaction."""
        self._connection.execute("BEGIN IMMEDIATE")
        for each in made:
            self._session(each)
        self._connection.execute("COMMIT")

    def _session(self, made: Made) -> None:
        plan = json.dumps({"name": made.name, "stages": made.stages, "ease_rung_s": 20.0}, separators=(",", ":"))
        start = (
            made.id, made.started_ms, "0.1.0", made.machine, "C0:DE:00:00:00:01", made.client_id, int(made.simulated),
            plan, made.settings,
        )  # fmt: skip
        first = chain.first_hash(start)
        number = self._connection.execute(
            "INSERT INTO sessions (id, started_utc_ms, program_version, machine_name, machine_address, client_id,"
            " simulated, plan, settings, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (*start, first),
        ).lastrowid
        told = _Told(made)
        rows, digest = [], first
        for seq, (ms, kind, data) in enumerate(told.rows, 1):
            fields = (seq, ms, made.started_ms + ms, kind, json.dumps(data, separators=(",", ":")))
            digest = chain.link(digest, fields)
            rows.append((number, *fields, digest))
        minutes, samples_digest, count = self._chunks(made, told, number, first)
        self._connection.executemany("INSERT INTO sample_minutes VALUES (?, ?, ?, ?, ?, ?, ?)", minutes)
        if made.ended:
            seq, ms = len(rows) + 1, told.now_ms
            counts = {"rows": len(rows), "samples": count, "samples_hash": samples_digest.hex()}
            text = json.dumps({"outcome": told.outcome, **counts}, separators=(",", ":"))
            fields = (seq, ms, made.started_ms + ms, "end", text)
            rows.append((number, *fields, chain.link(digest, fields)))
        self._connection.executemany("INSERT INTO journal VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
        if made.confidence[1] is not None:
            self._connection.execute(
                "INSERT INTO answers_after VALUES (?, 'confidence', ?, 0)", (made.id, made.confidence[1])
            )

    def _chunks(self, made: Made, told: _Told, number: int | None, first: bytes) -> tuple[list[tuple], bytes, int]:
        chunks, digest, targets = [], first, told.targets
        for minute in range((len(targets) + 59) // 60):
            course = targets[minute * 60 : minute * 60 + 60]
            heart = 5 * round((85 + course[-1] / 8 + minute / 2) / 5) if made.heart else None
            data = self._minutes.packed(course, heart, (made.seed + minute) % 4)
            start, utc = minute * MINUTE_MS, made.started_ms + minute * MINUTE_MS
            digest = chain.link(digest, (str(minute + 1), start, utc, len(course)), data)
            chunks.append((number, minute + 1, start, utc, len(course), data, digest))
        return chunks, digest, len(targets)


class _Told:
    """What the program would have told of a session: its rows, and what it came to."""

    def __init__(self, made: Made) -> None:
        self.rows: list[tuple[int, str, dict[str, Any]]] = []
        self.now_ms = 0
        self._spans: list[tuple[float, int]] = []
        self.held: list[dict[str, Any]] = []
        self.noted: dict[str, list[dict[str, Any]]] = {"rpe": [], "balance_events": []}
        stages = made.stages
        self._before(made.confidence[0])
        for place, stage in enumerate(stages):
            self._rung(place, stage, made, last=place == len(stages) - 1)
        if made.reason == EASED:
            self._ease(sorted({each["target_kmh"] for each in stages if each["target_kmh"] < stages[-1]["target_kmh"]}))
        moving = self.now_ms / 1000 - 12
        self._stop(made.reason)
        kcal = None if made.kcal_per_min is None else round(made.kcal_per_min * moving / 60, 1)
        self.outcome = {
            "peak_kmh": max(each["target_kmh"] for each in stages),
            "held": [{key: each[key] for key in ("target_kmh", "seconds")} for each in self.held],
            "duration_s": round(moving, 1),
            "backward_s": 0.0 if made.forward else round(moving, 1),
            "distance_m": round(moving * 0.6, 1),
            "kcal": kcal,
            "belt_at_rest": True,
            "record": "/home/kim/.local/share/retroctl/records.sqlite3",
            "hands": [{key: each[key] for key in ("target_kmh", "hands")} for each in self.held],
            **{key: value for key, value in self.noted.items() if value},
            "exit_status": 0,
            "reason": made.reason,
        }
        if kcal is not None:
            self.outcome |= {"kcal_low": round(kcal * 0.9, 1), "kcal_high": round(kcal * 1.26, 1)}

    @property
    def targets(self) -> tuple[int, ...]:
        """Of each second, in hundredths of km/h."""
        found: list[int] = []
        for until, target in self._spans:
            found += [target] * (int(until) - len(found))
        return tuple(found)

    def _row(self, kind: str, /, **data: Any) -> None:
        self.rows.append((self.now_ms, kind, data))

    def _state(self, name: str, place: int | None, target: float | None) -> None:
        self._row("state", state=name, stage=place, target_kmh=target)

    def _pass(self, seconds: float, target: float) -> None:
        self.now_ms += int(seconds * 1000)
        self._spans.append((self.now_ms / 1000, round(target * 100)))

    def _before(self, confidence: object) -> None:
        self._state("idle", None, None)
        self._row("event", event="Connected")
        self._state("observing", None, None)
        self._pass(3.0, 0.0)
        self._state("briefing", None, None)
        for item in ("clip", "clip-tried", "gaze-target", "rails", "space-behind", "reminders"):
            self._row("event", event="BriefingAnswered", item=item, yes=True, text="")
        self._row("event", event="BriefingAnswered", item="confidence", yes=True, text=str(confidence))
        self._row("event", event="ArmRequested")
        self._state("armed", None, None)
        self._row("event", event="StartConfirmed", kind="program")
        self._state("starting", 0, None)
        for name, code in (("request-control", "00"), ("start", "07")):
            self._row("command", name=name, hex=code, source="trainer")
            self._row("frame", char="2ad9", hex=f"80{code}01", generation=1)
            self._row("outcome", name=name, result="confirmed")
        self._row("cue", text="Starting. Hands on the rails.")
        self._pass(9.0, 0.0)

    def _rung(self, place: int, stage: dict[str, Any], made: Made, *, last: bool) -> None:
        target, seconds = stage["target_kmh"], stage["hold_s"]
        self._command(target, place)
        self._row("cue", text=f"{target:.1f}. Hold {seconds:.0f} seconds.")
        cut = last and made.reason != EASED
        held_s = seconds / 2 if cut else seconds + (0.0 if last else 6.0)
        self._pass(held_s, target)
        if place in made.events:
            noted = {"target_kmh": target, "measured_kmh": target}
            self._row("note", note="balance", value=made.events[place], **noted)
            self.noted["balance_events"].append({"t": self.now_ms / 1000, **noted, "event": made.events[place]})
        if place in made.rated:
            noted = {"target_kmh": target}
            self._row("note", note="rpe", value=made.rated[place], measured_kmh=target, **noted)
            self.noted["rpe"].append({"t": self.now_ms / 1000, **noted, "rating": made.rated[place]})
        if not last:
            self._state("ready", place, target)
            self._state("announcing", place, target)
            self._row("cue", text=f"Faster in 5 seconds: {target + 0.8:.1f}.")
            for number in (3, 2, 1):
                self._row("cue", text=str(number))
            self._row("event", event="AnnouncementFinished", number=place + 1)
        self.held.append({"target_kmh": target, "seconds": held_s, "hands": "both"})
        self._row("held", **self.held[-1])

    def _command(self, target: float, place: int) -> None:
        code = f"02{round(target * 100).to_bytes(2, 'little').hex()}"
        self._row("command", name="set-target-speed", target_kmh=target, hex=code, source="plan")
        self._state("settling", place, target)
        self._row("frame", char="2ad9", hex="800201", generation=1)
        self._pass(2.0, target)
        self._row("outcome", name="set-target-speed", result="confirmed", target_kmh=target)
        self._state("holding", place, target)

    def _ease(self, rungs: list[float]) -> None:
        self._state("easing_down", 0, None)
        self._row("cue", text="Easing down.")
        for target in reversed(rungs):
            self._command(target, 0)
            self._row("cue", text=f"Slower. {target:.1f}.")
            self._pass(18.0, target)

    def _stop(self, reason: str) -> None:
        self._state("stopping", 0, None)
        self._row("command", name="stop", hex="0801", source=reason)
        self._row("cue", text="Stopping.")
        self._row("stop", view="STOPPING")
        self._row("frame", char="2ad9", hex="800801", generation=1)
        self._pass(3.0, 0.0)
        self._row("stop", view="STOPPED")
        self._row("outcome", name="stop", result="confirmed")
        self._state("stopped", 0, None)
        self._row("ended", reason="completed", text=reason)


DAY_MS = 86_400_000


def six_weeks(client_id: str, monday_ms: int, *, kcal: bool = True, prefix: str = "5e55") -> list[Made]:
    """A client's six weeks, three sessions each, from a Monday morning: one thing rises at a time, once two fall short.

    Exertion at 1.80 km/h falls from 14 to 10; three balance events, all of them early.
    """
    made = []
    for number in range(18):
        week, place = divmod(number, 3)
        top = min(7, 2 + (number + 1) // 3)
        rungs = tuple(round(1.0 + 0.8 * rung, 2) for rung in range(top))
        made.append(
            Made(
                f"{prefix}{number:012x}",
                monday_ms + (week * 7 + place * 2) * DAY_MS,
                targets=rungs,
                hold_s=120.0 if week < 3 else 180.0,
                client_id=client_id,
                rated={1: 14 - number // 4, **{rung: 9 + rung for rung in range(2, top)}},
                events={1: "rail"} if number in (1, 4) else {0: "stumble"} if number == 2 else {},
                reason="key" if number in (2, 10) else EASED,
                kcal_per_min=(4.0 + week / 2) if kcal else None,
                seed=number,
                confidence=(min(4, 2 + number // 6), None if number in (2, 10) else min(5, 2 + number // 4)),
            )
        )
    return made
