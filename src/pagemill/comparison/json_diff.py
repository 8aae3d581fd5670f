"""What differs between two JSON values, by JSON pointers (RFC 6901)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pagemill.model import JsonObject

    Normalise = Callable[[str], str]

MAX_ENTRIES = 200
"""Differences that are named at most."""
_MAX_DEPTH = 100
_NONE = object()


class JsonDiff:
    """Compares two JSON values. `before` and `after` normalise their texts: the date of today does not count."""

    def __init__(self, before: Normalise = str, after: Normalise = str) -> None:
        self._before, self._after = before, after

    def compare(self, old: Any, new: Any, max_entries: int = MAX_ENTRIES) -> JsonObject:
        """Return what was `added`, `removed` and `changed`, each by pointer; empty where the values are the same.

        `truncated` is there where there was more. Of lists, what both begin and end with is left out, and the rest is
        compared place by place.
        """
        found: JsonObject = {}
        for count, (kind, pointer, value) in enumerate(self._differences(old, new, "", 0)):
            if count == max_entries:
                found["truncated"] = True
                break
            found.setdefault(kind, {})[pointer] = value
        return found

    def _differences(self, old: Any, new: Any, pointer: str, depth: int) -> Iterator[tuple[str, str, Any]]:
        if old is _NONE:
            yield "added", pointer, new
        elif new is _NONE:
            yield "removed", pointer, old
        elif depth < _MAX_DEPTH and isinstance(old, dict) and isinstance(new, dict):
            for name in [*old, *(name for name in new if name not in old)]:
                escaped = f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}"
                yield from self._differences(old.get(name, _NONE), new.get(name, _NONE), escaped, depth + 1)
        elif depth < _MAX_DEPTH and isinstance(old, list) and isinstance(new, list):
            yield from self._items(old, new, pointer, depth)
        elif not self._same(old, new):
            yield "changed", pointer, {"before": old, "after": new}

    def _items(self, old: list[Any], new: list[Any], pointer: str, depth: int) -> Iterator[tuple[str, str, Any]]:
        shorter = min(len(old), len(new))
        start = next((index for index in range(shorter) if not self._same(old[index], new[index])), shorter)
        rest = shorter - start
        end = next((index for index in range(rest) if not self._same(old[-1 - index], new[-1 - index])), rest)
        left, right = old[start : len(old) - end], new[start : len(new) - end]
        for index in range(max(len(left), len(right))):
            one = left[index] if index < len(left) else _NONE
            other = right[index] if index < len(right) else _NONE
            yield from self._differences(one, other, f"{pointer}/{start + index}", depth + 1)

    def _same(self, old: Any, new: Any) -> bool:
        """Whether two values are the same; true is not 1, and 1 is 1.0."""
        if isinstance(old, str) and isinstance(new, str):
            return old == new or self._before(old) == self._after(new)
        return bool(old == new) and isinstance(old, bool) == isinstance(new, bool)
