"""The cookies of a session, for documents: a browser downloads those, and does not show them.

libcurl keeps the rules of cookies (RFC 6265): each goes only to its own domain and path, a secure one over TLS alone.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from pagemill.model import SessionState

_NOT_IN_LINES = frozenset("\t\r\n\0")


def session_cookie_lines(state: SessionState) -> tuple[bytes, ...]:
    """Return the cookies as lines of Netscape's cookie file, as CURLOPT_COOKIELIST takes them.

    Those that a line cannot hold are left out, and those that belong to frames in other sites' pages (CHIPS).
    """
    return tuple(_line(cookie) for cookie in json.loads(state.json)["cookies"] if _is_sent(cookie))


def _is_sent(cookie: dict[str, Any]) -> bool:
    texts = (cookie["name"], cookie["value"], cookie["domain"], cookie["path"])
    if not cookie["name"] or any(not _NOT_IN_LINES.isdisjoint(text) for text in texts):
        return False
    site = urlsplit(cookie.get("partitionKey") or "").hostname
    domain = cookie["domain"].lstrip(".")
    return site is None or domain == site or domain.endswith(f".{site}")


def _line(cookie: dict[str, Any]) -> bytes:
    domain: str = cookie["domain"]
    below = "TRUE" if domain.startswith(".") else "FALSE"
    secure = "TRUE" if cookie.get("secure") else "FALSE"
    expires = str(max(0, int(cookie.get("expires", 0))))  # 0: when the browser ends
    parts = (domain.lstrip("."), below, cookie["path"], secure, expires, cookie["name"], cookie["value"])
    return "\t".join(parts).encode("utf-8", "replace")
