"""Training Status 0x2AD3: what the machine says it is doing (FTMS v1.0.1, section 4.10)."""

from __future__ import annotations

from dataclasses import dataclass

from retroctl.errors import MalformedFrame
from retroctl.ftms.wire import set_bits

_STRING_PRESENT = 1 << 0
_STRING_EXTENDED = 1 << 1
_STATUS_SIZE = 2


@dataclass(frozen=True, slots=True)
class TrainingStatus:
    """`status` is a plain int, so an unknown one is kept; None when only the flags came.

    `text` is None where no text is claimed, empty where a machine claims one and sends none.
    """

    flags: int
    status: int | None
    text: str | None = None
    text_extended: bool = False
    """The text is longer than a notification holds; the whole of it can be read."""
    unknown_bits: tuple[int, ...] = ()
    truncated: bool = False
    trailing: bytes = b""


def decode_training_status(data: bytes) -> TrainingStatus:
    """Read 0x2AD3. Raises MalformedFrame for an empty value, which some machines give before a workout."""
    if not data:
        raise MalformedFrame("Training Status is empty", data)
    flags = data[0]
    rest = bytes(data[_STATUS_SIZE:])
    has_text = bool(flags & (_STRING_PRESENT | _STRING_EXTENDED))
    cut = len(data) < _STATUS_SIZE
    return TrainingStatus(
        flags=flags,
        status=None if cut else data[1],
        # Nothing says that a machine's text is clean UTF-8: odd bytes are shown as such, padding is not text.
        text=rest.decode("utf-8", errors="replace").rstrip("\0") if has_text else None,
        text_extended=bool(flags & _STRING_EXTENDED),
        unknown_bits=set_bits(flags, first=2, last=7),
        truncated=cut,
        trailing=b"" if has_text else rest,
    )
