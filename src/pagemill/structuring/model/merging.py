"""What was found in the parts of a long page, put together."""

from __future__ import annotations

from typing import Any


def merge(results: list[Any]) -> Any:
    """Return one value: objects by key, lists one after another without repetitions, else the first that says
    something."""
    nonempty = [result for result in results if result not in (None, "", [], {})]
    if not nonempty:
        return results[0] if results else None
    first = nonempty[0]
    if isinstance(first, dict):
        objects = [result for result in nonempty if isinstance(result, dict)]
        keys = dict.fromkeys(key for result in objects for key in result)
        return {key: merge([result[key] for result in objects if key in result]) for key in keys}
    if isinstance(first, list):
        return _deduplicated([part for result in nonempty if isinstance(result, list) for part in result])
    return first


def _deduplicated(parts: list[Any]) -> list[Any]:
    kept: list[Any] = []
    seen: set[str] = set()
    for part in parts:
        key = repr(part)
        if key not in seen:
            seen.add(key)
            kept.append(part)
    return kept
