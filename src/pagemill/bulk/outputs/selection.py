"""Which output a path means, by its extension."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pagemill.bulk.outputs import json_lines, parquet
from pagemill.bulk.outputs.json_lines import JsonLinesOutput
from pagemill.bulk.outputs.markdown_folder import MarkdownFolder
from pagemill.bulk.outputs.parquet import ParquetOutput
from pagemill.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pagemill.bulk.outputs.output import Output


def output_of(path: str, columns: Sequence[str]) -> Output:
    """Return the output that a path means. Raises UsageError for an extension that is not known."""
    name = Path(path).name
    if name.endswith(parquet.SUFFIX):
        return ParquetOutput(Path(path), columns, keeps_parts=path.endswith("/") or Path(path).is_dir())
    if name.endswith(json_lines.SUFFIXES):
        return JsonLinesOutput(Path(path))
    if path.endswith("/") or not Path(path).suffix or Path(path).is_dir():
        return MarkdownFolder(Path(path))
    known = ", ".join((parquet.SUFFIX, *json_lines.SUFFIXES))
    raise UsageError(f"What to write to {path} cannot be told by its name: it ends in {known}, or is a folder's.")


def needs_markdown(output: Output) -> bool:
    """Whether the output is made of the column `markdown`, whatever columns are chosen."""
    return isinstance(output, MarkdownFolder)
