"""Why a connection to a broker ended or was not made, in plain words, and no more than is known."""

from __future__ import annotations

from typing import Final

import aiomqtt

TAKEN_OVER: Final = (
    "the broker says that another client came with the same machine name: do two laptops publish as one machine? "
    "Give each its own"
)
LOST: Final = "the connection to the broker was lost"
AGAIN_AND_AGAIN: Final = (
    "the connection is lost again and again soon after it was made, and nobody says why: a weak network, a broker that "
    "ends it, or another laptop that publishes with the same machine name"
)


class NotAllowed(aiomqtt.MqttError):
    """The broker's access list says no."""


def plain_reason(error: BaseException) -> str:
    """Why a connection failed, in one line of plain words, without anything secret."""
    text = " ".join(str(error).split())[:200] or type(error).__name__
    text = "".join(letter if letter.isprintable() else "?" for letter in text)
    for known, words in _KNOWN:
        if known in text:
            return words
    return text


_KNOWN: Final = (
    ("Bad user name or password", "the broker does not take this user and password"),
    ("Not authorized", "the broker does not let this user in"),
    ("Unexpected disconnection", LOST),
    ("Unspecified error", LOST),
    ("not currently connected", LOST),
    ("Hostname mismatch", "the broker's certificate is for another name: write the URL with the name that it has"),
    (
        "IP address mismatch",
        "the broker's certificate is not for this address: write the URL with the name that it has",
    ),
    ("CERTIFICATE_VERIFY_FAILED", "the broker's certificate is not trusted: give its authority (mqtt_ca)"),
    ("certificate required", "the broker asks for a client certificate (mqtt_cert, mqtt_key)"),
    ("WRONG_VERSION_NUMBER", "the broker speaks no TLS on this port"),
    ("Unsupported protocol version", "the broker speaks no MQTT 5: set mqtt_version to 3.1.1"),
    ("Connection refused", "no broker listens there"),
    ("Name or service not known", "there is no host of that name"),
    ("Operation timed out", "the broker does not answer"),
    ("timed out", "the broker does not answer"),
)
