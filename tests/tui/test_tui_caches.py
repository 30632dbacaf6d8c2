"""What Textual remembers is bounded: a screen that is drawn for hours does not grow."""

from __future__ import annotations

import pytest
from rich.color import ColorSystem
from rich.style import Style
from textual.strip import Strip

from retroctl.adapters.tui.caches import STYLES, bound_caches


@pytest.fixture(autouse=True)
def as_it_was():
    before = vars(Strip)["render_ansi"]
    yield
    Strip.render_ansi = before


def test_the_codes_of_ten_thousand_places_on_the_screen_are_not_kept():
    before = Strip.render_ansi(Style.parse("bold red"), ColorSystem.TRUECOLOR)
    bound_caches()
    bound_caches()
    for place in range(10_000):
        Strip.render_ansi(Style(bold=True, meta={"offset": (place, 0)}), ColorSystem.TRUECOLOR)
    assert Strip.render_ansi.cache_info().currsize == STYLES
    assert Strip.render_ansi(Style.parse("bold red"), ColorSystem.TRUECOLOR) == before


def test_a_textual_that_keeps_nothing_is_left_alone():
    plain = vars(Strip)["render_ansi"].__func__.__wrapped__
    Strip.render_ansi = classmethod(plain)
    bound_caches()
    assert vars(Strip)["render_ansi"].__func__ is plain
