"""How large a module may be: one that is longer has two subjects."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LONGEST = 400


@pytest.mark.parametrize("package", ["retroctl", "simulators"])
def test_no_module_is_longer_than_400_lines(package):
    modules = sorted((ROOT / package).rglob("*.py"))
    assert len(modules) > 20
    lines = {str(module.relative_to(ROOT)): module.read_text(encoding="utf-8").count("\n") for module in modules}
    assert {name: count for name, count in lines.items() if count > LONGEST} == {}, "split it by subject"
