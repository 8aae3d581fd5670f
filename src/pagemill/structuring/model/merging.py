"""What was found in the parts of a long page, put together."""

from __future__ import annotations

from typing import Any


def merge(findings: list[Any]) -> Any:
    """Return one value: objects by key, lists one after another without repetitions, else the first that says
    something."""
    said = [finding for finding in findings if finding not in (None, "", [], {})]
    if not said:
        return findings[0] if findings else None
    first = said[0]
    if isinstance(first, dict):
        objects = [finding for finding in said if isinstance(finding, dict)]
        keys = dict.fromkeys(key for finding in objects for key in finding)
        return {key: merge([finding[key] for finding in objects if key in finding]) for key in keys}
    if isinstance(first, list):
        return _without_repetitions([part for finding in said if isinstance(finding, list) for part in finding])
    return first


def _without_repetitions(parts: list[Any]) -> list[Any]:
    kept: list[Any] = []
    seen: set[str] = set()
    for part in parts:
        mark = repr(part)
        if mark not in seen:
            seen.add(mark)
            kept.append(part)
    return kept
