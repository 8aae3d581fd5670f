"""Extraction in datatrove: a step of a pipeline, in the place of its `Trafilatura`.

Its documents come with HTML as their `text`, as from its `WarcReader`, and leave with Markdown. A rank has one
extraction process, which is under the service's limits: datatrove's own sandbox is not needed.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from datatrove.pipeline.extractors.base import BaseExtractor
from datatrove.utils.typeshelper import StatHints

from pagemill.bulk.batch import extract_batch
from pagemill.bulk.columns import checked
from pagemill.bulk.extras import load

if TYPE_CHECKING:
    from collections.abc import Iterator

_DOCUMENTS_AT_ONCE = 64
_LONGEST = 600.0


class Extract(BaseExtractor):  # type: ignore[misc]
    """A step that replaces the HTML of documents by their content.

    `text_column` is `markdown`, `cleaned_html` or `text`. The other `columns` go into a document's metadata. Pages that
    cannot be extracted are dropped, and counted by their error. Raises UsageError for columns that there are not.
    """

    name = "Pagemill"

    def __init__(
        self, *, text_column: str = "markdown", columns: tuple[str, ...] = ("title", "language", "quality")
    ) -> None:
        super().__init__(timeout=_LONGEST)
        self._text_column = text_column
        self._columns = tuple(dict.fromkeys(columns))
        checked((text_column, *self._columns))

    def extract(self, text: str) -> str:
        """Return the content of one page."""
        return self._rows([("", text)])[0][self._text_column] or ""

    def run(self, data: Any, rank: int = 0, world_size: int = 1) -> Iterator[Any]:  # noqa: ARG002 - datatrove's own names
        """Yield the documents that have content."""
        documents = iter(data)
        while taken := list(islice(documents, _DOCUMENTS_AT_ONCE)):
            with self.track_time():
                rows = self._rows([(document.metadata.get("url"), document.text) for document in taken])
            for document, row in zip(taken, rows, strict=True):
                self.stat_update(StatHints.total)
                document.text = row[self._text_column]
                if row["error"] is not None or not document.text:
                    self.stat_update(StatHints.dropped, *([row["error"]] if row["error"] else []))
                    continue
                document.metadata |= {name: row[name] for name in self._columns if row[name] is not None}
                self.stat_update("extracted", StatHints.forwarded)
                self.update_doc_stats(document)
                yield document

    def _rows(self, pages: list[tuple[str | None, str]]) -> list[dict[str, Any]]:
        arrow = load("pyarrow", "datatrove")
        urls, texts = zip(*pages, strict=True)
        batch = arrow.RecordBatch.from_pydict(
            {"url": list(urls), "html": list(texts)},
            schema=arrow.schema([("url", arrow.string()), ("html", arrow.string())]),
        )
        wanted = tuple(dict.fromkeys((self._text_column, *self._columns, "error")))
        rows: list[dict[str, Any]] = extract_batch(batch, columns=wanted).to_pylist()
        return rows
