"""What is posted to the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.message import Message

if TYPE_CHECKING:
    from typing import TypeGuard


class News(Message):
    """There is something new in the feed. One that waits is enough: it holds nothing of its own."""

    def can_replace(self, message: Message) -> TypeGuard[News]:
        """A newer one replaces a queued older one."""
        return isinstance(message, News)
