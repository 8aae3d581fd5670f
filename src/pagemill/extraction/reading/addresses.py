"""Resolves the references of a page to absolute URLs with a safe scheme.

Results only have the schemes of `SAFE_SCHEMES`. The check reads the scheme of the URL that the WHATWG parser returns,
without tabs and newlines and in lower case, so no spelling of `javascript:`, `vbscript:` or `data:` passes.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import ada_url

if TYPE_CHECKING:
    from turbohtml import Element

SAFE_SCHEMES = ("https://", "http://", "mailto:", "tel:")

# References in normal form need no parser. References with dot segments go to the parser.
_ABSOLUTE = re.compile(r"https?://[a-z][a-z0-9-]*(?:\.[a-z][a-z0-9-]*)+/[A-Za-z0-9\-._~!$&*+,;=:@/%?#]*")
_PATH_ABSOLUTE = re.compile(r"/(?!/)[A-Za-z0-9\-._~!$&*+,;=:@/%?#]*")
# As browsers read schemes: after spaces and control characters, with tabs and line breaks anywhere.
_SCRIPT_SCHEMES = "|".join(r"[\t\r\n]*".join(scheme) for scheme in ("javascript", "vbscript", "livescript"))
_SCRIPT_ADDRESS = re.compile(rf"[\x00-\x20]*(?:{_SCRIPT_SCHEMES})[\t\r\n]*:", re.IGNORECASE)
_ADDRESS_NAME = re.compile(
    r"ur[li]|href|link|image|img|logo|photo|thumb|src|same_?as|audio|video|^@?id$|page$|address$", re.IGNORECASE
)
# Longer references are ignored. Browsers have about the same limit.
_MAX_LENGTH = 65_536


class Resolver:
    """Resolves the references of one page against its base URL, with a cache."""

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
        # The parser does not encode spaces in URLs without an authority.
        return address.replace(" ", "%20")


def is_unsafe(value: str, name: str) -> bool:
    """Whether a value is an address that runs a script. In a property that is named like a text, it may be a title.

    "JavaScript: The Good Parts" is a title; "javascript:alert(1)" is none.
    """
    match = _SCRIPT_ADDRESS.match(value)
    if match is None:
        return False
    return _ADDRESS_NAME.search(name) is not None or not value[match.end() : match.end() + 1].isspace()


def _origin(url: str) -> str:
    """`scheme://host:port` of an http(s) URL; empty for anything else."""
    try:
        origin = ada_url.URL(url).origin
    except ValueError:
        return ""
    return origin if origin.startswith(("https://", "http://")) else ""


def base_url(base: Element | None, url: str) -> str:
    """The base URL of a document at `url` with this `<base>`; `url` itself if that is missing or not http(s)."""
    address = Resolver(url).resolve(base.attr("href") or "") if base is not None else None
    return address if address is not None and address.startswith(("https://", "http://")) else url
