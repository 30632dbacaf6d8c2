"""Where the wall screen listens: this computer only, unless the trainer opens it to the network on purpose."""

from __future__ import annotations

import ipaddress
import re
import socket
from dataclasses import dataclass
from typing import Final

from retroctl.errors import ConfigError

DEFAULT_PORT: Final = 8760
LOOPBACK: Final = "127.0.0.1"
EVERYWHERE: Final = "0.0.0.0"  # noqa: S104 - only with --wall-lan, and then behind a token
_WRITTEN = re.compile(r"(?:\[(?P<six>[0-9A-Fa-f:.%\w]+)\]|(?P<host>[^:\[\]]*))(?::(?P<port>[0-9]{1,5}))?")


@dataclass(frozen=True, slots=True)
class WallAddress:
    """An address to listen on. `lan` is whether others may reach it, which is when a token guards it."""

    host: str
    port: int
    lan: bool

    @classmethod
    def parse(cls, text: str, *, lan: bool, option: str = "--wall", default_port: int = DEFAULT_PORT) -> WallAddress:
        """Read `HOST:PORT`, `HOST`, `PORT` or nothing at all; `lan` is the trainer's leave to open it to the network.

        Raises ConfigError for what is no address, and for any host but this computer itself without that leave.
        """
        match = re.fullmatch(r"(?P<six>)(?P<host>)(?P<port>[0-9]{1,5})", text) or _WRITTEN.fullmatch(text.strip())
        if match is None:
            raise ConfigError(_bad(option, text))
        port = int(match["port"] or default_port)
        if port > 0xFFFF:
            raise ConfigError(f"{option} {text!r}: a port is a number up to 65535")
        host = match["six"] or match["host"] or (EVERYWHERE if lan else LOOPBACK)
        host = LOOPBACK if host.lower() == "localhost" else host
        try:
            ip = ipaddress.ip_address(host)
        except ValueError:
            raise ConfigError(_bad(option, text)) from None
        if not ip.is_loopback and not lan:
            raise ConfigError(
                f"{option} {text.strip()}: other devices could reach that address; add {option}-lan if they should "
                "(a random token in the address then guards the page)"
            )
        return cls(host, port, lan)

    def url(self, port: int, token: str | None) -> str:
        """What to type on the screen behind the belt. `port` is the one that was opened."""
        host = own_address() if ipaddress.ip_address(self.host).is_unspecified else self.host
        shown = f"[{host}]" if ":" in host else host
        return f"http://{shown}:{port}/" + (f"{token}/" if token else "")


def own_address() -> str:
    """This computer's address in its network, as far as it can tell; nothing is sent to find out."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # TEST-NET-1: only the route is looked up
        except OSError:
            return socket.gethostname()
        return str(probe.getsockname()[0])


def names_this_computer(host_header: str) -> bool:
    """Whether a browser asked for this computer by a name that only means itself.

    Without this check a foreign web page could point its own name at 127.0.0.1 and read along.
    """
    host = host_header.rsplit(":", 1)[0] if not host_header.endswith("]") else host_header
    host = host.strip("[]").lower()
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _bad(option: str, text: str) -> str:
    return (
        f"{option} {text!r}: write it as HOST:PORT with an IP address of this computer, such as "
        f"127.0.0.1:{DEFAULT_PORT}"
    )
