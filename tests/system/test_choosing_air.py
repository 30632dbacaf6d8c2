"""What the choosing screen stands on: the real search and link on the simulated radio, the session's own checks."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest

from retroctl.adapters.ble.lock import machine_lock
from retroctl.adapters.ble.scan import scan
from retroctl.adapters.ble.treadmill import BleTreadmill
from retroctl.adapters.tui.choose.ports import Choice
from retroctl.app.clock import LoopClock
from retroctl.cli import choosing, plan_files
from retroctl.cli.options import RunOptions
from retroctl.errors import ConfigError, TreadmillError, TreadmillNotFound
from simulators.bleak_backend import SimulatedRadio
from simulators.machine import FtmsMachine
from simulators.personality import personality

ONE, TWO = "AA:BB:CC:00:00:01", "AA:BB:CC:00:00:02"


def check(choice, **more):
    given = {"speedup": "1", "plain": False, "jsonl": False, "yes": False, "speed_range": None, "coarse": False}
    fields = {name: getattr(choice, name) for name in ("sim", "address", "client", "plan", "top", "hold", "advance")}
    return RunOptions.checked(**{**given, "terminal": True, "screen": True, **more}, **fields)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("RETROCTL_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setattr(plan_files, "config_file", lambda: tmp_path / "config" / "config.toml")
    monkeypatch.chdir(tmp_path)
    return tmp_path


class Hall:
    """Machines on the simulated radio, and the program's own surroundings on it."""

    def __init__(self, monkeypatch, *kinds):
        clock = LoopClock()
        self.radio = SimulatedRadio(clock)
        self.machines = []
        for kind, address in kinds:
            self.machines.append(FtmsMachine(personality(kind), now=clock.now()))
            self.radio.add(self.machines[-1], address=address)
        backends = {"backend": self.radio.client_backend, "scanner": self.radio.scanner_backend}
        monkeypatch.setattr(choosing, "scan", partial(scan, backend=self.radio.scanner_backend))
        monkeypatch.setattr(choosing, "BleTreadmill", partial(BleTreadmill, **backends))
        self.air = choosing.Air(check(Choice()), check, clock)
        self.heard, self.said, self.speeds = {}, [], []
        self.over = asyncio.Event()

    async def listen(self):
        await self.air.listen(lambda machine: self.heard.update({machine.address: machine}))

    def watch(self, choice):
        return self.air.watch(choice, self.said.append, self.speeds.append, self.over)

    @property
    def connected(self):
        return any(station.link is not None for station in self.radio.stations.values())


@pytest.fixture
def hall(monkeypatch, folder):
    return partial(Hall, monkeypatch)


@pytest.mark.virtual
async def test_the_search_tells_of_machines_while_it_runs(hall):
    h = hall(("standard", ONE), ("anonymous", TWO))
    began = asyncio.get_running_loop().time()
    first = asyncio.Event()
    task = asyncio.create_task(h.air.listen(lambda machine: (h.heard.update({machine.address: machine}), first.set())))
    await first.wait()
    assert asyncio.get_running_loop().time() - began < 3
    await task
    assert asyncio.get_running_loop().time() - began == pytest.approx(choosing.LISTEN_S, abs=1)
    assert {machine.name for machine in h.heard.values()} == {"Simulated treadmill", TWO}


@pytest.mark.virtual
async def test_identify_observes_writes_nothing_and_lets_go(hall):
    h = hall(("standard", ONE))
    await h.listen()
    watching = asyncio.create_task(h.watch(Choice(address=ONE)))
    await asyncio.sleep(10)
    assert h.said[0].control
    assert h.said[0].range_words == "1.00 km/h to 16.00 km/h in steps of 0.10 km/h"
    assert {speed.kmh for speed in h.speeds} == {0.0}
    assert h.connected
    h.over.set()
    await watching
    assert not h.connected
    assert h.machines[0].log == [], "nothing was written"


@pytest.mark.virtual
@pytest.mark.parametrize("after_s", [0.0, 0.2, 1.0, 5.0])
async def test_a_cancelled_identify_lets_go_too(hall, after_s):
    h = hall(("standard", ONE))
    await h.listen()
    watching = asyncio.create_task(h.watch(Choice(address=ONE)))
    await asyncio.sleep(after_s)
    watching.cancel()
    with pytest.raises(asyncio.CancelledError):
        await watching
    await asyncio.sleep(6)
    assert not h.connected
    assert h.machines[0].log == []


@pytest.mark.virtual
async def test_a_machine_that_ends_the_link_is_told_as_such(hall):
    h = hall(("standard", ONE))
    await h.listen()
    watching = asyncio.create_task(h.watch(Choice(address=ONE)))
    await asyncio.sleep(5)
    h.radio.drop(ONE)
    with pytest.raises(TreadmillError, match="connection is gone"):
        await watching


@pytest.mark.virtual
async def test_a_machine_that_another_session_holds_is_not_touched(hall, folder):
    h = hall(("standard", ONE))
    await h.listen()
    with machine_lock(ONE, "Belt", folder=folder / "data" / "locks"), pytest.raises(TreadmillError, match="holds"):
        await h.watch(Choice(address=ONE))
    assert not h.said


@pytest.mark.virtual
async def test_a_machine_that_was_not_heard_is_not_connected_to(hall):
    h = hall(("standard", ONE))
    with pytest.raises(TreadmillNotFound, match="search again"):
        await h.watch(Choice(address=ONE))


@pytest.mark.virtual
async def test_a_machine_that_does_not_say_its_range_shows_the_way_out(hall):
    h = hall(("empty-reads", ONE))
    await h.listen()
    watching = asyncio.create_task(h.watch(Choice(address=ONE)))
    await asyncio.sleep(10)
    h.over.set()
    await watching
    assert h.said[0].belt is None
    assert "--range" in h.said[0].range_words


async def plan_of(hall, choice, belt=None):
    return hall().air.preview(choice, belt)


async def test_the_preview_is_what_the_session_will_build(hall):
    preview = await plan_of(hall, Choice(sim="standard", client="demo"), hall().air.practice.belt)
    assert [rung.kmh for rung in preview.plan.ladder] == [1.0, 1.8, 2.6, 3.4, 4.2, 5.0, 5.7]
    assert not preview.assumed
    on_air = await plan_of(hall, Choice(address=ONE, client="demo"))
    assert on_air.caps.backward.kmh == 3.2, "a machine that was never measured"
    assert on_air.assumed
    assert on_air.plan.top.kmh == 3.2


@pytest.mark.parametrize(
    ("plan", "refused"),
    [
        ('top = "3.3"', "over the cap of 3.20"),
        ('[[stage]]\ntarget="0.8"\n[[stage]]\ntarget="1.61"', "(R7)"),
        ('[[stage]]\ntarget="0.8"\nhold_s=59', "(R9)"),
        ('[[stage]]\ntarget="1.0"\n[[stage]]\ntarget="0.9"', "(R6)"),
        ('[[stage]]\ntarget="1.0"\nkind="work"', "(R13)"),
        ("speed = 3", "is not a key of a plan"),
        ('top = "0.5"', ""),
        ('[[stage]]\ntarget="0.8"\n[[stage]]\ntarget="1.6"', ""),
    ],
)
async def test_before_the_range_is_known_only_that_is_refused_which_every_machine_refuses(hall, folder, plan, refused):
    (folder / "p.toml").write_text(plan)
    if refused:
        with pytest.raises(ConfigError) as caught:
            await plan_of(hall, Choice(address=ONE, plan="p.toml"))
        assert refused in str(caught.value)
    else:
        assert (await plan_of(hall, Choice(address=ONE, plan="p.toml"))).assumed


async def test_auto_is_refused_for_a_client_whose_balance_is_not_mastered(hall):
    with pytest.raises(ConfigError, match="--advance auto"):
        await plan_of(hall, Choice(address=ONE, advance="auto"))


async def test_plan_files_are_those_here_and_beside_the_configuration(hall, folder):
    (folder / "config" / "plans").mkdir(parents=True)
    for path in ("b.toml", "a.toml", "pyproject.toml", "notes.txt", "\x1b[2J.toml", "config/plans/c.toml"):
        (folder / path).write_text("")
    (folder / "folder.toml").mkdir()
    assert hall().air.plan_files() == [
        "balance-introduction",
        "intervals",
        "steady",
        "economy",
        "rehab",
        "a.toml",
        "b.toml",
        str(folder / "config" / "plans" / "c.toml"),
    ]


@pytest.mark.parametrize(
    ("choice", "more"),
    [
        (Choice(sim="standard"), {}),
        (Choice(address=ONE), {}),
        (Choice(), {"plain": True}),
        (Choice(), {"jsonl": True}),
        (Choice(), {"screen": False}),
        (Choice(sim="standard"), {"yes": True}),
    ],
)
def test_who_says_the_machine_or_has_no_screen_is_not_asked(folder, monkeypatch, choice, more):
    monkeypatch.setattr(choosing, "_choose", lambda *_: pytest.fail("it was asked"))
    options = check(choice, **more)
    assert choosing.choose_first(options, check, choice) is options


def test_what_was_chosen_goes_the_way_of_the_options(folder, monkeypatch):
    async def choose(_options, _check, given):
        return Choice(sim="standard", client="demo", top="2.6")

    monkeypatch.setattr(choosing, "_choose", choose)
    options = choosing.choose_first(check(Choice()), check, Choice())
    assert (options.sim, options.address, options.request.top.kmh) == ("standard", None, 2.6)
    assert options.client.balance_mastered
