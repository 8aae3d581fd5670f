"""Addresses: what a reference on a page points at, as an absolute URL that is safe to follow.

Only the schemes of `SAFE_SCHEMES` ever come out, so no `javascript:`, `vbscript:` or `data:` URL survives, however it
is spelt: the scheme is read off the URL as the WHATWG parser sees it, after tabs, newlines and case are gone.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import ada_url

if TYPE_CHECKING:
    from turbohtml import Element

SAFE_SCHEMES = ("https://", "http://", "mailto:", "tel:")

# References that are already in their normal form need no parser. Dot segments are left to it.
_ABSOLUTE = re.compile(r"https?://[a-z][a-z0-9-]*(?:\.[a-z][a-z0-9-]*)+/[A-Za-z0-9\-._~!$&*+,;=:@/%?#]*")
_PATH_ABSOLUTE = re.compile(r"/(?!/)[A-Za-z0-9\-._~!$&*+,;=:@/%?#]*")
# A reference longer than this is no address that anybody follows (browsers cut at about the same length).
_MAX_LENGTH = 65_536


class Resolver:
    """Resolves the references of one page against its base URL. Answers are remembered for the page's time."""

    def __init__(self, base_url: str) -> None:
        self._base = base_url
        self._origin = _origin(base_url)
        self._cache: dict[str, str | None] = {}

    def resolve(self, reference: str) -> str | None:
        """The absolute URL of a reference, or None where it is invalid or its scheme is not safe."""
        try:
            return self._cache[reference]
        except KeyError:
            address = self._cache[reference] = self._resolve(reference)
            return address

    def _resolve(self, reference: str) -> str | None:
        reference = reference.strip()
        if len(reference) > _MAX_LENGTH:
            return None
        if "/." not in reference:
            if _ABSOLUTE.fullmatch(reference):
                return reference
            if self._origin and _PATH_ABSOLUTE.fullmatch(reference):
                return self._origin + reference
        try:
            address = ada_url.join_url(self._base, reference) if self._base else ada_url.normalize_url(reference)
        except ValueError:
            return None
        if not address.startswith(SAFE_SCHEMES):
            return None
        # The parser leaves blanks in addresses without an authority as they are.
        return address.replace(" ", "%20")


def _origin(url: str) -> str:
    """`scheme://host:port` of an http(s) URL; empty for anything else."""
    try:
        origin = ada_url.URL(url).origin
    except ValueError:
        return ""
    return origin if origin.startswith(("https://", "http://")) else ""


def base_url(base: Element | None, url: str) -> str:
    """The base URL that a `<base>` gives a document at `url`: `url` itself without one that is http(s)."""
    address = Resolver(url).resolve(base.attr("href") or "") if base is not None else None
    return address if address is not None and address.startswith(("https://", "http://")) else url
