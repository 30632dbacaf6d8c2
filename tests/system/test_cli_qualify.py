"""`retroctl qualify` and `machine`, whole: from the command line over real bleak to the profile, and into `run`."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cli_inside import Inside

from retroctl.adapters.ble.treadmill import BleTreadmill
from retroctl.adapters.console.output import Output
from retroctl.adapters.profiles import load, save
from retroctl.app.clock import LoopClock
from retroctl.app.trial_engine import TrialEngine
from retroctl.cli import known
from retroctl.cli import qualify as command
from retroctl.cli.machine import SIM_ADDRESS, Chosen, sim_address
from retroctl.cli.qualify import QualifyOptions
from retroctl.domain.profile import Announced, Profile, Verdict
from retroctl.errors import ConfigError, RetroctlError, UnsupportedTreadmill
from simulators.bleak_backend import SimulatedRadio
from simulators.machine import FtmsMachine
from simulators.personality import personality

if TYPE_CHECKING:
    from collections.abc import Callable

DRIVER = Path(__file__).parents[1] / "cli_driver.py"
TODAY = known.today().isoformat()


class Test:
    """One `qualify` in this process, in virtual time."""

    __test__ = False

    def __init__(self, patch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], folder: Path) -> None:
        self.folder, self._capfd = folder, capfd
        self.machine: FtmsMachine
        self.leave: Callable[[str], None] = lambda name: None
        self.hook: Callable[[Test], None] = lambda test: None
        patch.setenv("RETROCTL_DATA_DIR", str(folder))
        patch.setattr(command, "simulated", self._simulated)
        patch.setattr(command, "session_clock", lambda _factor: nullcontext(LoopClock()))
        patch.setattr(command, "ways_out", self._ways_out)
        patch.setattr(command, "keys", lambda *_: nullcontext())
        show = command._Test._show

        def shown(inner: Any, told: Any) -> None:
            show(inner, told)
            self.hook(self)

        patch.setattr(command._Test, "_show", shown)

    async def run(self, name: str = "standard", *, jsonl: bool = True, **asked: Any) -> int:
        given = {"yes": True, "terminal": False, "speed_range": None, "address": None, "speedup": "1", **asked}
        options = QualifyOptions.checked(sim=name, jsonl=jsonl, **given)
        errors = Output(2, lambda: None)
        try:
            self.status = await command.qualify(options, errors)
        finally:
            errors.close()
            captured = self._capfd.readouterr()
            self.out, self.err = captured.out, captured.err
        self.address = sim_address(name)
        return self.status

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def profile(self) -> Profile | None:
        return load(self.folder, self.address)

    @property
    def true_speed(self) -> float:
        return self.machine.true_speed_kmh(self.clock.now())

    @property
    def written(self) -> list[str]:
        return [entry.data.hex() for entry in self.machine.log if entry.characteristic == "2ad9"]

    def _simulated(self, name: str, clock: LoopClock) -> Chosen:
        self.clock = clock
        self.radio = SimulatedRadio(clock)
        self.machine = FtmsMachine(personality(name), now=clock.now())
        device = self.radio.add(self.machine, address=sim_address(name))
        backend, scanner = self.radio.client_backend, self.radio.scanner_backend
        return Chosen(BleTreadmill(device, clock=clock, backend=backend, scanner=scanner), simulated=True)

    def _ways_out(self, leave: Callable[[str], None]) -> Any:
        self.leave = leave
        return nullcontext()


@pytest.fixture
def test(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path) -> Test:
    return Test(monkeypatch, capfd, tmp_path)


@pytest.mark.virtual
async def test_the_standard_machine_gets_a_profile_with_true_figures_over_bleak(test: Test) -> None:
    assert await test.run() == 0
    profile = test.profile
    assert profile is not None
    traits = test.machine.traits
    assert (profile.verdict, profile.tested_on) == (Verdict.QUALIFIED, TODAY)
    assert profile.ramps.up_kmh_per_s == pytest.approx(traits.ramp_up, rel=0.1)
    assert profile.ramps.down_kmh_per_s == pytest.approx(traits.ramp_down, rel=0.1)
    assert profile.ramps.stop_kmh_per_s == pytest.approx(traits.stop_rate, rel=0.1)
    assert profile.start.delay_s == pytest.approx(traits.countdown_s, rel=0.1)
    assert profile.start.speed_kmh == pytest.approx(traits.start_speed.kmh, rel=0.1)
    assert profile.stops.rest_p50_s == pytest.approx(traits.start_speed.kmh / traits.stop_rate, rel=0.1)
    assert profile.tells.dropped_link == "goes on"
    assert profile.stops.count == 20
    summary = test.lines[-1]
    assert (summary["type"], summary["verdict"], summary["belt_at_rest"]) == ("summary", "qualified", True)
    assert summary["profile"] == str(test.folder / "machines" / "C0-DE-00-00-00-01.toml")
    assert test.true_speed == 0.0
    assert {line["type"] for line in test.lines} >= {"step", "command", "answer", "telemetry", "note", "status"}


@pytest.mark.virtual
@pytest.mark.parametrize(
    ("name", "status", "verdict", "reason"),
    [
        ("mph-target", 3, Verdict.DANGEROUS, "targets for miles"),
        ("stop-ignored", 4, Verdict.DANGEROUS, "Stop is not obeyed"),
        ("moves-at-connect", 3, Verdict.DANGEROUS, "when it is connected to"),
        ("write-hangs", 3, Verdict.DANGEROUS, "never answered"),
        ("no-indication", 3, Verdict.DANGEROUS, "never answers"),
        ("vanishes", 0, Verdict.INCOMPLETE, "dropped by itself"),
        ("silent-after-stop", 4, Verdict.INCOMPLETE, "falls silent"),
    ],
)
async def test_what_is_found_goes_into_the_status_the_words_and_the_profile(
    test: Test, name: str, status: int, verdict: Verdict, reason: str
) -> None:
    assert await test.run(name, jsonl=False) == status
    profile = test.profile
    assert profile is not None
    assert profile.verdict is verdict
    assert reason in profile.reasons[0]
    assert profile.reasons[0] in test.out
    assert f"Verdict: {verdict.value.upper()}" in test.out
    assert (test.true_speed == 0.0) == (name != "stop-ignored")
    assert ("NOT CONFIRMED AT REST" in test.out) == (status == 4)
    assert (reason in test.err) == (status != 0)


@pytest.mark.virtual
@pytest.mark.parametrize("at_s", [1.0, 20.0, 100.0, 150.0, 234.0])
async def test_a_way_out_at_any_moment_leaves_the_belt_at_rest_and_keeps_nothing(test: Test, at_s: float) -> None:
    test.hook = lambda _: None
    began: list[float] = []

    def hook(each: Test) -> None:
        now = each.clock.now()
        began.append(now)
        if now - began[0] >= at_s:
            each.leave("SIGTERM")

    test.hook = hook
    assert await test.run() == 0
    assert test.true_speed == 0.0
    assert test.lines[-1]["belt_at_rest"] is True
    assert test.lines[-1]["profile"] is None
    assert test.profile is None
    last_start = max((at for at, each in enumerate(test.written) if each == "07"), default=-1)
    assert "0801" in test.written[last_start + 1 :] or not test.written


@pytest.mark.virtual
async def test_a_fault_of_the_program_itself_stops_the_belt_first(test: Test, monkeypatch: pytest.MonkeyPatch) -> None:
    frame = TrialEngine.frame

    def broken(self: TrialEngine, characteristic: str, data: bytes, now: float) -> Any:
        if self.trial.step == "long run" and test.true_speed > 0.9:
            raise KeyError("a bug")
        return frame(self, characteristic, data, now)

    monkeypatch.setattr(TrialEngine, "frame", broken)
    assert await test.run() == 1
    assert test.true_speed == 0.0
    assert "fault in retroctl" in test.err
    assert test.profile is None


@pytest.mark.virtual
async def test_a_listener_that_fails_stops_the_belt(test: Test) -> None:
    def hook(each: Test) -> None:
        if each.true_speed > 0.9:
            raise RuntimeError("the screen is gone")

    test.hook = hook
    assert await test.run() == 1
    assert test.true_speed == 0.0


@pytest.mark.virtual
async def test_a_machine_that_is_never_found_again_is_not_called_at_rest(test: Test) -> None:
    def hook(each: Test) -> None:
        if each.machine.connected and each.true_speed > 0.9:
            each.machine.vanish(each.clock.now(), absent_s=1e6)

    test.hook = hook
    assert await test.run() == 4
    assert "NOT confirmed at rest" in test.err


@pytest.mark.virtual
@pytest.mark.parametrize(
    ("name", "words"), [("no-control-point", "no usable Control Point"), ("no-optional", "--range")]
)
async def test_a_machine_that_cannot_be_tested_is_refused_and_nothing_is_written(
    test: Test, name: str, words: str
) -> None:
    with pytest.raises(UnsupportedTreadmill, match=re.escape(words)):
        await test.run(name)
    assert test.written == []


@pytest.mark.virtual
async def test_a_typed_range_is_tested_and_kept_as_typed(test: Test) -> None:
    assert await test.run("no-optional", speed_range="1.0-16.0/0.1") == 0
    assert test.profile is not None
    assert test.profile.announced.typed is True


@pytest.mark.virtual
async def test_what_was_declared_by_hand_and_what_was_dangerous_outlive_a_test(test: Test) -> None:
    declared = Profile("Simulated treadmill", SIM_ADDRESS, "2026-01-02", command="never")
    save(test.folder, declared)
    assert await test.run() == 0
    assert test.profile is not None
    assert (test.profile.command, test.profile.verdict) == ("never", Verdict.QUALIFIED)


# -- the confirmation --------------------------------------------------------------------------------------------------


@pytest.mark.virtual
@pytest.mark.parametrize("typed", ["", "yes", "Simulated"])
async def test_without_the_machines_name_typed_nothing_is_written(
    test: Test, monkeypatch: pytest.MonkeyPatch, typed: str
) -> None:
    async def line() -> str:
        return f"{typed}\n"

    async def awaited(work: Any, _doing: str) -> Any:
        return await work

    monkeypatch.setattr(command, "unless_left", awaited)
    monkeypatch.setattr(command, "_typed_line", line)
    with pytest.raises(ConfigError, match="nothing was written"):
        await test.run(yes=False, terminal=True)
    assert test.written == []
    assert test.machine.connections == 0
    assert "NOBODY may be on the belt" in test.err


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"sim": None, "terminal": False}, "a person at a terminal"),
        ({"sim": None, "yes": True, "terminal": True}, "--yes is for the simulated"),
        ({"sim": "standard", "terminal": False}, "add --yes"),
        ({"sim": "standard", "address": "AA", "yes": True}, "exclude each other"),
        ({"sim": None, "speedup": "5", "terminal": True}, "--speedup is for the simulated"),
        ({"sim": "nonsense", "yes": True}, "no simulated treadmill"),
        ({"sim": "standard", "yes": True, "speed_range": "x"}, "--range"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_touched(given: dict[str, Any], words: str) -> None:
    whole = {"address": None, "speedup": "1", "yes": False, "jsonl": False, "terminal": True, "speed_range": None}
    with pytest.raises(ConfigError, match=re.escape(words)):
        QualifyOptions.checked(**{**whole, **given})


# -- as a process ------------------------------------------------------------------------------------------------------


def environment(folder: Path) -> dict[str, str]:
    return {**os.environ, "RETROCTL_DATA_DIR": str(folder)}


def retroctl(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "retroctl", *arguments]
    return subprocess.run(
        command,
        env=environment(folder),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_whole_test_from_the_command_line_and_the_profile_it_leaves(tmp_path: Path) -> None:
    done = retroctl(tmp_path, "qualify", "--sim", "mph-target", "--yes", "--speedup", "200", "--jsonl")
    assert done.returncode == 3
    assert "it takes targets for miles: asked for 1.00 km/h it ran 1.61 km/h; the belt is at rest" in done.stderr
    address = sim_address("mph-target")
    listed = retroctl(tmp_path, "machine", "list")
    assert (listed.returncode, address in listed.stdout) == (0, True)
    assert "dangerous on" in listed.stdout
    shown = retroctl(tmp_path, "machine", "show", address)
    assert 'verdict = "dangerous"' in shown.stdout
    refused = retroctl(tmp_path, "run", "--sim", "mph-target", "--yes", "--speedup", "200", "--jsonl")
    assert refused.returncode == 3
    assert "it is not commanded: it takes targets for miles" in refused.stderr
    assert retroctl(tmp_path, "machine", "forget", address).returncode == 0
    assert retroctl(tmp_path, "machine", "show", address).returncode == 2


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_on_a_terminal_the_name_is_typed_and_a_key_stops_the_belt(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    truth = tmp_path / "truth.json"
    arguments = ["qualify", "--sim", "standard", "--speedup", "20"]
    process = subprocess.Popen(
        [sys.executable, str(DRIVER), str(truth), *arguments],
        env=environment(tmp_path), stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    os.close(theirs)
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        for line in process.stderr:
            if "type the machine's name" in line:
                break
        os.write(ours, b"simulated treadmill\n")
        for line in process.stdout:
            if "Step 4" in line:
                break
        os.write(ours, b"x")
        rest = process.stdout.read()
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.communicate()
        os.close(ours)
    assert "stopped: key" in rest
    assert "Verdict: broken off" in rest
    told = json.loads(truth.read_text())
    assert told["true_speed"] == [0.0]
    assert told["written"][-1] in {"0801", "00"}


# -- into a session ----------------------------------------------------------------------------------------------------


@pytest.mark.virtual
@pytest.mark.parametrize(
    ("changes", "cap", "words"),
    [
        (None, 3.2, "never measured"),
        ({}, 5.76, "qualified on"),
        ({"name": "Another"}, 3.2, "not of 'Belt 1'"),
        ({"announced": Announced(1.0, 12.0, 0.1)}, 3.2, "speed range"),
        ({"tested_on": "2020-01-01"}, 3.2, "365 days"),
        ({"verdict": Verdict.INCOMPLETE, "reasons": ("no data",)}, 3.2, "no data"),
    ],
)
async def test_a_session_takes_from_the_profile_what_it_is_worth(
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    tmp_path: Path,
    changes: dict[str, Any] | None,
    cap: float,
    words: str,
) -> None:
    inside = Inside(monkeypatch, capfd, tmp_path)
    if changes is not None:
        given = {"name": "Belt 1", "address": SIM_ADDRESS, "tested_on": TODAY, "verdict": Verdict.QUALIFIED}
        save(tmp_path, Profile(**{"announced": Announced(1.0, 16.0, 0.1), **given, **changes}))
    await inside.run(sim="slow-ramp", client="demo", jsonl=False, plain=True, top="1.0", hold="60")
    assert inside.status == 0
    settings = inside.record.settings
    assert settings["cap_kmh"] == cap
    assert words in settings["machine_standing"]
    assert words in " ".join(inside.out.split())


@pytest.mark.virtual
async def test_a_dangerous_machine_is_not_commanded_and_a_broken_profile_is_told(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    dangerous = Profile("Belt 1", SIM_ADDRESS, TODAY, Verdict.DANGEROUS, reasons=("Stop is not obeyed",))
    path = save(tmp_path, dangerous)
    inside = Inside(monkeypatch, capfd, tmp_path)
    await inside.run(sim="slow-ramp")
    assert isinstance(inside.error, UnsupportedTreadmill)
    assert "Stop is not obeyed" in str(inside.error)
    assert "--call-out" in str(inside.error), "the way out"
    assert inside.written == []
    save(tmp_path, Profile("Belt 1", SIM_ADDRESS, TODAY, command="never"))
    watched = Inside(monkeypatch, capfd, tmp_path)
    await watched.run(sim="slow-ramp")
    assert isinstance(watched.error, UnsupportedTreadmill)
    assert "command = never" in str(watched.error)
    assert "--call-out" in str(watched.error)
    assert watched.written == []
    path.write_text("version = 7\n", encoding="utf-8")
    again = Inside(monkeypatch, capfd, tmp_path)
    await again.run(sim="slow-ramp")
    assert isinstance(again.error, RetroctlError)
    assert f"{path}: version" in str(again.error)
    assert again.written == []
