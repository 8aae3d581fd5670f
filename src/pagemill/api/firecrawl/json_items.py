"""Takes one string out of each object of a JSON list as it comes, so that no long list is whole in memory."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, AsyncIterator

_STRING = rb'"(?:[^"\\]|\\.)*"'
_FIRST = re.compile(rb'\{"[^"\\]*":(' + _STRING + rb'),"[^"\\]*":' + _STRING + rb"\}", re.DOTALL)


async def first_strings(parts: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
    """Yield the JSON list of the first values, each once, of a list of objects with two strings each, such as links.

    The list comes as `pagemill.bodies` packs it: without spaces, the names in a fixed order.
    """
    held, seen = b"", set[bytes]()
    yield b"["
    async for part in parts:
        held += part
        end = 0
        fresh = []
        for found in _FIRST.finditer(held):
            end = found.end()
            if found[1] not in seen:
                fresh.append(found[1])
                seen.add(found[1])
        held = held[end:]
        if fresh:
            yield (b"," if len(seen) > len(fresh) else b"") + b",".join(fresh)
    yield b"]"
