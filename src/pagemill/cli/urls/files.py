"""The URLs of a file that `pagemill scrape` reads: lines, JSON Lines, or a column of Parquet."""

from __future__ import annotations

from codecs import BOM_UTF8
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from pagemill.bulk.extras import load
from pagemill.errors import OperatorError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import IO

_PARQUET, _JSON_LINES = (".parquet",), (".jsonl", ".ndjson")
_ROWS_AT_ONCE = 10_000
_LONGEST_LINE = 8 * 1024 * 1024


def urls_of(file: str) -> Iterator[str]:
    """Yield the URLs of a file in UTF-8, by its name, as they are read. Raises OperatorError, which names it.

    Parquet has them in its column `url`. A line of JSON Lines is a string, or an object with `url`. Of others, lines
    that begin with # are comments.
    """
    try:
        if file.endswith(_PARQUET):
            yield from _of_table(file)
        elif file.endswith(_JSON_LINES):
            yield from _of_json_lines(file)
        else:
            with Path(file).open("rb") as lines:
                yield from lines_of(lines, f"the file {file}")
    except OSError as error:
        raise OperatorError(f"The file {file} cannot be read: {error.strerror or error}.") from error


def lines_of(lines: IO[bytes], name: str) -> Iterator[str]:
    """Yield the URLs in lines of text. Raises OperatorError where they are not UTF-8, or have no end."""
    try:
        for number, line in _numbered(lines, name):
            url = (line.removeprefix(BOM_UTF8) if number == 1 else line).decode()
            if url.strip() and not url.startswith("#"):
                yield url.strip()
    except UnicodeDecodeError as error:
        raise OperatorError(f"{name[:1].upper()}{name[1:]} cannot be read: it is not UTF-8.") from error


def _numbered(lines: IO[bytes], name: str) -> Iterator[tuple[int, bytes]]:
    """Yield the lines with their numbers, from 1 on. Raises OperatorError where one is far too long."""
    number = 0
    while line := lines.readline(_LONGEST_LINE):
        number += 1
        if len(line) == _LONGEST_LINE:
            begin = f"{name[:1].upper()}{name[1:]} cannot be read"
            raise OperatorError(f"{begin}: line {number} has more than {_LONGEST_LINE} bytes.")
        yield number, line


def _of_json_lines(file: str) -> Iterator[str]:
    with Path(file).open("rb") as lines:
        for number, line in _numbered(lines, f"the file {file}"):
            if not line.strip():
                continue
            try:
                value = orjson.loads(line.removeprefix(BOM_UTF8))
            except orjson.JSONDecodeError:
                value = None
            url = value.get("url") if isinstance(value, dict) else value
            if not isinstance(url, str):
                raise OperatorError(f"The file {file} cannot be read: line {number} has no URL.")
            yield url


def _of_table(file: str) -> Iterator[str]:
    arrow, parquet = load("pyarrow", "Parquet"), load("pyarrow.parquet", "Parquet")
    try:
        with parquet.ParquetFile(file) as table:
            if "url" not in table.schema_arrow.names:
                raise OperatorError(f"The file {file} cannot be read: it has no column `url`.")
            for batch in table.iter_batches(_ROWS_AT_ONCE, columns=["url"]):
                yield from (str(url) for url in batch.column(0).to_pylist() if url is not None)
    except arrow.ArrowException as error:
        raise OperatorError(f"The file {file} cannot be read: it is no Parquet.") from error
