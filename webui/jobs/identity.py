"""Whose a browser is: a random cookie, and the owner that follows from it.

The owner's name stands in jobs and events; the cookie, which would be a key to them, does not.
"""

from __future__ import annotations

import hashlib
import re
import secrets

COOKIE = "easel_client"

_COOKIE = re.compile(r"[0-9a-f]{32}")


def new_cookie() -> str:
    """For a browser that has none: 128 random bits."""
    return secrets.token_hex(16)


def owner_of(cookie: str | None) -> str | None:
    """The owner behind a cookie; None if it is none of ours and a new one is due."""
    if cookie is None or not _COOKIE.fullmatch(cookie):
        return None
    return hashlib.sha256(f"owner {cookie}".encode()).hexdigest()[:32]
