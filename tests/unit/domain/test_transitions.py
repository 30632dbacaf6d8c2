"""The table of transitions: what it holds happens, what it does not hold raises and changes nothing."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest

from retroctl.domain.transitions import ARMED_STATES, RUNNING_STATES, TRANSITIONS, State, Trigger, next_state
from retroctl.errors import IllegalTransition, ProgrammingFault

if TYPE_CHECKING:
    from retroctl.domain.session.core import Core

ALL = list(itertools.product(State, Trigger))


@pytest.mark.parametrize(("state", "trigger"), [pair for pair in ALL if pair[1] in TRANSITIONS[pair[0]]])
def test_what_the_table_holds_leads_where_it_says(state, trigger):
    assert next_state(state, trigger) is TRANSITIONS[state][trigger]


@pytest.mark.parametrize(("state", "trigger"), [pair for pair in ALL if pair[1] not in TRANSITIONS[pair[0]]])
def test_what_the_table_does_not_hold_raises_and_names_both(state, trigger):
    with pytest.raises(IllegalTransition, match="cannot happen while") as raised:
        next_state(state, trigger)
    assert isinstance(raised.value, ProgrammingFault)


@pytest.mark.parametrize(("state", "trigger"), [pair for pair in ALL if pair[1] not in TRANSITIONS[pair[0]]])
def test_an_illegal_trigger_changes_nothing_and_tells_nothing(state, trigger, bare_core: Core):
    bare_core.state = state
    with pytest.raises(IllegalTransition):
        bare_core.move(trigger)
    assert bare_core.state is state
    assert bare_core.effects == []


@pytest.mark.parametrize("state", [state for state in State if state is not State.STOPPING])
def test_stop_leads_from_every_state_to_stopping(state):
    assert next_state(state, Trigger.STOP) is State.STOPPING


def test_stopping_ends_only_at_rest():
    assert set(TRANSITIONS[State.STOPPING].values()) == {State.STOPPED, State.FAULTED, State.TURNING}


def test_nothing_leads_out_of_a_fault_but_stop():
    assert TRANSITIONS[State.FAULTED] == {Trigger.STOP: State.STOPPING}


def test_every_state_is_reachable_and_the_running_ones_are_armed():
    reached, seen = {State.IDLE}, set()
    while reached - seen:
        state = (reached - seen).pop()
        seen.add(state)
        reached |= set(TRANSITIONS[state].values())
    assert reached == set(State)
    assert RUNNING_STATES < ARMED_STATES


def test_armed_are_the_states_to_which_nothing_leads_but_arming_and_stop():
    """In each of them failsafes act, the guard watches and every way out of the program stops the belt."""
    reached, seen = {State.IDLE}, set()
    while reached - seen:
        state = (reached - seen).pop()
        seen.add(state)
        ways = TRANSITIONS[state].items()
        reached |= {to for by, to in ways if by not in (Trigger.ARMED, Trigger.STOP, Trigger.LEFT)}
    assert set(State) - reached == ARMED_STATES


@pytest.mark.parametrize("state", State)
def test_running_is_every_state_in_which_a_belt_at_a_known_speed_can_be_eased_down_or_is(state):
    eased = Trigger.EASE in TRANSITIONS[state] or state is State.EASING_DOWN
    assert (state in RUNNING_STATES) is eased


def test_no_way_leads_from_rest_into_motion_but_arming_and_a_confirmed_start():
    """From stopped, turning or briefing the only way to a moving belt passes `armed` and then `starting`."""
    for state in (State.BRIEFING, State.STOPPED, State.TURNING):
        assert set(TRANSITIONS[state].values()) & (RUNNING_STATES | {State.STARTING}) == set()
    assert {trigger for trigger, to in TRANSITIONS[State.ARMED].items() if to is State.STARTING} == {Trigger.START}
