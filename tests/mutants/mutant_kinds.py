"""Every small change that this mutator knows, found in the syntax tree of one module.

Left alone: annotations, decorators, imports, docstrings, the words of messages, and what only a type checker runs. In a
function a whole number grows by one and a fraction by a tenth; in a table or a constant both ways are tried.
"""

from __future__ import annotations

import ast
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

COMPARISONS = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
ARITHMETIC = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
}
RULE_CALLS = {"Refused", "refuse"}
"""Their first argument is the number of a rule: no message, and another number is another rule."""


@dataclass
class Mutant:
    """One change: `parent.field` (or its element `place`) becomes `new`; None takes the element out."""

    kind: str
    scope: str
    """The outermost function, with its classes; empty for what runs when the module is imported."""
    names: tuple[str, ...]
    """At import: what is being defined."""
    lines: tuple[int, int]
    text: str
    parent: ast.AST
    field: str
    place: int | None
    new: ast.AST | object | None
    id: str = ""

    def make(self) -> None:
        """Change the tree, for good: each is made in a process of its own."""
        holder = getattr(self.parent, self.field)
        if self.place is None:
            setattr(self.parent, self.field, self.new)
        elif self.new is None:
            del holder[self.place]
        else:
            holder[self.place] = self.new


def mutants(module: str, tree: ast.Module, *, words: bool = False) -> list[Mutant]:
    """All of them, with an `id` that does not change when lines move. `words`: texts in tables are changed, too."""
    found = list(_Finder(tree, words=words).statements(tree, "body", _Place()))
    seen: Counter[str] = Counter()
    for each in found:
        where = each.scope or ".".join(each.names)
        name = f"{module}::{where}::{each.kind}::{each.text}"
        seen[name] += 1
        each.id = name if seen[name] == 1 else f"{name}#{seen[name]}"
    return found


@dataclass(frozen=True)
class _Place:
    scope: str = ""
    within: str = ""
    names: tuple[str, ...] = ()
    lines: tuple[int, int] = (0, 0)


class _Finder:
    def __init__(self, tree: ast.Module, *, words: bool) -> None:
        self.words = words
        self.members: dict[str, list[str]] = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.attr.isupper():
                known = self.members.setdefault(node.value.id, [])
                if node.attr not in known:
                    known.append(node.attr)

    # -- statements

    def statements(self, parent: ast.AST, field: str, at: _Place) -> Iterator[Mutant]:
        for place, node in enumerate(getattr(parent, field)):
            yield from self._statement(node, parent, field, place, at)

    def _statement(self, node: ast.stmt, parent: ast.AST, field: str, place: int, at: _Place) -> Iterator[Mutant]:
        at = _Place(at.scope, at.within, at.names, _header(node))
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                for n, default in enumerate(node.args.defaults):
                    yield from self._expression(default, node.args, "defaults", n, _named(at, node.name))
                for n, default in enumerate(node.args.kw_defaults):
                    if default is not None:
                        yield from self._expression(default, node.args, "kw_defaults", n, _named(at, node.name))
                inside = at if at.scope else _Place(f"{at.within}{node.name}", at.within)
                yield from self.statements(node, "body", inside)
            case ast.ClassDef():
                yield from self.statements(node, "body", _Place("", f"{at.within}{node.name}.", (node.name,)))
            case ast.If() if ast.unparse(node.test) == "TYPE_CHECKING":
                pass
            case ast.Import() | ast.ImportFrom() | ast.Pass() | ast.Global() | ast.Nonlocal():
                pass
            case ast.Expr(value=ast.Constant()):
                pass
            case ast.Match():
                yield from self._expression(node.subject, node, "subject", None, at)
                yield from self._cases(node, at)
            case ast.AnnAssign(value=None):
                pass
            case ast.Assign() | ast.AnnAssign() | ast.AugAssign():
                yield from self._assignment(node, parent, field, place, at)
            case _:
                yield from self._deletion(node, parent, field, place, at)
                yield from self._fields(node, at)

    def _fields(self, node: ast.AST, at: _Place) -> Iterator[Mutant]:
        for name, value in ast.iter_fields(node):
            if isinstance(value, list):
                if value and isinstance(value[0], ast.stmt):
                    yield from self.statements(node, name, at)
                else:
                    for n, each in enumerate(value):
                        yield from self._any(each, node, name, n, at)
            elif isinstance(value, ast.AST):
                yield from self._any(value, node, name, None, at)

    def _any(self, each: ast.AST, node: ast.AST, name: str, n: int | None, at: _Place) -> Iterator[Mutant]:
        if isinstance(each, ast.expr):
            if name in {"test", "guard", "ifs"}:
                yield from self._condition(each, node, name, n, at)
            yield from self._expression(each, node, name, n, at)
        else:
            yield from self._fields(each, at)

    def _cases(self, node: ast.Match, at: _Place) -> Iterator[Mutant]:
        for n, case in enumerate(node.cases):
            first = case.body[0]
            inside = _Place(at.scope, at.within, at.names, (first.lineno, first.end_lineno or first.lineno))
            idle = isinstance(case.pattern, ast.MatchAs) and isinstance(case.body[0], ast.Pass)
            if len(node.cases) > 1 and not idle:
                yield self._make("case", inside, f"without case {ast.unparse(case.pattern)}", node, "cases", n, None)
            if case.guard is not None:
                text = f"case {ast.unparse(case.pattern)} without its guard"
                yield self._make("guard", inside, text, case, "guard", None, None)
                yield from self._condition(case.guard, case, "guard", None, inside)
                yield from self._expression(case.guard, case, "guard", None, inside)
            yield from self.statements(case, "body", inside)

    def _assignment(
        self, node: ast.Assign | ast.AnnAssign | ast.AugAssign, parent: ast.AST, field: str, place: int, at: _Place
    ) -> Iterator[Mutant]:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        if not at.scope:
            at = _named(at, *(target.id for target in targets if isinstance(target, ast.Name)))
            if "__all__" in at.names or (isinstance(node, ast.Assign) and isinstance(node.value, ast.BinOp)):
                return
        flat = [each for target in targets for each in (target.elts if isinstance(target, ast.Tuple) else [target])]
        if at.scope and any(isinstance(each, ast.Attribute | ast.Subscript) for each in flat):
            yield from self._deletion(node, parent, field, place, at)
        if isinstance(node, ast.AugAssign) and type(node.op) in ARITHMETIC:
            other = ARITHMETIC[type(node.op)]()
            yield self._make("arithmetic", at, f"{ast.unparse(node)} with {_sign(other)}", node, "op", None, other)
        yield from self._expression(node.value, node, "value", None, at)

    def _deletion(self, node: ast.stmt, parent: ast.AST, field: str, place: int, at: _Place) -> Iterator[Mutant]:
        """What is done, and not merely computed, is left undone."""
        # What is annotated is declared: without it every use fails, or it is set before the first.
        done = isinstance(node, ast.Raise | ast.Assign | ast.AugAssign | ast.Continue | ast.Break)
        done = done or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Call | ast.Yield))
        done = done or (isinstance(node, ast.Return) and node.value is None)
        if at.scope and done:
            yield self._make("left out", at, _short(node), parent, field, place, ast.Pass())

    # -- expressions

    def _condition(self, test: ast.expr, node: ast.AST, field: str, place: int | None, at: _Place) -> Iterator[Mutant]:
        if not isinstance(test, ast.Compare | ast.BoolOp) and not (
            isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not)
        ):
            new = ast.UnaryOp(ast.Not(), test)
            yield self._make("condition", at, f"not {_short(test)}", node, field, place, new)

    def _expression(
        self, node: ast.expr, parent: ast.AST, field: str, place: int | None, at: _Place
    ) -> Iterator[Mutant]:
        def make(kind: str, text: str, new: ast.AST | object | None) -> Mutant:
            return self._make(kind, at, text, parent, field, place, new)

        match node:
            case ast.Compare():
                for n, op in enumerate(node.ops):
                    other = COMPARISONS[type(op)]()
                    yield self._make("compare", at, f"{_short(node)} with {_sign(other)}", node, "ops", n, other)
            case ast.BoolOp():
                for n, operand in enumerate(node.values):
                    rest = [each for m, each in enumerate(node.values) if m != n]
                    new = rest[0] if len(rest) == 1 else ast.BoolOp(node.op, rest)
                    yield make("operand", f"{_short(node)} less {_short(operand)}", new)
            case ast.UnaryOp(op=ast.Not()):
                yield make("not", f"{_short(node)} less not", node.operand)
            case ast.BinOp() if type(node.op) in ARITHMETIC:
                other = ARITHMETIC[type(node.op)]()
                yield self._make("arithmetic", at, f"{_short(node)} with {_sign(other)}", node, "op", None, other)
            case ast.IfExp():
                yield from self._condition(node.test, node, "test", None, at)
            case ast.Constant(value=bool() as value):
                yield make("bool", f"{value} in {_short(parent)}", ast.Constant(not value))
            case ast.Constant(value=int() | float() as value):
                for new in _numbers(value, both=not at.scope):
                    yield make("number", f"{value} to {new} in {_short(parent)}", ast.Constant(new))
            case ast.Constant(value=str() as value) if self._is_word(parent, field, place, at):
                yield make("word", f"{value!r:.60}", ast.Constant(f"XX{value}"))
            case ast.Attribute(value=ast.Name(id=base), attr=attr) if (
                not at.scope and len(self.members.get(base, [])) > 1 and attr.isupper()
            ):
                members = self.members[base]
                other_member = members[(members.index(attr) + 1) % len(members)]
                yield make("member", f"{attr} to {other_member} in {_short(parent)}", _attribute(node, other_member))
            case ast.JoinedStr():
                return
            case _:
                pass
        if not at.scope:
            yield from self._rows(node, at)
        for name, value in ast.iter_fields(node):
            for n, each in enumerate(value) if isinstance(value, list) else [(None, value)]:
                if isinstance(each, ast.comprehension | ast.keyword | ast.arguments):
                    yield from self._fields(each, at)
                elif isinstance(each, ast.expr):
                    yield from self._expression(each, node, name, n, at)

    def _rows(self, node: ast.expr, at: _Place) -> Iterator[Mutant]:
        """A table loses one row after the other."""
        if isinstance(node, ast.Dict):
            for n, key in enumerate(node.keys):
                shown = _short(node.values[n] if key is None else key)
                text = f"{shown} of {_short(node)}"
                yield _ShorterDict("row", at.scope, at.names, at.lines, text, node, "keys", n, None)
        elif isinstance(node, ast.Set | ast.List) and len(node.elts) > 1:
            for n, each in enumerate(node.elts):
                yield self._make("row", at, f"{_short(each)} of {_short(node)}", node, "elts", n, None)

    def _is_word(self, parent: ast.AST, field: str, place: int | None, at: _Place) -> bool:
        if isinstance(parent, ast.Call) and field == "args" and place == 0:
            called = parent.func.attr if isinstance(parent.func, ast.Attribute) else getattr(parent.func, "id", "")
            if called in RULE_CALLS:
                return True
        if isinstance(parent, ast.Tuple) and at.scope and place == 0 and len(parent.elts) == 2:
            return True
        # The second of a failsafe's words is its condition: shown in the documents and nowhere else.
        return self.words and not at.scope and not (isinstance(parent, ast.Call) and place == 1)

    @staticmethod
    def _make(
        kind: str, at: _Place, text: str, parent: ast.AST, field: str, place: int | None, new: ast.AST | object | None
    ) -> Mutant:
        return Mutant(kind, at.scope, at.names, at.lines, text, parent, field, place, new)


class _ShorterDict(Mutant):
    """A table without one row: its keys and its values are two lists."""

    def make(self) -> None:
        table = self.parent
        assert isinstance(table, ast.Dict)
        assert self.place is not None
        del table.keys[self.place], table.values[self.place]


def _named(at: _Place, *names: str) -> _Place:
    return at if at.scope else _Place("", at.within, (*at.names, *names), at.lines)


def _header(node: ast.stmt) -> tuple[int, int]:
    body = getattr(node, "body", None)
    if isinstance(body, list):
        return node.lineno, max(node.lineno, body[0].lineno - 1)
    return node.lineno, node.end_lineno or node.lineno


def _numbers(value: float, *, both: bool) -> list[float]:
    if isinstance(value, int):
        return [value + 1, value - 1] if both else [value + 1]
    if value == 0:
        return [1.0]
    return [round(value * 1.1, 6), round(value * 0.9, 6)] if both else [round(value * 1.1, 6)]


def _attribute(node: ast.Attribute, attr: str) -> ast.Attribute:
    return ast.Attribute(node.value, attr, node.ctx)


def _short(node: ast.AST) -> str:
    text = " ".join(ast.unparse(node).split())
    return text if len(text) <= 70 else f"{text[:67]}..."


def _sign(op: ast.AST) -> str:
    names = {"Lt": "<", "LtE": "<=", "Gt": ">", "GtE": ">=", "Eq": "==", "NotEq": "!=", "Is": "is", "IsNot": "is not"}
    names |= {"In": "in", "NotIn": "not in", "Add": "+", "Sub": "-", "Mult": "*", "Div": "/", "BitAnd": "&"}
    names |= {"BitOr": "|", "LShift": "<<", "RShift": ">>"}
    return names.get(type(op).__name__, type(op).__name__)
