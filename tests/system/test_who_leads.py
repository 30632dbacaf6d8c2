"""Who leads a session (R2): kept with it, shown in the history, and told to nobody else."""

from __future__ import annotations

import json

import pytest
from cli_inside import Inside
from mqtt_rig import identity

from retroctl.adapters.exchange.fit_activity import write_fit
from retroctl.adapters.exchange.tables import write_samples, write_sessions
from retroctl.adapters.exchange.tcx import write_tcx
from retroctl.adapters.mqtt.messages import encoded
from retroctl.adapters.mqtt.narrator import Narrator, outcome_of
from retroctl.adapters.wall.news import news
from retroctl.app.runner import Runner
from retroctl.app.snapshot import snapshot
from retroctl.cli import trainer
from retroctl.cli.exchange_export import portable_of
from retroctl.cli.history import Wanted, history_command
from retroctl.cli.options import RunOptions, demo_options
from retroctl.cli.trainer import trainer_of
from retroctl.config import Settings, load_settings
from retroctl.errors import ClientError, ConfigError

KIM = "Kim Zebedee"
FILE = "records.sqlite3"


@pytest.fixture
def inside(monkeypatch, capfd, tmp_path) -> Inside:
    return Inside(monkeypatch, capfd, tmp_path)


@pytest.mark.virtual
async def test_who_leads_is_kept_with_the_session_and_goes_nowhere_else(inside, monkeypatch):
    engines: list = []
    told: list[bytes] = []
    narrator = Narrator(identity(client="4f3a9c21", client_name="Anna", heart_rate=True))
    real = Runner.begin  # watched, for the engine that wall and broker look at
    monkeypatch.setattr(Runner, "begin", lambda self, engine: (engines.append(engine), real(self, engine))[1])

    def hook(report):
        told.append(json.dumps(report.data).encode())
        event = narrator.event(report)
        told.extend([] if event is None else [encoded(event)])
        if engines:
            picture = snapshot(engines[0], inside.clock.now())
            told.extend([encoded(narrator.state(picture, report.t)), news(picture, pace=1.0)])

    inside.hook = hook
    assert await inside.run(by=KIM, top="1.0") == 0

    assert inside.record.settings["trainer"] == KIM
    told.append(encoded(narrator.session(outcome=outcome_of(inside.summary, 0))))
    session = portable_of(inside.folder / FILE, inside.record.summary.id, {})
    told += [write_fit(session), write_tcx(session), write_samples(session), write_sessions([session])]
    history_command(Wanted(None, inside.record.summary.id, None, everything=False, plain=True, screen=False))
    assert f"trainer      {KIM}\n" in inside.capfd.readouterr().out
    assert len(told) > 100
    assert [each for each in told if b"Zebedee" in each] == []
    assert "Zebedee" not in inside.out + inside.err


@pytest.mark.virtual
async def test_a_run_that_found_no_treadmill_names_who_tried(inside):
    inside.powered = False
    await inside.run(sim=None, address="AA", yes=False, by=KIM, terminal=True, jsonl=False)

    assert inside.error is not None
    assert inside.record.settings["trainer"] == KIM


def test_an_option_goes_before_the_configuration_and_that_before_the_account(monkeypatch, tmp_path):
    monkeypatch.setenv("RETROCTL_DATA_DIR", str(tmp_path))
    monkeypatch.setattr(trainer.getpass, "getuser", lambda: "jo\x1b[31m" + "x" * 200)
    account = trainer_of(None, Settings())
    assert account.startswith("jo?[31mx")
    assert len(account) == 80
    assert demo_options().trainer == account
    monkeypatch.setenv("RETROCTL_TRAINER", " Lee ")
    assert trainer_of(None, load_settings()) == "Lee"
    assert trainer_of(" Kim\u202e ", load_settings()) == "Kim?"
    assert RunOptions.checked(**asked()).trainer == "Lee"
    assert RunOptions.checked(**asked(), by="Kim").trainer == "Kim"
    for wrong in ("", " ", "x" * 81):
        with pytest.raises(ClientError, match="--by: give a name of 1 to 80 characters"):
            trainer_of(wrong, load_settings())
    for wrong in ("  ", "a\nb", "x" * 81):
        monkeypatch.setenv("RETROCTL_TRAINER", wrong)
        with pytest.raises(ConfigError, match="trainer"):
            load_settings()

    def nobody():
        raise KeyError("uid")

    monkeypatch.setattr(trainer.getpass, "getuser", nobody)
    assert trainer_of(None, Settings.model_construct(trainer=None)) == "unknown"


def asked():
    given = dict.fromkeys(("address", "client", "plan", "top", "hold", "advance", "speed_range"))
    flags = dict.fromkeys(("plain", "coarse", "terminal"), False)
    return {**given, **flags, "sim": "standard", "speedup": "1", "jsonl": True, "yes": True}
