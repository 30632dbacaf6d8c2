"""The documents say what is there: links resolve; files, tests, commands, options and tables exist as named."""

from __future__ import annotations

import ast
import json
import re
from functools import cache
from pathlib import Path

import pytest
import typer

from retroctl.app.reports import JSON_LINE_KINDS
from retroctl.app.result import ExitStatus
from retroctl.cli.app import app
from retroctl.domain.limits import FORWARD_CEILING, LEVEL_CAPS

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted(
    [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("tests/**/*.md")], key=lambda path: path.as_posix()
)
NAMES = [path.relative_to(ROOT).as_posix() for path in DOCUMENTS]

every_document = pytest.mark.parametrize("document", DOCUMENTS, ids=NAMES)


def prose(document: Path) -> str:
    """The text without its code blocks."""
    return re.sub(r"^```.*?^```$", "", document.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)


def blocks(document: Path) -> list[str]:
    """The code blocks."""
    return re.findall(r"^```\w*\n(.*?)^```$", document.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)


def quoted(document: Path) -> list[str]:
    """What stands between backticks in the prose."""
    return re.findall(r"`([^`\n]+)`", prose(document))


@cache
def anchors(document: Path) -> frozenset[str]:
    """The anchors of a document's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", prose(document), flags=re.MULTILINE)
    return frozenset(re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings)


@cache
def functions_of(file: Path) -> frozenset[str]:
    """The functions and classes that a Python file defines, at any depth."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, kinds))


def rows(document: Path, heading: str) -> list[list[str]]:
    """The rows of the first table after a heading, without its head."""
    section = prose(document).split(f"{heading}\n", 1)[1]
    table = re.search(r"^\|.*\|\n\|[-|]+\|\n((?:\|.*\|\n?)+)", section, flags=re.MULTILINE)
    assert table is not None, f"no table after {heading!r}"
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in table[1].strip().splitlines()]


@every_document
def test_links_between_documents_resolve(document: Path) -> None:
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(document)):
        if target.startswith(("http://", "https://")):
            continue
        name, _, anchor = target.partition("#")
        file = (document.parent / name).resolve() if name else document
        if not file.exists() or (anchor and anchor not in anchors(file)):
            broken.append(target)
    assert broken == []


@every_document
def test_files_and_tests_named_in_a_document_exist(document: Path) -> None:
    missing = []
    for name in quoted(document):
        match = re.fullmatch(r"((?:retroctl|simulators|tests|docs|\.ci|\.github)/[\w./-]*)(?:::(\w+))?", name)
        if match is None:
            continue
        file = ROOT / match[1]
        if not file.exists() or (match[2] and match[2] not in functions_of(file)):
            missing.append(name)
    assert missing == []


@every_document
def test_make_targets_named_in_a_document_exist(document: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE))
    text = "\n".join([*quoted(document), *blocks(document)])
    assert set(re.findall(r"^\s*make ([a-z-]+)", text, flags=re.MULTILINE)) - targets == set()


@every_document
def test_commands_and_options_named_in_a_document_exist(document: Path) -> None:
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]  # a click group
    wrong = []
    text = "\n".join([*quoted(document), *blocks(document)])
    for command, rest in re.findall(r"^\s*(?:\.venv\S+)?retroctl ([a-z]+)\b([^\n#]*)", text, flags=re.MULTILINE):
        if command not in commands:
            wrong.append(command)
            continue
        asked = commands[command]
        if word := re.match(r"\s+([a-z]+)\b", rest):  # a command of a group, such as `client add`
            asked = getattr(asked, "commands", {}).get(word[1], asked)
        known = {option for parameter in asked.params for option in (*parameter.opts, *parameter.secondary_opts)}
        wrong += [option for option in re.findall(r"(?<!\S)--[a-z][a-z-]*", rest) if option not in known]
    assert wrong == []


def test_an_option_that_stands_alone_belongs_to_run() -> None:
    """`--yes` in a sentence means `retroctl run --yes`."""
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    options = commands["run"].params
    known = {option for each in options for option in (*each.opts, *each.secondary_opts)}
    for name in ("README.md", "docs/TRAINER.md", "docs/JSONL.md", "docs/SAFETY.md"):
        alone = {text.split()[0] for text in quoted(ROOT / name) if re.match("--[a-z]", text)}
        assert alone - known == set(), name


@pytest.mark.parametrize("name", ["README.md", "docs/JSONL.md"])
def test_every_exit_status_is_documented(name: str) -> None:
    heading = "## Exit status"
    assert [int(row[0]) for row in rows(ROOT / name, heading)] == sorted(int(status) for status in ExitStatus)


def test_every_type_of_json_line_is_documented_and_no_other() -> None:
    documented = {row[0].strip("`") for row in rows(ROOT / "docs/JSONL.md", "## Types")}
    assert documented == {kind.value for kind in JSON_LINE_KINDS}


def test_the_example_of_json_lines_has_documented_keys_only() -> None:
    document = ROOT / "docs/JSONL.md"
    words = set(quoted(document)) | {"t", "type"}
    lines = [json.loads(line) for line in blocks(document)[-1].splitlines() if line.startswith("{")]
    assert lines[-1]["type"] == "summary"
    assert {key for line in lines for key in line} - words == set()
    assert {key for hold in lines[-1]["held"] for key in hold} - words == set()


def test_every_guarantee_names_the_test_that_enforces_it() -> None:
    """SAFETY.md: no row of a guarantee without a test; that the tests exist is checked above."""
    guarantees = rows(ROOT / "docs/SAFETY.md", "## Guarantees")
    assert len(guarantees) > 20
    assert [row[0] for row in guarantees if re.search(r"`tests/[\w/]+\.py::\w+`", row[-1]) is None] == []


def test_the_caps_in_the_safety_page_are_those_of_the_code() -> None:
    table = rows(ROOT / "docs/SAFETY.md", "## Caps")
    documented = {row[0]: float(row[1].split()[0]) for row in table}
    assert documented == {level.value: cap.kmh for level, cap in LEVEL_CAPS.items()}
    assert f"{FORWARD_CEILING.kmh:g} km/h" in prose(ROOT / "docs/SAFETY.md")


def test_every_key_of_the_line_mode_is_documented_alike() -> None:
    """The README and the trainer's page list the same keys."""
    for name, heading in (("README.md", "### Keys"), ("docs/TRAINER.md", "**Keys while it runs.**\n")):
        keys = [row[0].strip("*").lower() for row in rows(ROOT / name, heading)]
        assert keys == ["enter", "h", "d", "p, then 6 to 20", "any other key"], name


def test_every_decision_is_in_the_list() -> None:
    folder = ROOT / "docs/adr"
    listed = set(re.findall(r"\((\d{4}-[\w-]+\.md)\)", (folder / "README.md").read_text(encoding="utf-8")))
    assert listed == {path.name for path in folder.glob("0*.md")}
