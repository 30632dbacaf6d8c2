"""The test that measures a treadmill with nobody on it: steps, guards, a gate of its own, and what it found.

Pure like the rest of the domain: events and the time go in, effects come out. `Trial` is the whole of it; its steps
are generators in `script`, its only way to the wire is `TrialGate`.
"""

from retroctl.domain.qualify.gate import TrialGate
from retroctl.domain.qualify.trial import Trial

__all__ = ["Trial", "TrialGate"]
