"""`describe`: any spelling of a characteristic, any bytes, one plain object."""

from __future__ import annotations

import pytest

from retroctl.errors import ConfigError, MalformedFrame
from retroctl.ftms.describe import describe

KNOWN = ["2acc", "2acd", "2ad3", "2ad4", "2ad5", "2ad6", "2ad7", "2ad8", "2ad9", "2ada", "2a37", "adv"]


@pytest.mark.parametrize(
    "char",
    [
        "2acd",
        "2ACD",
        "0x2acd",
        "0X2ACD",
        " 2acd ",
        "00002acd-0000-1000-8000-00805f9b34fb",
        "00002ACD-0000-1000-8000-00805F9B34FB",
        "00002acd00001000800000805f9b34fb",
        "treadmill-data",
        "Treadmill Data",
        "treadmill_data",
    ],
)
def test_characteristic_may_be_written_in_any_usual_way(char):
    described = describe(char, bytes.fromhex("00002003"))
    assert described["char"] == "2acd"
    assert described["fields"]["speed_kmh"] == 8.0


@pytest.mark.parametrize(
    ("char", "number"),
    [
        ("feature", "2acc"),
        ("speed-range", "2ad4"),
        ("Supported Speed Range", "2ad4"),
        ("control-point", "2ad9"),
        ("fitness machine control point", "2ad9"),
        ("machine-status", "2ada"),
        ("heart-rate", "2a37"),
        ("service-data", "adv"),
        ("1826", "adv"),
        ("0x1826", "adv"),
        ("00001826-0000-1000-8000-00805f9b34fb", "adv"),
        ("indoor-bike-data", "2ad2"),
    ],
)
def test_names_lead_to_their_numbers(char, number):
    assert describe(char, bytes(8))["char"] == number


@pytest.mark.parametrize(
    "char",
    ["", "2acf", "2a19", "speed", "d18d2c10-c44c-11e8-a355-529269fb1459", "00002acd-0000-1000-8000-000000000000"],
)
def test_unknown_characteristic_is_refused_with_the_known_ones(char):
    with pytest.raises(ConfigError) as refused:
        describe(char, b"\0\0")
    message = str(refused.value)
    assert repr(char) in message
    assert all(known in message for known in KNOWN)
    assert "\n" not in message


def test_object_has_these_keys_and_no_others():
    assert describe("2acd", bytes.fromhex("0120000000")) == {
        "char": "2acd",
        "fields": {
            "flags": "0x2001",
            "more_data": True,
            "speed_kmh": None,
            "average_speed_kmh": None,
            "distance_m": None,
            "incline_pct": None,
            "ramp_deg": None,
            "gain_m": None,
            "loss_m": None,
            "energy_kcal": None,
            "energy_per_hour_kcal": None,
            "energy_per_min_kcal": None,
            "heart_rate_bpm": None,
            "met": None,
            "elapsed_s": None,
            "remaining_s": None,
            "force_n": None,
            "power_w": None,
        },
        "truncated": False,
        "unknown_bits": [13],
        "trailing": "000000",
    }


@pytest.mark.parametrize("char", KNOWN)
def test_no_bytes_at_all_say_nothing(char):
    with pytest.raises(MalformedFrame):
        describe(char, b"")
