"""What an answer on the wire means to whoever sent the command."""

from __future__ import annotations

from typing import TYPE_CHECKING

from retroctl.domain.commands import Answer
from retroctl.ftms.opcodes import ResultCode
from retroctl.ftms.procedure import Reply

if TYPE_CHECKING:
    from retroctl.ftms.procedure import Finished


def answer_of(finished: Finished) -> Answer:
    """Read how a request ended."""
    if finished.reply is Reply.NO_ANSWER:
        return Answer.NONE
    if finished.reply is Reply.NOT_SENT and finished.result is None:
        return Answer.NOT_SENT
    if finished.reply is Reply.NOT_SENT:
        return Answer.REFUSED  # by ATT: it reached the machine
    if finished.result == ResultCode.SUCCESS:
        return Answer.SUCCESS
    if finished.result == ResultCode.CONTROL_NOT_PERMITTED:
        return Answer.NOT_PERMITTED
    return Answer.REFUSED
