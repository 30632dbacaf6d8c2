"""Which broker: TLS unless it is this computer, no password where others can read it."""

from __future__ import annotations

import dataclasses
import ssl
import sys
import types

import pytest
import trustme

from retroctl.adapters.mqtt.broker import Broker, parse_url
from retroctl.adapters.mqtt.secrets import VARIABLE, from_file, password_for, private
from retroctl.cli.mqtt_choice import mqtt_choice
from retroctl.config import Settings
from retroctl.errors import ConfigError

SECRET = "hunter2"  # noqa: S105 - it opens nothing


def test_a_url_says_host_port_club_machine_and_user():
    address = parse_url("mqtts://belt-3@broker.example/club/belt-3")
    assert (address.host, address.port, address.tls, address.user) == ("broker.example", 8883, True, "belt-3")
    assert address.place.path == "club/belt-3"
    assert parse_url("mqtt://[::1]:1884/club").shown == "mqtt://[::1]:1884"


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("broker.example", "mqtts://"),
        ("http://broker.example/club/b", "mqtts://"),
        ("mqtts://broker.example", "ends in the club and the machine"),
        ("mqtts://broker.example/club/b/c", "ends in the club and the machine"),
        ("mqtts://broker.example:x/club/b", "write"),
        ("mqtts://broker.example/Club/b", "a-z"),
        ("mqtts://broker.example/club/b?x=1", "mqtts://"),
        ("mqtts://broker.example/club/b\x1b[2J", "write"),
        ("mqtts://" + "x" * 400, "write"),
    ],
)
def test_a_url_that_is_none_is_refused_with_the_shape_of_one(url, why):
    with pytest.raises(ConfigError, match=why):
        parse_url(url)


def test_a_password_in_the_url_is_refused_and_not_repeated():
    with pytest.raises(ConfigError, match="RETROCTL_MQTT_PASSWORD") as error:
        parse_url("mqtts://belt-3:hunter2@broker.example/club/belt-3")
    assert SECRET not in str(error.value)


@pytest.mark.parametrize(
    "url",
    [
        "belt-3:hunter2@broker.example/club/belt-3",
        "mqtt:/belt-3:hunter2@broker.example/club/belt-3",
        "mqtts//belt-3:hunter2@broker.example/club/belt-3",
        "mqtts:///belt-3:hunter2@broker.example/club/belt-3",
        "mqtts://broker.example/belt-3:hunter2@club",
        "mqtts://broker.example/club/belt-3:hunter2@x",
        "mqtts://broker.example/club/belt-3/belt-3:hunter2@x",
        "mqtts://broker.example/club?belt-3:hunter2@x",
    ],
)
def test_a_password_in_what_is_not_even_a_url_is_not_repeated_either(url):
    with pytest.raises(ConfigError) as error:
        parse_url(url)
    assert SECRET not in str(error.value)


def test_a_url_without_a_machine_is_enough_to_look_and_not_to_publish():
    address = parse_url("mqtts://broker.example/club")
    with pytest.raises(ConfigError, match="names no machine"):
        _ = address.place


@pytest.mark.parametrize("host", ["broker.example", "192.168.1.5", "127.evil.example", "localhost.example", "10.0.0.1"])
def test_another_computer_without_tls_needs_to_be_accepted(host):
    address = parse_url(f"mqtt://{host}/club/b")
    with pytest.raises(ConfigError, match="--mqtt-plain"):
        Broker.checked(address)
    assert Broker.checked(address, plain=True).tls is None


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.9.9.9", "[::1]"])
def test_this_computer_needs_no_tls(host):
    assert Broker.checked(parse_url(f"mqtt://{host}/club/b")).tls is None


def test_tls_checks_certificate_and_name():
    context = Broker.checked(parse_url("mqtts://broker.example/club/b")).tls
    assert context is not None
    assert context.check_hostname
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2


def test_a_brokers_repr_shows_no_secret():
    broker = Broker.checked(parse_url("mqtts://u@broker.example/club/b"), password=SECRET)
    assert SECRET not in repr(broker)
    assert SECRET not in str(dataclasses.replace(broker, version="3.1.1"))


def test_certificates_that_cannot_be_read_name_their_file(tmp_path):
    address = parse_url("mqtts://broker.example/club/b")
    nothing = tmp_path / "ca.crt"
    with pytest.raises(ConfigError, match=r"ca\.crt"):
        Broker.checked(address, ca=nothing)
    nothing.write_text("no certificate")
    with pytest.raises(ConfigError, match=r"ca\.crt"):
        Broker.checked(address, ca=nothing)
    with pytest.raises(ConfigError, match="mqtt_cert"):
        Broker.checked(address, key=nothing)
    with pytest.raises(ConfigError, match="need TLS"):
        Broker.checked(parse_url("mqtt://127.0.0.1/club/b"), ca=nothing)


def test_a_client_certificate_is_taken(tmp_path):
    made = trustme.CA().issue_cert("belt-3")
    certificate, key = tmp_path / "c.crt", tmp_path / "c.key"
    made.cert_chain_pems[0].write_to_path(certificate)
    made.private_key_pem.write_to_path(key)
    address = parse_url("mqtts://broker.example/club/b")
    assert Broker.checked(address, certificate=certificate, key=key).tls is not None


def test_a_password_comes_from_the_environment_before_the_file(monkeypatch, tmp_path):
    file = tmp_path / "password"
    file.write_text("from-file\n")
    file.chmod(0o600)
    address = parse_url("mqtts://u@broker.example/club/b")
    monkeypatch.delenv(VARIABLE, raising=False)
    assert password_for(address, file, keyring=False) == "from-file"
    assert password_for(address, None, keyring=False) is None
    monkeypatch.setenv(VARIABLE, "from-environment")
    assert password_for(address, file, keyring=True) == "from-environment"
    for empty in ("", "  "):
        monkeypatch.setenv(VARIABLE, empty)
        with pytest.raises(ConfigError, match="is set and empty"):
            password_for(address, file, keyring=False)


def test_a_password_without_a_user_is_said(monkeypatch):
    monkeypatch.setenv(VARIABLE, "x")
    with pytest.raises(ConfigError, match="no user"):
        password_for(parse_url("mqtts://broker.example/club/b"), None, keyring=False)


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o666, 0o601])
def test_a_password_file_that_others_can_read_is_refused(tmp_path, mode):
    file = tmp_path / "password"
    file.write_text("hunter2\n")
    file.chmod(mode)
    with pytest.raises(ConfigError, match="chmod 600") as error:
        from_file(file)
    assert SECRET not in str(error.value)


def test_a_password_file_that_is_none_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read"):
        private(tmp_path / "missing")
    for content, why in ((b"\n", "empty"), (b" \t\nx", "empty"), (b"\xff\xfe", "no text"), (b"x" * 2000, "bytes")):
        file = tmp_path / "password"
        file.write_bytes(content)
        file.chmod(0o600)
        with pytest.raises(ConfigError, match=why):
            from_file(file)


def ring(monkeypatch, found):
    """A keyring of the test's own, where the real one would ask the desktop."""

    class KeyringError(Exception):
        pass

    def get_password(service, name):
        assert service == "retroctl-mqtt"
        if isinstance(found, str):
            raise KeyringError(found)
        return found.get(name)

    made = types.ModuleType("keyring")
    made.get_password = get_password
    errors = types.ModuleType("keyring.errors")
    errors.KeyringError = KeyringError
    monkeypatch.setitem(sys.modules, "keyring", made)
    monkeypatch.setitem(sys.modules, "keyring.errors", errors)
    monkeypatch.delenv(VARIABLE, raising=False)


def test_a_password_comes_from_the_keyring_where_that_was_said(monkeypatch):
    address = parse_url("mqtts://u@broker.example/club/b")
    ring(monkeypatch, {"u@broker.example": "from-keyring"})
    assert password_for(address, None, keyring=True) == "from-keyring"
    ring(monkeypatch, {})
    with pytest.raises(ConfigError, match=r"keyring set retroctl-mqtt u@broker\.example"):
        password_for(address, None, keyring=True)
    ring(monkeypatch, "locked")
    with pytest.raises(ConfigError, match="locked"):
        password_for(address, None, keyring=True)
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(ConfigError, match=r"install retroctl again with \[keyring\]"):
        password_for(address, None, keyring=True)


LOCAL = "mqtt://127.0.0.1/club/belt-1"


@pytest.mark.parametrize(
    ("given", "configured", "simulated", "used"),
    [
        (None, None, False, False),
        (None, LOCAL, False, True),
        (None, LOCAL, True, False),
        ("", LOCAL, True, True),
        ("off", LOCAL, False, False),
        (LOCAL, None, False, True),
    ],
)
def test_a_configured_broker_is_used_on_real_treadmills_and_a_named_one_always(given, configured, simulated, used):
    settings = Settings(mqtt_url=configured)
    assert (mqtt_choice(given, settings, plain=False, simulated=simulated, client=None) is not None) == used


def test_a_bare_option_without_a_configured_broker_says_what_to_give():
    with pytest.raises(ConfigError, match="RETROCTL_MQTT_URL"):
        mqtt_choice("", Settings(), plain=False, simulated=False, client=None)
    with pytest.raises(ConfigError, match="--mqtt-plain"):
        mqtt_choice("off", Settings(), plain=True, simulated=False, client=None)


def test_the_clients_name_is_told_only_where_that_was_opted_in():
    for opted in (False, True):
        settings = Settings(mqtt_url=LOCAL, mqtt_names=opted)
        choice = mqtt_choice(None, settings, plain=False, simulated=False, client="Anna")
        assert choice is not None
        assert choice.client_name == ("Anna" if opted else None)


def test_a_certificate_that_holds_its_key_is_as_private_as_a_key(tmp_path):
    both = tmp_path / "client.pem"
    trustme.CA().issue_cert("client").private_key_and_cert_chain_pem.write_to_path(both)
    both.chmod(0o644)
    settings = Settings(mqtt_url="mqtts://broker.example/club/belt-1", mqtt_cert=both)
    with pytest.raises(ConfigError, match="chmod 600"):
        mqtt_choice(None, settings, plain=False, simulated=False, client=None)
    both.chmod(0o600)
    assert mqtt_choice(None, settings, plain=False, simulated=False, client=None) is not None
