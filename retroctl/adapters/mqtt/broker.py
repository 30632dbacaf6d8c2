"""Which broker, how it is proven to be that one, and who we are to it. Secrets are held, never shown."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final, Literal
from urllib.parse import urlsplit

from retroctl.adapters.mqtt.topics import Machine, checked_name
from retroctl.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

PLAIN_PORT: Final = 1883
TLS_PORT: Final = 8883
LONGEST_URL: Final = 300
SHAPE: Final = "mqtts://[USER@]HOST[:PORT]/CLUB/MACHINE"

Version = Literal["5", "3.1.1"]


@dataclass(frozen=True, slots=True)
class Address:
    """What a URL of a broker says. `machine` is None where it names only the club."""

    host: str
    port: int
    tls: bool
    club: str
    machine: str | None = None
    user: str | None = None

    @property
    def loopback(self) -> bool:
        """Whether that is this computer, whose own network nobody else can hear."""
        if self.host == "localhost":
            return True
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return False  # a name, whatever it looks like

    @property
    def shown(self) -> str:
        """Host and port, for people; there is nothing secret in an address."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'mqtts' if self.tls else 'mqtt'}://{host}:{self.port}"

    @property
    def place(self) -> Machine:
        """The machine's place in the topics. Raises ConfigError where the URL names none."""
        if self.machine is None:
            raise ConfigError(f"the MQTT URL names no machine: {SHAPE}, such as mqtts://broker.example/club/belt-3")
        return Machine(self.club, self.machine)


def parse_url(text: str) -> Address:
    """Read `mqtts://[USER@]HOST[:PORT]/CLUB[/MACHINE]`. Raises ConfigError; a password in it is refused."""
    if len(text) > LONGEST_URL or not text.isprintable():
        raise ConfigError(f"the MQTT URL is not one: write {SHAPE}")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise ConfigError(f"the MQTT URL is not one: write {SHAPE}") from None
    if parts.password is not None:
        # Not repeated here: what is refused must not land in a log either.
        raise ConfigError(
            "a password does not belong into the MQTT URL, where others can read it: put it into "
            "RETROCTL_MQTT_PASSWORD, a file of yours (mqtt_password_file), or the keyring, and change it at the broker"
        )
    if parts.scheme not in {"mqtt", "mqtts"} or not parts.hostname or parts.query or parts.fragment:
        raise ConfigError(f"{_shown(text)}write the MQTT URL as {SHAPE}; mqtts is TLS, mqtt is not")
    if "@" in parts.path:
        raise ConfigError(f"the MQTT URL has its user behind the host: write {SHAPE}")
    names = [name for name in parts.path.split("/") if name]
    if not 1 <= len(names) <= 2:
        raise ConfigError(f"{_shown(text)}the MQTT URL ends in the club and the machine: {SHAPE}")
    tls = parts.scheme == "mqtts"
    return Address(
        host=parts.hostname,
        port=port or (TLS_PORT if tls else PLAIN_PORT),
        tls=tls,
        club=checked_name("club", names[0]),
        machine=checked_name("machine", names[1]) if len(names) == 2 else None,
        user=parts.username or None,
    )


def _shown(text: str) -> str:
    """What was given, for a message; nothing of it where a password may stand in it, where no URL has one."""
    return "" if "@" in text else f"{text[:80]!r}: "


@dataclass(frozen=True, slots=True)
class Broker:
    """All that a connection needs. `repr` shows no secret."""

    address: Address
    password: str | None = field(default=None, repr=False)
    tls: ssl.SSLContext | None = field(default=None, repr=False)
    version: Version = "5"
    keepalive_s: int = 5
    """A broker notices a frozen client after one and a half of these: Mosquitto in about 12 s, measured."""

    @classmethod
    def checked(
        cls,
        address: Address,
        *,
        password: str | None = None,
        ca: Path | None = None,
        certificate: Path | None = None,
        key: Path | None = None,
        plain: bool = False,
        version: Version = "5",
    ) -> Broker:
        """Check what can be checked without the broker. Raises ConfigError.

        `ca`: the authorities to trust, this system's without it. `plain`: no TLS to another computer is accepted.
        """
        if not address.tls and not address.loopback and not plain:
            raise ConfigError(
                f"{address.shown}: without TLS anybody in the network can read along, and stop belts with the password "
                "they read: use mqtts://, or --mqtt-plain if that is accepted"
            )
        if not address.tls and (ca or certificate or key):
            raise ConfigError(f"{address.shown}: certificates need TLS: write mqtts://")
        if password is not None and address.user is None:
            raise ConfigError(f"there is a password but no user: write mqtts://USER@{address.host}/...")
        context = _context(ca, certificate, key) if address.tls else None
        return cls(address, password, context, version)


class _Closing(ssl.SSLSocket):
    """Closes itself when the broker does not come to terms: paho forgets it, and who tries all day runs out of them."""

    def do_handshake(self, block: bool = False) -> None:  # noqa: FBT001, FBT002 - as in the class above
        """Come to terms, or close."""
        try:
            super().do_handshake(block)
        except BaseException:
            self.close()
            raise


def _context(ca: Path | None, certificate: Path | None, key: Path | None) -> ssl.SSLContext:
    """TLS 1.2 or later, the broker's certificate and its host name checked; there is no switch to leave that out."""
    try:
        context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH, cafile=None if ca is None else str(ca))
        context.sslsocket_class = _Closing
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(f"{ca}: no certificates can be read from it: {_reason(error)}") from None
    if key is not None and certificate is None:
        raise ConfigError("mqtt_key is the key of a client certificate: give mqtt_cert too")
    if certificate is not None:
        try:
            # An encrypted key would ask at the terminal, in the middle of everything: an empty password refuses it.
            context.load_cert_chain(str(certificate), None if key is None else str(key), password=lambda: "")
        except (OSError, ssl.SSLError, ValueError) as error:
            raise ConfigError(
                f"{certificate}: no client certificate with its unencrypted key can be read: {_reason(error)}"
            ) from None
    return context


def _reason(error: Exception) -> str:
    return error.strerror if isinstance(error, OSError) and error.strerror else str(error)
