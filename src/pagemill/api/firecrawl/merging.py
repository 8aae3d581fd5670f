"""The data of several pages as one value."""

from __future__ import annotations

from typing import Any

import orjson

_MAX_DEPTH = 50


class Merged:
    """The data of the pages added so far.

    Lists are put together, without what is there already; objects are merged; of other values the first one counts.
    """

    def __init__(self) -> None:
        self.data: Any = {}
        self.sources: dict[str, list[str]] = {}
        """For each property of the data, the pages that have it."""

    def add(self, url: str, data: Any) -> None:
        """Add what one page says."""
        self.data = _merge(self.data, data)
        for name, value in data.items() if isinstance(data, dict) else ():
            if not _is_empty(value):
                self.sources.setdefault(name, []).append(url)


def _merge(first: Any, second: Any, depth: int = 0) -> Any:
    if _is_empty(second):
        return second if first is None else first
    if _is_empty(first):
        return second
    if isinstance(first, dict) and isinstance(second, dict) and depth < _MAX_DEPTH:
        names = [*first, *(name for name in second if name not in first)]
        return {name: _merge(first.get(name), second.get(name), depth + 1) for name in names}
    if isinstance(first, list) and isinstance(second, list):
        return list({orjson.dumps(item, option=orjson.OPT_SORT_KEYS): item for item in (*first, *second)}.values())
    return first


def _is_empty(value: Any) -> bool:
    return value is None or value in ("", [], {})
