"""Parquet: each part is a file of its own, and in the end they are put together into one, a row group a part.

A path that ends in a slash keeps the parts: a folder as other engines write and read it.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

import orjson

from pagemill.bulk.columns import NUMBERS
from pagemill.bulk.extras import load
from pagemill.bulk.outputs.files import write_whole
from pagemill.bulk.outputs.output import Output

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from pagemill.bulk.columns import Row
    from pagemill.bulk.outputs.output import NumberedRow
    from pagemill.model import JsonObject

SUFFIX = ".parquet"
_COMPRESSION = "zstd"
_PART = re.compile(r"part-(\d{5,})\.parquet")


def schema_of(columns: Iterable[str]) -> Any:
    """Return the Arrow schema of these columns. Raises OperatorError without pyarrow."""
    arrow = load("pyarrow", "Parquet")
    links = arrow.list_(arrow.struct([("href", arrow.string()), ("text", arrow.string())]))
    types = {**dict.fromkeys(NUMBERS, arrow.float64()), "links": links, "status_code": arrow.int64()}
    return arrow.schema([(name, types.get(name, arrow.string())) for name in columns])


def arrow_rows(rows: Iterable[Row]) -> list[Row]:
    """Return rows with the values that Arrow's columns hold: the metadata is JSON text."""
    return [
        {**row, "metadata": orjson.dumps(row["metadata"]).decode()} if row.get("metadata") is not None else row
        for row in rows
    ]


class ParquetOutput(Output):
    """One file, or with `keeps_parts` a folder of them."""

    def __init__(self, path: Path, columns: Sequence[str], *, keeps_parts: bool = False) -> None:
        self._path = path
        self._keeps_parts = keeps_parts
        self._schema = schema_of(columns)
        self._parquet = load("pyarrow.parquet", "Parquet")
        self._written = 0

    @property
    def folder(self) -> Path:
        """See Output."""
        if self._keeps_parts:
            return self._path / ".pagemill-extract"
        return self._path.with_name(f".{self._path.name}.pagemill-extract")

    @property
    def is_there(self) -> bool:
        """See Output."""
        return any(self._path.glob("part-*.parquet")) if self._keeps_parts else self._path.exists()

    def owns(self, path: Path) -> bool:
        """See Output."""
        if self._keeps_parts:
            is_part = path.parent == self._path.resolve() and _PART.fullmatch(path.name) is not None
        else:
            is_part = path == self._path.resolve()
        return is_part or super().owns(path)

    def begin(self, place: JsonObject | None) -> None:
        """See Output."""
        self._parts.mkdir(parents=True, exist_ok=True)
        self._written = place["parts"] if place else 0
        for file in self._parts.iterdir():
            number = _PART.fullmatch(file.name)
            if number and int(number[1]) >= self._written:
                file.unlink()

    def write(self, rows: Sequence[NumberedRow]) -> JsonObject:
        """See Output."""
        if rows:
            arrow = load("pyarrow", "Parquet")
            values = arrow_rows(numbered.row for numbered in rows)
            sink = arrow.BufferOutputStream()
            self._parquet.write_table(
                arrow.Table.from_pylist(values, schema=self._schema), sink, compression=_COMPRESSION
            )
            write_whole(self.part(self._written), memoryview(sink.getvalue()))
            self._written += 1
        return {"parts": self._written}

    def finish(self) -> None:
        """See Output."""
        if self._keeps_parts and self._written:
            return
        target = self.part(0) if self._keeps_parts else self._path
        unfinished = target.with_name(f".{target.name}.unfinished")
        with unfinished.open("wb") as file:
            with self._parquet.ParquetWriter(file, self._schema, compression=_COMPRESSION) as writer:
                for number in range(self._written):
                    writer.write_table(self._parquet.read_table(self.part(number), schema=self._schema))
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(target)

    @property
    def _parts(self) -> Path:
        return self._path if self._keeps_parts else self.folder

    def part(self, number: int) -> Path:
        """Return the file of a part."""
        return self._parts / f"part-{number:05}.parquet"
