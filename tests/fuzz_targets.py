"""Every place where bytes from outside are read, each as a function of bytes: for fuzzing and for replaying a corpus.

A target takes any bytes and returns; what it may raise is named beside it, and nothing else may come out. To add one,
add a line to TARGETS; its seeds are what the fuzzer begins with. `make fuzz` finds items, tests/corpus keeps them.
"""

from __future__ import annotations

import base64
import functools
import gzip
import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from workout_dice import BELT, CAPS, CLIENT, random_plan
from workout_dice import written as workout_file

from retroctl import config
from retroctl.adapters.ble.names import shown_name
from retroctl.adapters.clients.profile import from_json
from retroctl.adapters.clients.store import _object as stored_change
from retroctl.adapters.clients.straps import FILE_NAME as STRAPS
from retroctl.adapters.clients.straps import StrapBook
from retroctl.adapters.clients.training import assessment_of, begun_of
from retroctl.adapters.console.key_names import names
from retroctl.adapters.console.text import plain
from retroctl.adapters.exchange.sessions_json import read_sessions_json
from retroctl.adapters.exchange.workouts import read_workout
from retroctl.adapters.files import shown_text
from retroctl.adapters.journal import history, read, samples
from retroctl.adapters.journal import portable as stored
from retroctl.adapters.journal.overview import figures_of, figures_of_rows, plan_of
from retroctl.adapters.journal.portable_after import read_after
from retroctl.adapters.mqtt.broker import parse_url
from retroctl.adapters.mqtt.messages import Unreadable, decoded
from retroctl.adapters.mqtt.topics import Leaf, parsed
from retroctl.adapters.plans import read_plan
from retroctl.adapters.plans.writing import written_plan
from retroctl.adapters.profiles import load_all
from retroctl.adapters.remote import read_remote
from retroctl.adapters.wall.address import WallAddress, names_this_computer
from retroctl.app.client_profile import checked_name, checked_text
from retroctl.app.conversion import Wishes, converted
from retroctl.cli.decode import decode_text
from retroctl.cli.options import checked_belt
from retroctl.domain.method.practice import shape_of
from retroctl.errors import ClientError, ConfigError, JournalError, MalformedFrame
from retroctl.ftms import advertisement, control_point, features, machine_status, ranges, treadmill_data
from retroctl.ftms.describe import describe
from retroctl.ftms.heart_rate import decode_heart_rate
from retroctl.ftms.other_machines import decode_machine_data
from retroctl.ftms.training_status import decode_training_status
from retroctl.units import Speed
from retroctl.written import decimal, whole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LONGEST_MESSAGE = 2000
"""Characters; quoted text may be shown as escapes, six for one."""
CORPUS = Path(__file__).parent / "corpus"
VECTORS = Path(__file__).parent / "vectors"
CHARACTERISTICS = ("2acc", "2acd", "2ad3", "2ad4", "2ad5", "2ad6", "2ad7", "2ad8", "2ad9", "2ada", "2a37", "adv")
OTHERS = ("2ace", "2ad1", "2ad2")


@dataclass(frozen=True)
class Target:
    """One reader of foreign bytes."""

    read: Callable[[bytes], object]
    may_raise: tuple[type[Exception], ...] = ()
    seeds: tuple[bytes, ...] = ()
    longest: int = 64
    """Bytes of the longest item that the fuzzer makes."""

    def try_out(self, data: bytes) -> None:
        """Read it; anything but what is documented comes out. A message is one line of bounded length."""
        try:
            self.read(data)
        except self.may_raise as refused:
            words = str(refused)
            if not isinstance(refused, MalformedFrame) and ("\n" in words or len(words) > LONGEST_MESSAGE):
                raise AssertionError(f"not one line of bounded length: {words[:2000]!r}") from refused


@functools.cache
def folder() -> Path:
    """Where files are put for those who read files; it stays until the process ends."""
    return Path(_keep[0].name)


_keep = [tempfile.TemporaryDirectory(prefix="retroctl-fuzz-")]


def put(name: str, data: bytes) -> Path:
    file = folder() / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)
    return file


def text(data: bytes) -> str:
    """Any text, as it comes from a command line or the air: what is no UTF-8 becomes half of a surrogate pair."""
    return data.decode("utf-8", "surrogateescape")


# -- frames ------------------------------------------------------------------------------------------------------------


def _merged(data: bytes) -> None:
    """Frames, each with its length before it, joined as a machine's split records are."""
    merger = treadmill_data.RecordMerger()
    while data:
        size = data[0] % 32
        frame, data = data[1 : 1 + size], data[1 + size :]
        try:
            merger.add(treadmill_data.decode_treadmill_data(frame))
        except MalformedFrame:
            merger.reset()


def _described(data: bytes) -> None:
    """The first byte says which characteristic."""
    char = (*CHARACTERISTICS, *OTHERS)[data[0] % (len(CHARACTERISTICS) + len(OTHERS))] if data else "2acd"
    json.dumps(describe(char, data[1:]), allow_nan=False)


def _other(data: bytes) -> None:
    decode_machine_data(OTHERS[data[0] % len(OTHERS)] if data else OTHERS[0], data[1:])


def _typed(data: bytes) -> None:
    char, _, digits = text(data).partition(" ")
    decode_text(char, digits)


def vectors(*chars: str) -> tuple[bytes, ...]:
    """The bytes of the specification and of real machines."""
    every = [each for name in ("captures", "spec") for each in json.loads((VECTORS / f"{name}.json").read_text())]
    return tuple(dict.fromkeys(bytes.fromhex(each["hex"]) for each in every if each["char"] in chars))


# -- files -------------------------------------------------------------------------------------------------------------


def _plan(data: bytes) -> None:
    request = read_plan(str(put("plan.toml", data)))
    plan = request.build(BELT, CAPS, coarse_accepted=True, incline=True)
    shape_of(plan.stages)
    put("again.toml", written_plan(plan, ("made again",)).encode())
    read_plan(str(folder() / "again.toml"))


def _workout(data: bytes) -> None:
    workout = read_workout(put("workout", data), reference_kmh=10.0)
    converted(workout, Wishes(0.4, flat=True, lengthen=True), BELT, CAPS, CLIENT)


def _sessions(data: bytes) -> None:
    for where, value in read_sessions_json(put("sessions.json", data)):
        stored.sealed(value, where).statements(1)


def _sealed(data: bytes) -> None:
    """One session as a JSON value, without the file around it."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return
    stored.sealed(value, "here")


def _after(data: bytes) -> None:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return
    try:
        read_after(value)
    except (ValueError, TypeError, KeyError, RecursionError, OverflowError):
        return  # `sealed` says it in words


def _profile(data: bytes) -> None:
    put("machines/one.toml", data)
    for found in load_all(folder()):
        if isinstance(found, ConfigError):
            raise found


def _straps(data: bytes) -> None:
    put(STRAPS, data)
    book = StrapBook(folder())
    book.of("0123456789abcdef")
    book.remember("0123456789abcdef", "C0:DE")
    book.forget("0123456789abcdef")


def _settings(data: bytes) -> None:
    """As `load_settings` reads the user's file, with the file elsewhere."""
    file = put("config.toml", data)
    real, config.config_file = config.config_file, lambda: file
    try:
        config.load_settings()
    finally:
        config.config_file = real


# -- what is kept in the record and in the clients' file, and may be damaged there -----------------------------------


def _stored_plan(data: bytes) -> None:
    plan_of.cache_clear()
    plan_of(data.decode("utf-8", "replace"))


def _stored_outcome(data: bytes) -> None:
    written = data.decode("utf-8", "replace")
    plan = plan_of('{"name": "ladder", "stages": []}')
    figures_of(plan, read.as_object(written).get("outcome"))
    figures_of_rows(plan, [(1000, kind, written) for kind in ("held", "note", "frame")])


def _practised(data: bytes) -> None:
    """A plan, an outcome and what was noted, a line each, as the rule between sessions reads them."""
    plan, _, rest = data.decode("utf-8", "replace").partition("\n")
    end, _, noted = rest.partition("\n")
    columns = ("id", 0, "0", None, None, "client", True, 1000, end, 1000)
    history._practice(read.summary_of(columns), plan, [read.as_object(noted)])


def _client(data: bytes) -> None:
    from_json("id", "Ann", data.decode("utf-8", "replace"), "clients.sqlite3")


def _assessment(data: bytes) -> None:
    day, _, rest = data.decode("utf-8", "replace").partition(" ")
    assessment_of(day, rest, "clients.sqlite3")


def _programme(data: bytes) -> None:
    name, _, started = data.decode("utf-8", "replace").partition(" ")
    begun_of(name, started, "by", "clients.sqlite3")


# -- what is typed, pressed, or comes from the air -------------------------------------------------------------------


def _preset(data: bytes) -> None:
    written = text(data)
    if ":" in written and "/" not in written.partition(":")[0]:
        read_plan(written).build(BELT, CAPS, coarse_accepted=True, incline=True)


def _words(data: bytes) -> None:
    for tidied, most in ((plain(text(data)), 200), (shown_text(text(data)), 60), (shown_name(text(data), "C0"), 40)):
        if not tidied.isprintable() or len(tidied) > most:
            raise AssertionError(f"not plain text: {tidied!r}")


def _message(data: bytes) -> None:
    """The first byte says on which topic."""
    leaves = list(Leaf)
    decoded(leaves[data[0] % len(leaves)] if data else Leaf.STOP, data[1:])


def _address(data: bytes) -> None:
    for lan in (False, True):
        try:
            WallAddress.parse(text(data), lan=lan).url(80, "token")
        except ConfigError as refused:
            if "\n" in str(refused):
                raise AssertionError("not one line") from refused


def _keys(data: bytes) -> None:
    for windows in (False, True):
        names(text(data), windows=windows)


def _named(data: bytes) -> None:
    for check in (checked_name, functools.partial(checked_text, "injuries")):
        check(text(data))


def _samples(data: bytes) -> None:
    for sample in samples.unpack(60_000, data):
        sample.record()


# -- seeds -----------------------------------------------------------------------------------------------------------

TOML = (
    b'name = "first session"\ntop = "2.6 km/h"\nhold_s = 90\n',
    b'preset = "intervals"\ncount = 5\ninterval_s = 180\nrecovery_s = 60\nease_rung_s = 20\ntotal_s = 1800\n',
    b'preset = "balance-introduction"\nforward = "6.0km/h"\n',
    b'name = "two"\n[[stage]]\ntarget = "1.0 km/h"\nhold_s = 120\nkind = "work"\nfacing = "backward"\nincline_pct = 0',
    b'[[stage]]\ntarget = "1.1mph"\nhold_s = 60\n[[stage]]\ntarget = 1.8\nkind = "cool-down"\nfacing = "forward"\n',
    b"hold_s = " + b"9" * 5000,
    b"hold_s = 1e999\ntop = 1979-05-27T07:32:00Z\n",
    b"a = " + b"[" * 600,
    b"a." * 600 + b"b = 1",
)
XML = (
    (
        b'<workout_file><name>x</name><sportType>run</sportType><workout><Warmup Duration="300" PowerLow="0.2" '
        b'PowerHigh="0.4"/><SteadyState Duration="60" Power="0.25"/><IntervalsT Repeat="2" OnDuration="60"'
        b' OffDuration="60" OnPower="0.3" OffPower="0.2"/><Ramp Duration="60" PowerLow="0.2" PowerHigh="0.3"/>'
        b'<FreeRide Duration="9"/>'
        b'<Cooldown Duration="60" PowerLow="0.3" PowerHigh="0.2" pace="1"/></workout></workout_file>'
    ),
    (
        b"<workout_file><durationType>distance</durationType><thresholdSecPerKm>300</thresholdSecPerKm><workout>"
        b'<SteadyState Duration="400" Power="0.5"/></workout></workout_file>'
    ),
    (
        b'<rows><row duration="00:01:00" speed="2.5" forcespeed="1" inclination="1"/><repeat times="2"><row'
        b' distance="1" speed="3" hr="120"/></repeat></rows>'
    ),
    b'<!DOCTYPE a [<!ENTITY b "c">]><rows>&b;</rows>',
    b'<?xml version="1.0" encoding="UTF-16"?><rows/>',
)
PROFILE = (
    (
        b'version = 1\nname = "Belt"\naddress = "C0:DE:00:00:00:01"\nverdict = "qualified"\ncommand = "measured"\n'
        b'tested_on = "2026-01-01"\nreasons = []\n[range]\nminimum_kmh = 1.0\n'
    ),
    b"version = " + b"1" * 5000,
    b"version = 1\n[stops]\na = 1\n",
    b'version = 1\nname = "Belt"\naddress = "C0"\ntested_on = "2026-01-02"\n"a\\nb\\u001b" = 1\n',
    b"version = '" + b"x" * 3000 + b"'",
)
REMOTE = (
    b'stop = "pageup"\nhold = "f6"\nconfirm = "pagedown"\nstep_down = "shift+f6"\nbalance_event = "tab"\n',
    b'stop = "f5"\nconfirm = "f5"\n',
    b'stop = "pageup"\n"a\\nb" = 1\n',
    b"stop = " + b"1" * 5000,
)
STRAP_FILE = (b'0123456789abcdef = "C0:DE:00:00:00:01"\n', b'a = 1\n"b c" = "x"\n', b"a = " + b"8" * 5000)
SETTINGS = (
    b'data_dir = "/tmp/x"\nhold_s = 90\nscan_s = 8\nvolume = 50\nvoice_units = "mph"\ntags = ["a", "b"]\n',
    b'volume = "loud"\n[x]\ny = 1\n',
    b'"a\\nb" = 1\n',
    b'data_dir = "a\\u0000b"\n',
    b"volume = " + b"7" * 5000,
    b"hold_s = nan\n",
    b"scan_s = inf\ntags = []\n",
)
CLIENT_FACTS = (
    (
        b'{"level":"practised","born":1980,"sex":"f","mass_kg":70,"comfortable_forward_kmh":9.5,"balance_mastered":true,'
        b'"injuries":"","limits":"","goal":"fitness","falls":false,"screening":{"outcome":"clear","day":"2026-01-01",'
        b'"expires":"2027-01-01"},"clearance":{"by":"x","day":"2026-01-01","max_speed_kmh":3.2,"max_hr_bpm":120}}'
    ),
    b"{}",
    b"[" * 3000,
    b'{"mass_kg":' + b"1" * 5000 + b"}",
)
ASSESSMENTS = (b'2026-01-01 {"sway_cm": 3, "note": "x"}', b"2026-01-01 " + b"[" * 3000, b'2026-01-01 {"a": 1e999}')
STORED_PLAN = (
    (
        b'{"name":"ladder","ease_rung_s":20.0,"stages":[{"kind":"ladder","facing":"backward","target_kmh":1.0,"hold_s":60},'
        b'{"kind":"work","facing":"forward","target_kmh":2.6,"hold_s":90.5,"incline_pct":1}]}'
    ),
    b'{"stages":[{"kind":"ladder","facing":"backward","target_kmh":1,"hold_s":' + b"1" + b"0" * 400 + b"}]}",
    b'{"stages":[{"kind":"ladder","facing":"backward","target_kmh":1,"hold_s":Infinity}],"ease_rung_s":NaN}',
    b'{"stages":[{"kind":"ladder","facing":"backward","target_kmh":9,"hold_s":-1}],"ease_rung_s":1e-300}',
)
OUTCOME = (
    (
        b'{"outcome":{"held":[{"target_kmh":1.0,"seconds":65}],"hands":[{"hands":"off"}],"reason":"stop",'
        b'"duration_s":155.0,"backward_s":120,"belt_at_rest":true,"distance_m":56.6,"kcal":{"low":1,"high":2},'
        b'"rpe":[{"rating":12,"target_kmh":1.8}],"balance_events":[{"event":"rail","t":3}]}}'
    ),
    b'{"note":"rpe","value":12,"target_kmh":1.8}',
    b'{"note":"balance","value":"stumble"}',
    b'{"outcome":{"duration_s":1' + b"0" * 400 + b',"held":[{"target_kmh":1e999,"seconds":NaN}]}}',
)
TS = b'"2026-01-02T03:04:05.678Z"'
RUN = b'"0123456789abcdef0123456789abcdef"'
MESSAGES = (
    b'\x00{"seq":1,"ts":' + TS + b',"run":' + RUN + b',"status":"online","reason":"running","version":"0",'
    b'"simulated":true,"treadmill":"Belt"}',
    b'\x01{"seq":1,"ts":' + TS + b',"run":' + RUN + b',"schema":"retroctl.state/1","state":"holding"}',
    b'\x05{"schema":"retroctl.stop/1","id":"a1","by":"floor","ts":' + TS + b"}",
    b"\x05" + b"[" * 900,
    b'\x05{"id":' + b"9" * 900 + b"}",
)
AFTER = (b'{"answers":[["confidence",4,1]],"incidents":[],"notes":[[1,"x"]]}', b"{}", b"[]", b"null")


def fit_files() -> tuple[bytes, ...]:
    """Workouts as FIT files, whole."""
    return tuple(workout_file(random_plan(Random(seed)), "fit") for seed in range(6))  # noqa: S311 - the same each time


def described(*chars: str) -> tuple[bytes, ...]:
    order = (*CHARACTERISTICS, *OTHERS)
    return tuple(bytes((order.index(char),)) + data for char in chars for data in vectors(char))


def frame(read_it: Callable[[bytes], Any], *chars: str, longest: int = 64) -> Target:
    return Target(read_it, (MalformedFrame,), vectors(*chars), longest)


TARGETS: dict[str, Target] = {
    "treadmill-data": frame(treadmill_data.decode_treadmill_data, "2acd"),
    "split-records": Target(_merged, (), tuple(bytes((len(v),)) + v for v in vectors("2acd")), 160),
    "feature": frame(features.decode_feature, "2acc"),
    "speed-range": frame(ranges.decode_speed_range, "2ad4"),
    "inclination-range": frame(ranges.decode_inclination_range, "2ad5"),
    "resistance-range": frame(ranges.decode_resistance_level_range, "2ad6"),
    "heart-rate-range": frame(ranges.decode_heart_rate_range, "2ad7"),
    "power-range": frame(ranges.decode_power_range, "2ad8"),
    "control-point-request": frame(control_point.decode_request, "2ad9"),
    "control-point-response": frame(control_point.decode_response, "2ad9"),
    "machine-status": frame(machine_status.decode_machine_status, "2ada"),
    "training-status": frame(decode_training_status, "2ad3"),
    "heart-rate": frame(decode_heart_rate, "2a37"),
    "advertisement": Target(advertisement.decode_advertisement, (), vectors("adv"), 255),
    "service-data": Target(advertisement.decode_service_data, (), vectors("adv")),
    "other-machines": Target(_other, (MalformedFrame,), described("2acd")),
    "described": Target(_described, (MalformedFrame,), described(*CHARACTERISTICS, *OTHERS)),
    "decode-typed": Target(_typed, (ConfigError,), (b"2acd 0000b400", b"2AD9 0x80:07 01", b"adv 0201061626"), 128),
    "plan": Target(_plan, (ConfigError,), TOML, 1200),
    "preset": Target(
        _preset, (ConfigError,), (b"intervals:count=5,top=3km/h", b"ladder:hold_s=90", b"steady:interval_s=1e9,x"), 200
    ),
    "workout": Target(_workout, (ConfigError,), XML, 1200),
    "workout-fit": Target(_workout, (ConfigError,), fit_files(), 1200),
    "sessions": Target(_sessions, (ConfigError,), (), 6000),
    "session": Target(_sealed, (ConfigError,), (), 6000),
    "after": Target(_after, (), AFTER, 400),
    "profile": Target(_profile, (ConfigError,), PROFILE, 1200),
    "remote": Target(lambda data: read_remote(put("remote.toml", data)), (ConfigError,), REMOTE, 400),
    "straps": Target(_straps, (ConfigError,), STRAP_FILE, 400),
    "settings": Target(_settings, (ConfigError,), SETTINGS, 600),
    "client": Target(_client, (JournalError,), CLIENT_FACTS, 800),
    "assessment": Target(_assessment, (JournalError,), ASSESSMENTS, 300),
    "programme": Target(_programme, (JournalError,), (b"ladder 2026-01-01",), 100),
    "client-change": Target(
        lambda data: stored_change(data.decode("utf-8", "replace")), (), (b'{"a":1}', b"[" * 3000), 200
    ),
    "stored-plan": Target(_stored_plan, (), STORED_PLAN, 600),
    "stored-outcome": Target(_stored_outcome, (), OUTCOME, 600),
    "stored-practice": Target(
        _practised,
        (),
        tuple(
            plan + b"\n" + end + b'\n{"event":"BalanceEventNoted","kind":3,"note":"rpe","value":12}'
            for plan in STORED_PLAN
            for end in OUTCOME[::3]
        ),
        900,
    ),
    "stored-samples": Target(
        _samples, (ValueError,), (samples.pack([bytes(9), bytes(range(9))]), samples.pack([bytes(9)] * 60)), 400
    ),
    "mqtt-message": Target(_message, (Unreadable,), MESSAGES, 600),
    "mqtt-topic": Target(
        lambda data: parsed(text(data)), (), (b"retroctl/v1/club/belt-3/cmd/stop", b"retroctl/v1/a"), 100
    ),
    "mqtt-url": Target(
        lambda data: parse_url(text(data)), (ConfigError,), (b"mqtts://kim@broker.example:8883/club/belt-3",), 200
    ),
    "speed": Target(lambda data: Speed.parse(text(data)), (ConfigError,), (b"5", b"5.0km/h", b"3,1 mph"), 40),
    "decimal": Target(lambda data: decimal(text(data)), (ConfigError,), (b"72.5", b"72,5", b"-1", b"9" * 400), 400),
    "whole": Target(lambda data: whole(text(data)), (ConfigError,), (b"60", b" -1 ", b"9" * 400), 400),
    "range": Target(
        lambda data: checked_belt(text(data)), (ConfigError,), (b"1.0-16.0/0.1", b"0.5mph-10mph/0.1mph"), 60
    ),
    "wall-address": Target(_address, (), (b"127.0.0.1:8080", b"localhost", b"[::1]:80", b"::1", b"0.0.0.0:1"), 80),
    "host-header": Target(
        lambda data: names_this_computer(text(data)), (), (b"127.0.0.1:80", b"[::1]:80", b"localhost"), 80
    ),
    "keys": Target(_keys, (), (b" ", b"\x1b[5~", b"\x1b[15;2~", b"\x1bOP", b"\x1b[[E", b"\xe0G", b"\x00;"), 40),
    "names": Target(_words, (), (b"Belt", "Bänd\x1b[2J".encode(), b"\xff\xfe", b"x" * 300), 300),
    "client-name": Target(_named, (ClientError,), (b"Ann", "Ä".encode(), b"a\x00b"), 200),
}


def kept(name: str) -> Iterator[bytes]:
    """The corpus of a target: one item to a line."""
    file = CORPUS / f"{name}.gz"
    if file.exists():
        with gzip.open(file, "rb") as lines:
            for line in lines:
                yield base64.b64decode(line)


def keep(name: str, items: set[bytes]) -> None:
    """Keep these instead, the shortest first; the same items make the same file."""
    lines = b"".join(base64.b64encode(each) + b"\n" for each in sorted(items, key=lambda each: (len(each), each)))
    CORPUS.mkdir(exist_ok=True)
    (CORPUS / f"{name}.gz").write_bytes(gzip.compress(lines, mtime=0))
