"""The hash chain of one session: each row's hash covers the row and the hash before it.

It shows loss, damage and careless edits. It is not a signature: whoever can rewrite the whole file can recompute it.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

Field = str | int | None


def first_hash(start: Sequence[Field]) -> bytes:
    """Give the hash that a session's rows and samples hang from; `start` holds the fields of its beginning."""
    return link(b"", ("retroctl session", *start))


def link(before: bytes, fields: Sequence[Field], blob: bytes = b"") -> bytes:
    """Give SHA-256 over the hash before, the fields as a compact ASCII JSON array, and the blob.

    JSON, so that no two lists of fields give the same bytes.
    """
    return hashlib.sha256(before + json.dumps(fields, separators=(",", ":")).encode() + blob).digest()
