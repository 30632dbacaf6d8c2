"""Dark, light and high contrast. What matters is told apart by word and shape; colour only helps."""

from __future__ import annotations

from typing import Final

from textual.theme import Theme

# text-muted: Textual's own is "auto 60%", which text in parts (`Painted`) knows no background to reckon from: it came
# out white, in the light theme too. So every theme says its colour.

DARK: Final = Theme(
    name="dark",
    primary="#5fafd7",
    secondary="#87afaf",
    warning="#ffd75f",
    error="#d70000",
    success="#5faf5f",
    accent="#d7af5f",
    foreground="#e4e4e4",
    background="#121212",
    surface="#1c1c1c",
    panel="#303030",
    dark=True,
    variables={
        "measured": "#5fd7af",
        "old": "#969696",
        "commanded": "#ffd75f",
        "planned": "#87afd7",
        "cap": "#ff5f5f",
        "alarm-text": "#ffffff",
        "text-muted": "#a8a8a8",
    },
)
LIGHT: Final = Theme(
    name="light",
    primary="#005f87",
    secondary="#5f5f5f",
    warning="#af5f00",
    error="#af0000",
    success="#005f00",
    accent="#875f00",
    foreground="#121212",
    background="#fafafa",
    surface="#f0f0f0",
    panel="#d7d7d7",
    dark=False,
    variables={
        "measured": "#00695c",
        "old": "#5c5c5c",
        "commanded": "#8a5a00",
        "planned": "#1f5f8b",
        "cap": "#c00000",
        "alarm-text": "#ffffff",
        "text-muted": "#5c5c5c",
    },
)
CONTRAST: Final = Theme(
    name="contrast",
    primary="#ffffff",
    secondary="#ffffff",
    warning="#ffff00",
    error="#ff0000",
    success="#00ff00",
    accent="#ffff00",
    foreground="#ffffff",
    background="#000000",
    surface="#000000",
    panel="#000000",
    dark=True,
    text_alpha=1.0,
    variables={
        "measured": "#00ffff",
        "old": "#c8c8c8",
        "commanded": "#ffff00",
        "planned": "#ffffff",
        "cap": "#ff8080",
        "alarm-text": "#ffffff",
        "text-muted": "#ffffff",
    },
)
THEMES: Final = (DARK, LIGHT, CONTRAST)
