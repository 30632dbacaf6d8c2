"""From a story that breaks a rule to the shortest one that still does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulators.storm.world import lived

if TYPE_CHECKING:
    from collections.abc import Callable

    from simulators.storm.story import Act, Story


def fails(story: Story, live: Callable[[Story], object] = lived) -> Exception | None:
    """What the story breaks; None when it breaks nothing."""
    try:
        live(story)
    except Exception as error:  # noqa: BLE001 - a fault of the program counts like a broken rule
        return error
    return None


def shrunk(story: Story, live: Callable[[Story], object] = lived) -> Story:
    """The same story with every act left out that it can do without: halves first, then smaller parts, then one by one.

    The rule broken must stay the same kind of thing: the words without their figures.
    """
    error = fails(story, live)
    if error is None:
        return story
    wanted = _kind(error)
    acts: tuple[Act, ...] = story.acts
    size = max(1, len(acts) // 2)
    while size:
        start = 0
        while start < len(acts):
            fewer = acts[:start] + acts[start + size :]
            again = fails(story.with_acts(fewer), live) if fewer else None
            if again is not None and _kind(again) == wanted:
                acts = fewer
            else:
                start += size
        size //= 2
    return story.with_acts(acts)


def _kind(error: Exception) -> str:
    text = f"{type(error).__name__}: {error}"
    return "".join(letter for letter in text if not letter.isdigit())
