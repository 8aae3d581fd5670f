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
    """Return a value without what is at these pointers, nor the objects and lists that this leaves empty.

    If that is the whole value, it becomes null.
    """
    kept = _without(value, dropped, pointer)
    return None if kept is _NOTHING else kept


_NOTHING = object()


def _without(value: Any, dropped: set[str], pointer: str) -> Any:
    if pointer in dropped:
        return _NOTHING
    if isinstance(value, dict):
        parts = {key: _without(part, dropped, f"{pointer}/{escape(key)}") for key, part in value.items()}
        kept = {key: part for key, part in parts.items() if part is not _NOTHING}
        return kept if kept or not value or not pointer else _NOTHING
    if isinstance(value, list):
        items = [_without(part, dropped, f"{pointer}/{index}") for index, part in enumerate(value)]
        left = [part for part in items if part is not _NOTHING]
        return left if left or not value or not pointer else _NOTHING
    return value


def at(value: Any, pointer: str) -> Any:
    """Return what is at a pointer. Raises LookupError where there is nothing."""
    for step in steps(pointer):
        if isinstance(value, list) and step.isdigit():
            value = value[int(step)]
        elif isinstance(value, dict):
            value = value[step]
        else:
            raise LookupError(pointer)
    return value


def replace(value: Any, pointer: str, new: Any) -> Any:
    """Return a value with another one at a pointer that exists."""
    if not pointer:
        return new
    *path, last = steps(pointer)
    parent = at(value, "".join(f"/{escape(step)}" for step in path))
    parent[int(last) if isinstance(parent, list) else last] = new
    return value
