from __future__ import annotations
import pytest
from cli_inside import Inside
from simulators.personality import PERSONALITIES, personality
pytestmark = pytest.mark.virtual

@pytest.mark.parametrize("name", PERSONALITIES)
async def test_x(name, monkeypatch, capfd, tmp_path):
    inside = Inside(monkeypatch, capfd, tmp_path)
    inside.personality = personality(name)
    await inside.run(top="2.6")
