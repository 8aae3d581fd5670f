"""Packed values as the store gives them, and what they hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from pagemill import bodies
from pagemill.api.wire.json_stream import Packed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Coroutine

Result = TypeVar("Result")


def packed(value: Any) -> Packed:
    frame = bodies.pack(value)
    return Packed(lambda: in_parts(frame))


def unpacked(value: Packed) -> Any:
    return bodies.unpack(joined(value.parts()))


async def in_parts(frame: bytes, size: int = 1000) -> AsyncIterator[bytes]:
    for start in range(0, len(frame), size):
        yield frame[start : start + size]


def joined(parts: AsyncIterator[bytes]) -> bytes:
    """What an iterator that never waits yields."""

    async def collect() -> bytes:
        return b"".join([part async for part in parts])

    return run(collect())


def run(coroutine: Coroutine[Any, Any, Result]) -> Result:
    try:
        coroutine.send(None)
    except StopIteration as end:
        result: Result = end.value
        return result
    raise AssertionError("it waited")
