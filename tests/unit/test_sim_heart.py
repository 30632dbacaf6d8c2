"""The simulated client's heart is plausible, and the strap fails in the ways straps fail."""

from __future__ import annotations

import math

import pytest

from retroctl.errors import ConfigError
from retroctl.ftms.heart_rate import decode_heart_rate
from simulators.heart import STRAPS, ClientHeart, ClientTraits, SimulatedStrap, strap_traits


def after(heart: ClientHeart, seconds: int, kmh: float, began: float) -> float:
    for second in range(1, seconds + 1):
        heart.advance(began + second, kmh)
    return heart.bpm


def test_the_rate_follows_the_speed_with_a_lag_and_comes_back_slowly():
    heart = ClientHeart(ClientTraits(), now=0.0)
    assert after(heart, 10, 0.0, 0.0) == pytest.approx(62)
    early = after(heart, 5, 4.8, 10.0)
    assert 62 < early < 80
    steady = after(heart, 300, 4.8, 15.0)
    assert steady == pytest.approx(130, abs=4), "132 was measured at 4.8 km/h (Williford et al. 1998)"
    assert 90 < after(heart, 30, 0.0, 315.0) < steady


def test_it_drifts_upwards_in_motion_and_never_over_the_highest():
    heart = ClientHeart(ClientTraits(), now=0.0)
    ten = after(heart, 600, 3.2, 0.0)
    thirty = after(heart, 1200, 3.2, 600.0)
    assert 4 < thirty - ten < 12
    assert after(heart, 600, 20.0, 1800.0) <= 185


def frames(name: str, seconds: float, kmh: float = 2.0) -> list[tuple[float, bytes]]:
    strap = SimulatedStrap(strap_traits(name), lambda _now: kmh, now=0.0)
    strap.connect(0.0)
    strap.subscribe("2a37", 0.0)
    sent = []
    while (due := strap.next_event(0.0)) <= seconds:
        sent += [(emission.at, emission.data) for emission in strap.advance(due)]
    return sent


def test_a_steady_strap_sends_once_a_second_with_beats_that_fit_the_rate():
    sent = frames("steady", 200)
    assert [at for at, _ in sent] == list(range(1, 201))
    for _, data in sent:
        value = decode_heart_rate(data)
        assert value.contact
        assert value.heart_rate_bpm is not None
        assert value.rr_1024 is not None
        assert 60 * 1024 / value.rr_1024[0] == pytest.approx(value.heart_rate_bpm, rel=0.03)


def test_dropouts_lost_contact_and_a_frozen_rate():
    dropouts = [at for at, _ in frames("dropouts", 150)]
    assert [at for at in range(1, 151) if at not in dropouts] == [*range(60, 75), *range(120, 135)]
    contact = dict(frames("contact", 100))
    assert len(contact) == 100
    assert [at for at, data in contact.items() if decode_heart_rate(data).heart_rate_bpm is None] == [*range(60, 75)]
    frozen = frames("frozen", 100)
    assert len({data for at, data in frozen if at >= 60}) == 1
    assert decode_heart_rate(frozen[-1][1]).rr_1024 is None
    assert max(decode_heart_rate(data).heart_rate_bpm or 0 for _, data in frames("high", 120)) > 160


def test_it_serves_one_central_vanishes_and_takes_no_writes():
    strap = SimulatedStrap(strap_traits("steady"), lambda _now: 0.0)
    assert strap.advertises(0.0)
    strap.connect(0.0)
    assert not strap.advertises(0.0)
    assert strap.read("2a38", 0.0).data == b"\x01"
    assert strap.read("2a37", 0.0).error == 2
    assert strap.write("2a37", b"\x01", 0.0).error == 3
    assert strap.subscribe("2acd", 0.0).error == 1
    strap.subscribe("2a37", 0.0)
    strap.vanish(5.5, absent_s=10.0)
    assert [each.kind for each in strap.advance(5.5)] == ["disconnect"]
    strap.disconnect(5.5)
    assert not strap.advertises(10.0)
    assert strap.advertises(16.0)
    assert math.isinf(strap.next_event(6.0))
    strap.subscribe("2a37", 20.0)
    strap.unsubscribe("2a37", 20.0)
    assert math.isinf(strap.next_event(20.0))


def test_an_unknown_strap_is_refused_by_those_there_are():
    with pytest.raises(ConfigError, match="steady, dropouts"):
        strap_traits("polar")
    assert all(traits.summary for traits in STRAPS.values())
