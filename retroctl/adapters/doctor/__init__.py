"""`retroctl doctor`: what on this computer could keep a session from working, each with the way out."""

from __future__ import annotations

from retroctl.adapters.doctor.checks import run_checks
from retroctl.adapters.doctor.report import Check, State

__all__ = ["Check", "State", "run_checks"]
