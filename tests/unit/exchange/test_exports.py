"""What other programs read of an exported session is what the record says."""

from __future__ import annotations

import csv
import io
import json
import re
import sys
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import fitdecode
import pytest
from exchange_rig import HALF_HOUR, STARTED, Written, command, write_session
from garmin_fit_sdk import Decoder, Stream
from tcx_schema import faults
from tcxreader.tcxreader import TCXReader

from retroctl.adapters.clients import ClientStore
from retroctl.adapters.exchange.fit_library import library
from retroctl.app.client_profile import Profile
from retroctl.app.portable import kcal_for_people, shares
from retroctl.cli import progress
from retroctl.domain.energy import two_digits
from retroctl.domain.method.facts import Facts

if TYPE_CHECKING:
    from pathlib import Path


pytestmark = pytest.mark.xdist_group("half hour")  # its fixtures are made once, and not by each worker


@pytest.fixture(scope="module")
def half_hour(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Written]:
    """Thirty minutes with heart rate, five stages and easing down."""
    folder = tmp_path_factory.mktemp("half-hour")
    return folder, write_session(folder, hold_s=HALF_HOUR, client_id="ab" * 8)


def by_garmin(data: bytes) -> dict[str, list[dict[str, Any]]]:
    assert Decoder(Stream.from_byte_array(bytearray(data))).check_integrity()
    messages, errors = Decoder(Stream.from_byte_array(bytearray(data))).read()
    assert errors == []
    return messages  # type: ignore[no-any-return]


def by_fitdecode(data: bytes) -> dict[str, list[dict[str, Any]]]:
    messages: dict[str, list[dict[str, Any]]] = {}
    with fitdecode.FitReader(io.BytesIO(data), error_handling=fitdecode.ErrorHandling.RAISE) as reader:
        for frame in reader:
            if frame.frame_type == fitdecode.FIT_FRAME_DATA:
                fields = {field.name: field.value for field in frame.fields if field.value is not None}
                messages.setdefault(f"{frame.name}_mesgs", []).append(fields)
    return messages


def test_half_an_hour_as_fit_has_the_records_totals_in_both_decoders(
    half_hour: tuple[Path, Written], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    folder, written = half_hour
    monkeypatch.setenv("RETROCTL_DATA_DIR", str(folder))
    assert command(capsys, "export", "last", "--format", "fit", "--out", "x.fit").status == 0
    data = (tmp_path / "x.fit").read_bytes()
    for messages in (by_garmin(data), by_fitdecode(data)):
        (session,) = messages["session_mesgs"]
        laps, records = messages["lap_mesgs"], messages["record_mesgs"]
        assert (session["sport"], session["sub_sport"]) == ("running", "treadmill")
        assert session["total_timer_time"] == pytest.approx(written.outcome["duration_s"], abs=0.05)
        assert session["total_distance"] == pytest.approx(written.outcome["distance_m"], abs=0.05)
        assert session["total_calories"] == round(float(two_digits(written.outcome["kcal"])))
        assert session["enhanced_max_speed"] == pytest.approx(3.4 / 3.6, abs=0.001)
        assert session["num_laps"] == len(laps) == 6
        assert sum(lap["total_timer_time"] for lap in laps) == pytest.approx(written.outcome["duration_s"], abs=0.06)
        assert sum(lap["total_distance"] for lap in laps) == pytest.approx(written.outcome["distance_m"], abs=0.11)
        assert sum(lap["total_calories"] for lap in laps) == session["total_calories"]
        assert records[-1]["distance"] == pytest.approx(written.outcome["distance_m"], abs=0.06)
        assert 1700 < len(records) < 1830
        assert all(90 <= record["heart_rate"] <= 130 for record in records)
        assert session["max_heart_rate"] == 130
        # A second in which nothing was heard has no record: the gap of 5 s stays one.
        steps = [(b["timestamp"] - a["timestamp"]).total_seconds() for a, b in pairwise(records)]
        assert max(steps) >= 5
        assert min(steps) >= 1
        assert records[0]["timestamp"].timestamp() == int(STARTED + 0.4 + 3 * 1.003)


def test_developer_fields_say_facing_target_speed_and_rating(
    data: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    write_session(data, rungs=(100, 600, 100), facings=("backward", "forward", "backward"))
    command(capsys, "export", "last", "--format", "fit", "--out", "x.fit")
    messages = by_fitdecode((tmp_path / "x.fit").read_bytes())
    records = messages["record_mesgs"]
    assert [field["field_name"] for field in messages["field_description_mesgs"]] == ["facing", "target_speed", "rpe"]
    assert {(record["facing"], round(record["target_speed"], 2)) for record in records if "target_speed" in record} == {
        (1, 1.0),
        (0, 6.0),
    }
    assert [record["rpe"] for record in records if "rpe" in record] == [13]
    described = by_garmin((tmp_path / "x.fit").read_bytes())
    assert {key for record in described["record_mesgs"] for key in record["developer_fields"]} == {0, 1, 2}


def test_half_an_hour_as_tcx_is_valid_and_an_independent_reader_finds_the_records_totals(
    half_hour: tuple[Path, Written], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    folder, written = half_hour
    monkeypatch.setenv("RETROCTL_DATA_DIR", str(folder))
    assert command(capsys, "export", "last", "--format", "tcx", "--out", "x.tcx").status == 0
    assert faults((tmp_path / "x.tcx").read_bytes()) == []
    read = TCXReader().read(str(tmp_path / "x.tcx"), only_gps=False)
    assert read.activity_type == "Running"
    # The reader counts from the first point to the last; the gap of 5 s is in that, not in the record's own duration.
    assert read.duration == pytest.approx(written.outcome["duration_s"] + 6.0, abs=0.1)
    said = re.findall("<TotalTimeSeconds>(.*?)<", (tmp_path / "x.tcx").read_text())
    assert sum(map(float, said)) == pytest.approx(written.outcome["duration_s"], abs=0.1)
    assert sum(lap.distance for lap in read.laps) == pytest.approx(written.outcome["distance_m"], abs=0.1)
    assert sum(lap.calories for lap in read.laps) == round(float(two_digits(written.outcome["kcal"])))
    assert len(read.laps) == 6
    assert len(read.trackpoints) > 1800
    assert read.hr_max == 130


@pytest.mark.parametrize("wrong", ["<Sport/>", "Calories", "-1"])
def test_the_schema_of_the_tests_can_object(
    wrong: str, data: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    write_session(data, hold_s=5)
    command(capsys, "export", "last", "--format", "tcx", "--out", "x.tcx")
    text = (tmp_path / "x.tcx").read_text()
    broken = {
        "<Sport/>": text.replace("<Intensity>", "<Sport/><Intensity>", 1),
        "Calories": re.sub("<Calories>.*?</Calories>", "", text, count=1),
        "-1": re.sub("<Value>.*?</Value>", "<Value>-1</Value>", text, count=1),
    }[wrong]
    assert faults(text.encode()) == []
    assert len(faults(broken.encode())) >= 1


def test_csv_holds_every_sample_and_no_zero_for_what_is_not_known(
    data: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    written = write_session(data, heart=False, mass_kg=None, name="=cmd|' /C calc'!A0")
    command(capsys, "export", "last", "--format", "csv", "--out", "x.csv")
    samples = list(csv.DictReader(io.StringIO((tmp_path / "x.csv").read_text())))
    assert len(samples) == 3 + 5 * 20 + 4 + 3
    assert samples[0] == {
        "session_s": "0.400", "utc": "2026-11-18T11:06:40.650Z", "measured_kmh": "0.00", "target_kmh": "",
        "heart_rate_bpm": "", "stage": "", "facing": "", "distance_m": "", "rpe": "",
    }  # fmt: skip
    assert [sample["rpe"] for sample in samples if sample["rpe"]] == ["13"]
    (session,) = csv.DictReader(io.StringIO((tmp_path / "x-sessions.csv").read_text()))
    assert float(session["distance_m"]) == written.outcome["distance_m"]
    assert session["kcal"] == session["maximum_heart_rate_bpm"] == ""
    assert session["plan"].startswith("'=")
    assert session["client"] == "no client named"


def test_names_stay_here_unless_they_are_asked_for(
    data: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    client = ClientStore(data).add(
        "Ann <b>&", lambda client_id: Profile(client_id, "Ann <b>&", Facts(birth_year=1988)), by="test"
    )
    write_session(data, client_id=client.id)
    for format_ in ("tcx", "csv", "json", "fit"):
        command(capsys, "export", "last", "--format", format_, "--out", f"without.{format_}")
        command(capsys, "export", "last", "--format", format_, "--out", f"with.{format_}", "--with-name")
    for file in tmp_path.glob("without*"):
        assert b"Ann" not in file.read_bytes(), file
    named = {file.name for file in tmp_path.glob("with*") if b"Ann" in file.read_bytes()}
    assert named == {"with.tcx", "with-sessions.csv", "with.json"}
    assert faults((tmp_path / "with.tcx").read_bytes()) == []
    assert json.loads((tmp_path / "with.json").read_text())["names"] == {client.id: "Ann <b>&"}


def test_all_sessions_of_a_client(data: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    client = ClientStore(data).add("Ann", lambda new: Profile(new, "Ann", Facts(birth_year=1988)), by="test")
    for day in range(3):
        write_session(data, client_id=client.id, started=STARTED + 86400 * day, hold_s=5)
    write_session(data, client_id="cd" * 8, hold_s=5)
    write_session(data, client_id=client.id, rungs=(), hold_s=5)  # only easing down
    ran = command(capsys, "export", "--client", "Ann", "--format", "csv", "--out", "all")
    assert ran.status == 0
    assert len(list((tmp_path / "all").glob("*.csv"))) == 5
    assert len(list(csv.DictReader(io.StringIO((tmp_path / "all/sessions.csv").read_text())))) == 4
    command(capsys, "export", "--client", "Ann", "--format", "json", "--out", "ann.json")
    sessions = json.loads((tmp_path / "ann.json").read_text())["sessions"]
    assert [each["client_id"] for each in sessions] == [client.id] * 4


def test_an_interrupted_session_is_exported_and_says_so(
    data: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    write_session(data, ended=False)
    for format_ in ("fit", "tcx"):
        assert command(capsys, "export", "last", "--format", format_, "--out", f"x.{format_}").status == 0
    assert b"Interrupted" in (tmp_path / "x.tcx").read_bytes()
    (session,) = by_garmin((tmp_path / "x.fit").read_bytes())["session_mesgs"]
    assert session["total_distance"] > 10
    assert "total_calories" not in session


def test_nothing_is_overwritten_and_nothing_left_behind(
    data: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    write_session(data, hold_s=5)
    (tmp_path / "x.json").write_text("mine")
    ran = command(capsys, "export", "last", "--out", "x.json")
    assert (ran.status, (tmp_path / "x.json").read_text()) == (2, "mine")
    assert "--force" in ran.err
    assert command(capsys, "export", "last", "--out", "x.json", "--force").status == 0
    assert command(capsys, "export", "last", "--out", "none/x.json").status == 2
    assert sorted(each.name for each in tmp_path.iterdir()) == ["data", "x.json"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("export",), "name one"),
        (("export", "last", "--format", "gpx"), "fit, tcx, csv, json"),
        (("export", "0000ffff"), "no session begins"),
        (("export", "../../etc/passwd"), "not a session's id"),
        (("export", "--client", "Bob"), "no client is called"),
        (("export", "--plan", "ladder", "--format", "tcx"), "zwo or fit"),
        (("export", "last", "--range", "1-16/0.1"), "--range belongs to --plan"),
    ],
)
def test_what_cannot_be_exported_is_one_line(
    words: tuple[str, ...], said: str, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_session(data, hold_s=5)
    ran = command(capsys, *words)
    assert ran.status == 2
    assert said in ran.err
    assert "\n" not in ran.err


def test_a_belt_that_never_moved_is_no_run(data: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    write_session(data, rungs=(0,), hold_s=3, ease=())
    for format_, status in (("fit", 2), ("tcx", 2), ("csv", 0), ("json", 0)):
        ran = command(capsys, "export", "last", "--format", format_, "--out", f"x.{format_}")
        assert ran.status == status
        assert (tmp_path / f"x.{format_}").exists() is (status == 0)
        assert status == 0 or "never moved" in ran.err


def test_shares_are_whole_and_sum_up() -> None:
    assert shares(10, [1, 1, 1]) == [4, 3, 3]
    assert sum(shares(12, [2.7, 3.3, 3.7, 1.8])) == 12
    assert shares(7, [0, 0]) == [7, 0]
    assert shares(0, []) == []


def test_without_the_extra_the_way_out_is_said(
    data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    write_session(data, hold_s=3)
    monkeypatch.setitem(sys.modules, "fit_tool", None)
    library.cache_clear()
    try:
        ran = command(capsys, "export", "last", "--format", "fit", "--out", "x.fit")
    finally:
        library.cache_clear()
    assert (ran.status, "pip install '.[fit]'" in ran.err, (tmp_path / "x.fit").exists()) == (2, True, False)


@pytest.mark.parametrize("terminal", [True, False])
def test_a_long_export_tells_how_far_it_is(
    terminal: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal)
    telling = progress.Progress("exported")
    for second in range(40):
        now[0] = second / 2
        telling(second, 40)
    telling.end()
    said = capsys.readouterr().err
    assert "exported: 5 %" in said
    assert said.count("%") == (38 if terminal else 2)
    assert said.endswith("\x1b[K" if terminal else "\n")


def test_a_wrong_clock_is_no_date_for_fit(data: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    write_session(data, hold_s=3, started=0.0)
    for format_, status in (("fit", 2), ("tcx", 2), ("csv", 0), ("json", 0)):
        assert command(capsys, "export", "last", "--format", format_, "--out", f"x.{format_}").status == status


@pytest.mark.parametrize(("kcal", "shown"), [(0.0, 0), (6.7, 7), (99.6, 100), (123.4, 120), (1349.0, 1300)])
def test_other_programs_are_given_two_digits_of_an_estimate_and_no_more(kcal, shown):
    """They would show 123 kcal, and it would be read as 123."""
    assert kcal_for_people(kcal) == shown
