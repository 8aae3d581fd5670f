"""A job as JSON Lines: each page on a line, as the API gives it in a batch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pagemill.api.ui.downloads.stored_pages import stored_pages_of
from pagemill.api.wire import answers
from pagemill.api.wire.json_stream import encode, merged, pieces_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from pagemill.api.resources import Resources
    from pagemill.api.wire.json_stream import Piece
    from pagemill.model import Job


def json_lines(resources: Resources, job: Job) -> AsyncIterator[bytes]:
    """Return the file in chunks."""
    return encode(merged(_lines(resources, job)), None)


async def _lines(resources: Resources, job: Job) -> AsyncIterator[Piece]:
    async for own, page, stored in stored_pages_of(resources, job):
        fields = answers.batch_result(own, page, stored.bodies, stored.metadata) | stored.failure
        for piece in pieces_of(fields):
            yield piece
        yield b"\n"
