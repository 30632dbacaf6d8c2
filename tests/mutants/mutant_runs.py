"""Mutants met by tests: which tests run which line, and one forked process for each mutant.

The tests are collected once. A mutant's process puts the change into the modules that are there already and runs the
tests that ever ran the changed line, those that killed something before first, then the quicker ones, until one fails.
What cannot be put in that way, and what survives in a table, meets the tests again in a process that imports anew.
"""

from __future__ import annotations

import ast
import contextlib
import gc
import hashlib
import importlib.abc
import importlib.machinery
import json
import os
import resource
import select
import signal
import sys
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import coverage
import pytest
from mutant_swap import put_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from mutant_kinds import Mutant

ROOT = Path(__file__).parents[2]
STORE = ROOT / ".mutants"
QUIET = ["-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:randomly", "--no-header", "--tb=no", "-x"]

FEW = 2
"""Files of tests that a mutant meets first where all must be imported: most imports are the tests' own."""

FAMILY, NEVER, OVERHEAD_S = 0.1, 0.05, 0.002
"""How much a notice by another case of the same test counts, and none at all; what pytest adds to each test."""

KILLED, SURVIVED, NOT_PUT_IN = 0, 10, 11


@dataclass
class Knowledge:
    """What a run of all tests on the unchanged program told."""

    seconds: dict[str, float] = field(default_factory=dict)
    """Of each test."""
    runs: dict[str, dict[int, list[str]]] = field(default_factory=dict)
    """Module, line: the tests that ran it."""

    def tests_of(self, module: str, lines: Iterable[int], budget_s: float) -> list[str]:
        """Of the tests that run these lines, as many as take `budget_s` together."""
        known = self.runs.get(module, {})
        return self.fairly({test for line in lines for test in known.get(line, ())}, budget_s)

    def fairly(self, tests: set[str], budget_s: float) -> list[str]:
        """As many as take `budget_s` together; each test gets the same share of it for its cases, the quickest first.

        A hundred cases of one test notice little that ten do not, but a test of every row has a case for each.
        """
        share: dict[str, float] = defaultdict(float)
        order = []
        for test in sorted(tests, key=lambda test: (self.seconds.get(test, 1.0), test)):
            name = test.split("[", maxsplit=1)[0]
            share[name] += self.seconds.get(test, 1.0)
            order.append((share[name], test))
        chosen, total = [], 0.0
        for _, test in sorted(order):
            total += self.seconds.get(test, 1.0)
            if chosen and total > budget_s:
                break
            chosen.append(test)
        return chosen


class Listener:
    """Runs every test once, and notes how long it takes and which lines of the core it runs."""

    def __init__(self) -> None:
        sources = [str(ROOT / "retroctl" / part) for part in ("domain", "ftms")]
        self.coverage = coverage.Coverage(data_file=None, branch=False, source=sources, config_file=False)
        self.seconds: dict[str, float] = {}
        self.failed: list[str] = []
        # From before anything is imported: what an import runs belongs to no test.
        self.coverage.start()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Any:
        self.coverage.switch_context(item.nodeid)
        began = time.process_time()
        done = yield
        self.seconds[item.nodeid] = time.process_time() - began
        self.coverage.switch_context("")
        return done

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.failed.append(report.nodeid)

    def write(self, path: Path) -> None:
        self.coverage.stop()
        data = self.coverage.get_data()
        number = {name: place for place, name in enumerate(self.seconds)}
        runs = {}
        for file in data.measured_files():
            by_line = data.contexts_by_lineno(file)
            module = str(Path(file).relative_to(ROOT))
            runs[module] = {line: sorted(number[each] for each in run if each) for line, run in by_line.items()}
        path.write_text(json.dumps({"seconds": self.seconds, "runs": runs}))


def learn(tests: list[str], store: Path, *, fresh: bool) -> Knowledge:
    """What was learnt before, less what has changed since, and what the changed or new test files tell now.

    Lines move when the core changes: then everything is learnt anew. The tests run in a process of their own.
    """
    program = _digest([*ROOT.glob("retroctl/domain/**/*.py"), *ROOT.glob("retroctl/ftms/*.py")])
    known = json.loads(store.read_text()) if store.exists() and not fresh else {}
    if known.get("program") != program:
        known = {"program": program, "files": {}, "seconds": {}, "runs": {}}
    present = {test: _digest([ROOT / test]) for test in tests}
    changed = [test for test in tests if known["files"].get(test) != present[test]]
    if changed:
        print(f"running {len(changed)} files of tests on the unchanged program ...", flush=True)
        news = store.with_suffix(".new")
        if _wait(_fork(lambda: _listen(changed, news)), None) != 0:
            raise SystemExit("mutants: the tests must pass on the unchanged program first")
        _merge(known, json.loads(news.read_text()), set(changed))
        known["files"] = present
        store.write_text(json.dumps(known))
        news.unlink()
    names = list(known["seconds"])
    runs = {
        module: {int(line): [names[number] for number in run] for line, run in by_line.items()}
        for module, by_line in known["runs"].items()
    }
    return Knowledge(known["seconds"], runs)


def _listen(tests: list[str], news: Path) -> int:
    listener = Listener()
    status = pytest.main([*QUIET, *tests], plugins=[listener])
    listener.write(news)
    if listener.failed:
        sys.stderr.write(f"fails without any mutant: {listener.failed}\n")
    return int(status)


def _merge(known: dict[str, Any], news: dict[str, Any], changed: set[str]) -> None:
    old_names = list(known["seconds"])
    kept = [name for name in old_names if name.split("::")[0] not in changed]
    seconds = {name: known["seconds"][name] for name in kept} | news["seconds"]
    number = {name: place for place, name in enumerate(seconds)}
    new_names = list(news["seconds"])
    runs: dict[str, dict[str, set[int]]] = {}
    for names, told in ((old_names, known["runs"]), (new_names, news["runs"])):
        for module, by_line in told.items():
            for line, run in by_line.items():
                mine = {number[names[each]] for each in run if names is new_names or names[each] in number}
                runs.setdefault(module, {}).setdefault(line, set()).update(mine)
    known["seconds"] = seconds
    known["runs"] = {module: {line: sorted(run) for line, run in by_line.items()} for module, by_line in runs.items()}


def _digest(paths: list[Path]) -> str:
    digest = hashlib.sha256()
    for path in sorted(paths):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


@dataclass
class Job:
    """One mutant and the tests it meets."""

    mutant: Mutant
    module: str
    tree: ast.Module
    tests: list[str]
    cpu_s: int


class Server:
    """A collected session that meets one mutant after the other, each in a fork of itself."""

    def __init__(self, jobs: list[Job], seconds: dict[str, float], done: Callable[[Job, str, str], None]) -> None:
        self.jobs, self.seconds, self.done = jobs, seconds, done
        self.killers: dict[str, Counter[str]] = defaultdict(Counter)
        self.pipe = -1

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        items = {item.nodeid: item for item in session.items}
        # What a fork does not touch it need not copy.
        gc.collect()
        gc.freeze()
        for job in self.jobs:
            known = self.killers[job.module]
            names = self._likely_first(job)
            receiver, self.pipe = os.pipe()
            chosen = [items[name] for name in names if name in items]
            pid = _fork(lambda job=job, chosen=chosen: self._meet(session, job, chosen))
            os.close(self.pipe)
            status = _wait(pid, job.cpu_s)
            killer = os.read(receiver, 4096).decode()
            os.close(receiver)
            if killer:
                known[killer] += 1
                known[killer.split("[")[0]] += 1
            result = {SURVIVED: "survived", NOT_PUT_IN: "not put in"}.get(status, "killed")
            self.done(job, result, killer or ("" if result != "killed" else "it never came to an end"))
        return True

    def _likely_first(self, job: Job) -> list[str]:
        """What noticed most per second of its time; a case of a test that did is more likely than one that never did.

        A test that notices everything but takes seconds stands behind many that take a few thousandths.
        """
        known = self.killers[job.module]

        def rate(test: str) -> float:
            noticed = known[test] + FAMILY * known[test.split("[", maxsplit=1)[0]] + NEVER
            return noticed / (self.seconds.get(test, 1.0) + OVERHEAD_S)

        return sorted(job.tests, key=lambda test: -rate(test))

    def _meet(self, session: pytest.Session, job: Job, items: list[pytest.Item]) -> int:
        session.config.pluginmanager.unregister(name="terminalreporter")
        job.mutant.make()
        name = job.module.removesuffix(".py").replace("/", ".").removesuffix(".__init__")
        if not put_in(job.mutant, job.tree, sys.modules[name]):
            return NOT_PUT_IN
        for item, following in zip(items, [*items[1:], None], strict=True):
            session.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        return SURVIVED

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            os.write(self.pipe, report.nodeid.encode()[:4096])
            os._exit(KILLED)


def meet_quickly(jobs: list[Job], seconds: dict[str, float], done: Callable[[Job, str, str], None]) -> None:
    """All jobs, by forks of one collected session. `seconds`: how long each test takes."""
    if jobs:
        files = sorted({test.split("::")[0] for job in jobs for test in job.tests})
        pytest.main([*QUIET, *files], plugins=[Server(jobs, seconds, done)])


class _Changed(importlib.abc.SourceLoader, importlib.abc.MetaPathFinder):
    """Gives the changed module to whoever imports it."""

    def __init__(self, job: Job) -> None:
        self.name = job.module.removesuffix(".py").replace("/", ".").removesuffix(".__init__")
        self.path, self.tree = str(ROOT / job.module), job.tree

    def find_spec(self, fullname: str, path: Any, target: Any = None) -> importlib.machinery.ModuleSpec | None:
        if fullname != self.name:
            return None
        found = importlib.machinery.PathFinder.find_spec(fullname, path)
        assert found is not None
        found.loader = self
        return found

    def get_filename(self, fullname: str) -> str:
        return self.path

    def get_data(self, path: str) -> bytes:
        return b""

    def get_code(self, fullname: str) -> Any:
        return compile(ast.fix_missing_locations(self.tree), self.path, "exec")


class _Told:
    """Keeps of whole files the tests that are wanted: naming each to pytest takes far longer."""

    def __init__(self, pipe: int, tests: list[str]) -> None:
        self.pipe, self.place = pipe, {test: n for n, test in enumerate(tests)}

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = sorted(
            (item for item in items if item.nodeid in self.place), key=lambda item: self.place[item.nodeid]
        )

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            os.write(self.pipe, report.nodeid.encode()[:4096])
            os._exit(KILLED)


def meet_anew(jobs: list[Job], done: Callable[[Job, str, str], None]) -> None:
    """All jobs, each in a process that has to import the program again. A few files of tests first: most end there."""
    for job in jobs:
        files = list(dict.fromkeys(test.split("::")[0] for test in job.tests))
        few = [test for test in job.tests if test.split("::")[0] in files[:FEW]]
        others = [test for test in job.tests if test.split("::")[0] not in files[:FEW]]
        status, killer = _meet_anew(job, few)
        if status == SURVIVED and others:
            status, killer = _meet_anew(job, others)
        survived = status == SURVIVED
        done(job, "survived" if survived else "killed", killer or ("" if survived else "it never came to an end"))


def _meet_anew(job: Job, tests: list[str]) -> tuple[int, str]:
    receiver, pipe = os.pipe()

    def run() -> int:
        job.mutant.make()
        _forget_what_was_imported()
        sys.meta_path.insert(0, _Changed(job))
        files = list(dict.fromkeys(test.split("::")[0] for test in tests))
        status = pytest.main([*QUIET, *files], plugins=[_Told(pipe, tests)])
        if status not in {0, 1, 5}:
            os.write(pipe, b"it cannot even be imported")
        return SURVIVED if status in {0, 5} else KILLED

    pid = _fork(run)
    os.close(pipe)
    status = _wait(pid, job.cpu_s + 20)
    killer = os.read(receiver, 4096).decode()
    os.close(receiver)
    return status, killer


def _forget_what_was_imported() -> None:
    """Program and tests, so that they are imported with the change; this mutator's own modules stay."""
    mine = Path(__file__).parent
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if (
            file is not None
            and Path(file).is_relative_to(ROOT)
            and ".venv" not in file
            and mine not in Path(file).parents
        ):
            del sys.modules[name]


def _fork(run: Callable[[], int]) -> int:
    sys.stdout.flush()
    pid = os.fork()
    if pid:
        return pid
    status = KILLED
    try:
        os.setpgid(0, 0)
        quiet = os.open(os.devnull, os.O_RDWR)
        os.dup2(quiet, 1)
        status = run()
    except BaseException as error:  # noqa: BLE001 - whatever a mutant brings about, it is over for it
        os.write(2, f"{type(error).__name__}: {error}\n".encode()) if os.environ.get("MUTANTS_DEBUG") else None
    finally:
        os._exit(status)


def _wait(pid: int, cpu_s: int | None) -> int:
    """The exit status; what uses more processor time than `cpu_s`, or far more time than that, is killed."""
    if cpu_s is not None:
        with contextlib.suppress(ProcessLookupError):
            resource.prlimit(pid, resource.RLIMIT_CPU, (cpu_s, cpu_s))
            resource.prlimit(pid, resource.RLIMIT_DATA, (3 << 30, 3 << 30))
    patience_s = 1800 if cpu_s is None else 30 + 10 * cpu_s
    handle = os.pidfd_open(pid)
    try:
        if not select.select([handle], [], [], patience_s)[0]:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    finally:
        os.close(handle)
