"""Plans as people write them: TOML files, strict, and presets."""

from retroctl.adapters.plans.planfile import PlanRequest, read_plan
from retroctl.adapters.plans.presets import PRESETS, Preset

__all__ = ["PRESETS", "PlanRequest", "Preset", "read_plan"]
