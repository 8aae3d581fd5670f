"""What the extraction process does for monitors: it compares two versions of a page.

A request comes with up to four packed values one after another, of which `lengths` are given: the text as it was and as
it is, and the structured JSON as it was and as it is. A length of null is a value that is not there.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import orjson

from pagemill import bodies
from pagemill.comparison import text_diff
from pagemill.comparison.json_diff import MAX_ENTRIES, JsonDiff
from pagemill.comparison.normalisation import Normaliser
from pagemill.comparison.text_diff import Version

if TYPE_CHECKING:
    from pagemill.model import JsonObject

NAME = "comparison"
"""The field that marks a request as one of these; its value is the fields below."""

_LONGEST_SUMMARY = 500
_NAMED = 5
"""Pointers that a summary names."""


def run(request: JsonObject, body: bytes) -> JsonObject:
    """Compare two versions of a page: whether it is `changed`, a `summary`, and the `diff` and `diff_json`.

    `request` has `lengths`, the days `before` and `after` on which the versions were fetched, `max_characters` of the
    diff, and `align`: whether it may take longer than linear time.
    """
    before, after, data_before, data_after = _values(request["lengths"], body)
    days = (date.fromisoformat(request["before"]), date.fromisoformat(request["after"]))
    text = None
    if before is not None and after is not None:
        old, new = Version(str(before), days[0]), Version(str(after), days[1])
        text = text_diff.compare(old, new, request["max_characters"], align=request["align"])
    data = _data(data_before, data_after, days, request["max_characters"])
    return {
        "changed": bool(text) or bool(data),
        "summary": _summary(text, data),
        "diff": _storable(text.diff) if text else None,
        "diff_json": data or None,
    }


def _data(before: Any, after: Any, days: tuple[date, date], max_characters: int) -> JsonObject:
    """How the data of two versions differs, with as many values as there is room for."""
    if not before or not after:
        return {}
    entries = MAX_ENTRIES
    while True:
        differ = JsonDiff(*(Normaliser(day).line for day in days))
        found = differ.compare(before["data"], after["data"], entries)
        text = orjson.dumps(found)
        if len(text) <= max_characters or not entries:
            return dict(orjson.loads(text.replace(b"\\u0000", b"\\ufffd")))
        entries //= 2


def _storable(text: str) -> str:
    """The same without NUL, which PostgreSQL's text does not hold."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}")


def _values(lengths: list[int | None], body: bytes) -> list[Any]:
    values, start = [], 0
    for length in lengths:
        values.append(None if length is None else bodies.unpack(body[start : start + length]))
        start += length or 0
    return values


def _summary(text: text_diff.TextDiff | None, data: JsonObject) -> str:
    parts = []
    if text:
        parts.append(f"{_count(text.added, 'line')} added, {_count(text.removed, 'line')} removed")
    pointers = [pointer for kind in ("changed", "added", "removed") for pointer in data.get(kind, {})]
    if pointers:
        named = ", ".join(pointer or "/" for pointer in pointers[:_NAMED])
        more = f" and {len(pointers) - _NAMED} more" if len(pointers) > _NAMED else ""
        parts.append(f"{_count(len(pointers), 'value')} changed: {named}{more}")
    elif data:
        parts.append("the data changed")
    return _storable("; ".join(parts))[:_LONGEST_SUMMARY]


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
