"""A change put into modules that are imported already: a function's code, or a constant wherever it was imported to."""

from __future__ import annotations

import ast
import functools
import sys
from types import CodeType, FunctionType, ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mutant_kinds import Mutant


def put_in(mutant: Mutant, tree: ast.Module, module: ModuleType) -> bool:
    """Put in the change that was made in `tree`; whether that could be done without importing everything anew."""
    if not mutant.scope:
        return _constant(mutant, tree, module)
    return _function(mutant.scope, compile(ast.fix_missing_locations(tree), str(module.__file__), "exec"), module)


def _function(scope: str, code: CodeType, module: ModuleType) -> bool:
    *classes, name = scope.split(".")
    holder: Any = module
    for each in classes:
        holder = vars(holder)[each]
    done = False
    for function in _functions(vars(holder).get(name)):
        for new in _codes(code):
            same = new.co_qualname == scope and new.co_firstlineno == function.__code__.co_firstlineno
            if same and new.co_freevars == function.__code__.co_freevars:
                function.__code__ = new
                done = True
    return done


def _functions(thing: Any) -> Iterator[FunctionType]:
    match thing:
        case FunctionType():
            yield thing
        case property(fget=get, fset=put):
            yield from _functions(get)
            yield from _functions(put)
        case classmethod() | staticmethod():
            yield from _functions(thing.__func__)
        case functools.cached_property():
            yield from _functions(thing.func)
        case _ if hasattr(thing, "__wrapped__"):
            yield from _functions(thing.__wrapped__)
        case _:
            return


def _codes(code: CodeType) -> Iterator[CodeType]:
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield each
            yield from _codes(each)


def _constant(mutant: Mutant, tree: ast.Module, module: ModuleType) -> bool:
    """Run the module's assignments again, with its own classes and functions, and hand the new values to all users."""
    assigned = {
        target.id: node
        for node in tree.body
        if isinstance(node, ast.Assign | ast.AnnAssign)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name)
    }
    if not mutant.names or any(name not in assigned for name in mutant.names):
        return False
    only = ast.Module([node for node in tree.body if isinstance(node, ast.Assign | ast.AnnAssign)], [])
    fresh: dict[str, Any] = dict(vars(module))
    try:
        exec(compile(ast.fix_missing_locations(only), module.__name__, "exec"), fresh)  # noqa: S102 - our own module
    except Exception:  # noqa: BLE001 - whatever it is: the slow way will show it
        return False
    changed = False
    for name in assigned:
        old, new = vars(module).get(name), fresh.get(name)
        if isinstance(old, ModuleType | type) or _same(old, new):
            continue
        changed = True
        for user in list(sys.modules.values()):
            held = getattr(user, "__dict__", {})
            if held.get(name) is old:
                held[name] = new
    return changed


def _same(old: Any, new: Any) -> bool:
    return type(old) is type(new) and (old is new or old == new)
