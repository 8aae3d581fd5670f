"""Pages in tables: JSON Lines and Parquet, with a column of HTML and one of URLs."""

from __future__ import annotations

from codecs import BOM_UTF8
from itertools import islice
from typing import TYPE_CHECKING, Any

import orjson

from pagemill.bulk.extras import load
from pagemill.bulk.inputs.compressed import opened
from pagemill.bulk.record import Record
from pagemill.errors import BodyTooLargeError, RecordError, UsageError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from pagemill.bulk.inputs.limits import ReadingLimits
    from pagemill.bulk.inputs.source import Source

_BATCH_ROWS = 16
_BUFFER = 1024 * 1024
_ESCAPED = 2
"""How much longer a page may be in JSON than it is, and something for the other fields."""
_OTHER_FIELDS = 1024 * 1024
_LINES_WITHOUT_HTML = 1000
"""So many lines of JSON may come before the first one with HTML. Where there is none, its column has another name."""
_NAMES, _LONGEST_NAME = 50, 100
"""How many columns a message names, and how much of each name."""
_TEXT_TYPE = "text/html; charset=utf-8"
_BYTES_TYPE = "text/html"


def read_json_lines(source: Source, limits: ReadingLimits) -> Iterator[Record]:
    """Yield a record for each line of a file. Raises UsageError where its first lines have no column of HTML."""
    held: list[Record] | None = []
    """What comes before the first line with the column: it is given once there is one."""
    others: dict[str, None] = {}
    for line in _lines(source, limits):
        record, names = (line, ()) if isinstance(line, Record) else _from_line(line, limits)
        if held is None:
            yield record
            continue
        held.append(record)
        others.update(dict.fromkeys(islice(names, max(_NAMES + 1 - len(others), 0))))
        if limits.html_column in names:
            yield from held
            held = None
        elif others and len(held) >= _LINES_WITHOUT_HTML:
            break
    if held and others:
        raise _no_column(source, limits, list(others))
    yield from held or ()


def _lines(source: Source, limits: ReadingLimits) -> Iterator[bytes | Record]:
    """Yield the lines that are not blank, and a record in place of one that is too long."""
    longest = _ESCAPED * limits.largest + _OTHER_FIELDS
    with opened(source.path) as lines:
        while line := lines.readline(longest):
            if not line.endswith(b"\n") and len(line) == longest:
                while (rest := lines.readline(longest)) and not rest.endswith(b"\n"):
                    pass
                yield Record(None, failure=BodyTooLargeError(f"A line has more than {longest} bytes."))
            elif line.strip():
                yield line


def _from_line(line: bytes, limits: ReadingLimits) -> tuple[Record, Collection[str]]:
    """Return the record of a line, and the names of its columns."""
    try:
        fields = orjson.loads(line.removeprefix(BOM_UTF8))
    except orjson.JSONDecodeError as error:
        return Record(None, failure=RecordError(f"A line is not JSON: {error}.")), ()
    if not isinstance(fields, dict):
        return Record(None, failure=RecordError("A line is no JSON object.")), ()
    return record_of(fields.get(limits.url_column), fields.get(limits.html_column), limits), fields


def _no_column(source: Source, limits: ReadingLimits, names: list[str]) -> UsageError:
    shown = ", ".join(name[:_LONGEST_NAME] for name in names[:_NAMES]) + (", …" if len(names) > _NAMES else "")
    return UsageError(f"{source.path} has no column {limits.html_column!r}; name one with --html-column: {shown}.")


def read_parquet(source: Source, limits: ReadingLimits) -> Iterator[Record]:
    """Yield a record for each row. Raises UsageError where there is no column of HTML."""
    parquet = load("pyarrow.parquet", "Reading Parquet")
    with source.path.open("rb") as stream, parquet.ParquetFile(stream, buffer_size=_BUFFER, pre_buffer=False) as file:
        names = file.schema_arrow.names
        if limits.html_column not in names:
            raise _no_column(source, limits, names)
        columns = [name for name in (limits.url_column, limits.html_column) if name in names]
        for batch in file.iter_batches(batch_size=_BATCH_ROWS, columns=columns, use_threads=False):
            yield from records_of_batch(batch, limits)


def records_of_batch(batch: Any, limits: ReadingLimits) -> Iterator[Record]:
    """Yield a record for each row of an Arrow batch; a page's bytes are not copied."""
    names = batch.schema.names
    pages = batch.column(names.index(limits.html_column))
    urls = batch.column(names.index(limits.url_column)) if limits.url_column in names else None
    for index in range(batch.num_rows):
        page = pages[index]
        url = urls[index].as_py() if urls is not None else None
        if not page.is_valid:
            yield record_of(url, None, limits)
            continue
        is_text = hasattr(page, "as_buffer") and "string" in str(page.type)
        body = memoryview(page.as_buffer()) if hasattr(page, "as_buffer") else page.as_py()
        yield record_of(url, body, limits, is_text=is_text)


def record_of(url: Any, page: Any, limits: ReadingLimits, *, is_text: bool = False) -> Record:
    """Return the record of a row: `page` is text, or the bytes of HTML."""
    url = url if isinstance(url, str) else None
    if isinstance(page, str):
        page, is_text = page.encode(errors="replace"), True
    if not isinstance(page, bytes | memoryview):
        return Record(url, failure=RecordError(f"There is no HTML in the column {limits.html_column!r}."))
    if len(page) > limits.largest:
        return Record(url, failure=BodyTooLargeError(f"The page has more than {limits.largest} bytes."))
    return Record(url, page, _TEXT_TYPE if is_text else _BYTES_TYPE)  # type: ignore[arg-type]
