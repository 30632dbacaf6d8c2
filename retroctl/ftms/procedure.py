"""The Control Point procedure as a sans-IO machine: one request at a time, and a Stop that waits for nothing but ATT.

FTMS v1.0.1 section 4.16.3: a procedure runs from the Write Response to the indication; a second write meanwhile may be
answered with the ATT error 0xFE (Procedure Already In Progress). ATT itself allows one request at a time, so a Stop
goes out as soon as an earlier write has returned; it never waits for an indication, and it empties the queue.

Feed it with `submit`, `stop`, `write_returned`, `indication`, `tick`, then `proceed`; it gives back what to do. It
never retries, except a Stop that met "in progress".
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

from retroctl.errors import MalformedFrame
from retroctl.ftms.control_point import decode_response
from retroctl.ftms.opcodes import ControlPointOp, ResultCode

if TYPE_CHECKING:
    from collections.abc import Callable

ANSWER_S: Final = 3.0
"""An indication that has not come by then counts as none. The specification gives no number; machines are quick."""
RETRY_STOP_S: Final = 0.1
STUCK_BEHIND_S: Final = 1.0
"""An earlier write still not returned so long after Stop was wanted: the link must be dropped to free the radio."""
STUCK_STOP_S: Final = 3.0
"""A Stop still not written, or any write still not returned, so long after it began: as above, unasked. A radio that
is held by a hung write would hold up the next Stop."""
STOP_ALONE_S: Final = 1.0
"""What a stop needs beside Stop waits no longer than this for a Stop's answer: some machines never give one."""
QUEUE: Final = 4
"""So many requests may wait; the session sends them one by one, so more is a mistake and is not sent."""
ATT_IN_PROGRESS: Final = 0xFE
_DENIED: Final = ResultCode.CONTROL_NOT_PERMITTED


class Reply(Enum):
    """How a request ended on the wire."""

    ANSWERED = "answered"
    NO_ANSWER = "no answer"
    NOT_SENT = "not sent"


@dataclass(frozen=True, slots=True)
class Write:
    """Write `payload` now, and report `write_returned(token, ...)`."""

    token: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class Finished:
    """A request has ended. `result` is the Result Code, or the ATT error code of a write that was refused."""

    payload: bytes
    reply: Reply
    result: int | None = None


@dataclass(frozen=True, slots=True)
class Stuck:
    """The radio is held by a write that does not return: drop the link, connect again, Stop first."""


@dataclass(frozen=True, slots=True)
class Stray:
    """An indication that belongs to no request of ours. Not an error."""

    data: bytes


Action = Write | Finished | Stuck | Stray


@dataclass(slots=True)
class _Request:
    token: int
    payload: bytes
    at: float
    answered: bool = False
    hung: bool = False
    result: int | None = None
    """An answer that came before the write returned: told when it returns, since nothing can be written before."""

    @property
    def is_stop(self) -> bool:
        return self.payload[0] == ControlPointOp.STOP_OR_PAUSE


class Procedure:
    """All Control Point traffic of one machine."""

    def __init__(self, may_go: Callable[[bytes, float], bool] = lambda _payload, _now: True) -> None:
        """`may_go` is asked again when a request that had to wait could go out: the world may have changed."""
        self._may_go = may_go
        self._tokens = 0
        self._in_air: _Request | None = None
        """Written, not yet returned."""
        self._awaited: _Request | None = None
        """Returned, not yet answered."""
        self._waiting: deque[tuple[bytes, float]] = deque()
        """Requests with the time at which they were wanted; what has waited too long is not sent any more."""
        self._stop: bytes | None = None
        """A Stop that could not be written yet."""
        self._last_stop: bytes | None = None
        """The Stop last asked for on this connection."""
        self._control_first = False
        """A Stop was answered with Control Not Permitted: Request Control goes before a Stop that waits to go again."""
        self._may_be_busy_until = 0.0
        """A machine that has just been asked for control may answer until then, and take nothing else meanwhile."""
        self._stop_wanted_at: float | None = None
        self._retry_at: float | None = None
        self._stuck = False
        self._link_up = True
        self._owed: Counter[int] = Counter()
        """Answers that may still come for requests that were given up, by op code."""

    def submit(self, payload: bytes, now: float) -> list[Action]:
        """Send a request, after those before it."""
        hung = self._in_air is not None and self._in_air.hung
        if not self._link_up or hung or len(self._waiting) >= QUEUE:
            return [Finished(payload, Reply.NOT_SENT)]
        if self._in_air is None and self._awaited is None and self._stop is None:
            return [self._write(payload, now)]
        self._waiting.append((payload, now))
        return self._write_control_before_stop(now) if self._in_air is None else []

    def stop(self, payload: bytes, now: float) -> list[Action]:
        """Send Stop: everything that waits is dropped, an answer that is awaited is given up."""
        self._last_stop = payload
        actions = self.drop_waiting()
        if not self._link_up:
            return [*actions, Finished(payload, Reply.NOT_SENT)]
        if self._in_air is not None and not self._in_air.is_stop and self._stop is None:
            self._stop, self._stop_wanted_at = payload, now
            return actions
        if self._in_air is not None or self._stop is not None:
            return [*actions, Finished(payload, Reply.NOT_SENT)]  # an earlier one is on its way already
        actions += self._give_up()
        self._stop_wanted_at = now
        actions.append(self._write(payload, now))
        return actions

    def drop_waiting(self) -> list[Action]:
        """Nothing that still waits is wanted any more: the belt is being stopped, though nothing may need writing."""
        actions: list[Action] = [Finished(waiting, Reply.NOT_SENT) for waiting, _ in self._waiting]
        self._waiting.clear()
        return actions

    def write_returned(self, token: int, now: float, *, error: int | None = None, lost: bool = False) -> list[Action]:
        """A write came back: `error` is the ATT error code, `lost` that the link went or the bound passed."""
        request = self._in_air
        if request is None or request.token != token:
            return []
        self._in_air = None
        actions: list[Action] = []
        if lost or error is not None:
            if request.is_stop and error == ATT_IN_PROGRESS:
                self._stop, self._retry_at = request.payload, now + RETRY_STOP_S
                return actions
            if not request.answered:
                actions.append(Finished(request.payload, Reply.NO_ANSWER if lost else Reply.NOT_SENT, error))
        elif not request.answered:
            request.at = now
            self._awaited = request
        if request.result is not None:
            actions.append(Finished(request.payload, Reply.ANSWERED, request.result))
        return actions + self._write_stop(now)

    def indication(self, data: bytes, now: float) -> list[Action]:
        """An indication of the Control Point; one that answers nothing of ours is a stray."""
        try:
            response = decode_response(data)
        except MalformedFrame:
            return [Stray(bytes(data))]
        request = next((r for r in (self._awaited, self._in_air) if r and r.payload[0] == response.request_op), None)
        denied = response.request_op == ControlPointOp.STOP_OR_PAUSE and response.result == _DENIED
        late = request is None or (request is self._in_air and self._owed[response.request_op] > 0)
        if denied and late and self._last_stop is not None:
            # For a Stop that was given up and is being repeated: a repeat would be denied as well, for ever.
            self._control_first = True
            self._owed[response.request_op] = max(0, self._owed[response.request_op] - 1)
            return [Finished(self._last_stop, Reply.ANSWERED, response.result)]
        if request is None or request.answered:
            self._owed[response.request_op] = max(0, self._owed[response.request_op] - 1)
            return [Stray(bytes(data))]
        doubtful = response.request_op not in (ControlPointOp.STOP_OR_PAUSE, ControlPointOp.REQUEST_CONTROL)
        if doubtful and self._owed[response.request_op] and response.result == ResultCode.SUCCESS:
            # This may be the late answer to an earlier request with the same op code: a success proves nothing.
            # Control, once granted, is granted; were it doubted, one lost answer would cast doubt on all later ones.
            self._owed[response.request_op] -= 1
            return [Stray(bytes(data))]
        request.answered = True
        if request is self._in_air:
            request.result = response.result
            return []
        self._awaited = None
        return [Finished(request.payload, Reply.ANSWERED, response.result), *self._write_stop(now)]

    def tick(self, now: float) -> list[Action]:
        """Time has passed."""
        actions: list[Action] = []
        while self._waiting and now >= self._waiting[0][1] + ANSWER_S:
            actions.append(Finished(self._waiting.popleft()[0], Reply.NOT_SENT))
        if self._awaited is not None and now >= self._awaited.at + self._patience():
            actions += self._give_up()
        if self._in_air is not None and not self._in_air.answered and now >= self._in_air.at + ANSWER_S:
            # The write hangs. Said once; it stays in the air until it returns or the link goes.
            self._in_air.answered = self._in_air.hung = True
            self._owed[self._in_air.payload[0]] += 1
            actions.append(Finished(self._in_air.payload, Reply.NO_ANSWER))
        stuck_at = self._stuck_at()
        if not self._stuck and stuck_at is not None and now >= stuck_at:
            self._stuck = True
            actions.append(Stuck())
        return actions + self._write_stop(now)

    def proceed(self, now: float) -> list[Action]:
        """Write what has waited, if the air is free. Ask after each of the others, once what they gave is taken in.

        So an answer that makes somebody want a Stop does not let another request slip out before it.
        """
        actions: list[Action] = []
        while self._waiting and self._in_air is None and self._awaited is None and self._stop is None:
            payload, _ = self._waiting.popleft()
            if self._may_go(payload, now):
                return [*actions, self._write(payload, now)]
            actions.append(Finished(payload, Reply.NOT_SENT))
        return actions

    def next_deadline(self) -> float | None:
        """When `tick` has something to do."""
        if self._in_air is None and self._awaited is None and self._stop is None and not self._waiting:
            return self._retry_at
        marks: list[float] = []
        if self._waiting:
            marks.append(self._waiting[0][1] + ANSWER_S)
        if self._awaited is not None:
            marks.append(self._awaited.at + self._patience())
        if self._in_air is not None and not self._in_air.answered:
            marks.append(self._in_air.at + ANSWER_S)
        stuck_at = None if self._stuck else self._stuck_at()
        if stuck_at is not None:
            marks.append(stuck_at)
        if self._retry_at is not None and self._in_air is None:
            marks.append(self._retry_at)  # behind a write on the air its return is what is waited for
        return min(marks, default=None)

    def stood_still(self, seconds: float) -> None:
        """This program could hear nothing for so long: what is in the air or awaited may take as long again."""
        for request in (self._in_air, self._awaited):
            if request is not None:
                request.at += seconds

    def link_gone(self) -> None:
        """The connection is gone and everything on it. Nothing is sent until `link_back`."""
        self._in_air = self._awaited = self._stop = self._stop_wanted_at = self._retry_at = None
        self._waiting.clear()
        self._owed.clear()
        self._stuck = self._link_up = self._control_first = False
        self._last_stop, self._may_be_busy_until = None, 0.0

    def link_back(self) -> None:
        """Connected again."""
        self._link_up = True

    def written_while_connecting(self, payload: bytes, now: float) -> None:
        """The adapter has written `payload` (a latched Stop) as the first thing on a new connection."""
        self._tokens += 1
        self._last_stop = payload
        self._awaited = _Request(self._tokens, payload, now)

    def _patience(self) -> float:
        """For how long the awaited answer is waited for."""
        return STOP_ALONE_S if self._waiting and self._awaited and self._awaited.is_stop else ANSWER_S

    def _stuck_at(self) -> float | None:
        """When the radio counts as held."""
        wanted = self._stop_wanted_at if self._stop is not None else None
        marks: list[float] = []
        if self._in_air is not None:
            marks.append(self._in_air.at + STUCK_STOP_S)
            marks += [] if wanted is None else [wanted + STUCK_BEHIND_S]
        elif wanted is not None:
            marks.append(max(wanted + STUCK_STOP_S, self._may_be_busy_until))
        return min(marks, default=None)

    def _give_up(self) -> list[Action]:
        if self._awaited is None:
            return []
        request, self._awaited = self._awaited, None
        self._owed[request.payload[0]] += 1
        return [Finished(request.payload, Reply.NO_ANSWER)]

    def _write_stop(self, now: float) -> list[Action]:
        """Write the Stop that had to wait, if it may go out now."""
        if self._in_air is not None or self._stop is None or (self._retry_at is not None and now < self._retry_at):
            return []
        actions = self._write_control_before_stop(now)
        if actions and isinstance(actions[-1], Write):
            return actions
        payload, self._stop, self._retry_at = self._stop, None, None
        return [*actions, *self._give_up(), self._write(payload, now)]

    def _write_control_before_stop(self, now: float) -> list[Action]:
        """Write the Request Control that a denied Stop made somebody want; the waiting Stop comes right behind it."""
        wanted = self._control_first and self._stop is not None and bool(self._waiting)
        if not wanted or self._waiting[0][0][0] != ControlPointOp.REQUEST_CONTROL:
            return []
        payload, _ = self._waiting.popleft()
        self._control_first = False
        if not self._may_go(payload, now):
            return [Finished(payload, Reply.NOT_SENT)]
        self._retry_at, self._stop_wanted_at = now + RETRY_STOP_S, now
        self._may_be_busy_until = now + ANSWER_S + STOP_ALONE_S
        return [*self._give_up(), self._write(payload, now)]

    def _write(self, payload: bytes, now: float) -> Write:
        self._tokens += 1
        self._in_air = _Request(self._tokens, payload, now)
        return Write(self._tokens, payload)
