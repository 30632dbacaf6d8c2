"""`doctor` on made-up computers: each fault is named, with a way out, and nothing that is not known is called ok."""

from __future__ import annotations

import json
import os
import signal
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from retroctl.adapters.ble import probe as probe_module
from retroctl.adapters.doctor import Check, State, run_checks
from retroctl.adapters.doctor import host as host_module
from retroctl.adapters.doctor.host import Comforts, Ended, Host, run_probe

WORKS = Ended(0, json.dumps({"works": True, "heard": 3, "machines": 1}) + "\n")
DENIED = Ended(0, json.dumps({"works": False, "cause": "denied", "what": "no", "way_out": "ask", "error": "E"}))
OFF = Ended(0, json.dumps({"works": False, "cause": "switched off", "what": "off", "way_out": "on", "error": "E"}))


@pytest.fixture
def root(tmp_path):
    """A healthy Linux computer."""
    files = {
        "sys/class/bluetooth/hci0/address": "",
        "sys/class/bluetooth/hci0:64/address": "",
        "proc/1/comm": "systemd\n",
        "proc/77/comm": "bluetoothd\n",
        "proc/self": "",
        "sys/class/rfkill/rfkill0/type": "wlan\n",
        "sys/class/rfkill/rfkill0/soft": "1\n",
        "sys/class/rfkill/rfkill1/type": "bluetooth\n",
        "sys/class/rfkill/rfkill1/soft": "0\n",
        "sys/class/rfkill/rfkill1/hard": "0\n",
        "etc/group": "root:x:0:\nbluetooth:x:112:ann,ben\nodd line\n",
    }
    for name, text in files.items():
        path = tmp_path / "root" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "root"


@pytest.fixture
def host(tmp_path, root):
    return Host(
        platform="linux",
        python=(3, 12, 1),
        root=root,
        data_folder=tmp_path / "data" / "retroctl",
        probe=lambda: WORKS,
        groups_of_login=lambda: frozenset({1000}),
        user_name=lambda: "cas",
        is_root=False,
        free_bytes=lambda _folder: 5_000_000_000,
        has_module=lambda _name: True,
        is_terminal=lambda: True,
        terminal_size=lambda: (120, 40),
        terminal_encoding=lambda: "utf-8",
        terminal_kind="xterm-256color",
    )


def check(host: Host, name: str) -> Check:
    (found,) = [check for check in run_checks(host) if check.name == name]
    return found


def test_a_healthy_computer_passes_every_check(host):
    checks = run_checks(host)
    assert [found for found in checks if found.state is not State.OK] == []
    assert len({found.name for found in checks}) == len(checks) == 9
    assert "3 devices heard, 1 of them" in checks[-1].detail


def test_whatever_is_not_ok_names_a_way_out_in_one_line(host, root, tmp_path):
    (root / "sys/class/rfkill/rfkill1/hard").write_text("1")
    (root / "proc/77/comm").write_text("other")
    (root / "etc/group").unlink()
    broken = replace(host, python=(3, 9, 0), data_folder=root / "etc/x/y", probe=lambda: DENIED, terminal_kind="dumb")
    (root / "etc/x").write_text("a file")
    failed = [found for found in run_checks(broken) if found.state is State.NOT_OK]
    assert {found.name for found in failed} == {
        "Python",
        "Data folder",
        "Terminal",
        "Bluetooth service",
        "Bluetooth switch",
        "Bluetooth permission",
        "Bluetooth try",
    }
    for found in failed:
        assert found.what_to_do, found.name
        assert "\n" not in found.detail + found.what_to_do


def test_no_adapter_is_told(host, root):
    for entry in (root / "sys/class/bluetooth").iterdir():
        (entry / "address").unlink()
        entry.rmdir()
    assert check(host, "Bluetooth adapter").state is State.NOT_OK


@pytest.mark.parametrize(("kind", "words"), [("soft", "software"), ("hard", "hardware")])
def test_the_two_kinds_of_radio_switch_are_told_apart(host, root, kind, words):
    (root / f"sys/class/rfkill/rfkill1/{kind}").write_text("1\n")
    found = check(host, "Bluetooth switch")
    assert (found.state, words in found.detail) == (State.NOT_OK, True)


def test_no_radio_switch_is_unknown(host, root):
    (root / "sys/class/rfkill/rfkill1/type").write_text("wlan")
    assert check(host, "Bluetooth switch").state is State.UNKNOWN


def test_a_service_that_cannot_be_seen_is_unknown_and_one_that_is_missing_is_not_ok(host, root):
    (root / "proc/77/comm").write_text("bash\n")
    assert check(host, "Bluetooth service").state is State.NOT_OK
    (root / "proc/1/comm").unlink()
    (root / "proc/1").rmdir()
    assert check(host, "Bluetooth service").state is State.UNKNOWN


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"user_name": lambda: "cas"}, "cas is not in the group"),
        ({"user_name": lambda: ""}, "this user is not in the group"),
        ({"user_name": lambda: "ann"}, "after logging in"),
        ({"groups_of_login": lambda: frozenset({112})}, "although this login is in the group"),
        ({"is_root": True}, "although this login is in the group"),
    ],
)
def test_denied_tells_group_and_login_apart(host, change, words):
    found = check(replace(host, probe=lambda: DENIED, **change), "Bluetooth permission")
    assert found.state is State.NOT_OK
    assert words in found.detail


def test_permission_is_unknown_when_bluetooth_failed_before_it(host):
    off = replace(host, probe=lambda: OFF)
    assert check(off, "Bluetooth permission").state is State.UNKNOWN
    tried = check(off, "Bluetooth try")
    assert (tried.state, tried.detail, tried.what_to_do) == (State.NOT_OK, "off [E]", "on")


@pytest.mark.parametrize(
    ("platform", "ended", "state", "words"),
    [
        ("darwin", Ended(-signal.SIGABRT), State.NOT_OK, "no permission"),
        ("linux", Ended(-signal.SIGSEGV), State.NOT_OK, "SIGSEGV"),
        ("linux", Ended(-250), State.NOT_OK, "signal 250"),
        ("win32", Ended(None), State.NOT_OK, "no answer in time"),
        ("linux", Ended(1, "", "Traceback\nImportError: x"), State.UNKNOWN, "ImportError: x"),
        ("linux", Ended(0, "not json"), State.UNKNOWN, "it said nothing"),
        ("linux", Ended(0, "[1]"), State.UNKNOWN, "it said nothing"),
        ("linux", Ended(0, "{}"), State.NOT_OK, "Bluetooth failed"),
        ("linux", Ended(0, "a warning of some library\n" + WORKS.out), State.OK, "works"),
    ],
)
def test_however_the_probe_ends_it_becomes_plain_words(host, platform, ended, state, words):
    found = check(replace(host, platform=platform, probe=lambda: ended), "Bluetooth try")
    assert found.state is state
    assert words in found.detail


def test_other_systems_have_only_the_try(host):
    names = [found.name for found in run_checks(replace(host, platform="darwin"))]
    assert [name for name in names if name.startswith("Bluetooth")] == ["Bluetooth try"]


def test_a_full_disk_is_told_before_a_session(host):
    assert check(replace(host, free_bytes=lambda _folder: 50_000_000), "Data folder").state is State.NOT_OK


def test_the_data_folder_is_left_empty(host):
    assert check(host, "Data folder").state is State.OK
    assert list(host.data_folder.iterdir()) == []


@pytest.mark.parametrize(
    ("change", "state"),
    [
        ({"is_terminal": lambda: False}, State.UNKNOWN),
        ({"terminal_kind": "dumb"}, State.NOT_OK),
        ({"terminal_encoding": lambda: "ascii"}, State.NOT_OK),
        ({"terminal_size": lambda: (79, 24)}, State.NOT_OK),
        ({"terminal_size": lambda: (80, 23)}, State.NOT_OK),
        ({"terminal_size": lambda: (80, 24)}, State.OK),
    ],
)
def test_the_terminal_is_judged_by_what_a_session_needs(host, change, state):
    assert check(replace(host, **change), "Terminal").state is state


@pytest.mark.parametrize(("python", "state"), [((3, 10, 9), State.NOT_OK), ((3, 11, 0), State.OK)])
def test_python_is_judged_by_its_version(host, python, state):
    assert check(replace(host, python=python), "Python").state is state


def test_a_missing_extra_is_no_fault_but_says_how_to_get_it(host):
    found = check(replace(host, has_module=lambda _name: False), "Extra `radio`")
    assert found.state is State.OK
    assert "[radio]" in found.what_to_do


def test_this_computer_can_be_asked_for_everything_but_bluetooth(tmp_path):
    checks = run_checks(Host(probe=lambda: WORKS, data_folder=tmp_path))
    assert checks[0].state is State.OK
    assert checks[-1].state is State.OK


# The probe's process.


def script(monkeypatch, text: str) -> None:
    """Let the probe run `text` instead of its module."""
    real = host_module.subprocess.run
    monkeypatch.setattr(
        host_module.subprocess, "run", lambda _command, **kwargs: real([sys.executable, "-c", text], **kwargs)
    )


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS may end the probe: the terminal needs its permission")
def test_the_probe_of_this_computer_gives_an_outcome_whatever_it_is():
    ended = run_probe()
    assert ended.code == 0, ended.err
    told = json.loads(ended.out)
    assert told["works"] is True or {"cause", "what", "way_out", "error"} <= told.keys()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signals to die of")
def test_a_probe_that_aborts_is_a_signal_and_not_our_end(monkeypatch):
    script(monkeypatch, "import os; os.abort()")
    assert run_probe().code == -signal.SIGABRT


def test_a_probe_that_hangs_is_killed_at_its_deadline(monkeypatch):
    monkeypatch.setattr(host_module, "PROBE_DEADLINE_S", 0.5)
    script(monkeypatch, "import time; time.sleep(60)")
    assert run_probe() == Ended(None)


def test_a_probe_that_cannot_be_started_is_an_outcome(monkeypatch):
    monkeypatch.setattr(sys, "executable", str(Path("no") / "such" / "python"))
    ended = run_probe()
    assert ended.code == 1
    assert ended.err


def test_the_probe_explains_its_errors_in_the_programs_words(monkeypatch, capsys):
    async def denied(_seconds):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(probe_module, "_try", denied)
    monkeypatch.setattr(sys, "argv", ["probe", "0.1"])
    assert probe_module.main() == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["works"], told["cause"]) == (False, "denied")


def test_a_user_without_a_name_is_no_error(monkeypatch):
    def fail():
        raise OSError

    monkeypatch.setattr("getpass.getuser", fail)
    assert Host().user_name() == ""
    if hasattr(os, "getgroups"):
        assert Host().groups_of_login() == frozenset(os.getgroups())


WELL = Comforts(
    sound=lambda: (["pw-play", "aplay"], "aplay"),
    speech=lambda: "espeak-ng",
    awake=lambda: (True, "logind"),
    battery=lambda: (80.0, True),
)


def test_comforts_that_are_there_are_ok(host):
    checks = run_checks(replace(host, comforts=WELL))
    assert [found for found in checks if found.state is not State.OK] == []
    assert check(replace(host, comforts=WELL), "Sound").detail == "aplay plays"


@pytest.mark.parametrize(
    ("name", "less", "words", "way_out"),
    [
        ("Sound", {"sound": lambda: ([], None)}, "no sound player", "alsa-utils"),
        ("Sound", {"sound": lambda: (["paplay"], None)}, "paplay found no sound device", "speaker"),
        ("Speech", {"speech": lambda: None}, "only shown", "espeak-ng"),
        ("Sleep", {"awake": lambda: (False, "no system bus")}, "no system bus", "switch sleep off"),
        ("Battery", {"battery": lambda: (19.4, True)}, "19 %", "plug the computer in"),
    ],
)
def test_a_comfort_that_is_missing_is_a_note_with_a_way_out_and_no_obstacle(host, name, less, words, way_out):
    found = check(replace(host, comforts=replace(WELL, **less)), name)
    assert found.state is State.NOTE
    assert words in found.detail
    assert way_out in found.what_to_do


@pytest.mark.parametrize("battery", [None, (5.0, False), (20.0, True)])
def test_a_battery_that_lasts_or_is_not_there_is_ok(host, battery):
    comforts = replace(WELL, battery=lambda: battery)
    assert check(replace(host, comforts=comforts), "Battery").state is State.OK
