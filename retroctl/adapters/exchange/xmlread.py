"""Foreign XML, read safely: bounded, without document types, so without entities, so without their bombs.

The standard library's expat with hooks of our own. defusedxml does the same by the same hooks, and would be one more
dependency for four lines; it also keeps what a bound on the number of elements does not. Nothing is fetched: expat
opens no address, and the declarations that could name one are refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final
from xml.parsers import expat

from retroctl.errors import ConfigError

LARGEST: Final = 1_000_000
"""A workout of a thousand steps with words to each is a tenth of it."""
MOST_ELEMENTS: Final = 20_000
DEEPEST: Final = 20
MOST_TEXT: Final = 100_000

_BARE_AMPERSAND: Final = re.compile(rb"&(?!#[0-9]+;|#x[0-9A-Fa-f]+;|[A-Za-z][A-Za-z0-9]*;)")
"""Zwift's own editor once wrote names such as `Sweat & Tears` as they are."""
_MOST_AMPERSANDS: Final = 10_000
_NOTHING_KNOWN: Final = (
    "not a whole XML file, and no other that can be imported (Zwift .zwo, QZ .xml, FIT workout, retroctl's JSON)"
)
_UTF16: Final = (b"\xff\xfe", b"\xfe\xff")


@dataclass(slots=True)
class Element:
    """An element: name and names of attributes in lower case and without namespace, since programs write them so or so.

    `line` is where it stands in the file.
    """

    name: str
    attributes: dict[str, str]
    line: int
    children: list[Element] = field(default_factory=list["Element"])
    text: str = ""

    def child(self, name: str) -> Element | None:
        """The first child of that name."""
        return next((each for each in self.children if each.name == name), None)

    def text_of(self, name: str) -> str:
        """The text of the first child of that name, without surrounding space; empty if there is none."""
        found = self.child(name)
        return "" if found is None else found.text.strip()


class _RefusedError(Exception):
    """Raised inside a handler: what expat would have accepted and we do not."""


def read_xml(data: bytes, name: str) -> Element:
    """The document's root. `name` is the file's, for messages. Raises ConfigError, one line."""
    builder = _Builder()
    skipped, tidied = _tidied(data)
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartDoctypeDeclHandler = builder.doctype
    parser.EntityDeclHandler = builder.doctype
    parser.StartElementHandler = lambda tag, written: builder.start(tag, written, skipped + parser.CurrentLineNumber)
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.characters
    parser.buffer_text = True
    try:
        parser.Parse(tidied, True)  # noqa: FBT003 - positional only
    except expat.ExpatError as error:
        what = "not a whole XML file" if _begins_like_xml(tidied) else _NOTHING_KNOWN
        raise ConfigError(f"{name}: {what}: {expat.ErrorString(error.code)}, line {skipped + error.lineno}") from None
    except _RefusedError as error:
        raise ConfigError(f"{name}: line {skipped + parser.CurrentLineNumber}: {error}") from None
    except (ValueError, LookupError) as error:  # an encoding that Python does not know, or that is none
        raise ConfigError(f"{name}: cannot be read as text: {error}") from None
    if builder.root is None:  # pragma: no cover - expat reports "no element found" first
        raise ConfigError(f"{name}: holds no element")
    return builder.root


def _begins_like_xml(tidied: bytes) -> bool:
    return tidied[:2] in _UTF16 or tidied.startswith(b"<")


def _tidied(data: bytes) -> tuple[int, bytes]:
    """Undo what harms nobody: space before the first line (how many lines of it comes first), a bare ampersand."""
    if data[:2] in _UTF16:
        return 0, data
    kept: list[bytes] = []
    whole = data.removeprefix(b"\xef\xbb\xbf")
    rest = whole.lstrip(b" \t\r\n")
    skipped = whole[: len(whole) - len(rest)].count(b"\n")
    if rest.count(b"&") > _MOST_AMPERSANDS:  # each costs memory, and nobody writes so many bare ones
        return skipped, rest
    while rest:
        # Inside these an ampersand is one. Looked for one after the other, so that no file makes this slow.
        text, opened, rest = rest.partition(b"<![CDATA[")
        kept.append(_BARE_AMPERSAND.sub(b"&amp;", text))
        inside, closed, rest = rest.partition(b"]]>")
        kept += (opened, inside, closed)
    return skipped, b"".join(kept)


class _Builder:
    def __init__(self) -> None:
        self.root: Element | None = None
        self._open: list[Element] = []
        self._elements = self._text = 0

    def doctype(self, *_: object) -> None:
        raise _RefusedError("a document type or an entity is declared; no workout needs one, and they can be traps")

    def start(self, tag: str, attributes: dict[str, str], line: int) -> None:
        self._elements += 1
        if self._elements > MOST_ELEMENTS:
            raise _RefusedError(f"more than {MOST_ELEMENTS} elements are no workout")
        if len(self._open) >= DEEPEST:
            raise _RefusedError(f"nested more than {DEEPEST} deep")
        element = Element(_local(tag), {_local(key): value for key, value in attributes.items()}, line)
        if self._open:
            self._open[-1].children.append(element)
        else:
            self.root = element
        self._open.append(element)

    def end(self, _tag: str) -> None:
        self._open.pop()

    def characters(self, text: str) -> None:
        if text.isspace():
            return  # between elements there is nothing else
        self._text += len(text)
        if self._text > MOST_TEXT:
            raise _RefusedError(f"more than {MOST_TEXT} characters of text are no workout")
        self._open[-1].text += text


def _local(name: str) -> str:
    return name.rpartition(" ")[2].lower()
