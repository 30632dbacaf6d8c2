"""From what a run tells to what is said over the broker. No loop, no broker, no clock but the time of day."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from retroctl.adapters.mqtt.messages import (
    MOST_STAGES,
    Ack,
    Event,
    Outcome,
    Session,
    StageOf,
    State,
    Status,
    now_ts,
)
from retroctl.adapters.mqtt.topics import Leaf
from retroctl.app.reports import Kind, Report
from retroctl.domain.effects import StopView
from retroctl.domain.failsafes import FailsafeId
from retroctl.domain.transitions import State as SessionState

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from retroctl.adapters.mqtt.topics import Machine
    from retroctl.app.snapshot import Snapshot
    from retroctl.units import Speed

ALARM_S: Final = 30.0
"""An alarm stands in the state for so long; what it blocks stands there for as long as it blocks."""

_EFFORT: Final = frozenset({FailsafeId.F10.value, "RPE"})
"""What these say is about a person's heart and effort, so it goes nowhere unless heart rates were opted in."""

Reason = Literal["running", "silent", "ended", "lost"]
_STATUS: Final[Mapping[Reason, Literal["online", "silent", "offline"]]] = {
    "running": "online",
    "silent": "silent",
    "ended": "offline",
    "lost": "offline",
}
StopWord = Literal["called_out", "stopping", "not_confirmed", "silent", "stopped"]
_STOP_WORDS: Final[Mapping[StopView, StopWord]] = {
    StopView.CALLED_OUT: "called_out",
    StopView.STOPPING: "stopping",
    StopView.NOT_CONFIRMED: "not_confirmed",
    StopView.SILENT: "silent",
    StopView.STOPPED: "stopped",
}
_ATTENTION: Final = frozenset({StopView.CALLED_OUT, StopView.NOT_CONFIRMED, StopView.SILENT})
_NO_PROBLEM: Final = frozenset({FailsafeId.F6.value})
"""A change at the console is adopted; the trainer who made it is there."""
_TROUBLE: Final = frozenset({SessionState.LOST, SessionState.FAULTED})
_TOLD: Final = frozenset(
    {Kind.STATE, Kind.ALARM, Kind.REFUSAL, Kind.COMMAND, Kind.OUTCOME, Kind.CALLOUT, Kind.STOP, Kind.LINK}
)


@dataclass(frozen=True, slots=True)
class Identity:
    """Which machine this is, in which run. `client` is a pseudonym; name and heart rate are there only if opted in."""

    machine: Machine
    run: str
    version: str
    treadmill: str
    simulated: bool
    client: str | None = None
    client_name: str | None = None
    heart_rate: bool = False


class Narrator:
    """Makes the messages of one machine, each with the next number of its topic."""

    def __init__(self, identity: Identity) -> None:
        self._identity = identity
        self._client, self._client_name = identity.client, identity.client_name
        self._seq: Counter[Leaf] = Counter()
        self._alarm: tuple[str, float] | None = None

    def topic(self, leaf: Leaf) -> str:
        """This machine's topic."""
        return self._identity.machine.topic(leaf)

    def status(self, reason: Reason) -> Status:
        """Whether the controller is there."""
        who = self._identity
        return Status(
            **self._said(Leaf.STATUS),
            status=_STATUS[reason],
            reason=reason,
            version=short(who.version),
            simulated=who.simulated,
            treadmill=short(who.treadmill),
        )

    def state(self, picture: Snapshot | None, t: float) -> State:
        """What is known now; `t` is seconds since the run began."""
        who, said = self._identity, self._said(Leaf.STATE)
        alarm = None if self._alarm is None or t - self._alarm[1] > ALARM_S else self._alarm[0]
        if picture is None:
            known: dict[str, Any] = {
                "simulated": who.simulated,
                "client": self._client,
                "client_name": self._client_name,
            }
            return State(**said, **known, state="idle", alarm=alarm)
        blocks = tuple(sorted(each.value for each in picture.blocks if self._may_tell(each.value)))
        view = picture.stop_view
        return State(
            **said,
            state=picture.state.value,
            stage=picture.stage,
            measured_kmh=_kmh(picture.measured),
            measured_age_s=_seconds(picture.measured_age_s),
            target_kmh=_kmh(picture.target),
            requested_kmh=_kmh(picture.requested),
            accepted_kmh=_kmh(picture.accepted),
            next_target_kmh=_kmh(picture.next_target),
            hold_s=_seconds(picture.hold_s),
            hold_left_s=_seconds(picture.hold_remaining_s),
            stop=None if view is None else _STOP_WORDS[view],
            blocks=blocks,
            alarm=alarm,
            problem=view in _ATTENTION or picture.state in _TROUBLE or bool(set(blocks) - _NO_PROBLEM),
            on_hold=picture.on_hold,
            by_hand=picture.by_hand,
            simulated=who.simulated,
            client=self._client,
            client_name=self._client_name,
            heart_rate_bpm=picture.heart_rate_bpm if who.heart_rate else None,
        )

    def forget_client(self) -> None:
        """From here on nobody is named, not by a pseudonym either."""
        self._client = self._client_name = None

    def event(self, report: Report) -> Event | None:
        """The event of a report; None for what is not told, or concerns the client's effort."""
        if report.kind not in _TOLD:
            return None
        data = report.data
        what = data.get("id") if report.kind is Kind.ALARM else data.get("rule")
        if what is not None and not self._may_tell(str(what)):
            return None
        if report.kind is Kind.ALARM:
            self._alarm = (short(str(what)), report.t)
        text = data.get("view") or data.get("text") or data.get("reason") or data.get("remark")
        name = data.get("state") or data.get("name") or data.get("link")
        return self._event(
            report.t,
            report.kind.value,
            id=_short_or_none(what),
            name=_short_or_none(name),
            result=_short_or_none(data.get("result")),
            source=_short_or_none(data.get("source")),
            target_kmh=data.get("target_kmh"),
            text=None if text is None else shortened(str(text), 300),
        )

    def remote(self, t: float, text: str) -> Event:
        """Something about a remote request."""
        return self._event(t, "remote", text=shortened(text, 300))

    def session(
        self,
        *,
        cap_kmh: float | None = None,
        stages: Sequence[Mapping[str, Any]] = (),
        outcome: Outcome | None = None,
    ) -> Session:
        """The session begun, or, with an outcome, ended. `stages`: kind, facing, target_kmh, hold_s of each."""
        who = self._identity
        return Session(
            **self._said(Leaf.SESSION),
            phase="begun" if outcome is None else "ended",
            simulated=who.simulated,
            treadmill=short(who.treadmill),
            cap_kmh=cap_kmh,
            stages=tuple(
                StageOf(kind=s["kind"], facing=s["facing"], target_kmh=s["target_kmh"], hold_s=float(s["hold_s"]))
                for s in stages[:MOST_STAGES]
            ),
            client=self._client if outcome is None else None,
            client_name=self._client_name if outcome is None else None,
            outcome=outcome,
        )

    def ack(self, **fields: Any) -> Ack:
        """An acknowledgement."""
        return Ack(**self._said(Leaf.ACK), **fields)

    def _event(self, t: float, event: str, **fields: Any) -> Event:
        return Event(**self._said(Leaf.EVENT), t=max(t, 0.0), event=event, **fields)  # type: ignore[arg-type]

    def _may_tell(self, what: str) -> bool:
        return self._identity.heart_rate or what not in _EFFORT

    def _said(self, leaf: Leaf) -> dict[str, Any]:
        self._seq[leaf] += 1
        return {"seq": self._seq[leaf], "ts": now_ts(), "run": self._identity.run}


def outcome_of(summary: Mapping[str, Any], exit_status: int) -> Outcome:
    """How it ended, from the run's summary."""
    return Outcome(
        exit_status=exit_status,
        belt_at_rest=bool(summary.get("belt_at_rest")),
        peak_kmh=float(summary.get("peak_kmh") or 0.0),
        duration_s=float(summary.get("duration_s") or 0.0),
        distance_m=float(summary.get("distance_m") or 0.0),
    )


def shortened(text: str, most: int) -> str:
    """Foreign text as one line of printable characters, `most` of them."""
    kept = "".join(letter if letter.isprintable() else "?" for letter in text[: most * 2])
    return kept if len(kept) <= most else f"{kept[: most - 1]}…"


def short(text: str) -> str:
    """The same, as short as a name."""
    return shortened(text, 80)


def _short_or_none(value: object) -> str | None:
    return None if value is None else short(str(value))


def _kmh(speed: Speed | None) -> float | None:
    return None if speed is None else speed.kmh


def _seconds(value: float | None) -> float | None:
    return None if value is None else round(max(value, 0.0), 2)
