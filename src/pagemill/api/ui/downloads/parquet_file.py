"""A job as a Parquet file, with the columns that `pagemill scrape` writes. It needs the extra `bulk`."""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
from typing import TYPE_CHECKING, Any

import orjson

from pagemill.api.ui.downloads.stored_pages import pages_of
from pagemill.api.wire import answers
from pagemill.bodies import unpack
from pagemill.errors import NotSupportedError
from pagemill.model import Status

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from pagemill.api.resources import Resources
    from pagemill.model import Job, JsonObject, Page

MISSING = "Parquet needs the package pyarrow where the API runs: `make bulk`, or pip install 'pagemill[bulk]'."
COLUMNS = (
    *("url", "final_url", "status_code", "title", "author", "published", "language", "markdown", "html"),
    *("cleaned_html", "links", "metadata", "type", "json", "duplicate_of", "error"),
)
_GROUP_SIZE = 8 * 1024 * 1024
"""Bytes of values after which a row group is written."""


def is_available() -> bool:
    """Whether pyarrow is installed."""
    return importlib.util.find_spec("pyarrow") is not None


class _Sink:
    """What pyarrow writes to: it holds what was not sent yet."""

    closed = False

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._position = 0

    def write(self, part: Any) -> int:
        """Take a part."""
        taken = bytes(part)
        self._parts.append(taken)
        self._position += len(taken)
        return len(taken)

    def tell(self) -> int:
        """Return how much was written in all."""
        return self._position

    def flush(self) -> None:
        """Do nothing: it is kept until it is taken."""

    def close(self) -> None:
        """Do nothing: what was written is still to be taken."""

    def readable(self) -> bool:
        """It is not."""
        return False

    def writable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is not."""
        return False

    def take(self) -> bytes:
        """Return what was written since the last time."""
        taken = b"".join(self._parts)
        self._parts = []
        return taken


async def parquet_file(resources: Resources, job: Job) -> AsyncIterator[bytes]:
    """Yield the file in chunks, a row group each. Raises errors.NotSupportedError without pyarrow."""
    if not is_available():
        raise NotSupportedError(MISSING)
    arrow, parquet = await asyncio.to_thread(_modules)
    sink, schema = _Sink(), _schema(arrow)
    writer = parquet.ParquetWriter(arrow.PythonFile(sink, mode="w"), schema, compression="zstd")
    try:
        rows: list[JsonObject] = []
        size = 0
        async for own, page in pages_of(resources, job):
            bodies = await _bodies(resources, own, page)
            row, row_size = await asyncio.to_thread(_row, own, page, bodies)
            rows.append(row)
            size += row_size
            if size >= _GROUP_SIZE:
                await asyncio.to_thread(_write, arrow, writer, schema, rows)
                rows, size = [], 0
                yield sink.take()
        if rows:
            await asyncio.to_thread(_write, arrow, writer, schema, rows)
    finally:
        await asyncio.to_thread(writer.close)
    yield sink.take()


async def _bodies(resources: Resources, job: Job, page: Page) -> Mapping[str, bytes]:
    if page.status is not Status.COMPLETED:
        return {}
    names = (*job.options.formats, "metadata")
    return {name: body for name, body in (await resources.jobs.bodies(page.id)).items() if name in names}


def _modules() -> tuple[Any, Any]:
    return importlib.import_module("pyarrow"), importlib.import_module("pyarrow.parquet")


def _schema(arrow: Any) -> Any:
    links = arrow.list_(arrow.struct([("href", arrow.string()), ("text", arrow.string())]))
    types = {"links": links, "status_code": arrow.int64()}
    return arrow.schema([(name, types.get(name, arrow.string())) for name in COLUMNS])


def _write(arrow: Any, writer: Any, schema: Any, rows: list[JsonObject]) -> None:
    writer.write_table(arrow.Table.from_pylist(rows, schema=schema))


def _row(job: Job, page: Page, bodies: Mapping[str, bytes]) -> tuple[JsonObject, int]:
    """Return a page's row, and about how many bytes its values have."""
    values = {name: unpack(body) for name, body in bodies.items() if name != "metadata"}
    answer = answers.batch_result(job, page, values, bodies.get("metadata"))
    metadata: JsonObject = answer.get("metadata") or {}
    generated = answer.get("generatedJson")
    row = {
        "url": page.url,
        "final_url": page.final_url,
        "status_code": page.status_code,
        **{name: metadata.get(name) for name in ("title", "author", "published", "language")},
        "markdown": values.get("markdown"),
        "html": values.get("html"),
        "cleaned_html": values.get("cleanedHtml"),
        "links": values.get("links"),
        "metadata": orjson.dumps(metadata).decode() if metadata else None,
        "type": (metadata.get("openGraph") or {}).get("type"),
        "json": None if generated is None else orjson.dumps(generated).decode(),
        "duplicate_of": None,
        "error": answer.get("error"),
    }
    return row, 200 + sum(len(value) for value in row.values() if isinstance(value, str))
