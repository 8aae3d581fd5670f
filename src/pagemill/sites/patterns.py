"""Patterns of URLs: globs (`/blog/*`) and regular expressions (`/\\/blog\\/\\d+/`), matched in linear time.

A glob that begins with `/` is compared with the path, any other with the whole URL without its scheme; `*` stands for
any characters but `/`, `**` for any, `?` for one. It also matches with what follows in the query. A regular expression
stands between slashes, and is searched for in the whole URL. A pattern that holds neither `*` nor `?` matches what
begins with it.

The engine is the one that checks `pattern` in JSON Schemas: it does not backtrack, and refuses what would grow.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pagemill.errors import InvalidPatternError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import jsonschema_rs

    from pagemill.sites.identity import SiteUrl

MAX_PATTERNS = 100
MAX_LENGTH = 1000
_COMPILED_BYTES = 256 * 1024
_REGEX = re.compile(r"/(.+)/", re.DOTALL)
_WILDCARD = re.compile(r"\*\*|\*|\?")
_WILDCARDS = {"**": ".*", "*": "[^/]*", "?": "."}
_SPECIAL = re.compile(r"[\\^$.|?*+()\[\]{}/]")


@dataclass(frozen=True, slots=True)
class Patterns:
    """Several patterns; compiled when made. Raises InvalidPatternError, which names the first that is not valid."""

    texts: Sequence[str]
    _matchers: list[Callable[[SiteUrl], bool]] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        for text in self.texts:
            self._matchers.append(_matcher(text))

    def __bool__(self) -> bool:
        """Whether there is any."""
        return bool(self._matchers)

    def match(self, url: SiteUrl) -> bool:
        """Whether any matches."""
        return any(matches(url) for matches in self._matchers)


def _matcher(text: str) -> Callable[[SiteUrl], bool]:
    if not text or len(text) > MAX_LENGTH:
        raise InvalidPatternError(f"a pattern has 1 to {MAX_LENGTH} characters")
    found = _REGEX.fullmatch(text)
    if found and not _is_glob(text):
        expression = _compile(found[1])
        return lambda url: expression.is_valid(url.clean)
    whole = _compile(f"^{_of_glob(text)}")
    if text.startswith("/"):
        return lambda url: whole.is_valid(_path_and_query(url))
    return lambda url: whole.is_valid(url.clean) or whole.is_valid(url.clean.partition("://")[2])


def _is_glob(text: str) -> bool:
    """Whether what stands between slashes is a path after all: `/blog/*/`, `/docs/`, and no regular expression."""
    return not re.search(r"[\\^$+|()\[\]{}.]", text)


def _path_and_query(url: SiteUrl) -> str:
    return "/" + url.clean.partition("://")[2].partition("/")[2]


def _of_glob(text: str) -> str:
    parts, start = [], 0
    for wildcard in _WILDCARD.finditer(text):
        parts.append(_literal(text[start : wildcard.start()]) + _WILDCARDS[wildcard[0]])
        start = wildcard.end()
    rest = _literal(text[start:])
    return "".join(parts) + rest + (r"(\?.*)?$" if parts else "")


def _literal(text: str) -> str:
    return _SPECIAL.sub(lambda found: "\\" + found[0], text)


def _compile(expression: str) -> jsonschema_rs.Validator:
    import jsonschema_rs

    options = jsonschema_rs.RegexOptions(size_limit=_COMPILED_BYTES, dfa_size_limit=_COMPILED_BYTES)
    schema = {"type": "string", "pattern": expression}
    try:
        return jsonschema_rs.validator_for(schema, offline=True, pattern_options=options)
    except jsonschema_rs.ValidationError:
        message = "it is no regular expression that is matched in linear time, without look-around and back-references"
        raise InvalidPatternError(message) from None
