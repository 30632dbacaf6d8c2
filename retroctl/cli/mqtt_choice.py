"""Which broker a command is to use, from option, environment and configuration; checked before anything is touched."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from retroctl.errors import ConfigError

if TYPE_CHECKING:
    from retroctl.adapters.mqtt.broker import Broker
    from retroctl.adapters.mqtt.topics import Machine
    from retroctl.config import Settings

OFF: Final = "off"
NONE_CONFIGURED: Final = (
    "no broker is configured: give --mqtt mqtts://USER@HOST/CLUB/MACHINE, or set mqtt_url or RETROCTL_MQTT_URL to that"
)


@dataclass(frozen=True, slots=True)
class MqttChoice:
    """A broker, and what may be told to it."""

    broker: Broker
    machine: Machine
    heart_rate: bool
    homeassistant: bool
    client_name: str | None
    """The client as it was named on the command line; None unless names were opted in."""


def mqtt_choice(
    given: str | None, settings: Settings, *, plain: bool, simulated: bool, client: str | None
) -> MqttChoice | None:
    """The broker of a session; None for none. Raises ConfigError.

    `given`: `--mqtt`: a URL, empty for the configured one, `off`, or None where it was not given: then a configured
    broker is used, but not for a simulated treadmill, which is no news for a club.
    """
    if given == OFF or (given is None and (simulated or settings.mqtt_url is None)):
        if plain:
            raise ConfigError("--mqtt-plain is about a broker, and there is none: give --mqtt")
        return None
    broker = broker_of(given or None, settings, plain=plain)
    return MqttChoice(
        broker,
        broker.address.place,
        heart_rate=settings.mqtt_heart_rate,
        homeassistant=settings.mqtt_homeassistant,
        client_name=client if settings.mqtt_names else None,
    )


def broker_of(given: str | None, settings: Settings, *, plain: bool) -> Broker:
    """The broker at `given`, or the configured one, with the configured secrets. Raises ConfigError."""
    from retroctl.adapters.mqtt.broker import Broker, parse_url  # noqa: PLC0415 - only with a broker
    from retroctl.adapters.mqtt.secrets import password_for, private  # noqa: PLC0415 - only with a broker

    url = given or settings.mqtt_url
    if url is None:
        raise ConfigError(NONE_CONFIGURED)
    address = parse_url(url)
    if key := settings.mqtt_key or settings.mqtt_cert:  # without a file of its own the key stands in the certificate's
        private(key)
    return Broker.checked(
        address,
        password=password_for(address, settings.mqtt_password_file, keyring=settings.mqtt_keyring),
        ca=settings.mqtt_ca,
        certificate=settings.mqtt_cert,
        key=settings.mqtt_key,
        plain=plain or settings.mqtt_plain,
        version=settings.mqtt_version,
    )
