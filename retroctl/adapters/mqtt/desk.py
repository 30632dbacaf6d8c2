"""What becomes of stops asked for over the broker: who is waiting, and what they may truthfully be told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from retroctl.app.reports import Kind, Report
from retroctl.domain.effects import StopView

if TYPE_CHECKING:
    from retroctl.app.snapshot import Snapshot

WAITING: Final = 32
"""Requests that are told what became of them; with more, only the belt is."""
KEPT_S: Final = 60.0
"""A stop that is not confirmed is followed for so long."""

_WORDS: Final = {
    "sent": "Stop was handed over to be written to the treadmill",
    "accepted": "the treadmill said yes; that is its word, not what the belt does",
    "at_rest": "the belt was measured at rest",
    "nothing_to_stop": "no treadmill is connected, and the program does not go on to connect one",
    "not_confirmed": "the belt is NOT confirmed at rest: look at it, pull the clip",
}
_ORDER: Final = ("received", "sent", "accepted", "not_confirmed", "at_rest", "nothing_to_stop")
_LAST: Final = frozenset({"at_rest", "nothing_to_stop"})
_UNSURE: Final = frozenset({StopView.NOT_CONFIRMED.value, StopView.SILENT.value, StopView.CALLED_OUT.value})


@dataclass(slots=True)
class _Request:
    id: str
    at: float
    told: str = "received"


class StopDesk:
    """Told what the run tells; gives the fields of the acknowledgements that are due. Times are of any one clock."""

    def __init__(self) -> None:
        self._requests: list[_Request] = []
        self._stopping = self._wanted = self._sent = False
        self.uncounted = 0
        """Requests beyond those that are told."""

    def __bool__(self) -> bool:
        return bool(self._requests)

    @property
    def stopping(self) -> bool:
        """Whether a stop is under way, by what the run told."""
        return self._stopping

    def ask(self, stop_id: str, now: float) -> list[dict[str, Any]]:
        """A request came; the stop it asks for may be under way already."""
        if len(self._requests) >= WAITING:
            self.uncounted += 1
            return []
        request = _Request(stop_id, now)
        self._requests.append(request)
        return self._tell(request, "sent", None, now) if self._stopping and self._sent else []

    def take_in(self, report: Report, picture: Snapshot | None, now: float) -> list[dict[str, Any]]:
        """Something happened in the run."""
        match report.kind:
            case Kind.STATE:
                self._stopping = report.data["state"] == "stopping"
                if not self._stopping:
                    self._wanted = self._sent = False
            case Kind.COMMAND if report.data["name"] == "stop":
                self._wanted = True
            case Kind.STOP if report.data["view"] == StopView.STOPPED.value:
                return self._tell_all("at_rest", picture, now)
            case Kind.STOP if report.data["view"] in _UNSURE:
                return self._tell_all("not_confirmed", picture, now)
            case _:
                pass
        return self.look(picture, now)

    def look(self, picture: Snapshot | None, now: float) -> list[dict[str, Any]]:
        """Time has passed."""
        self._requests = [each for each in self._requests if now - each.at < KEPT_S]
        # Without a link a Stop only waits: it leaves as the first thing on the next one.
        self._sent = self._sent or (self._wanted and picture is not None and picture.link_up)
        told = self._tell_all("sent", picture, now) if self._sent else []
        accepted = picture is not None and picture.stop_accepted
        return told + (self._tell_all("accepted", picture, now) if accepted else [])

    def nothing(self, now: float) -> list[dict[str, Any]]:
        """There was no machine to stop, and there will be none."""
        return self._tell_all("nothing_to_stop", None, now)

    def end(self, *, at_rest: bool, now: float) -> list[dict[str, Any]]:
        """The run is over."""
        return self._tell_all("at_rest" if at_rest else "not_confirmed", None, now)

    def _tell_all(self, result: str, picture: Snapshot | None, now: float) -> list[dict[str, Any]]:
        told = [fields for request in self._requests for fields in self._tell(request, result, picture, now)]
        if result in _LAST:
            self._requests.clear()
        return told

    def _tell(self, request: _Request, result: str, picture: Snapshot | None, now: float) -> list[dict[str, Any]]:
        if _ORDER.index(result) <= _ORDER.index(request.told):
            return []
        request.told = result
        measured = None if picture is None or picture.measured is None else picture.measured.kmh
        after = round(max(now - request.at, 0.0), 3)
        return [
            {"id": request.id, "result": result, "text": _WORDS[result], "measured_kmh": measured, "after_s": after}
        ]
