"""JSON pointers (RFC 6901): the leaves of a value by pointer, and the values that stand there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


def leaves(value: Any, pointer: str = "") -> Iterator[tuple[str, Any]]:
    """Yield each value that is neither object nor list, with its pointer; empty objects and lists yield nothing."""
    if isinstance(value, dict):
        for key, part in value.items():
            yield from leaves(part, f"{pointer}/{escape(key)}")
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield from leaves(part, f"{pointer}/{index}")
    else:
        yield pointer, value


def escape(key: str) -> str:
    """Return a key as a step of a pointer."""
    return key.replace("~", "~0").replace("/", "~1")


def steps(pointer: str) -> list[str]:
    """Return the keys along a pointer."""
    return [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]


def without(value: Any, dropped: set[str], pointer: str = "") -> Any:
    """Return a value without the leaves at these pointers, nor the objects and lists that this leaves empty.

    A leaf that is the whole value becomes null.
    """
    kept = _without(value, dropped, pointer)
    return None if kept is _NOTHING else kept


_NOTHING = object()


def _without(value: Any, dropped: set[str], pointer: str) -> Any:
    if isinstance(value, dict):
        parts = {key: _without(part, dropped, f"{pointer}/{escape(key)}") for key, part in value.items()}
        kept = {key: part for key, part in parts.items() if part is not _NOTHING}
        return kept if kept or not value or not pointer else _NOTHING
    if isinstance(value, list):
        items = [_without(part, dropped, f"{pointer}/{index}") for index, part in enumerate(value)]
        left = [part for part in items if part is not _NOTHING]
        return left if left or not value or not pointer else _NOTHING
    return _NOTHING if pointer in dropped else value
