"""What is said over the broker, as strict models: made here, read here, and described for others by a JSON Schema.

No name and no heart rate unless they were opted in; no note, rating or balance event at all. Speeds are km/h, times
seconds; `ts` is UTC. `seq` counts the messages of one topic within one `run`, from 1: a gap is a message that was
dropped or, of `state`, replaced by a newer one before it could leave.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar, Final, Literal, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError

from retroctl.adapters.mqtt.topics import Leaf

MOST_BYTES: Final = 16 * 1024
"""The largest message of ours; a session of 60 stages has about 6 kB."""
MOST_BYTES_OF_STOP: Final = 1024
MOST_STAGES: Final = 120

_TS: Final = r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$"
_ID: Final = r"^[A-Za-z0-9._:-]{1,64}$"

Timestamp = Annotated[str, Field(pattern=_TS, description="UTC, milliseconds")]
Seq = Annotated[int, Field(ge=1, le=2**53 - 1, description="What every reader of JSON keeps exactly")]
Run = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$", description="One run of the program; random, new each time")]
StopId = Annotated[str, Field(pattern=_ID, description="Chosen by who asks; acknowledgements carry it")]
Kmh = Annotated[float, Field(ge=0, le=655.35, description="km/h")]
Seconds = Annotated[float, Field(ge=0, le=1e7, description="seconds; no session lasts four months")]
Short = Annotated[str, Field(max_length=80)]
Text = Annotated[str, Field(max_length=300)]


class Message(BaseModel):
    """What all messages have in common."""

    model_config: ClassVar[ConfigDict] = ConfigDict(
        extra="forbid", frozen=True, strict=True, allow_inf_nan=False, serialize_by_alias=True, populate_by_name=True
    )


class Said(Message):
    """What every message of a machine begins with."""

    seq: Seq
    ts: Timestamp
    run: Run


class Status(Said):
    """Whether the machine's controller is there. Retained; `offline` with `lost` is the last will.

    `silent`: the program's publisher lives, but its control loop has said nothing for some seconds.
    """

    format: Literal["retroctl.status/1"] = Field(default="retroctl.status/1", alias="schema")
    status: Literal["online", "silent", "offline"]
    reason: Literal["running", "silent", "ended", "lost"]
    version: Short
    simulated: bool
    treadmill: Short = Field(description="The treadmill's own Bluetooth name")


class State(Said):
    """What is known of the belt now. Retained; once a second, and at once when something changes."""

    format: Literal["retroctl.state/1"] = Field(default="retroctl.state/1", alias="schema")
    state: Short = Field(description="The session's state, as in docs/STATES.md; idle before the machine is connected")
    stage: int | None = Field(default=None, ge=0, description="Index into the stages of `session`, from 0")
    measured_kmh: Kmh | None = Field(default=None, description="km/h, as the treadmill told last")
    measured_age_s: Seconds | None = Field(default=None, description="seconds since then, at `ts`")
    target_kmh: Kmh | None = Field(default=None, description="km/h, the target in force")
    requested_kmh: Kmh | None = None
    accepted_kmh: Kmh | None = None
    next_target_kmh: Kmh | None = None
    hold_s: Seconds | None = None
    hold_left_s: Seconds | None = None
    stop: Literal["called_out", "stopping", "not_confirmed", "silent", "stopped"] | None = Field(
        default=None, description="What may be said of the last stop; null while there is none"
    )
    blocks: tuple[Short, ...] = Field(default=(), max_length=20, description="Failsafes that forbid raises")
    alarm: Short | None = Field(default=None, description="The id of the latest alarm of the last 30 s")
    problem: bool = Field(
        default=False, description="Somebody should look: a failsafe blocks, or a stop is not confirmed"
    )
    on_hold: bool = False
    by_hand: bool = Field(default=False, description="A person at the console moves this belt")
    simulated: bool = False
    client: Short | None = Field(default=None, description="A pseudonym; null for nobody named")
    client_name: Short | None = Field(default=None, description="Only where names were opted in")
    heart_rate_bpm: int | None = Field(default=None, ge=0, le=300, description="Only where it was opted in")


class Event(Said):
    """Something happened. Not retained; where the broker was away for long, old ones are missing."""

    format: Literal["retroctl.event/1"] = Field(default="retroctl.event/1", alias="schema")
    t: Seconds = Field(description="seconds since the run began")
    event: Literal["state", "alarm", "refusal", "command", "outcome", "callout", "stop", "link", "remote"]
    id: Short | None = Field(default=None, description="Of an alarm the failsafe, of a refusal the rule")
    name: Short | None = Field(default=None, description="Of a command or a state")
    result: Short | None = None
    source: Short | None = Field(default=None, description="Who wanted the command")
    target_kmh: Kmh | None = None
    text: Text | None = None


class StageOf(Message):
    """One stage of a plan."""

    kind: Short
    facing: Short
    target_kmh: Kmh
    hold_s: Seconds


class Outcome(Message):
    """How a session ended. `belt_at_rest` only where rest was measured."""

    exit_status: int = Field(ge=0, le=255)
    belt_at_rest: bool
    peak_kmh: Kmh
    duration_s: Seconds
    distance_m: float = Field(ge=0)


class Session(Said):
    """The session: begun, with its plan; ended, with what became of it. Retained."""

    format: Literal["retroctl.session/1"] = Field(default="retroctl.session/1", alias="schema")
    phase: Literal["begun", "ended"]
    simulated: bool
    treadmill: Short
    cap_kmh: Kmh | None = None
    stages: tuple[StageOf, ...] = Field(default=(), max_length=MOST_STAGES)
    client: Short | None = None
    client_name: Short | None = None
    outcome: Outcome | None = None


class Ack(Said):
    """What became of a stop that was asked for on `cmd/stop`; several for one, in this order.

    `received` by the publisher; `sent`: handed to Bluetooth; `accepted`: the treadmill said yes, which is its word;
    `at_rest`: rest was measured; `not_confirmed`: it was not, look at the belt. `nothing_to_stop`: no session was
    there. `refused`: this was no request to stop. A stop that was sent ends as `at_rest` or `not_confirmed`; a later
    `at_rest` takes a `not_confirmed` back.
    """

    format: Literal["retroctl.ack/1"] = Field(default="retroctl.ack/1", alias="schema")
    id: StopId | None = Field(description="Of the request; null where it could not be read")
    result: Literal["received", "sent", "accepted", "at_rest", "not_confirmed", "nothing_to_stop", "refused"]
    text: Text
    measured_kmh: Kmh | None = None
    after_s: Seconds = Field(default=0.0, description="seconds since the request was received")


def _cut_to(most: int) -> BeforeValidator:
    """What only tells about a Stop is never a reason not to stop: text is cut, anything else is nothing."""
    return BeforeValidator(lambda value: value[:most] if isinstance(value, str) else None)


class Stop(BaseModel):
    """Asks for a stop, the only thing that can be asked for. Keys that are not known are ignored.

    A `ts` long past is no reason to refuse: a stale stop is harmless.
    """

    model_config: ClassVar[ConfigDict] = ConfigDict(
        extra="ignore", frozen=True, strict=True, serialize_by_alias=True, populate_by_name=True
    )

    format: Literal["retroctl.stop/1"] = Field(default="retroctl.stop/1", alias="schema")
    id: StopId
    ts: Annotated[Annotated[str, Field(max_length=40)] | None, _cut_to(40)] = None
    by: Annotated[Short | None, Field(description="Who asks: a panel, a floor screen; recorded"), _cut_to(80)] = None


MODELS: Final[dict[Leaf, type[BaseModel]]] = {
    Leaf.STATUS: Status,
    Leaf.STATE: State,
    Leaf.EVENT: Event,
    Leaf.SESSION: Session,
    Leaf.ACK: Ack,
    Leaf.STOP: Stop,
}
"""One model a topic."""

FromMachine = Status | State | Event | Session | Ack
Anything = FromMachine | Stop
FINAL: Final = frozenset({"at_rest", "not_confirmed", "nothing_to_stop", "refused"})
"""Results after which whoever asked for the stop need not wait."""


class Unreadable(ValueError):  # noqa: N818 - it is what the payload is
    """A payload that is not what belongs on its topic; says why, in a few plain words."""


def encoded(message: Anything) -> bytes:
    """The bytes of a message."""
    return message.model_dump_json(exclude_none=False).encode()


def decoded(leaf: Leaf, payload: bytes) -> Anything:
    """The message of a payload. Raises Unreadable, whatever the bytes are."""
    most = MOST_BYTES_OF_STOP if leaf is Leaf.STOP else MOST_BYTES
    if len(payload) > most:
        raise Unreadable(f"{len(payload)} bytes, more than {most}")
    try:
        message = MODELS[leaf].model_validate_json(payload)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part)[:40] for part in first["loc"][:4])
        raise Unreadable(f"{where}: {first['msg'][:120]}" if where else first["msg"][:120]) from None
    except (ValueError, RecursionError) as error:
        raise Unreadable(str(error)[:120]) from None
    return message  # type: ignore[return-value]  # one of those in MODELS, which are Anything


def now_ts() -> str:
    """The time of day, as messages carry it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def seconds_since(ts: str) -> float:
    """How long ago a message was made, by this computer's clock; negative where the clocks differ.

    Raises ValueError for a moment of the right shape that no calendar has.
    """
    return (datetime.now(UTC) - datetime.fromisoformat(ts)).total_seconds()


def json_schema() -> dict[str, Any]:
    """One JSON Schema of all messages, by topic: docs/mqtt-messages.schema.json."""
    whole = TypeAdapter(Anything).json_schema(ref_template="#/$defs/{model}", by_alias=True, mode="validation")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Messages of retroctl over MQTT",
        "description": "retroctl/v1/<club>/<machine>/<topic>; each topic carries one kind of message.",
        "x-topics": {leaf.value: {"$ref": f"#/$defs/{model.__name__}"} for leaf, model in MODELS.items()},
        "anyOf": [{"$ref": f"#/$defs/{model.__name__}"} for model in get_args(Anything)],
        "$defs": dict(sorted(whole["$defs"].items())),
    }


def schema_text() -> str:
    """The same as the text of the file."""
    return json.dumps(json_schema(), indent=1, ensure_ascii=False) + "\n"
