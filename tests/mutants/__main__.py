"""Mutants: every small change to the core must be noticed by a test. `python tests/mutants --help`.

`--tables` changes every row, number, member and word of the tables and constants; without it, everything in the named
modules, or in all of domain/ and ftms/. What was killed once is not met again until its module changes (`--fresh`
meets it again); what survives must stand in tests/mutants/equivalent.toml with a reason, or the exit status is 1.
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import json
import os
import re
import sys
import time
import tomllib
from collections import Counter
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(ROOT), str(HERE)]

from mutant_kinds import mutants  # noqa: E402 - found through the path above
from mutant_runs import STORE, Job, Knowledge, learn, meet_anew, meet_quickly  # noqa: E402

if TYPE_CHECKING:
    from mutant_kinds import Mutant

TABLES = (
    "domain/transitions.py",
    "domain/failsafes.py",
    "domain/limits.py",
    "domain/monitors.py",
    "domain/heart.py",
    "domain/hold.py",
    "domain/belief.py",
    "domain/starting.py",
    "domain/stopping.py",
    "domain/envelope.py",
    "domain/plan.py",
    "domain/introduction.py",
    "domain/session/*.py",
    "domain/method/*.py",
    "ftms/opcodes.py",
    "ftms/procedure.py",
)
IN_WORDS = ("domain/failsafes.py",)
"""Tables whose words are people's first sight of a danger: they are changed, too."""
TESTS = (
    "tests/unit/domain/test_*.py",
    "tests/unit/ftms/test_*.py",
    "tests/unit/test_engine.py",
    "tests/unit/test_procedure*.py",
    "tests/unit/test_session_every_event_in_every_state.py",
    "tests/unit/test_energy.py",
    "tests/unit/test_profiles.py",
    "tests/unit/test_programme_commands.py",
    "tests/unit/test_client_commands.py",
    "tests/property/test_envelope_sweeps.py",
    "tests/property/test_ftms_properties.py",
    "tests/property/test_method_properties.py",
    "tests/property/test_plan_properties.py",
    "tests/property/test_session_under_anything.py",
    "tests/system/*_pure.py",
    "tests/system/test_call_out.py",
    "tests/explore/test_*.py",
)
"""The tests of the pure core. None needs a process, a screen or real time."""
TAUTOLOGIES = ("tests/unit/domain/test_tables_in_docs.py",)
"""They compare a table with a page made from it, and so notice every change without showing what it does."""


def main() -> int:
    """Meet the mutants, say what survives."""
    options = _options()
    os.chdir(ROOT)
    STORE.mkdir(exist_ok=True)
    tests = sorted({str(path) for pattern in TESTS for path in Path().glob(pattern)} - set(TAUTOLOGIES))
    kept = {} if options.fresh else _kept()
    patterns = options.modules or (TABLES if options.tables else ("domain/**/*.py", "ftms/*.py"))
    modules = [
        path for pattern in patterns for path in sorted((ROOT / "retroctl").glob(pattern.removeprefix("retroctl/")))
    ]
    if options.list:
        return _tell([str(path.relative_to(ROOT)) for path in modules], kept, options)
    knowledge = learn(tests, STORE / "knowledge.json", fresh=options.fresh)
    jobs = []
    for path in dict.fromkeys(modules):
        jobs += _jobs(path, knowledge, options, kept)
    run = _Run(kept, len(jobs), time.monotonic() + options.minutes * 60)
    quick = [job for job in jobs if job.tests]
    for job in jobs:
        if not job.tests:
            run.note(job, "survived", "no test ever runs this line")
    meet_quickly(quick, knowledge.seconds, run.quickly)
    if not options.quick:
        print(f"  {len(run.anew)} are imported anew", flush=True)
        meet_anew(run.anew, run.note)
    run.save()
    return _tell([str(path.relative_to(ROOT)) for path in modules], run.kept, options)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tests/mutants", description=__doc__)
    parser.add_argument("modules", nargs="*", help="such as domain/hold.py or 'domain/session/*.py'")
    parser.add_argument("--tables", action="store_true", help="tables and constants only")
    parser.add_argument("--fresh", action="store_true", help="forget what earlier runs found")
    parser.add_argument("--budget", type=float, default=8.0, metavar="S", help="test time for one mutant, seconds")
    parser.add_argument("--minutes", type=float, default=600.0, help="begin no new mutant after so long")
    parser.add_argument("--again", action="store_true", help="meet those that survived before, with the tests of today")
    parser.add_argument("--quick", action="store_true", help="leave out what must be imported anew")
    parser.add_argument("--list", action="store_true", help="list what survived, do nothing else")
    return parser.parse_args()


def _kept() -> dict[str, dict[str, str]]:
    place = STORE / "results.json"
    return json.loads(place.read_text()) if place.exists() else {}


def _jobs(path: Path, knowledge: Knowledge, options: argparse.Namespace, kept: dict[str, dict[str, str]]) -> list[Job]:
    source = path.read_text()
    module = str(path.relative_to(ROOT))
    digest = hashlib.sha256(source.encode()).hexdigest()[:16]
    if kept.get(module, {}).get("digest") != digest:
        kept[module] = {"digest": digest}
    tree = ast.parse(source)
    jobs = []
    for mutant in mutants(module, tree, words=module.removeprefix("retroctl/") in IN_WORDS):
        if options.tables and mutant.scope:
            continue
        before = kept[module].get(mutant.id)
        again = options.again and mutant.id not in _equivalent()
        if before is not None and not (again and before.startswith("survived")):
            continue
        tests = _tests_for(mutant, module, knowledge, options.budget)
        cpu_s = 5 + int(6 * sum(knowledge.seconds.get(test, 1.0) for test in tests))
        jobs.append(Job(mutant, module, tree, tests, cpu_s))
    return jobs


@cache
def _equivalent() -> dict[str, str]:
    """Those that no test can notice, with the reason."""
    kept = tomllib.loads((HERE / "equivalent.toml").read_text())
    return {each["id"]: each["reason"] for each in kept["equivalent"]}


def _tests_for(mutant: Mutant, module: str, knowledge: Knowledge, budget_s: float) -> list[str]:
    first, last = mutant.lines
    if mutant.scope:
        return knowledge.tests_of(module, range(first, last + 1), budget_s)
    users = _users(mutant.names)
    by_name = {test for test in knowledge.seconds if _named_in(test.split("::")[0], mutant.names)}
    named = knowledge.fairly(by_name, budget_s)
    tests: list[str] = []
    for other, lines in users.items():
        tests += knowledge.tests_of(other, lines, budget_s)
    if not tests:
        # Used outside the core only: whatever runs anything of this module may notice.
        tests = knowledge.tests_of(module, knowledge.runs.get(module, {}), budget_s)
    return list(dict.fromkeys([*named, *sorted(tests, key=lambda test: knowledge.seconds.get(test, 1.0))]))


@cache
def _named_in(file: str, names: tuple[str, ...]) -> bool:
    text = (ROOT / file).read_text() if (ROOT / file).exists() else ""
    return any(re.search(rf"\b{name}\b", text) for name in names)


@cache
def _trees() -> dict[str, ast.Module]:
    paths = [*ROOT.glob("retroctl/domain/**/*.py"), *ROOT.glob("retroctl/ftms/*.py")]
    return {str(path.relative_to(ROOT)): ast.parse(path.read_text()) for path in paths}


@cache
def _users(defined: tuple[str, ...]) -> dict[str, list[int]]:
    """Module, lines: where what is defined there is used; through other constants, too."""
    names = set(defined)
    for _ in range(3):
        for tree in _trees().values():
            for node in tree.body:
                if isinstance(node, ast.Assign | ast.AnnAssign) and _mentions(node, names):
                    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                    names |= {target.id for target in targets if isinstance(target, ast.Name)}
    found: dict[str, list[int]] = {}
    for module, lines in _uses().items():
        for name, line in lines:
            if name in names:
                found.setdefault(module, []).append(line)
    return found


@cache
def _uses() -> dict[str, list[tuple[str, int]]]:
    """Module: every name that one of its functions uses, with the line; its own name counts for the whole function."""
    found: dict[str, list[tuple[str, int]]] = {}
    for module, tree in _trees().items():
        uses = found[module] = []
        for function in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)):
            for node in ast.walk(function):
                if isinstance(node, ast.expr | ast.stmt):
                    uses.append((function.name, node.lineno))
                    used = getattr(node, "id", None) or getattr(node, "attr", None)
                    if used is not None:
                        uses.append((used, node.lineno))
    return found


def _mentions(node: ast.AST, names: set[str]) -> bool:
    return any(getattr(each, "id", None) in names for each in ast.walk(node))


class _Run:
    """Notes what becomes of each, keeps it on disk, and shows how far it is."""

    def __init__(self, kept: dict[str, dict[str, str]], total: int, until: float) -> None:
        self.kept, self.total, self.until = kept, total, until
        self.count: Counter[str] = Counter()
        self.anew: list[Job] = []
        self._saved = self._shown = time.monotonic()

    def quickly(self, job: Job, result: str, killer: str) -> None:
        if result == "not put in" or (result == "survived" and not job.mutant.scope):
            self.anew.append(job)
        else:
            self.note(job, result, killer)

    def note(self, job: Job, result: str, killer: str) -> None:
        self.kept[job.module][job.mutant.id] = f"{result}: {killer}"
        self.count[result] += 1
        now = time.monotonic()
        if now - self._shown > 10:
            self._shown = now
            print(f"  {sum(self.count.values())} of {self.total}: {dict(self.count)}, {job.module}", flush=True)
        if now - self._saved > 2 or sum(self.count.values()) == self.total:
            self._saved = now
            self.save()
        if now > self.until:
            self.save()
            raise SystemExit("mutants: the time is over; run it again to go on from here")

    def save(self) -> None:
        (STORE / "results.json").write_text(json.dumps(self.kept, indent=0))


def _tell(modules: list[str], kept: dict[str, dict[str, str]], options: argparse.Namespace) -> int:
    """The table of modules, what survived, and whether that is all named as equivalent."""
    named = _equivalent()
    open_ones, gone_ones, totals = [], [], Counter[str]()
    for module in dict.fromkeys(modules):
        tree = ast.parse((ROOT / module).read_text())
        words = module.removeprefix("retroctl/") in IN_WORDS
        all_of = [each for each in mutants(module, tree, words=words) if not (options.tables and each.scope)]
        if not options.tables:
            known = {each.id for each in all_of}
            gone_ones += [each for each in named if each.startswith(f"{module}::") and each not in known]
        results = {each.id: kept.get(module, {}).get(each.id, "not met") for each in all_of}
        survived = [each for each in all_of if not results[each.id].startswith("killed")]
        left = [each for each in survived if each.id not in named]
        open_ones += left
        killed, equivalent = len(all_of) - len(survived), len(survived) - len(left)
        totals.update(all=len(all_of), killed=killed, equivalent=equivalent, left=len(left))
        if all_of:
            print(
                f"{module:45} {len(all_of):5} mutants, {killed:5} killed, {equivalent:3} equivalent, {len(left):3} left"
            )
    for gone in gone_ones:
        print(f"no such change any more: {gone}")
    for each in open_ones:
        print(f"line {each.lines[0]:4} {each.id}")
    print(", ".join(f"{count} {name}" for name, count in totals.items()))
    return 1 if open_ones or gone_ones else 0


if __name__ == "__main__":
    raise SystemExit(main())
