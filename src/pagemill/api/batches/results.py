"""The results of a batch, streamed: one part of one body in memory at a time."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from starlette.responses import StreamingResponse

from pagemill.api.batches.answers import batch_line
from pagemill.api.uploads.tables import check_parquet
from pagemill.api.wire.json_stream import encode, pieces_of
from pagemill.api.wire.response import stored_of_one_of_many, streamed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.datastructures import Headers
    from starlette.responses import Response

    from pagemill.api.resources import Resources
    from pagemill.api.wire.json_stream import Piece
    from pagemill.jobs.batches.store import BatchProgress
    from pagemill.model import Job

_READ_AT_ONCE = 50


class ResultFormat(StrEnum):
    """How results are written."""

    LINES = "jsonl"
    PARQUET = "parquet"


MEDIA_TYPES = {ResultFormat.LINES: "application/x-ndjson", ResultFormat.PARQUET: "application/vnd.apache.parquet"}


async def results_response(  # noqa: PLR0913 - each says something else of the answer
    resources: Resources,
    job: Job,
    progress: BatchProgress,
    headers: Headers,
    *,
    cursor: int,
    limit: int | None,
    form: ResultFormat,
) -> Response:
    """Return the pages that ended after a cursor, at most `limit`. What ends meanwhile is not in it.

    Raises errors.NotSupportedError for Parquet where its library is missing.
    """
    last = progress.ended if limit is None else min(progress.ended, cursor + limit)
    last = max(last, cursor)
    said = {"X-Next-Cursor": str(last), "X-Batch-Status": job.status.value, "Cache-Control": "private, no-store"}
    pieces = _pieces(resources, job, cursor, last)
    if form is ResultFormat.LINES:
        response = await streamed(resources.downloads, job.key_id, pieces, headers, MEDIA_TYPES[form])
        response.headers.update(said)
        return response
    check_parquet()
    table = resources.tables.table_of(job.key_id, encode(pieces, None))
    chunks = await resources.downloads.begin(job.key_id, table)
    return StreamingResponse(chunks, media_type=MEDIA_TYPES[form], headers=said)


async def _pieces(resources: Resources, job: Job, after: int, last: int) -> AsyncIterator[Piece]:
    yield b""
    while after < last:
        lines = await resources.batches.ended_lines(job, after, last, _READ_AT_ONCE)
        if not lines:  # deleted meanwhile
            return
        for line in lines:
            stored = await stored_of_one_of_many(resources.jobs, line.job, line.page)
            for piece in pieces_of(batch_line(line, stored.bodies, stored.metadata) | stored.failure):
                yield piece
            yield b"\n"
        after = lines[-1].number
