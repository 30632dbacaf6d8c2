"""`retroctl doctor` as a person runs it."""

from __future__ import annotations

import os
import subprocess
import sys


def test_it_looks_at_the_folder_that_the_records_will_go_to(tmp_path):
    folder = tmp_path / "records"
    ran = subprocess.run(
        [sys.executable, "-m", "retroctl", "doctor"],
        env={**os.environ, "RETROCTL_DATA_DIR": str(folder)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.stderr == ""
    assert ran.returncode in (0, 3)
    line = next(line for line in ran.stdout.splitlines() if "Data folder" in line)
    assert line.startswith("ok")
    assert str(folder) in line
    for name in ("Sound", "Speech", "Sleep", "Battery"):
        (found,) = [each for each in ran.stdout.splitlines() if f" {name}: " in each]
        assert found.startswith(("ok", "note")), found
