"""What a session can do without, and is better with: sound, a computer that stays awake, a battery that lasts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from retroctl.adapters.doctor.report import Check, note, ok

if TYPE_CHECKING:
    from retroctl.adapters.doctor.host import Comforts

LOW_PERCENT: Final = 20


def check_comforts(comforts: Comforts, platform: str) -> list[Check]:
    """None of these keeps a session from working, so none is `not ok`."""
    return [_sound(comforts, platform), _speech(comforts, platform), _awake(comforts), _battery(comforts)]


def _sound(comforts: Comforts, platform: str) -> Check:
    name = "Sound"
    players, works = comforts.sound()
    if works is not None:
        return ok(name, f"{works} plays")
    silent = "the voice is silent, cues and count-downs are on the screen"
    if players:
        return note(name, f"{', '.join(players)} found no sound device: {silent}", "plug in or switch on a speaker")
    way_out = "install pipewire-bin, pulseaudio-utils or alsa-utils" if platform.startswith("linux") else ""
    return note(name, f"no sound player: {silent}", way_out)


def _speech(comforts: Comforts, platform: str) -> Check:
    name = "Speech"
    engine = comforts.speech()
    if engine is not None:
        return ok(name, f"{engine} speaks what the program has no clips for")
    way_out = "install espeak-ng" if platform.startswith("linux") else ""
    return note(name, "no speech engine: what the program has no clips for is only shown", way_out)


def _awake(comforts: Comforts) -> Check:
    name = "Sleep"
    held, words = comforts.awake()
    if held:
        return ok(name, f"kept back while armed: {words}")
    return note(
        name, f"cannot be kept back: {words}", "switch sleep off in the system's settings, and leave the lid open"
    )


def _battery(comforts: Comforts) -> Check:
    name = "Battery"
    found = comforts.battery()
    if found is None:
        return ok(name, "none, or the system does not say")
    percent, discharging = found
    shown = f"{percent:.0f} %, {'being used up' if discharging else 'plugged in'}"
    if discharging and percent < LOW_PERCENT:
        return note(name, shown, "plug the computer in before a session: if it goes off, the belt runs on")
    return ok(name, shown)
