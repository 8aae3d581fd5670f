"""One record to its row, by the service's extraction processes and under their limits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from pagemill import bodies
from pagemill.bulk.columns import failed_row, formats_of, row_of
from pagemill.bulk.extras import require
from pagemill.errors import BlockedError, HttpStatusError, InternalPageError, PageError
from pagemill.fetching.verdict import Kind
from pagemill.model import FetchedPage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pagemill.bulk.columns import Row
    from pagemill.bulk.record import Record
    from pagemill.scraping.extractor_pool import ExtractorPool

log = structlog.get_logger(__name__)

_FIRST_FAILURE_STATUS = 400


class RecordExtractor:
    """Makes rows with these columns. `pool` is open.

    Raises OperatorError where a package is missing that a column needs.
    """

    def __init__(self, pool: ExtractorPool, columns: Sequence[str]) -> None:
        if "text_language" in columns:
            require("py3langid", "The column text_language")
        self._pool = pool
        self._columns = tuple(columns)
        self._formats = formats_of(columns)

    async def extract(self, record: Record) -> tuple[Row, str | None]:
        """Return the row of a record, and the code of its error, if any. A record that fails has a row too."""
        try:
            row = await self._row(record)
        except PageError as error:
            return self._failed(record, error.code)
        except Exception:
            log.exception("a record failed by a fault of ours", url=record.url)
            return self._failed(record, InternalPageError.code)
        return row

    async def _row(self, record: Record) -> tuple[Row, str | None]:
        if record.failure is not None:
            return self._failed(record, record.failure.code)
        if record.status >= _FIRST_FAILURE_STATUS:
            return self._failed(record, HttpStatusError.code)
        url = record.url or ""
        page = FetchedPage(url, url, record.status, record.content_type, record.body, record.headers)
        extracted = await self._pool.extract(page, self._formats)
        if extracted.verdict.kind is Kind.BLOCKED:
            return self._failed(record, BlockedError.code)
        values = {name: bodies.unpack(packed) for name, packed in extracted.bodies.items()}
        return row_of(self._columns, record.url, values, extracted.quality), None

    def _failed(self, record: Record, code: str) -> tuple[Row, str]:
        return failed_row(self._columns, record.url, code), code
