"""Extraction in Spark: `frame.mapInArrow(extract(…), schema(…))`.

Spark runs one Python worker a task; each has one extraction process of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pagemill.bulk.batch import extract_batch
from pagemill.bulk.columns import DEFAULT_COLUMNS, NUMBERS, checked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    import pyarrow as pa

_TYPES = {**dict.fromkeys(NUMBERS, "double"), "links": "array<struct<href: string, text: string>>"}


def extract(**options: Any) -> Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """Return a function for `mapInArrow`; it takes what `extract_batch` takes."""

    def run(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            yield extract_batch(batch, **options)

    return run


def schema(columns: Sequence[str] = DEFAULT_COLUMNS) -> str:
    """Return the schema of these columns, as `mapInArrow` takes it. Columns of `keep` stand before it."""
    return ", ".join(f"`{name}` {_TYPES.get(name, 'string')}" for name in checked(columns))
