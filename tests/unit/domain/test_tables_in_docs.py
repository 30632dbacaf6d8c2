"""The pages that are written from tables in the code are what the tables say now."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from retroctl.domain.failsafes import FAILSAFES, FailsafeId

DOCS = Path(__file__).parents[3] / "docs"


def _tables():
    spec = importlib.util.spec_from_file_location("docs_tables", DOCS / "tables.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ["STATES.md", "FAILSAFES.md"])
def test_the_page_is_up_to_date(name):
    """If this fails: python docs/tables.py."""
    assert (DOCS / name).read_text(encoding="utf-8") == _tables().PAGES[name]()


def test_every_failsafe_has_its_row_in_order():
    assert list(FAILSAFES) == list(FailsafeId)
    assert [row.id for row in FAILSAFES.values()] == list(FailsafeId)
    assert all(row.condition and row.alarm.isupper() for row in FAILSAFES.values())
