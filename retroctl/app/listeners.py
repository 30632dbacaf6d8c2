"""Those who are told what happens in a run: a screen, the record, a voice. Any of them may fail; the belt goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


def tell_all(listeners: list[Callable[[T], None]], what: T, failed: Callable[[BaseException], None]) -> None:
    """Tell each of them; one that raises is taken out of the list and called no more, and `failed` hears why."""
    for listener in tuple(listeners):
        try:
            listener(what)
        except Exception as error:  # noqa: BLE001 - a screen or a disk may fail; the belt and the others go on
            listeners.remove(listener)
            failed(error)
