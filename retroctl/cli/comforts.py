"""What `doctor` asks the adapters of voice and power, which it does not know."""

from __future__ import annotations

import threading

from retroctl.adapters.doctor.host import Comforts
from retroctl.adapters.power import Refused, hold_awake, read_battery
from retroctl.adapters.voice import plays_silence, system_engine, system_players


def comforts() -> Comforts:
    """The questions; each is asked when its check runs."""
    return Comforts(_sound, _speech, _awake, _battery)


def _sound() -> tuple[list[str], str | None]:
    players = system_players()
    works = next((player.name for player in players if plays_silence(player, threading.Event())), None)
    return [player.name for player in players], works


def _speech() -> str | None:
    engine = system_engine(100)
    return None if engine is None else engine.name


def _awake() -> tuple[bool, str]:
    try:
        held = hold_awake()
    except Refused as refused:
        return False, str(refused)
    held.release()
    return True, held.words


def _battery() -> tuple[float, bool] | None:
    found = read_battery()
    return None if found is None else (found.percent, found.discharging)
