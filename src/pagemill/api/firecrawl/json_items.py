"""Takes one string out of each object of a JSON list as it comes, so that no long list is whole in memory."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, AsyncIterator

_STRING = rb'"[^"\\]*(?:\\.[^"\\]*)*"'
_FIRST = re.compile(rb'\{"[^"\\]*":(' + _STRING + rb'),"[^"\\]*":' + _STRING + rb"\}", re.DOTALL)


async def first_strings(parts: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
    """Yield the JSON list of the first values, each once, of a list of objects with two strings each, such as links.

    The list comes as `pagemill.bodies` packs it: without spaces, the names in a fixed order.
    """
    held, seen, enough = b"", set[bytes](), 0
    yield b"["
    async for part in parts:
        held += part
        if len(held) < enough:
            continue
        fresh, end = _fresh(held, seen)
        held = held[end:]
        # An object that has not ended is not looked through again before there is twice as much of it.
        enough = 2 * len(held)
        if fresh:
            yield (b"," if len(seen) > len(fresh) else b"") + b",".join(fresh)
    fresh, _ = _fresh(held, seen)
    if fresh:
        yield (b"," if len(seen) > len(fresh) else b"") + b",".join(fresh)
    yield b"]"


def _fresh(text: bytes, seen: set[bytes]) -> tuple[list[bytes], int]:
    """Return the values that are not among those seen, which they are added to, and where the last object ends."""
    fresh, end = [], 0
    for found in _FIRST.finditer(text):
        end = found.end()
        if found[1] not in seen:
            fresh.append(found[1])
            seen.add(found[1])
    return fresh, end
