"""The commands against a real Mosquitto: a session that is told and stopped, a check, a watch, and forgetting."""

from __future__ import annotations

import asyncio
import json
import os
import sys

import pytest
from broker_rig import Mosquitto, password_of, until
from mqtt_rig import BELT_1, Floor

from retroctl.adapters.mqtt import probing
from retroctl.adapters.mqtt.homeassistant import config_topic, discovery
from retroctl.adapters.mqtt.hub import Hub
from retroctl.adapters.mqtt.link import Handlers, Link
from retroctl.adapters.mqtt.messages import State, Status

pytestmark = pytest.mark.xdist_group("mosquitto and commands")


@pytest.fixture(scope="module")
def club(tmp_path_factory):
    mosquitto = Mosquitto(tmp_path_factory.mktemp("club"), tls=True)
    mosquitto.start()
    yield mosquitto
    mosquitto.stop()


async def retroctl(club, folder, user: str, *words: str) -> asyncio.subprocess.Process:
    """The program, with what it needs to know of the broker in its environment and configuration."""
    password = folder / f"password-{user}"
    password.write_text(f"{password_of(user)}\n")
    password.chmod(0o600)
    environment = {
        **os.environ,
        "RETROCTL_DATA_DIR": str(folder / "data"),
        "XDG_CONFIG_HOME": str(folder),
        "RETROCTL_MQTT_CA": str(club.ca),
        "RETROCTL_MQTT_PASSWORD_FILE": str(password),
        "RETROCTL_MQTT_HOMEASSISTANT": "true",
        "PYTHONWARNINGS": "default",
    }
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "retroctl",
        *words,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=environment,
    )


async def done(process) -> tuple[int, str, str]:
    out, err = await asyncio.wait_for(process.communicate(), 100)
    return process.returncode, out.decode(), err.decode()


async def test_a_session_of_the_program_is_seen_stopped_and_forgotten(club, tmp_path):
    hub = Hub()
    kept: dict[str, bytes] = {}
    config = config_topic(BELT_1)
    assistant = Link(
        hub,
        club.broker("homeassistant", None),
        identifier="homeassistant",
        subscriptions=[config],
        handlers=Handlers(arrived=lambda message: kept.update({message.topic: message.payload})),
    )
    assistant.begin()
    async with Floor(hub, club.broker("floor", None)) as floor:
        asked = ("--sim", "standard", "--yes", "--jsonl", "--speedup", "10", "--hold", "60")
        session = await retroctl(club, tmp_path, "belt-1", "run", *asked, "--mqtt", club.url())
        await until(lambda: [s for s in floor.of(State) if s.state == "holding"], within_s=60)
        assert kept[config] == discovery(BELT_1, version=floor.of(Status)[-1].version, heart_rate=False).payload

        status, out, err = await done(
            await retroctl(club, tmp_path, "floor", "mqtt", "stop", "belt-1", "--mqtt", club.url("floor", None))
        )
        assert (status, err) == (0, "")
        assert "at rest: the belt was measured at rest" in out
        status, out, err = await done(session)
        lines = [json.loads(line) for line in out.splitlines()]
        assert (status, lines[-1]["belt_at_rest"]) == (0, True)
        assert [line for line in lines if line["type"] == "alarm"] == []
        assert password_of("belt-1") not in out + err
        await until(lambda: floor.of(Status)[-1].reason == "ended")
        for file in (tmp_path / "data").rglob("*"):
            assert not file.is_file() or password_of("belt-1").encode() not in file.read_bytes()

        status, out, err = await done(await retroctl(club, tmp_path, "belt-1", "mqtt", "forget", "--mqtt", club.url()))
        assert (status, err) == (0, "")
        await until(lambda: kept[config] == b"")
    async with Floor(hub, club.broker("floor", None)) as later:
        await asyncio.sleep(0.2)
        assert later.heard == []
    assistant.close()
    assert hub.close(30.0)


async def test_watching_says_what_is_there_and_how_old_it_is(club, tmp_path):
    words = ("mqtt", "watch", "--seconds", "2", "--mqtt", club.url("viewer", None))
    status, out, err = await done(await retroctl(club, tmp_path, "viewer", *words))
    assert (status, err) == (0, "")
    assert "connected" in out


@pytest.mark.parametrize(
    ("user", "machine", "well"), [("belt-1", "belt-1", True), ("belt-2", "belt-1", False), ("viewer", None, True)]
)
def test_a_check_says_what_the_broker_allows(club, user, machine, well):
    findings = probing.check(club.broker(user, machine))
    assert findings[0].well
    assert "TLS, its certificate and name checked" in findings[0].text
    assert all(finding.well for finding in findings) == well
    if not well:
        assert "access list" in findings[-1].text


@pytest.mark.parametrize(
    ("broker", "why"),
    [
        (lambda club: club.broker(password=password_of("belt-2")), "does not let this user in"),
        (lambda club: club.broker(ca=None), "certificate is not trusted"),
    ],
)
def test_a_check_says_why_the_broker_is_not_reached(club, broker, why):
    with pytest.raises(probing.BrokerNotReached, match=why):
        probing.check(broker(club))


def test_a_certificate_for_another_name_is_not_accepted(tmp_path):
    mosquitto = Mosquitto(tmp_path / "other", tls=True, name="broker.example")
    mosquitto.start()
    try:
        with pytest.raises(probing.BrokerNotReached, match="certificate is for another name"):
            probing.check(mosquitto.broker())
    finally:
        mosquitto.stop()


async def test_a_broker_that_is_not_there_is_said_at_the_keys_once_and_changes_nothing(club, tmp_path):
    asked = ("--sim", "standard", "--yes", "--jsonl", "--speedup", "50", "--top", "1", "--hold", "60")
    url = "mqtts://belt-1@127.0.0.1:1/club/belt-1"
    status, out, _ = await done(await retroctl(club, tmp_path, "belt-1", "run", *asked, "--mqtt", url))
    lines = [json.loads(line) for line in out.splitlines()]
    alarms = [line for line in lines if line["type"] == "alarm"]
    assert (status, lines[-1]["belt_at_rest"]) == (0, True)
    assert [alarm["id"] for alarm in alarms] == ["mqtt"]
    assert "no broker listens there" in alarms[0]["text"]
