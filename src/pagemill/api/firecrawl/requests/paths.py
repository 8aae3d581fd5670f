"""Regular expressions of paths, as crawls have them, made into patterns of URLs (`pagemill.sites.patterns`)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_HOST = "^https?://[^/?#]*"
_MAX_PREFIX = 60
"""Characters of a path that its URLs are told by: a longer pattern would not be taken."""
_SPECIAL = re.compile(r"[\\^$.|?*+()\[\]{}/-]")

WITH_QUERY = r"/^[^?]*\?/"
"""What a URL with a query matches."""


def path_pattern(expression: str, *, full_url: bool) -> str:
    """Return the pattern of the URLs in whose path a regular expression is found; with `full_url`, in all of them."""
    if full_url:
        return f"/(?:{expression})/"
    if expression.endswith("$") and not expression.endswith(r"\$"):
        expression = f"{expression[:-1]}(?:[?#]|$)"  # the path ends where the query begins
    if expression.startswith("^."):
        expression = expression[1:]  # what may be anything may not be the host
    if expression.startswith("^"):
        return f"/{_HOST}(?:{expression[1:]})/"
    # Anywhere in the path, whose slash is the first after the host.
    between = "(?:/[^?#]*)?" if expression.startswith(("/", r"\/")) else "/[^?#]*"
    return f"/{_HOST}{between}(?:{expression})/"


def outside_pattern(path: str) -> str | None:
    """Return the pattern of the URLs whose path does not begin with this one; None where every path does.

    There is no look-around, so it says character by character where a path may part from this one. Of a long path
    the first characters count.
    """
    if path == "/":
        return None
    parting = ""
    for character in reversed(path[1:_MAX_PREFIX]):
        literal = _SPECIAL.sub(lambda found: "\\" + found[0], character)
        parting = f"(?:$|[^{literal}]{f'|{literal}{parting}' if parting else ''})"
    return f"/{_HOST}/{parting}/"


def path_patterns(expressions: Iterable[str], *, full_url: bool) -> list[str]:
    """Return the patterns of several."""
    return [path_pattern(expression, full_url=full_url) for expression in expressions]
