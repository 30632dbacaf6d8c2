"""How large a module may be, and where the tests of one run."""

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


def test_what_a_file_of_tests_makes_once_is_made_by_one_worker():
    """Tests are dealt out one by one: without a group each worker would make a module's fixture anew."""
    files = {file: file.read_text(encoding="utf-8") for file in (ROOT / "tests").rglob("test_*.py")}
    shared = {file.name for file, text in files.items() if '(scope="module' in text}
    assert len(shared) > 5
    assert shared - {file.name for file, text in files.items() if "xdist_group(" in text} == set()
