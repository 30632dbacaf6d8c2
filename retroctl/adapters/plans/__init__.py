"""Plans as people write them: TOML files, strict, and presets."""

from retroctl.adapters.plans.planfile import PlanRequest, read_plan

__all__ = ["PlanRequest", "read_plan"]
