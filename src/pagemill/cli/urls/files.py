"""The URLs of a file that `pagemill scrape` reads: lines, JSON Lines, or a column of Parquet or CSV."""

from __future__ import annotations

import csv
import zlib
from codecs import BOM_UTF8
from pathlib import Path
from typing import TYPE_CHECKING

import orjson
import zstandard

from pagemill.bulk.extras import load
from pagemill.bulk.inputs.compressed import SUFFIXES, opened
from pagemill.errors import OperatorError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import IO

_PARQUET, _JSON_LINES, _CSV = (".parquet",), (".jsonl", ".ndjson"), (".csv", ".tsv")
_COLUMN = "url"
_ROWS_AT_ONCE = 10_000
_LONGEST_LINE = 8 * 1024 * 1024


def urls_of(file: str) -> Iterator[str]:
    """Yield the URLs of a file in UTF-8, by its name, as they are read. Raises OperatorError, which names it.

    Parquet and CSV have them in their column `url`. A line of JSON Lines is a string, or an object with `url`. Of
    others, lines that begin with # are comments. All but Parquet may be in gzip or zstd.
    """
    name = next((file.removesuffix(suffix) for suffix in SUFFIXES if file.endswith(suffix)), file)
    try:
        if file.endswith(_PARQUET):
            yield from _of_table(file)
            return
        with opened(Path(file)) as lines:
            if name.endswith(_JSON_LINES):
                yield from _of_json_lines(lines, file)
            elif name.endswith(_CSV):
                yield from _of_csv(lines, file, "\t" if name.endswith(".tsv") else ",")
            else:
                yield from lines_of(lines, f"the file {file}")
    except OSError as error:
        raise OperatorError(f"The file {file} cannot be read: {error.strerror or error}.") from error
    except (EOFError, zlib.error, zstandard.ZstdError) as error:
        raise OperatorError(f"The file {file} cannot be read: it is damaged, or breaks off.") from error


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


def _of_json_lines(lines: IO[bytes], file: str) -> Iterator[str]:
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


def _of_csv(lines: IO[bytes], file: str, delimiter: str) -> Iterator[str]:
    """Yield the column `url`, whatever its case; the first line names the columns."""
    try:
        texts = (line.removeprefix(BOM_UTF8).decode() for _, line in _numbered(lines, f"the file {file}"))
        rows = csv.reader(texts, delimiter=delimiter)
        names = [name.strip().lower() for name in next(rows, [])]
        if _COLUMN not in names:
            raise OperatorError(f"The file {file} cannot be read: its first line names no column `{_COLUMN}`.")
        place = names.index(_COLUMN)
        yield from (row[place].strip() for row in rows if len(row) > place and row[place].strip())
    except UnicodeDecodeError as error:
        raise OperatorError(f"The file {file} cannot be read: it is not UTF-8.") from error
    except csv.Error as error:
        raise OperatorError(f"The file {file} cannot be read: {error}.") from error


def _of_table(file: str) -> Iterator[str]:
    arrow, parquet = load("pyarrow", "Parquet"), load("pyarrow.parquet", "Parquet")
    try:
        with parquet.ParquetFile(file) as table:
            if _COLUMN not in table.schema_arrow.names:
                raise OperatorError(f"The file {file} cannot be read: it has no column `{_COLUMN}`.")
            for batch in table.iter_batches(_ROWS_AT_ONCE, columns=[_COLUMN]):
                urls = batch.column(0).cast(arrow.string())  # bytes are text too; a dictionary is looked up
                yield from (url for url in urls.to_pylist() if url is not None)
    except arrow.ArrowException as error:
        raise OperatorError(f"The file {file} cannot be read: it is no Parquet.") from error
