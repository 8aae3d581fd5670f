"""robots.txt (RFC 9309), read and obeyed. Also `Crawl-delay` and `Sitemap`, which are no part of it but in use.

It is an own reader since the file is hostile: kept libraries match patterns by backtracking regular expressions. Here
a pattern takes one pass, and the file's size and number of rules are bounded.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_BYTES = 500 * 1024
"""What of a file is read; RFC 9309 asks for as much at least."""
MAX_RULES = 5000
MAX_SITEMAPS = 1000
_RESERVED = "!#$&'()*+,/:;=?@[]~%-._"


@dataclass(frozen=True, slots=True)
class Rule:
    """A path pattern, and whether it allows."""

    allows: bool
    pattern: str

    def matches(self, target: str) -> bool:
        """Whether it matches a path with its query."""
        pattern, ends = self.pattern, self.pattern.endswith("$")
        first, *others = (pattern.removesuffix("$") if ends else pattern).split("*")
        if not target.startswith(first):
            return False
        if not others:
            return not ends or len(target) == len(first)
        place = len(first)
        *middle, last = others
        for part in middle:
            found = target.find(part, place)
            if found < 0:
                return False
            place = found + len(part)
        return target.endswith(last) and len(target) - len(last) >= place if ends else target.find(last, place) >= 0


@dataclass(frozen=True, slots=True)
class Robots:
    """What one host's file says to one crawler."""

    rules: tuple[Rule, ...] = ()
    """The longest first; of those as long, what allows."""
    crawl_delay: float | None = None
    sitemaps: tuple[str, ...] = ()

    def allows(self, target: str) -> bool:
        """Whether a path with its query may be fetched. The longest rule that matches decides."""
        if target == "/robots.txt":
            return True
        escaped = _escaped(target)
        return next((rule.allows for rule in self.rules if rule.matches(escaped)), True)


ALLOW_ALL = Robots()
DISALLOW_ALL = Robots((Rule(allows=False, pattern="/"),))


def first_part(body: bytes) -> bytes:
    """Return what of a file is read: without a line that would be cut, which might say something else."""
    if len(body) <= MAX_BYTES:
        return body
    part = body[:MAX_BYTES]
    return part[: max(part.rfind(b"\n"), part.rfind(b"\r")) + 1]


def parse(body: bytes, crawler: str) -> Robots:
    """Read a file for the crawler of this product token."""
    own: list[tuple[str, str]] = []
    general: list[tuple[str, str]] = []
    sitemaps: dict[str, None] = {}
    named = False  # whether any group is the crawler's own
    agents: list[str] = []
    in_rules = False
    for name, value in _lines(body):
        if name == "sitemap" and value and len(sitemaps) < MAX_SITEMAPS:
            sitemaps[value] = None
        elif name == "user-agent":
            if in_rules:
                agents, in_rules = [], False
            agents.append(_product(value))
            named = named or _product(value) == crawler.lower()
        elif name in {"allow", "disallow", "crawl-delay"}:
            in_rules = True
            if crawler.lower() in agents:
                own.append((name, value))
            if "*" in agents:
                general.append((name, value))
    return _robots(own if named else general, tuple(sitemaps))


def _robots(group: list[tuple[str, str]], sitemaps: tuple[str, ...]) -> Robots:
    rules: dict[str, bool] = {}
    delay = None
    for name, value in group:
        if name == "crawl-delay":
            delay = _seconds(value) if delay is None else delay
        elif value.startswith(("/", "*")) and len(rules) < MAX_RULES:
            pattern = _escaped(value)
            rules[pattern] = rules.get(pattern, False) or name == "allow"
    ordered = sorted(rules.items(), key=lambda rule: (-len(rule[0]), not rule[1]))
    return Robots(tuple(Rule(allows, pattern) for pattern, allows in ordered), delay, sitemaps)


def _lines(body: bytes) -> Iterator[tuple[str, str]]:
    text = first_part(body).decode("utf-8-sig", "replace")
    for line in text.splitlines():
        name, colon, value = line.partition("#")[0].partition(":")
        if colon:
            yield name.strip().lower(), value.strip()


def _product(value: str) -> str:
    """The product token of a user-agent line: `Googlebot/2.1` is about `googlebot`."""
    return value.partition("/")[0].split(" ")[0].lower() if value else ""


def _seconds(value: str) -> float | None:
    try:
        seconds = float(value)
    except ValueError:
        return None
    return seconds if math.isfinite(seconds) and seconds >= 0 else None


def _escaped(text: str) -> str:
    """With all that is not ASCII in percent-encoding, and what is escaped in upper case, so that both sides agree."""
    if "%" in text:
        head, *parts = text.split("%")
        text = head + "".join(f"%{part[:2].upper()}{part[2:]}" for part in parts)
    return text if text.isascii() else quote(text, safe=_RESERVED)
