"""A folder with a file of Markdown for each page. Pages that failed are in `errors.jsonl` in it."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from pagemill.bulk.outputs.json_lines import JsonLinesOutput
from pagemill.bulk.outputs.output import Output
from pagemill.extraction.postprocessing import front_matter

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pagemill.bulk.outputs.output import NumberedRow
    from pagemill.model import JsonObject

ERRORS = "errors.jsonl"
_LONGEST_NAME = 100
_IN_FRONT = ("url", "title", "author", "published", "language", "type", "duplicate_of")
_FOLDER_SIZE = 1000


class MarkdownFolder(Output):
    """Files by the numbers of input and record, `0000/000/000012-example.com-docs.md`: a page is always in the same."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._errors = JsonLinesOutput(path / ERRORS)

    @property
    def folder(self) -> Path:
        """See Output."""
        return self._path / ".pagemill-extract"

    @property
    def is_there(self) -> bool:
        """See Output."""
        return self._path.is_dir() and any(self._path.iterdir())

    def owns(self, path: Path) -> bool:
        """See Output."""
        return self._errors.owns(path) or super().owns(path)

    def begin(self, place: JsonObject | None) -> None:
        """See Output. A file that was written after the place is written again, as it was."""
        self._path.mkdir(parents=True, exist_ok=True)
        self._errors.begin(place)

    def write(self, rows: Sequence[NumberedRow]) -> JsonObject:
        """See Output."""
        for numbered in rows:
            row = numbered.row
            if row.get("error") is None:
                file = self._path / _name(numbered)
                file.parent.mkdir(parents=True, exist_ok=True)
                head = front_matter.write({name: row.get(name) for name in _IN_FRONT})
                file.write_text(head + (row.get("markdown") or ""), encoding="utf-8")
        os.sync()  # once for all files
        return self._errors.write([numbered for numbered in rows if numbered.row.get("error") is not None])

    def finish(self) -> None:
        """See Output."""


def _name(numbered: NumberedRow) -> Path:
    plain = re.sub(r"[^\w.]+", "-", re.sub(r"^\w+://", "", numbered.row.get("url") or ""))
    slug = plain.encode()[:_LONGEST_NAME].decode(errors="ignore").strip("-.")
    group = f"{numbered.record // _FOLDER_SIZE:03}"
    return Path(f"{numbered.source:04}", group, f"{numbered.record:06}-{slug}.md")
