"""Sessions as JSON: out, in and out again without losing a byte; whatever was changed in between is refused."""

from __future__ import annotations

import json
import random
import re
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from exchange_rig import STARTED, command, write_session

from retroctl.adapters.journal import FILE_NAME, afterwards, read
from retroctl.app.afterwards import ConfidenceAfter, FreeNote, Incident, SessionRpe
from retroctl.cli.exchange_import import AskedImport, import_file
from retroctl.errors import RetroctlError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    folder = tmp_path / "elsewhere"
    monkeypatch.setenv("RETROCTL_DATA_DIR", str(folder))
    return folder


def exported(capsys: pytest.CaptureFixture[str], tmp_path: Path, name: str = "out.json") -> bytes:
    assert command(capsys, "export", "last", "--out", name).status == 0
    return (tmp_path / name).read_bytes()


@pytest.mark.parametrize("ended", [True, False])
def test_out_in_and_out_again_is_the_same_to_the_byte(
    ended: bool, data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    written = write_session(data, hold_s=30, client_id="ab" * 8, ended=ended)
    first = exported(capsys, tmp_path)
    folder = elsewhere(monkeypatch, tmp_path)
    assert command(capsys, "import", "out.json").status == 0
    assert exported(capsys, tmp_path, "again.json") == first
    before, after = read.session(data / FILE_NAME, written.id), read.session(folder / FILE_NAME, written.id)
    assert (after.rows, after.samples, after.chunks, after.summary) == (
        before.rows,
        before.samples,
        before.chunks,
        before.summary,
    )
    assert read.verify(after) == ()
    # Once more changes nothing.
    again = command(capsys, "import", "out.json")
    assert (again.status, "0 sessions imported, 1 were" in again.out) == (0, True)


def test_what_was_said_afterwards_goes_along_and_its_words_only_when_asked(
    data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    written = write_session(data, hold_s=3, client_id="ab" * 8)
    said = [
        ConfidenceAfter(4),
        SessionRpe(15),
        FreeNote("Ann was tired"),
        Incident("Ann fell", injury=True, told="Bob"),
    ]
    with closing(sqlite3.connect(data / FILE_NAME)) as record:
        for each in said:
            afterwards.write(record, written.id, "ab" * 8, 1_795_000_000_000, each)
        record.commit()
    without = exported(capsys, tmp_path)
    assert b"Ann" not in without
    assert b"Bob" not in without
    assert json.loads(without)["sessions"][0]["after"]["answers"][1]["answer"] == 15
    assert command(capsys, "export", "last", "--out", "with.json", "--with-name").status == 0
    for name, words in (("out.json", ()), ("with.json", ("--with-name",))):
        folder = tmp_path / f"from-{name}"
        monkeypatch.setenv("RETROCTL_DATA_DIR", str(folder))
        assert command(capsys, "import", name).status == 0
        assert command(capsys, "export", "last", "--out", f"again-{name}", *words).status == 0
        assert (tmp_path / f"again-{name}").read_bytes() == (tmp_path / name).read_bytes()
        after = afterwards.afterwards(folder / FILE_NAME, written.id)
        assert (after.confidence, after.rpe, len(after.incidents)) == (4, 15, 1)
        assert after.notes == (("Ann was tired",) if words else ())
        assert after.incidents[0].what == ("Ann fell" if words else afterwards.ERASED)


def test_many_sessions_in_one_file_and_one_that_an_editor_laid_out_anew(
    data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from retroctl.adapters.clients import ClientStore  # noqa: PLC0415
    from retroctl.app.client_profile import Profile  # noqa: PLC0415
    from retroctl.domain.method.facts import Facts  # noqa: PLC0415

    client = ClientStore(data).add("Ann", lambda new: Profile(new, "Ann", Facts(birth_year=1988)), by="test")
    for day in range(3):
        write_session(data, hold_s=3, client_id=client.id, started=STARTED + day)
    assert command(capsys, "export", "--client", "Ann", "--out", "all.json", "--with-name").status == 0
    text = (tmp_path / "all.json").read_text()
    (tmp_path / "laid-out.json").write_text("\ufeff" + json.dumps(json.loads(text), indent=2))
    for name in ("all.json", "laid-out.json"):
        monkeypatch.setenv("RETROCTL_DATA_DIR", str(tmp_path / name.removesuffix(".json")))
        ran = command(capsys, "import", name)
        assert (ran.status, "3 sessions imported" in ran.out) == (0, True)
        assert len(read.sessions(tmp_path / name.removesuffix(".json") / FILE_NAME, client_id=client.id)) == 3


def _session(change: Callable[[dict[str, Any]], object]) -> Callable[[str], str]:
    def changed(text: str) -> str:
        whole = json.loads(text)
        change(whole["sessions"][0])
        return json.dumps(whole)

    return changed


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_session(lambda s: s["rows"][3]["data"].update(stage=7)), "row 4"),
        (_session(lambda s: s["rows"].pop(3)), "row 4 is missing"),
        (_session(lambda s: s["samples"]["measured_hundredths_kmh"].__setitem__(9, 99)), "not what the chunks hold"),
        (_session(lambda s: s["chunks"][0].update(data="AQ==")), "minute 1"),
        (_session(lambda s: s["chunks"][0].update(data="%")), "not base64"),
        (_session(lambda s: s["chunks"][0].update(place="0")), "no place"),
        (_session(lambda s: s.update(client_id="../../x")), "hexadecimal"),
        (_session(lambda s: s.update(client_id="Ann")), "hexadecimal"),
        (_session(lambda s: s.update(id="ff" * 8)), "beginning"),
        (_session(lambda s: s.update(started_utc_ms=1e308)), "started_utc_ms"),
        (_session(lambda s: s.update(started_utc_ms=2**60)), "started_utc_ms"),
        (_session(lambda s: s.update(simulated=1)), "simulated"),
        (_session(lambda s: s.update(machine_name="\ud800")), "no character"),
        (_session(lambda s: s.update(notes="<script>")), "not known here"),
        (_session(lambda s: s.pop("plan")), "'plan' is missing"),
        (_session(lambda s: s.pop("after")), "'after' is missing"),
        (
            _session(lambda s: s["after"]["answers"].append({"question": "rpe", "answer": 21, "written_utc_ms": 1})),
            "21",
        ),
        (_session(lambda s: s["after"]["incidents"].append({"written_utc_ms": 1, "injury": 1})), "injury"),
        (_session(lambda s: s["rows"].append(5)), "no object"),
        (_session(lambda s: s.update(hash="00")), "hash"),
        (lambda text: text.replace('"version": 1', '"version": 2'), "knows 1"),
        (lambda text: text.replace("retroctl.sessions", "gpx"), "not a file of retroctl's sessions"),
        (lambda text: text.replace('"rows":', '"rows":NaN,"x":'), "NaN"),
        (lambda text: text + "x", "follows the end"),
        (lambda text: text.replace("}\n]}", "},\n" + text.splitlines()[1] + "\n]}"), "twice"),
        (lambda text: "[" * 200_000, "more than any session"),
        (lambda text: text.splitlines()[0] + "\n" + "[" * 100_000 + "\n]}", "nested"),
        (lambda text: text.splitlines()[0] + "\n" + "[]," * 200_000, "more than any session"),
        (lambda text: text.splitlines()[0] + "\n" + "0," * 1_600_000, "longer than a session"),
        (lambda text: text.encode("utf-16").decode("latin-1"), "not a whole XML"),
    ],
)
def test_a_changed_file_is_refused_in_one_line_and_nothing_is_written(
    change: Callable[[str], str],
    said: str,
    data: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    write_session(data, hold_s=20, client_id="ab" * 8)
    text = exported(capsys, tmp_path).decode()
    folder = elsewhere(monkeypatch, tmp_path)
    (tmp_path / "changed.json").write_bytes(change(text).encode("utf-8", "surrogatepass"))
    ran = command(capsys, "import", "changed.json")
    assert (ran.status, folder.exists()) == (2, False)
    assert said in ran.err
    assert len(ran.err) < 400


def test_a_session_whose_end_was_cut_off_is_said_to_have_none(
    data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Its rows are chained from the beginning, so a missing end cannot be told from an interruption: it is said."""
    written = write_session(data, hold_s=3, client_id="ab" * 8)
    text = exported(capsys, tmp_path).decode()
    elsewhere(monkeypatch, tmp_path)
    (tmp_path / "cut.json").write_text(_session(lambda s: s["rows"].pop())(text))
    ran = command(capsys, "import", "cut.json")
    assert ran.status == 0
    assert f"{written.id} has no end" in ran.out
    assert "cut off" in ran.out


def test_cut_off_anywhere_and_any_bit_flipped_it_is_refused(
    data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Every place of the header and of the end, and a sample of those between."""
    write_session(data, hold_s=3, rungs=(100,))
    whole = exported(capsys, tmp_path)
    folder = elsewhere(monkeypatch, tmp_path)
    dice = random.Random(7)  # noqa: S311 - the same every time
    cuts = [*range(1, 70, 3), *dice.sample(range(70, len(whole) - 20), 20), *range(len(whole) - 20, len(whole) - 1)]
    broken = [whole[:cut] for cut in cuts]
    for place in dice.sample(range(len(whole) - 1), 60):
        flipped = bytearray(whole)
        flipped[place] ^= 1 << dice.randrange(8)
        # Another way to write the same, and the letters of a name that nobody relies on, are no damage.
        if _same(bytes(flipped), whole):
            continue
        broken.append(bytes(flipped))
    for number, content in enumerate(broken):
        (tmp_path / "broken.json").write_bytes(content)
        with pytest.raises(RetroctlError) as refused:
            import_file("broken.json", AskedImport(*[None] * 5, *[False] * 4))
        assert not folder.exists(), (number, content[:100])
        assert len(str(refused.value)) < 300


def _same(one: bytes, other: bytes) -> bool:
    try:
        return bool(json.loads(one) == json.loads(other))
    except ValueError:
        return False


def test_a_session_too_long_to_be_taken_back_is_not_given_out(
    data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    write_session(data, hold_s=3)
    monkeypatch.setattr("retroctl.adapters.exchange.sessions_json.LONGEST_LINE", 2000)
    ran = command(capsys, "export", "last", "--out", "x.json")
    assert (ran.status, "retroctl backup" in ran.err) == (2, True)
    assert [each.name for each in tmp_path.iterdir()] == ["data"]


def test_a_session_of_the_same_id_that_is_another_is_refused(
    data: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    written = write_session(data, hold_s=3, ended=False)
    text = exported(capsys, tmp_path).decode()
    cut = json.loads(text)
    cut["sessions"][0]["rows"].pop()
    (tmp_path / "cut.json").write_text(json.dumps(cut))
    ran = command(capsys, "import", "cut.json")
    assert ran.status == 2
    assert re.search(f"{written.id}.*another one", ran.err)
