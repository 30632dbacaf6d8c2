"""The forms about a client, without a screen: what they hold, refuse in whose words, and what they keep."""

from __future__ import annotations

import pytest

from retroctl.adapters.clients import ClientStore
from retroctl.app.client_forms import Act, ClientForms
from retroctl.app.client_given import FIELDS, OPTIONS, Given
from retroctl.app.client_help import SCREENING
from retroctl.cli.client_work import desk_of
from retroctl.cli.person import person, today
from retroctl.domain.limits import Level
from retroctl.errors import ClientError

FIT = Given(birth_year=1986, screening="clear", consent="today")


class Desk:
    """Forms over a folder; `write` fills the fields by name."""

    def __init__(self, folder) -> None:
        self.folder = folder
        self.acts = desk_of(folder, OPTIONS)
        self.forms = ClientForms(desk_of(folder, FIELDS))
        self.store = ClientStore(folder)

    def add(self, name="Ann", given=FIT):
        return self.acts.add(name, given, "Kim").id

    def write(self, act, client_id=None, **fields):
        form = self.forms.open(act, client_id)
        values = {field.key: field.value for field in form.fields}
        written = {key.replace("_", "-"): text for key, text in fields.items()}
        assert set(written) <= set(values)
        return self.forms.keep(form, values | written)


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path)


def test_a_form_has_the_fields_of_the_command(desk):
    from typer.main import get_command  # noqa: PLC0415 - heavy

    from retroctl.cli.app import app  # noqa: PLC0415 - heavy

    commands = get_command(app).commands["client"].commands
    client = desk.add()
    for act, command, not_asked in (
        (Act.ADD, "add", set()),
        (Act.EDIT, "edit", set()),
        (Act.LEVEL, "level", set()),
        (Act.CLEAR, "clear", {"name"}),
    ):
        names = {max((*each.opts,), key=len).removeprefix("--") for each in commands[command].params}
        renamed = {"rename": "name", "incline": "incline-confirmed"}
        wanted = {renamed.get(name, name.replace("_", "-")) for name in names} - {"help"} - not_asked
        fields = {field.key for field in desk.forms.open(act, client).fields}
        assert fields | {"name"} == wanted | {"name"}, act


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"name": "ANN"}, "a client is called 'ANN' already"),
        ({"name": ""}, "a client needs a name"),
        ({"name": "demo"}, "the built-in client of the demonstration"),
        ({"name": "x" * 81}, "81 characters is too long"),
        ({"name": "a\x1bb"}, "printable"),
        ({"birth_year": ""}, "birth year is needed"),
        ({"birth_year": "2090"}, "a birth year of 2090 cannot be"),
        ({"birth_year": "19x6"}, "birth year: '19x6' is not a whole number"),
        ({"birth_year": "9" * 5000}, "is not a whole number"),
        ({"mass": "0"}, "a mass of 0 kg cannot be"),
        ({"mass": "700"}, "a mass of 700 kg cannot be"),
        ({"mass": "nan"}, "mass: 'nan' is not a number; write it as 72.5 or 72,5"),
        ({"mass": "1e999"}, "mass: '1e999' is not a number"),
        ({"mass_on": "today"}, "mass on goes with mass"),
        ({"forward": "fast"}, "forward: "),
        ({"screened_on": "today"}, "screened on and screening expires go with screening"),
        ({"screening": "clear", "screening_expires": "2099-01-01"}, "twelve months at most"),
        ({"screening": "clear", "screened_on": "2099-01-01"}, "still to come"),
        ({"screening": "clear", "screened_on": "2001-01-01", "screening_expires": "2000-01-01"}, "before it"),
        ({"consent": "2099-01-01"}, "still to come"),
        ({"consent": "yesterday"}, "consent: 'yesterday' is not a day"),
        ({"resting_hr": "200"}, "a resting heart rate of 200"),
        ({"max_hr": "-1"}, "a highest heart rate of -1"),
        ({"injuries": "x" * 2001}, "injuries: 2001 characters are too many"),
        ({"injuries": "\ud800"}, "injuries: not a text"),
        ({"by": "x" * 81}, "by: give a name"),
    ],
)
def test_what_cannot_be_is_refused_in_the_words_of_a_form_and_adds_nobody(desk, fields, words):
    desk.add()
    with pytest.raises(ClientError) as refused:
        desk.write(Act.ADD, **({"name": "Ben", "birth_year": "1986"} | fields))
    assert words in str(refused.value)
    assert "--" not in str(refused.value), "a form has no options"
    assert [each.name for each in desk.store.all()] == ["Ann"]


def test_a_client_is_added_with_everything_that_was_written(desk):
    kept = desk.write(
        Act.ADD, name="Ann", birth_year="1986", mass="70.5", mass_on="2026-01-02", resting_hr="60", max_hr="190",
        beta_blocker="yes", falls="yes", goal="race", forward="8km/h", screening="clear", consent="today",
        injuries="left knee", by="Kim",
    )  # fmt: skip
    found = desk.store.find("Ann")
    facts = found.facts
    assert (facts.mass_kg, str(facts.mass_day), facts.resting_bpm, facts.max_bpm) == (70.5, "2026-01-02", 60, 190)
    assert (facts.beta_blocker, facts.fall_history, facts.goal, facts.level) == (True, True, "race", Level.NEW)
    assert (facts.screening.outcome, facts.consent, found.injuries) == ("clear", today(), "left knee")
    assert desk.store.changes(found.id)[0].by == "Kim"
    assert kept.said[0] == "Added Ann, at level new."
    assert kept.said[1].startswith("No session today: "), "falls in the past need a clearance"


def test_an_expired_screening_is_noted_and_no_session_begins_on_it(desk):
    kept = desk.write(
        Act.ADD, name="Ann", birth_year="1986", screening="clear", screened_on="2020-01-01", consent="today"
    )
    assert any("No session today: " in line and "expired" in line for line in kept.said)
    with pytest.raises(ClientError, match="expired"):
        person("Ann", desk.folder, simulated=True)


def test_only_what_was_changed_is_changed_and_who_changed_it_is_kept(desk):
    client = desk.add(given=Given(birth_year=1986, mass=70.0, injuries="a\nb", screening="clear", consent="today"))
    with pytest.raises(ClientError, match="nothing was changed"):
        desk.write(Act.EDIT, client, by="Kim")
    form = desk.forms.open(Act.EDIT, client)
    desk.acts.edit("Ann", Given(forward="8km/h"), "another program")
    values = {field.key: field.value for field in form.fields}
    desk.forms.keep(form, values | {"mass": "68", "balance-mastered": "yes", "name": "Anna", "by": "Kim"})
    found = desk.store.find("Anna")
    assert (found.facts.mass_kg, found.facts.balance_mastered, found.injuries) == (68.0, True, "a\nb")
    assert str(found.facts.comfortable_forward) == "8.00 km/h", "what another program changed meanwhile stays"
    last = desk.store.changes(client)[-1]
    assert last.by == "Kim"
    assert set(last.data) == {"name", "mass_kg", "balance_mastered"}


def test_what_is_noted_is_changed_and_not_emptied_but_for_injuries(desk):
    client = desk.add(given=Given(birth_year=1986, mass=70.0, injuries="knee"))
    with pytest.raises(ClientError, match="mass: what is noted can be changed, not taken back; it was 70"):
        desk.write(Act.EDIT, client, mass=" ")
    desk.write(Act.EDIT, client, injuries="")
    assert desk.store.find("Ann").injuries == ""


def test_a_screening_is_noted_anew_and_the_one_of_before_is_shown(desk):
    client = desk.add()
    said = desk.write(Act.EDIT, client, injuries="left knee").said
    assert "A screening is void when something has changed: screen again." in said
    hints = {field.key: field.hint for field in desk.forms.open(Act.EDIT, client).fields}
    assert hints["screening"].startswith(f"{SCREENING} Noted: clear, until ")
    desk.write(Act.EDIT, client, screening="referred")
    assert desk.store.find("Ann").facts.screening.outcome == "referred"


def test_a_level_is_set_with_its_conditions_beside_it_and_recorded(desk):
    client = desk.add()
    form = desk.forms.open(Act.LEVEL, client)
    values = {field.key: field.value for field in form.fields} | {"level": "novice"}
    beside = desk.forms.beside(form, values)
    assert "  not met  2 completed backward sessions (0 done)" in beside
    assert any(line.startswith("  met      a screening that is valid today") for line in beside)
    with pytest.raises(ClientError, match="To decide otherwise: write the reason after `despite`, which is recorded"):
        desk.forms.keep(form, values)
    assert desk.store.find("Ann").facts.level is Level.NEW
    said = desk.forms.keep(form, values | {"despite": "elsewhere", "by": "Kim"}).said
    assert said[0] == "Ann is at level novice now, set by Kim."
    last = desk.store.changes(client)[-1]
    assert (last.what, last.by, last.data["despite"]) == ("level", "Kim", "elsewhere")
    assert [each["met"] for each in last.data["conditions"]] == ["met", "not met", "unknown"]
    with pytest.raises(ClientError, match="at level novice already"):
        desk.write(Act.LEVEL, client)


def test_rehab_is_left_by_a_clinicians_word_only_which_has_a_form_too(desk):
    client = desk.add()
    desk.write(Act.LEVEL, client, level="rehab")
    with pytest.raises(ClientError, match="a clinician decides this \\(c on the list of clients, with `resume`\\)"):
        desk.write(Act.LEVEL, client, level="new", despite="feels fine")
    with pytest.raises(ClientError, match="a clearance names who gave it and its last day: from WHO ends DATE"):
        desk.write(Act.CLEAR, client, ends="today")
    lee = {"from": "Dr Lee", "ends": "today"}
    with pytest.raises(ClientError, match="a heart rate band from 90 to 80 is none"):
        desk.write(Act.CLEAR, client, low_hr="90", high_hr="80", **lee)
    limits = {"max_speed": "1.5km/h", "low_hr": "80", "high_hr": "110", "max_rpe": "12", "limits": "rails"}
    said = desk.write(Act.CLEAR, client, resume="yes", **limits, **lee).said
    assert said[0].startswith("Clearance of Ann: by Dr Lee, ")
    now = desk.forms.open(Act.CLEAR, client).now
    assert "up to 1.50 km/h, 80 to 110 beats a minute, RPE up to 12, to resume training" in now[0]
    assert now[1] == "Further limits: rails"
    desk.write(Act.LEVEL, client, level="new")
    desk.write(Act.CLEAR, client, remove="yes")
    assert desk.store.find("Ann").facts.clearance is None
    assert desk.forms.open(Act.CLEAR, client).now == ("No clearance is noted.",)


def test_a_client_who_was_erased_meanwhile_is_told_beside_the_level(desk):
    client = desk.add()
    form = desk.forms.open(Act.LEVEL, client)
    desk.store.erase(client)
    assert "no client" in desk.forms.beside(form, {field.key: field.value for field in form.fields})[0]


def test_consent_is_taken_back_in_the_form_that_says_how(desk):
    client = desk.add()
    shown = {field.key: field.hint for field in desk.forms.open(Act.EDIT, client).fields}
    assert "withdrawn" in shown["consent"]
    with pytest.raises(ClientError, match="consent: to take it back, write withdrawn; it was"):
        desk.write(Act.EDIT, client, consent="")
    desk.write(Act.EDIT, client, consent="Withdrawn ")
    assert desk.store.find("Ann").facts.consent is None


def test_nobody_is_screened_on_a_day_to_come(desk):
    client = desk.add()
    with pytest.raises(ClientError, match="screened on: 9999-01-01 is still to come"):
        desk.write(Act.EDIT, client, screening="clear", screened_on="9999-01-01")
