"""Decodes a JSON string as it comes, so that no long text is whole in memory."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, AsyncIterator

_QUOTE = b'"'
_ESCAPE = re.compile(rb"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)
_SHORT = {b"n": b"\n", b"t": b"\t", b"r": b"\r", b"b": b"\b", b"f": b"\f"}
_LONGEST_ESCAPE = 6
_SURROGATES = range(0xD800, 0xE000)
_REPLACEMENT = 0xFFFD


async def decoded(parts: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
    """Yield the UTF-8 of a JSON string (RFC 8259 section 7) whose text comes in `parts`.

    Raises ValueError if it is no string. A lone surrogate becomes U+FFFD. A pair of them is not put together:
    `pagemill.bodies` writes characters beyond the first plane as they are.
    """
    held, started = b"", False
    async for part in parts:
        held += part
        if not started and held:
            if held[:1] != _QUOTE:
                raise ValueError("this is no JSON string")
            held, started = held[1:], True
        end = _end_of_whole(held)
        if end > 0:
            yield _ESCAPE.sub(_character, held[:end])
            held = held[end:]
    if not started or held != _QUOTE:
        raise ValueError("this JSON string has no end")


def _end_of_whole(text: bytes) -> int:
    """Where what may go on in the next part begins: an unfinished escape, or the closing quote."""
    before_last = len(text) - 1
    backslash = text.rfind(b"\\", max(0, len(text) - _LONGEST_ESCAPE))
    if backslash < 0:
        return before_last
    first = backslash
    while first > 0 and text[first - 1] == text[backslash]:
        first -= 1
    if (backslash - first) % 2:  # the second of a pair
        end = backslash + 1
    else:
        end = backslash + (_LONGEST_ESCAPE if text[backslash + 1 : backslash + 2] == b"u" else 2)
    if end > len(text):
        return backslash
    return end if end == len(text) else before_last


def _character(escape: re.Match[bytes]) -> bytes:
    if escape[1]:
        code = int(escape[1], 16)
        return chr(_REPLACEMENT if code in _SURROGATES else code).encode()
    return _SHORT.get(escape[2], escape[2])
