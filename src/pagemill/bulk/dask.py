"""Extraction in Dask: `extract(frame, …)` is a frame of the extracted pages.

Each worker process has one extraction process, which its threads share.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pagemill.bulk.batch import extract_batch
from pagemill.bulk.columns import DEFAULT_COLUMNS, checked
from pagemill.bulk.extras import load
from pagemill.bulk.outputs.parquet import schema_of

if TYPE_CHECKING:
    from collections.abc import Sequence


def extract(frame: Any, *, columns: Sequence[str] = DEFAULT_COLUMNS, **options: Any) -> Any:
    """Return a Dask frame with a row for each row of `frame`; it takes what `extract_batch` takes, except `keep`."""
    wanted = checked(columns)
    meta = schema_of(wanted).empty_table().to_pandas()
    return frame.map_partitions(_extract_partition, wanted, options, meta=meta)


def _extract_partition(partition: Any, columns: tuple[str, ...], options: dict[str, Any]) -> Any:
    arrow = load("pyarrow", "Dask")
    names = [options.get("html_column", "html"), options.get("url_column", "url")]
    pages = partition[[name for name in names if name in partition.columns]]
    batch = arrow.RecordBatch.from_pandas(pages, preserve_index=False)
    made = extract_batch(batch, columns=columns, **options).to_pandas()
    made.index = partition.index
    return made
