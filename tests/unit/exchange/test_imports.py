"""Workouts of other programs become plans: by the plan's rules, every change told, nothing cut in silence."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from exchange_rig import command
from rig import BELT, CLIENT

from retroctl.adapters.plans import read_plan
from retroctl.adapters.plans.writing import written_plan
from retroctl.domain.limits import caps_for
from retroctl.domain.plan import ladder_plan

if TYPE_CHECKING:
    from pathlib import Path

ZWO = """
<?xml version="1.0" encoding="utf-8"?>
<!-- as people write them: a line before the first, a bare ampersand, mixed case -->
<workout_file xmlns:x="urn:other">
  <author>Sweat & Tears</author>
  <name><![CDATA[Tempo <b>&run</b>]]></name>
  <description/>
  <sportType>run</sportType>
  <tags><tag name="X"/></tags>
  <x:unknown><x:deeper/></x:unknown>
  <workout>
    <Warmup pace="1" PowerHigh="0.7" Duration="600" PowerLow="0.4"><textevent message="&amp;"/></Warmup>
    <SteadyState duration="600" power="0.8" pace="1" Unknown="1"/>
    <IntervalsT Repeat="2" OnDuration="120" OffDuration="60" OnPower="0.9" OffPower="0.6"/>
    <Cooldown Duration="300" PowerLow="0.6" PowerHigh="0.4"/>
  </workout>
</workout_file>
"""
QZ = """<?xml version="1.0" encoding="UTF-8"?>
<rows>
  <!-- warm up -->
  <row duration="00:05:00" speed="5.0" inclination="0" forcespeed="1" zonehr="0"/>
  <row duration="00:02:00" speedfrom="5.0" speedto="8.0" forcespeed="1"><textevent message="up"/></row>
  <repeat times="2">
    <row duration="00:01:30" speed="9" forcespeed="1" fanspeed="2"/>
    <row distance="0.2" speed="6"/>
  </repeat>
</rows>
"""
BY_DISTANCE = """<workout_file><name>400s</name><sportType>run</sportType><durationType>distance</durationType>
<thresholdSecPerKm>300</thresholdSecPerKm>
<workout><SteadyState Duration="1000" Power="0.5"/>
<SteadyState Duration="400" Power="0.75"/></workout></workout_file>"""


def made(capsys: pytest.CaptureFixture[str], tmp_path: Path, text: str, *words: str, ending: str = "zwo") -> list[str]:
    """Import it, and give the plan as `target hold kind` lines."""
    (tmp_path / f"w.{ending}").write_text(text)
    ran = command(capsys, "import", f"w.{ending}", "--out", "p.toml", "--force", *words)
    assert ran.status == 0, ran.err
    stages = read_plan("p.toml").stage
    return [f"{stage.target.kmh:g} {stage.hold_s:g} {stage.kind.value}" for stage in stages]


def test_a_zwift_run(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    words = ("--scale", "0.45", "--reference", "12km/h", "--client", "demo")
    assert made(capsys, tmp_path, ZWO, *words) == [
        "1 60 ladder", "1.8 60 ladder",  # added: a start is at the lowest speed, a raise at most 0.8
        "2.1 150 ladder", "2.7 150 ladder", "3.2 150 ladder", "3.7 150 ladder",  # the ramp of 4.8 to 8.4
        "4.3 600 ladder", "4.8 120 ladder", "3.2 60 recovery", "4 60 ladder", "4.8 120 work", "3.2 60 recovery",
        "3.2 100 cool-down", "2.7 100 cool-down", "2.1 100 cool-down",
    ]  # fmt: skip


def test_every_step_is_told_with_the_stage_it_becomes(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "w.zwo").write_text(ZWO)
    words = ("--scale", "0.45", "--reference", "12km/h", "--client", "demo")
    out = command(capsys, "import", "w.zwo", *words).out
    assert "Tempo <b>&run</b> (Zwift workout, 7 steps), speeds times 0.45" in out
    assert "step 2 (steadystate, line 13): 600 s at 9.60 km/h -> stage 7: 600 s at 4.30 km/h" in out
    assert "4.320 km/h down to the machine's 4.30" in out
    assert "step 5 (intervalst, line 14): needs, before it, added stage 10: 60 s at 4.00 km/h (R7" in out
    assert re.search(r"step 1 .* 600 s at 4.80 to 8.40 km/h -> stages 3, 4, 5, 6: .*in 4 equal parts", out)
    assert "messages for the screen are not kept (1)" in out
    assert {int(n) for n in re.findall(r"step (\d+) ", out)} == {1, 2, 3, 4, 5, 6, 7}
    # Without --out its name is made of letters, digits and hyphens, in the folder of plans.
    (plan,) = (tmp_path / "config").rglob("*.toml")
    assert plan.name == "tempo-b-run-b.toml"
    assert read_plan(str(plan)).name == "Tempo <b>&run</b>"
    assert plan.read_text().count("# step") == out.count("  step")
    assert "is there already" in command(capsys, "import", "w.zwo", *words).err


def test_a_qz_program(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert made(capsys, tmp_path, QZ, "--scale", "0.5", "--client", "demo", ending="xml") == [
        "1 60 ladder", "1.8 60 ladder", "2.5 300 ladder", "2.5 60 ladder", "3.3 60 ladder", "4 60 ladder",
        "4.5 90 ladder", "3 120 work", "3.8 60 ladder", "4.5 90 work", "3 120 work",
    ]  # fmt: skip


def test_a_run_by_distance_takes_the_time_it_takes_them(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    # 1000 m at 6 km/h are 600 s, 400 m at 9 km/h are 160 s; the file gives its threshold of 12 km/h itself
    stages = made(capsys, tmp_path, BY_DISTANCE, "--scale", "0.25")
    assert stages == ["1 60 ladder", "1.5 600 ladder", "2.2 160 ladder"]


def test_intervals_as_older_and_other_programs_write_them(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    text = zwo(
        '<IntervalsT Repeat="2" OnDuration="60" OffDuration="0" OnPower="0.2" OnSlope="2"/>'
        '<IntervalsT Repeat="1" OnDuration="60" OffDuration="60" PowerOnLow="0.2" PowerOnHigh="0.4" PowerOffLow="0.5"/>'
    )
    words = ("--scale", "0.5", "--reference", "10km/h", "--flat")
    assert made(capsys, tmp_path, text, *words) == [
        "1 60 ladder", "1 60 ladder", "1.5 60 ladder", "2.3 60 ladder", "2.5 60 ladder",
    ]  # fmt: skip
    (tmp_path / "w.zwo").write_text(text)
    assert "R14" in command(capsys, "import", "w.zwo", *words[:-1], "--out", "q.toml").err


def test_the_longest_plan_that_can_be_made_can_be_read(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    steps = [f'duration="00:01:00" speed="{3 + n % 2 / 10}"' for n in range(178)]
    text = rows(*steps)
    assert len(made(capsys, tmp_path, text, "--scale", "0.7", "--client", "demo", ending="xml")) == 180
    refusals = ((1, "step 179 .*over the 180 that a session may have"), (322, "step 499 .*more than the 500 stages"))
    for more, said in refusals:
        (tmp_path / "w.xml").write_text(rows(*steps, *steps[:1] * more))
        ran = command(capsys, "import", "w.xml", "--scale", "0.7", "--client", "demo", "--out", "q.toml")
        assert re.search(said, ran.err)


def test_of_more_remarks_than_a_plan_file_has_room_for_it_says_how_many_are_left_out(tmp_path: Path) -> None:
    plan = ladder_plan(BELT, caps_for(CLIENT, BELT, qualified=True))
    text = written_plan(plan, [f"remark {n} " + "x" * 80 for n in range(2000)])
    assert re.search(r"# \.\.\. and 1[0-9]{3} more", text)
    (tmp_path / "p.toml").write_text(text)
    assert len(read_plan("p.toml").stage) == len(plan.stages)


def test_encodings_and_namespaces_that_harm_nobody(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    expected = made(capsys, tmp_path, QZ, "--scale", "0.5", "--client", "demo", ending="xml")
    utf16 = QZ.replace("UTF-8", "UTF-16").encode("utf-16")
    latin = QZ.replace("UTF-8", "windows-1252").replace("warm up", "caf\u00e9 \u2019").encode("cp1252")
    namespace = QZ.replace("<rows>", '<q:rows xmlns:q="urn:q">').replace("</rows>", "</q:rows>").encode()
    for content in (utf16, latin, namespace, b"\xef\xbb\xbf \n" + QZ.encode()):
        (tmp_path / "w.xml").write_bytes(content)
        ran = command(capsys, "import", "w.xml", "--scale", "0.5", "--client", "demo", "--out", "p.toml", "--force")
        assert ran.status == 0, ran.err
        stages = read_plan("p.toml").stage
        assert [f"{each.target.kmh:g} {each.hold_s:g} {each.kind.value}" for each in stages] == expected


@pytest.mark.parametrize("format_", ["zwo", "fit"])
def test_an_exported_plan_comes_back_as_it_was(
    format_: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    before = made(capsys, tmp_path, QZ, "--scale", "0.5", "--client", "demo", ending="xml")
    out = f"out.{format_}"
    assert (
        command(capsys, "export", "--plan", "p.toml", "--client", "demo", "--format", format_, "--out", out).status == 0
    )
    words = ("--scale", "1", "--client", "demo", "--out", "q.toml")
    assert command(capsys, "import", out, *words).status == 0
    after = [f"{stage.target.kmh:g} {stage.hold_s:g}" for stage in read_plan("q.toml").stage]
    assert after == [line.rpartition(" ")[0] for line in before]


def zwo(steps: str, head: str = "<sportType>run</sportType>") -> str:
    return f"<workout_file>{head}<workout>{steps}</workout></workout_file>"


def rows(*written: str) -> str:
    return f"<rows>{''.join(f'<row {each}/>' for each in written)}</rows>"


SLOW = 'duration="00:01:00" speed="2"'


@pytest.mark.parametrize(
    ("text", "words", "said"),
    [
        (rows(SLOW), ("--scale", "0.5", "--no-rungs", "--range", "0.8-12/0.1"), "step 1 .*R6"),
        (rows(SLOW, 'duration="00:01:00" speed="6"'), ("--scale", "0.5", "--no-rungs"), "step 2 .*R7"),
        (rows(SLOW, 'duration="00:00:30" speed="3"'), ("--scale", "0.5"), "step 2 .*R9.*--lengthen"),
        (rows(SLOW, 'duration="00:01:00" speed="1"'), ("--scale", "0.5"), "step 2 .*0.50 km/h, below.*R6"),
        (rows(SLOW, 'duration="00:01:00" speed="7"'), ("--scale", "0.5"), "step 2 .*cap of 3.2.*--scale 0.457"),
        (rows(SLOW, f'{SLOW} inclination="1"'), ("--scale", "0.5"), "step 2 .*R14.*--flat"),
        (rows(SLOW, 'duration="00:01:00" speed="3"', SLOW), ("--scale", "0.5"), "step 3 .*R13"),
        (rows('duration="00:01:00" zonehr="2" maxspeed="9"'), ("--scale", "0.5"), "step 1 .*follows zonehr"),
        (rows('duration="00:01:00"'), ("--scale", "0.5"), "sets no speed"),
        (rows('duration="00:01:00" speed="0"'), ("--scale", "0.5"), "0 km/h is no speed"),
        (rows('duration="00:01:00" speed="-5"'), ("--scale", "0.5"), "sets no speed"),
        (rows('duration="00:01:00" speed="nan"'), ("--scale", "0.5"), "not a finite number"),
        (rows('duration="00:01:00" speed="1e308"'), ("--scale", "0.5"), "1e.308 km/h is no speed"),
        (rows('duration="99:99:99" speed="5"'), ("--scale", "0.5"), "go up to 59"),
        (rows('duration="90" speed="5"'), ("--scale", "0.5"), "hh:mm:ss"),
        (rows('duration="00:00:00" speed="5"'), ("--scale", "0.5"), "a step of 0 s"),
        (rows('speed="5"'), ("--scale", "0.5"), "neither a duration nor a distance"),
        (rows('speed="5" distance="-1"'), ("--scale", "0.5"), "is no step"),
        ("<rows><repeat times='1e9'><row/></repeat></rows>", ("--scale", "0.5"), "1 to 200"),
        ("<rows/>", ("--scale", "0.5"), "holds no row"),
        (rows(SLOW), (), "meant for running forward.*--scale"),
        (rows(SLOW), ("--scale", "0"), "factor from"),
        (rows(SLOW), ("--scale", "1.5"), "factor from"),
        (rows(SLOW), ("--scale", "nan"), "'nan' is not a number"),
        (rows(SLOW), ("--scale", "x"), "is not a number"),
        (rows(SLOW), ("--scale", "0.5", "--client", "Bob"), "no client"),
        (rows(SLOW), ("--scale", "0.5", "--out", "../none/p.toml"), "does not exist"),
        (zwo('<SteadyState Duration="60" Power="0.2"/>'), ("--scale", "0.5"), "--reference"),
        (zwo('<SteadyState Duration="60" Power="0.2"/>', "<sportType>bike</sportType>"), ("--scale", "0.5"), "'bike'"),
        (zwo('<FreeRide Duration="60"/>'), ("--scale", "0.5", "--reference", "10"), "step 1 .freeride.*sets no speed"),
        (zwo('<Ramp2 Duration="60"/>'), ("--scale", "0.5", "--reference", "10"), "not known here"),
        (zwo('<SteadyState Duration="60"/>'), ("--scale", "0.5", "--reference", "10"), "says nothing of its power"),
        (zwo('<SteadyState Duration="inf" Power="1"/>'), ("--scale", "0.5", "--reference", "10"), "not a finite"),
        (zwo('<SteadyState Duration="-60" Power="1"/>'), ("--scale", "0.5", "--reference", "10"), "a step of -60 s"),
        (zwo('<IntervalsT Repeat="1e6"/>'), ("--scale", "0.5", "--reference", "10"), "1 to 200"),
        (zwo('<SteadyState Duration="60" Power="1"/>' * 501), ("--scale", "0.3", "--reference", "10"), "more than 500"),
        (zwo(""), ("--scale", "0.5", "--reference", "10"), "no workout steps"),
        (zwo("x"), ("--scale", "0.5", "--reference", "1e9"), "--reference: .*not a speed"),
        ("<gpx/>", ("--scale", "0.5"), "outermost element is 'gpx'"),
        ("name = 1", ("--scale", "0.5"), "not a whole XML file"),
    ],
)  # fmt: skip
def test_what_no_rule_allows_refuses_all_of_it_naming_step_and_rule(
    text: str, words: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "w.xml").write_text(text)
    ran = command(capsys, "import", "w.xml", *words)
    assert ran.status == 2
    assert re.search(said, ran.err), ran.err
    assert "\n" not in ran.err
    assert len(ran.err) < 400
    assert [each.name for each in tmp_path.rglob("*")] == ["w.xml"]


def test_what_may_be_changed_is_the_trainers_word(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    text = rows('duration="00:00:30" speed="2.5" inclination="1.5"', 'duration="02:00:00" speed="3"')
    stages = made(capsys, tmp_path, text, "--scale", "0.5", "--flat", "--lengthen", ending="xml")
    assert stages == ["1 60 ladder", "1.2 60 ladder", "1.5 3600 ladder", "1.5 3600 ladder"]


@pytest.mark.parametrize("top", [100, 230, 320])
def test_a_conversion_never_makes_anything_faster(top: int, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    for thousandths in range(top * 10 - 9, top * 10 + 1, 3):
        if thousandths < 1000:
            continue
        stages = made(capsys, tmp_path, rows(f'duration="00:01:00" speed="{thousandths / 1000:.3f}"'), "--scale", "1")
        assert float(stages[-1].split()[0]) <= thousandths / 1000
