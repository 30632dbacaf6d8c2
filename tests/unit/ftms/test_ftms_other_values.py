"""Training Status, Heart Rate Measurement and what is advertised."""

from __future__ import annotations

import pytest

from retroctl.errors import MalformedFrame
from retroctl.ftms.advertisement import decode_advertisement, decode_service_data
from retroctl.ftms.heart_rate import Beats, decode_heart_rate
from retroctl.ftms.opcodes import TrainingStatusCode
from retroctl.ftms.other_machines import decode_machine_data
from retroctl.ftms.training_status import decode_training_status


def test_training_status_that_claims_a_text_and_carries_none():
    status = decode_training_status(bytes.fromhex("010d"))
    assert (status.status, status.text, status.truncated) == (TrainingStatusCode.MANUAL_MODE, "", False)


def test_long_training_text_is_marked():
    assert decode_training_status(bytes.fromhex("030241")).text_extended is True
    assert decode_training_status(bytes.fromhex("010241")).text_extended is False


def test_empty_training_status_is_malformed():
    with pytest.raises(MalformedFrame):
        decode_training_status(b"")


@pytest.mark.parametrize(
    ("text", "bpm"),
    [
        ("0048", 72),
        ("0648", 72),
        ("0000", None),  # a console without a strap
        ("0448", None),  # the strap feels no skin
        ("0148", None),  # cut
    ],
)
def test_heart_rate_is_given_only_where_there_is_one(text, bpm):
    assert decode_heart_rate(bytes.fromhex(text)).heart_rate_bpm == bpm


def test_strap_that_sends_no_intervals_differs_from_one_that_lost_them():
    assert decode_heart_rate(bytes.fromhex("0048")).rr_1024 is None
    assert decode_heart_rate(bytes.fromhex("1048")).rr_1024 == ()


def test_cut_energy_leaves_intervals_unknown():
    measurement = decode_heart_rate(bytes.fromhex("1848d2"))
    assert (measurement.energy_kj, measurement.rr_1024, measurement.truncated) == (None, None, True)


def test_empty_heart_rate_is_malformed():
    with pytest.raises(MalformedFrame):
        decode_heart_rate(b"")


@pytest.mark.parametrize(
    ("text", "may_be"),
    [("", True), ("01", True), ("0101", True), ("010001", True), ("010100", True), ("012100", True), ("012000", False)],
)
def test_service_data_rules_a_machine_out_only_when_it_names_another_type(text, may_be):
    assert decode_service_data(bytes.fromhex(text)).may_be_treadmill is may_be


def test_service_number_alone_makes_a_candidate():
    advertisement = decode_advertisement(bytes.fromhex("0201060a09544f4f5258303734340503f0ff2618"))
    assert (advertisement.name, advertisement.service_data) == ("TOORX0744", None)
    assert advertisement.names_fitness_machine


def test_service_data_alone_makes_a_candidate():
    assert decode_advertisement(bytes.fromhex("061626180101 00")).names_fitness_machine


def test_other_services_make_none():
    assert not decode_advertisement(bytes.fromhex("03030d18")).names_fitness_machine


def test_structures_without_content_or_of_no_interest_are_passed_over():
    advertisement = decode_advertisement(bytes.fromhex("0101 02ff07 0203aa 03030d18"))
    assert (advertisement.flags, advertisement.service_uuids, advertisement.truncated) == (None, (0x180D,), False)


def test_only_bike_rower_and_cross_trainer_are_known_besides():
    with pytest.raises(KeyError):
        decode_machine_data("2acd", bytes(4))


def test_times_between_beats_that_are_repeated_are_no_new_beats():
    beats = Beats()
    frames = [None, (), (853,), (853,), (853, 850), (853,), (), (853,)]
    assert [beats.new(each) for each in frames] == [False, False, True, False, True, True, False, True]
