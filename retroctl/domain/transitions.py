"""Every state of a session and every way from one to another: one table, nothing elsewhere.

What is not in the table raises IllegalTransition and changes nothing. `STOP` is in every row but that
of `stopping` itself and leads to `stopping` or `stopped` only. docs/STATES.md is drawn from this table.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from retroctl.errors import IllegalTransition


class State(StrEnum):
    """Where a session is."""

    IDLE = "idle"
    OBSERVING = "observing"
    BRIEFING = "briefing"
    ARMED = "armed"
    STARTING = "starting"
    SETTLING = "settling"
    HOLDING = "holding"
    READY = "ready"
    ANNOUNCING = "announcing"
    OVERRIDDEN = "overridden"
    LOST = "lost"
    EASING_DOWN = "easing_down"
    TURNING = "turning"
    STOPPING = "stopping"
    STOPPED = "stopped"
    FAULTED = "faulted"


class Trigger(StrEnum):
    """Why a session changes state."""

    CONNECTED = "connected"
    WATCHED = "watched at rest"
    ARMED = "armed"
    START = "start confirmed"
    START_ABANDONED = "start abandoned"
    COMMANDED = "target commanded"
    SETTLED = "settled at the target"
    SERVED = "hold served"
    CONSENTED = "consent given"
    WITHDRAWN = "raise withdrawn"
    UNSETTLED = "hold restarted"
    OVERRIDE = "changed at the console"
    ADOPTED = "console speed adopted"
    LINK_LOST = "link lost"
    REARMED = "armed again"
    EASE = "ease down"
    STOP = "stop"
    LEFT = "left before arming"
    REST = "at rest"
    REST_AFTER_FAULT = "at rest after a fault"
    REST_BEFORE_TURN = "at rest before a turn"
    TURNED = "turn confirmed"


_S = State
_T = Trigger

_WHILE_RUNNING: Final = {
    _T.STOP: _S.STOPPING,
    _T.LINK_LOST: _S.LOST,
    _T.EASE: _S.EASING_DOWN,
    _T.OVERRIDE: _S.OVERRIDDEN,
    _T.COMMANDED: _S.SETTLING,
}
"""What every state with a settled or settling belt shares."""

TRANSITIONS: Final[dict[State, dict[Trigger, State]]] = {
    _S.IDLE: {_T.CONNECTED: _S.OBSERVING, _T.STOP: _S.STOPPING, _T.LEFT: _S.STOPPED},
    _S.OBSERVING: {_T.WATCHED: _S.BRIEFING, _T.STOP: _S.STOPPING, _T.LEFT: _S.STOPPED},
    _S.BRIEFING: {_T.ARMED: _S.ARMED, _T.STOP: _S.STOPPING, _T.LEFT: _S.STOPPED},
    _S.ARMED: {_T.START: _S.STARTING, _T.LINK_LOST: _S.LOST, _T.STOP: _S.STOPPING},
    _S.STARTING: {
        _T.COMMANDED: _S.SETTLING,
        _T.START_ABANDONED: _S.ARMED,
        _T.OVERRIDE: _S.OVERRIDDEN,
        _T.LINK_LOST: _S.LOST,
        _T.STOP: _S.STOPPING,
    },
    _S.SETTLING: {_T.SETTLED: _S.HOLDING, **_WHILE_RUNNING},
    _S.HOLDING: {_T.SERVED: _S.READY, _T.UNSETTLED: _S.SETTLING, **_WHILE_RUNNING},
    _S.READY: {_T.CONSENTED: _S.ANNOUNCING, _T.UNSETTLED: _S.SETTLING, **_WHILE_RUNNING},
    _S.ANNOUNCING: {_T.WITHDRAWN: _S.READY, _T.UNSETTLED: _S.SETTLING, **_WHILE_RUNNING},
    _S.OVERRIDDEN: {
        _T.ADOPTED: _S.SETTLING,
        _T.COMMANDED: _S.SETTLING,
        _T.EASE: _S.EASING_DOWN,
        _T.LINK_LOST: _S.LOST,
        _T.STOP: _S.STOPPING,
    },
    _S.LOST: {_T.REARMED: _S.SETTLING, _T.STOP: _S.STOPPING},
    _S.EASING_DOWN: {_T.LINK_LOST: _S.LOST, _T.STOP: _S.STOPPING},
    _S.TURNING: {_T.TURNED: _S.ARMED, _T.LINK_LOST: _S.LOST, _T.STOP: _S.STOPPING},
    _S.STOPPING: {
        _T.REST: _S.STOPPED,
        _T.REST_AFTER_FAULT: _S.FAULTED,
        _T.REST_BEFORE_TURN: _S.TURNING,
    },
    _S.STOPPED: {_T.ARMED: _S.ARMED, _T.STOP: _S.STOPPING},
    _S.FAULTED: {_T.STOP: _S.STOPPING},
}
"""The table: state, trigger, next state."""

ARMED_STATES: Final = frozenset(
    {
        _S.ARMED,
        _S.STARTING,
        _S.SETTLING,
        _S.HOLDING,
        _S.READY,
        _S.ANNOUNCING,
        _S.OVERRIDDEN,
        _S.LOST,
        _S.EASING_DOWN,
        _S.TURNING,
        _S.STOPPING,
        _S.STOPPED,
        _S.FAULTED,
    }
)
"""States reached only through the trainer's arming (or a pressed Stop): failsafes act, every way out stops."""

RUNNING_STATES: Final = frozenset({_S.SETTLING, _S.HOLDING, _S.READY, _S.ANNOUNCING, _S.OVERRIDDEN, _S.EASING_DOWN})
"""States in which the belt is under way at a speed that this program knows of."""


def next_state(state: State, trigger: Trigger) -> State:
    """The state that `trigger` leads to. Raises IllegalTransition when the table does not hold it."""
    try:
        return TRANSITIONS[state][trigger]
    except KeyError:
        raise IllegalTransition(f"{trigger!r} cannot happen while {state!r}") from None
