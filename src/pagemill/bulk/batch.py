"""Batches of pages, for engines that bring their own workers: Arrow in, Arrow out, a row for each row.

The extraction processes belong to the process that calls; they are started with the first batch and end with it.
"""

from __future__ import annotations

import asyncio
import atexit
import os
import threading
from functools import cache
from typing import TYPE_CHECKING

from pagemill.bulk import columns as known_columns
from pagemill.bulk.extras import load
from pagemill.bulk.inputs.limits import ReadingLimits
from pagemill.bulk.inputs.tables import records_of_batch
from pagemill.bulk.outputs.parquet import arrow_rows, schema_of
from pagemill.bulk.record_extractor import RecordExtractor
from pagemill.errors import UsageError
from pagemill.scraping.extractor_pool import ExtractorPool
from pagemill.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pyarrow as pa

    from pagemill.bulk.columns import Row
    from pagemill.bulk.record import Record

_CLOSING_SECONDS = 5.0


def extract_batch(  # noqa: PLR0913 - what can be chosen, each with its default
    batch: pa.RecordBatch,
    *,
    columns: Sequence[str] = known_columns.DEFAULT_COLUMNS,
    keep: Sequence[str] = (),
    html_column: str = "html",
    url_column: str = "url",
    processes: int = 1,
) -> pa.RecordBatch:
    """Extract each page of a batch, in `processes` processes, under the limits of the settings.

    The result has `columns`, and the columns of the batch named in `keep`, as they are. A page that cannot be
    extracted has the code of its `error`. Raises UsageError for columns that there are not.
    """
    arrow = load("pyarrow", "extract_batch")
    wanted = known_columns.checked(columns)
    for name in (html_column, *keep):
        if name not in batch.schema.names:
            raise UsageError(f"The batch has no column {name!r}.")
    kept = [name for name in keep if name not in wanted]
    extractors = _shared_extractors(os.getpid(), processes)
    limits = ReadingLimits(extractors.settings.fetching.max_body_bytes, html_column, url_column)
    rows = extractors.extract(records_of_batch(batch, limits), wanted)
    made = arrow.RecordBatch.from_pylist(arrow_rows(rows), schema=schema_of(wanted))
    arrays = [batch.column(batch.schema.get_field_index(name)) for name in kept]
    fields = [batch.schema.field(name) for name in kept]
    return arrow.RecordBatch.from_arrays([*arrays, *made.columns], schema=arrow.schema([*fields, *made.schema]))


class _Extractors:
    """An event loop in a thread, with extraction processes."""

    def __init__(self, processes: int) -> None:
        self.settings = Settings().changed(extraction_processes=processes, extraction_spare_processes=0)
        self._in_hand = 2 * processes
        self._pool = ExtractorPool(self.settings)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="pagemill.bulk", daemon=True)
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._pool.__aenter__(), self._loop).result()
        atexit.register(self._close)

    def extract(self, records: Iterable[Record], columns: Sequence[str]) -> list[Row]:
        """Return the rows of records, in their order."""
        return asyncio.run_coroutine_threadsafe(self._extract(records, columns), self._loop).result()

    async def _extract(self, records: Iterable[Record], columns: Sequence[str]) -> list[Row]:
        extractor, slots = RecordExtractor(self._pool, columns), asyncio.Semaphore(self._in_hand)

        async def extract(record: Record) -> Row:
            async with slots:
                row, _ = await extractor.extract(record)
                return row

        return await asyncio.gather(*map(extract, records))

    def _close(self) -> None:
        async def close() -> None:
            await self._pool.__aexit__(None, None, None)

        asyncio.run_coroutine_threadsafe(close(), self._loop).result(_CLOSING_SECONDS)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_CLOSING_SECONDS)
        self._loop.close()


@cache
def _shared_extractors(_process: int, processes: int) -> _Extractors:
    """Those of this process. What was forked has no thread of its parent's, and gets its own."""
    return _Extractors(processes)
