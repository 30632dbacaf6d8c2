"""One controller per machine on this computer."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from retroctl.adapters.ble import lock as lock_module
from retroctl.adapters.ble.lock import machine_lock
from retroctl.errors import TreadmillError

ADDRESS = "AA:BB:CC:00:00:01"

HOLDER = """
import sys
from pathlib import Path
from retroctl.adapters.ble.lock import machine_lock
with machine_lock("AA:BB:CC:00:00:01", "Belt", folder=Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def other_process(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate(timeout=10)


def test_a_second_program_is_told_which_process_holds_the_machine(other_process, tmp_path):
    with (
        pytest.raises(TreadmillError, match=rf"another retroctl.*Belt.*process {other_process.pid}"),
        machine_lock(ADDRESS.lower(), "Belt", folder=tmp_path),
    ):
        pytest.fail("held twice")


def test_a_killed_program_holds_nothing(other_process, tmp_path):
    other_process.kill()
    other_process.wait(timeout=10)
    with machine_lock(ADDRESS, "Belt", folder=tmp_path):
        assert (tmp_path / "AA-BB-CC-00-00-01.holder").read_text() == str(os.getpid())


def test_the_lock_is_free_again_afterwards_also_after_an_error(tmp_path):
    with pytest.raises(RuntimeError, match="boom"), machine_lock(ADDRESS, "Belt", folder=tmp_path):
        raise RuntimeError("boom")
    with machine_lock(ADDRESS, "Belt", folder=tmp_path):
        pass
    assert not list(tmp_path.glob("*.holder"))


def test_two_machines_may_be_held_at_once(tmp_path):
    with machine_lock(ADDRESS, "Belt", folder=tmp_path), machine_lock("AA:BB:CC:00:00:02", "Other", folder=tmp_path):
        assert len(list(tmp_path.glob("*.holder"))) == 2


def test_a_second_hold_in_the_same_process_is_refused_too(tmp_path):
    with (
        machine_lock(ADDRESS, "Belt", folder=tmp_path),
        pytest.raises(TreadmillError, match="another retroctl"),
        machine_lock(ADDRESS, "Belt", folder=tmp_path),
    ):
        pytest.fail("held twice")


def test_a_holder_that_left_no_number_is_still_named(tmp_path):
    with machine_lock(ADDRESS, "Belt", folder=tmp_path):
        (tmp_path / "AA-BB-CC-00-00-01.holder").write_text("no number")
        with (
            pytest.raises(TreadmillError, match="holds Belt: end that session"),
            machine_lock(ADDRESS, "Belt", folder=tmp_path),
        ):
            pytest.fail("held twice")


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("")
    with (
        pytest.raises(TreadmillError, match="writable") as caught,
        machine_lock(ADDRESS, "Belt", folder=blocked / "locks"),
    ):
        pytest.fail("no lock")
    assert str(blocked) in str(caught.value)


def test_without_a_folder_the_users_data_folder_is_used(tmp_path, monkeypatch):
    monkeypatch.setattr(lock_module, "user_data_path", lambda *_args, **_kwargs: tmp_path)
    with machine_lock("{uuid-of-macos}", "Belt"):
        assert (tmp_path / "locks" / "UUID-OF-MACOS.holder").exists()
