"""The program that reads the Parquet of an upload, and writes that of results: JSON Lines on its other side.

It holds one group of rows in memory. `read` takes a file as its standard input, and tells what is wrong with it on
standard error.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING, Any, BinaryIO

import orjson

from pagemill.process_lifetime import die_with_parent, limit_memory

if TYPE_CHECKING:
    from collections.abc import Iterable

_READ = ("url", "id", "options")
_ROWS_AT_ONCE = 1000
_GROUP_ROWS = 500
_GROUP_BYTES = 16 * 1024 * 1024

_TEXTS = {
    "id": "id",
    "url": "url",
    "status": "status",
    "error": "error",
    "final_url": "finalUrl",
    "fetched_with": "fetchedWith",
    "markdown": "markdown",
    "html": "html",
    "cleaned_html": "cleanedHtml",
    "summary": "summary",
}
_NUMBERS = {"number": "number", "index": "index", "status_code": "statusCode", "duration_ms": "durationMs"}
_OF_METADATA = ("title", "author", "published", "language")
_JSON = {"json": "generatedJson", "links": "links", "images": "images", "metadata": "metadata"}


def main() -> None:
    """Read or write one table."""
    does, memory, parent = sys.argv[1:4]
    die_with_parent(int(parent))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent decides
    limit_memory(int(memory))
    if does == "write":
        write_table(sys.stdin.buffer, os.fdopen(os.dup(1), "wb"))
        return
    fault = read_table(sys.stdin.buffer, sys.stdout.buffer)
    sys.stdout.buffer.flush()
    if fault:
        sys.stderr.write(" ".join(fault.split()))
        sys.exit(1)


def read_table(source: BinaryIO, lines: BinaryIO) -> str:
    """Write the rows of a Parquet file as JSON Lines. Return what is wrong with it, or nothing."""
    import pyarrow.parquet as pq

    try:
        table = pq.ParquetFile(source, pre_buffer=False)
        names = [name for name in _READ if name in table.schema_arrow.names]
        if "url" not in names:
            return "it has no column `url`."
        for batch in table.iter_batches(_ROWS_AT_ONCE, columns=names, use_threads=False):
            lines.writelines(_line(row) for row in batch.to_pylist())
    except Exception as error:  # noqa: BLE001 - a hostile file has the library raise anything
        return f"{str(error)[:200] or type(error).__name__}"
    return ""


def _line(row: dict[str, Any]) -> bytes:
    options = row.get("options")
    if isinstance(options, dict):  # columns that a row does not have are null in it
        row["options"] = {name: value for name, value in options.items() if value is not None}
    return orjson.dumps(row, default=str) + b"\n"


def write_table(lines: Iterable[bytes], table: BinaryIO) -> None:
    """Write results, as JSON Lines have them, as a Parquet file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    names = (*_NUMBERS, *_TEXTS, *_OF_METADATA, *_JSON)
    schema = pa.schema([(name, pa.int64() if name in _NUMBERS else pa.string()) for name in names])
    with pq.ParquetWriter(table, schema, compression="zstd") as writer:
        rows: list[dict[str, Any]] = []
        size = 0
        for line in lines:
            rows.append(_row(orjson.loads(line)))
            size += len(line)
            if len(rows) >= _GROUP_ROWS or size >= _GROUP_BYTES:
                writer.write_table(pa.Table.from_pylist(rows, schema))
                rows, size = [], 0
        if rows:
            writer.write_table(pa.Table.from_pylist(rows, schema))
    table.flush()


def _row(result: dict[str, Any]) -> dict[str, Any]:
    metadata = result.get("metadata") or {}
    return {
        **{name: result.get(field) for name, field in (_NUMBERS | _TEXTS).items()},
        **{name: metadata.get(name) for name in _OF_METADATA},
        **{
            name: None if result.get(field) is None else orjson.dumps(result[field]).decode()
            for name, field in _JSON.items()
        },
    }


if __name__ == "__main__":
    main()
