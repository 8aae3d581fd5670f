"""The Parquet file of `pagemill scrape` and `pagemill crawl`, by the writer of `pagemill extract`.

Pages are written in parts, in a hidden folder beside the file. The file appears when the last page is written; a run
that goes on makes its parts of it again.
"""

from __future__ import annotations

import itertools
import shutil
import time
from typing import TYPE_CHECKING, Any

import orjson

from pagemill.bulk.columns import size_of
from pagemill.bulk.extras import load
from pagemill.bulk.outputs.files import telling, write_whole
from pagemill.bulk.outputs.output import NumberedRow
from pagemill.bulk.outputs.parquet import SUFFIX, ParquetOutput, schema_of
from pagemill.errors import UsageError
from pagemill.settings.extraction import ExtractionSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from pagemill.bulk.columns import Row
    from pagemill.model import JsonObject

COLUMNS = (
    *("url", "final_url", "status_code", "title", "author", "published", "language", "markdown", "html"),
    *("cleaned_html", "links", "metadata", "type", "json", "duplicate_of", "error"),
)


def is_parquet(file: Path | None) -> bool:
    """Whether a file is one of Parquet, by its name."""
    return file is not None and file.name.endswith(SUFFIX)


class ParquetPages:
    """Pages of one run. Its methods raise OperatorError where the file cannot be written."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._limits = ExtractionSettings()
        self._output = ParquetOutput(file, COLUMNS)
        self._rows: list[NumberedRow] = []
        self._size = 0
        self._written_at = time.monotonic()

    @property
    def _folder(self) -> Path:
        return self._output.folder

    def begin(self) -> None:
        """Start empty."""
        with telling(self._file):
            self._file.unlink(missing_ok=True)
            shutil.rmtree(self._folder, ignore_errors=True)
            self._output.begin(None)

    def go_on(self, parts: int | None = None) -> None:
        """Go on after what is there: the whole file, or the parts of a run that did not end, at most so many.

        Raises UsageError where the file is another's.
        """
        with telling(self._file):
            if self._file.exists() and not self._is_output(self._file):
                raise UsageError(f"The file {self._file} is no output of this command, so it cannot be resumed.")
            if self._file.exists():  # it holds all parts, if any are left
                shutil.rmtree(self._folder, ignore_errors=True)
                self._folder.mkdir()
                self._file.rename(self._output.part(0))
                parts = None
            there = 0
            while self._output.part(there).exists() and (parts is None or there < parts):
                there += 1
            self._output.begin({"parts": there})

    @staticmethod
    def _is_output(file: Path) -> bool:
        """Whether a file is one that an earlier run wrote, by its columns."""
        arrow, parquet = load("pyarrow", "Parquet"), load("pyarrow.parquet", "Parquet")
        try:
            with parquet.ParquetFile(file) as table:
                return bool(table.schema_arrow.equals(schema_of(COLUMNS)))
        except arrow.ArrowException:
            return False

    def failed_urls(self) -> Iterator[str]:
        """Yield the URLs of the rows with an error."""
        parquet = load("pyarrow.parquet", "Parquet")
        with telling(self._file):
            for number in itertools.count():
                if not self._output.part(number).exists():
                    return
                with parquet.ParquetFile(self._output.part(number)) as part:
                    for batch in part.iter_batches(columns=["url", "error"]):
                        yield from (row["url"] for row in batch.to_pylist() if row["error"] is not None)

    def take_out(self, is_kept: Callable[[JsonObject], bool]) -> None:
        """Take out the rows that are not kept; asked with a row's `url` and `error`."""
        parquet = load("pyarrow.parquet", "Parquet")
        number = 0
        with telling(self._file):
            while (file := self._output.part(number)).exists():
                kept = []
                with parquet.ParquetFile(file) as part:
                    for batch in part.iter_batches(columns=["url", "error"]):
                        kept += [is_kept(row) for row in batch.to_pylist()]
                if not all(kept):
                    sink = load("pyarrow", "Parquet").BufferOutputStream()
                    parquet.write_table(parquet.read_table(file).filter(kept), sink, compression="zstd")
                    write_whole(file, memoryview(sink.getvalue()))
                number += 1

    def add(self, answer: Mapping[str, Any]) -> None:
        """Take a page as the API gives it."""
        row = _row(answer)
        self._rows.append(NumberedRow(0, 0, row))
        self._size += size_of(row)

    @property
    def is_due(self) -> bool:
        """Whether it is time to write a part."""
        late = time.monotonic() - self._written_at >= self._limits.bulk_part_time
        return self._size >= self._limits.bulk_part_bytes or late

    def write(self) -> int:
        """Write the pages that wait, as a part. Return how many parts there are."""
        with telling(self._file):
            parts = self._output.write(self._rows)["parts"]
        self._rows, self._size, self._written_at = [], 0, time.monotonic()
        return int(parts)

    def finish(self) -> None:
        """Write what waits, and put the file together."""
        self.write()
        with telling(self._file):
            self._output.finish()
            shutil.rmtree(self._folder, ignore_errors=True)


def _row(answer: Mapping[str, Any]) -> Row:
    metadata: dict[str, Any] = answer.get("metadata") or {}
    generated = answer.get("generatedJson")
    return {
        "url": answer["url"],
        "final_url": answer.get("finalUrl"),
        "status_code": answer.get("statusCode"),
        **{name: metadata.get(name) for name in ("title", "author", "published", "language")},
        "markdown": answer.get("markdown"),
        "html": answer.get("html"),
        "cleaned_html": answer.get("cleanedHtml"),
        "links": answer.get("links"),
        "metadata": metadata or None,
        "type": (metadata.get("openGraph") or {}).get("type"),
        "json": None if generated is None else orjson.dumps(generated).decode(),
        "duplicate_of": answer.get("duplicateOf"),
        "error": answer.get("error"),
    }
