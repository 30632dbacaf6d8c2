"""The word in the address that lets a screen in: random, short enough to type on a television, gone with the run."""

from __future__ import annotations

import hmac
import secrets
from typing import Final

LETTERS: Final = "0123456789abcdefghjkmnpqrstvwxyz"
"""Without i, l, o and u: what is read from a terminal and typed with a remote must not be ambiguous."""
LENGTH: Final = 12
"""60 bits. With at most `CONNECTIONS_A_SECOND` tries a second, guessing takes some hundred million years."""


def new_token() -> str:
    """A token for one run."""
    return "".join(secrets.choice(LETTERS) for _ in range(LENGTH))


def fits(given: str, token: str) -> bool:
    """Whether it is the token, in a time that tells nothing of where they differ. Case does not matter."""
    return hmac.compare_digest(given.lower().encode("utf-8", "replace"), token.encode())
