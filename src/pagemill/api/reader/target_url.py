"""The URL that a path below `/r/` names."""

from __future__ import annotations

import re
from urllib.parse import unquote

from pagemill.api.middleware.api_keys import READER_PREFIX

_ENCODED = re.compile(r"(?i)https?%3a|(?![^/]*@)[^/%]+%(?:2f|3a|3f|23)")
"""The beginning of a URL that is percent-encoded as a whole: no host has a slash, a colon, `?` or `#` of its own."""
# Reverse proxies, and clients that normalise paths, make one slash of two.
_SCHEME = re.compile(r"(?i)(https?):/+")
_OTHER_SCHEME = re.compile(r"(?i)[a-z][a-z0-9+.-]*:/")


def target_url(raw_path: bytes, query: bytes) -> str:
    """Return the URL that a request's path and query, as they were sent, name; empty where they name none.

    `/r/https://example.com/a?b=1` and `/r/example.com/a?b=1` are the same. A URL that is percent-encoded as a whole is
    decoded once; the request's own query is then added to the one that it has.
    """
    path = raw_path.decode("utf-8", "replace").removeprefix(READER_PREFIX)
    if _ENCODED.match(path):
        path = unquote(path)
    if not path:
        return ""
    url = _with_query(path, query.decode("utf-8", "replace"))
    if _SCHEME.match(url):
        return _SCHEME.sub(r"\1://", url, count=1)
    return url if _OTHER_SCHEME.match(url) else f"https://{url}"


def _with_query(url: str, query: str) -> str:
    if not query:
        return url
    before, hash_mark, fragment = url.partition("#")
    return f"{before}{'&' if '?' in before else '?'}{query}{hash_mark}{fragment}"
