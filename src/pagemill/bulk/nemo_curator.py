"""Extraction in NeMo Curator: the extractor of a download stage, in the place of its `CommonCrawlHTMLExtractor`.

Its records come from a WARC iterator, with the bytes of a page as `content`. A worker has one extraction process.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nemo_curator.stages.text.download import DocumentExtractor

from pagemill.bulk.batch import extract_batch
from pagemill.bulk.columns import checked
from pagemill.bulk.extras import load

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_OF_THE_RECORD = ("url", "warc_id", "source_id")


class Extract(DocumentExtractor):  # type: ignore[misc]
    """Makes a document's `text` of its HTML.

    `text_column` is `markdown`, `cleaned_html` or `text`. The other `columns` are the document's too. Pages that cannot
    be extracted, or that have no content, are left out. Raises UsageError for columns that there are not.
    """

    def __init__(
        self, *, text_column: str = "markdown", columns: Sequence[str] = ("title", "language", "quality")
    ) -> None:
        super().__init__()
        self._text_column = text_column
        self._columns = tuple(dict.fromkeys(columns))
        checked((text_column, *self._columns))

    def input_columns(self) -> list[str]:
        """Return the fields of a record."""
        return [*_OF_THE_RECORD, "content"]

    def output_columns(self) -> list[str]:
        """Return the fields of a document."""
        return list(dict.fromkeys([*_OF_THE_RECORD, *self._columns, "text"]))

    def extract(self, record: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return the document of a record, or None where it has no content."""
        content = record.get("content")
        if not content:
            return None
        arrow = load("pyarrow", "NeMo Curator")
        page = content.encode("utf-8", "replace") if isinstance(content, str) else content
        kind = arrow.string() if isinstance(content, str) else arrow.binary()
        batch = arrow.RecordBatch.from_arrays(
            [arrow.array([record.get("url")], arrow.string()), arrow.array([page], arrow.binary()).cast(kind)],
            names=["url", "html"],
        )
        wanted = tuple(dict.fromkeys((self._text_column, *self._columns, "error")))
        [row] = extract_batch(batch, columns=wanted).to_pylist()
        if row["error"] is not None or not row[self._text_column]:
            return None
        document = {name: record.get(name) for name in _OF_THE_RECORD}
        document |= {name: row[name] for name in self._columns}
        return {**document, "text": row[self._text_column]}
