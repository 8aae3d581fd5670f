"""Extraction in Ray Data: `dataset.map_batches(Extract, batch_format="pyarrow", …)`.

Ray starts one actor a core; each has one extraction process of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pagemill.bulk.batch import extract_batch
from pagemill.bulk.extras import load

if TYPE_CHECKING:
    import pyarrow as pa


class Extract:
    """A callable class for `map_batches`; it takes what `extract_batch` takes, by `fn_constructor_kwargs`."""

    def __init__(self, **options: Any) -> None:
        self._options = options

    def __call__(self, table: pa.Table) -> pa.Table:
        """Return the table of the extracted pages."""
        batches = [extract_batch(batch, **self._options) for batch in table.to_batches()]
        return load("pyarrow", "Ray Data").Table.from_batches(batches) if batches else table
