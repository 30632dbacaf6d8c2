"""Every error this program raises on purpose, as one tree, with the exit status each leads to."""

# RetroctlError
# |- ConfigError                what the user wrote: names the thing and the way out      (exit 2)
# |  |- PlanError               a plan that could never be allowed                        (exit 2)
# |  `- ClientError             what is noted of a client cannot be, or forbids a session  (exit 2)
# |- ProgrammingFault           ours
# |  `- IllegalTransition       a trigger that the state does not know; nothing changed
# |- TreadmillError             theirs, or the air's                                      (exit 3)
# |  |- TreadmillNotFound       nothing answered, or more than one did
# |  |- UnsupportedTreadmill    what is missing
# |  |- StrapNotFound           no heart-rate strap answered
# |  |  `- SeveralStraps        more than one did, and none was named
# |  |- LinkLost                the connection is gone
# |  |- WriteRefused            an ATT error answered the write; carries the code
# |  |- ProcedureTimeout        no answer inside the bound; the outcome is unknown
# |  `- MalformedFrame          bytes of which nothing can be said
# `- JournalError               the record cannot be written
#    `- DiskFull                no room left where the records are kept


class RetroctlError(Exception):
    """Anything this program raises on purpose."""


class ConfigError(RetroctlError):
    """What the user wrote cannot be used; the message names the thing and the way out."""


class PlanError(ConfigError):
    """A plan that could never be allowed; the message names the stage and the rule."""


class ClientError(ConfigError):
    """What is noted of a client cannot be, or speaks against a session today; the message gives the way out."""


class ProgrammingFault(RetroctlError):  # noqa: N818 - a fault of ours, not an error of theirs
    """A bug of ours. The belt is stopped first, then it is reported loudly."""


class IllegalTransition(ProgrammingFault):
    """A trigger arrived in a state whose row in the table does not hold it."""


class TreadmillError(RetroctlError):
    """The machine's fault, or the air's."""


class TreadmillNotFound(TreadmillError):  # noqa: N818 - the tree above reads better so
    """No treadmill answered, or more than one did and none was named."""


class UnsupportedTreadmill(TreadmillError):  # noqa: N818 - as above: it says what happened
    """The machine lacks what is needed; the message says what."""


class StrapNotFound(TreadmillError):  # noqa: N818 - as above: it says what happened
    """No heart-rate strap answered, or the one that did cannot be used."""


class SeveralStraps(StrapNotFound):
    """More than one strap is in range and none was named: never picked by itself."""


class LinkLost(TreadmillError):  # noqa: N818 - as above: it says what happened
    """The connection to the machine is gone."""


class WriteRefused(TreadmillError):  # noqa: N818 - as above: it says what happened
    """The machine answered a write with an ATT error: `code` (Core Specification, Vol 3 Part F).

    `wants_pairing`: that this is for want of pairing, and how to pair; None for every other reason.
    """

    def __init__(self, code: int, message: str = "", *, wants_pairing: str | None = None) -> None:
        self.code, self.wants_pairing = code, wants_pairing
        super().__init__(message or f"the machine refused the write (ATT error 0x{code:02X})")


class ProcedureTimeout(TreadmillError, TimeoutError):  # noqa: N818 - as above: it says what happened
    """No answer came inside the bound; what the machine did is unknown."""


class MalformedFrame(TreadmillError, ValueError):  # noqa: N818 - as above: it says what happened
    """Bytes of which nothing at all can be said. `data` holds them."""

    def __init__(self, reason: str, data: bytes) -> None:
        self.data = bytes(data)
        super().__init__(f"{reason}: {self.data.hex() or 'no bytes'}")


class JournalError(RetroctlError):
    """The record cannot be written; the message names the file and the reason."""


class DiskFull(JournalError):  # noqa: N818 - as above: it says what happened
    """There is no room left where the records are kept."""


def needs_extra(name: str) -> str:
    """What to do about an extra that is not installed: the program is in no registry, so by what it came from."""
    return (
        f"the extra `{name}`: install retroctl again with [{name}] behind what it came from, as in "
        f"pip install '.[{name}]' in a checkout or pip install 'FILE.whl[{name}]' for a wheel"
    )
