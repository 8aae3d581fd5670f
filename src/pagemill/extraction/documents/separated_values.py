"""Separated values: CSV and TSV as a table (RFC 4180, parsed leniently)."""

from __future__ import annotations

import csv
import re
from io import StringIO
from itertools import islice

from turbohtml import escape, parse_fragment

from pagemill.extraction.metadata import media
from pagemill.extraction.reading import encoding
from pagemill.extraction.writing import cleaned_html, markdown
from pagemill.media_types import SEPARATED_VALUES
from pagemill.model import Content

MAX_ROWS = 5000
"""The largest number of rows in the table; a line below it gives the number of the others."""
_DELIMITERS = ",;\t|"
_MAX_COLUMNS = 200
_MAX_CELL_LENGTH = 1 << 20
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def is_separated(content_type: str, url: str) -> bool:
    """Whether a file is CSV or TSV, by its media type, or by its name because many servers send `text/plain`."""
    essence = content_type.partition(";")[0].strip().lower()
    path = url.partition("?")[0].partition("#")[0].lower()
    return essence in SEPARATED_VALUES or (essence in ("text/plain", "") and path.endswith((".csv", ".tsv")))


def extract(body: bytes, content_type: str, url: str) -> Content | None:
    """Extract a table. None if there are fewer than two columns, or a cell does not end."""
    text = encoding.decode(body, content_type).removeprefix("\ufeff")
    try:
        rows, more = _rows(text)
    except csv.Error:
        return None
    if max(map(len, rows), default=0) < 2:
        return None
    tree = cleaned_html.clean(parse_fragment(_table(rows, more), positions=False), url)
    return Content(
        html=text,
        cleaned_html=cleaned_html.serialize(tree),
        links=media.links(tree, url),
        markdown=markdown.render(tree),  # consumes the tree
    )


def _rows(text: str) -> tuple[list[list[str]], int]:
    """The head and the first rows, and how many rows follow. Raises csv.Error.

    Only CR and LF end a row, where `str.splitlines` would end one at a form feed too.
    """
    csv.field_size_limit(_MAX_CELL_LENGTH)
    found = (row for row in csv.reader(StringIO(text, newline=""), delimiter=_delimiter(text)) if any(row))
    rows = [row[:_MAX_COLUMNS] for row in islice(found, 1 + MAX_ROWS)]
    return rows, sum(1 for _ in found)


def _delimiter(text: str) -> str:
    """The delimiter that is in each of the first lines most often, then in the text most often."""
    lines = [line for line in text[:65536].splitlines()[:20] if line.strip()]
    return max(
        _DELIMITERS,
        key=lambda delimiter: (min((line.count(delimiter) for line in lines), default=0), text.count(delimiter)),
    )


def _table(rows: list[list[str]], more: int) -> str:
    head, *rest = rows
    parts = [f"<table><thead><tr>{''.join(f'<th>{_cell(cell)}</th>' for cell in head)}</tr></thead><tbody>"]
    parts += [f"<tr>{''.join(f'<td>{_cell(cell)}</td>' for cell in row)}</tr>" for row in rest]
    parts.append("</tbody></table>")
    if more:
        parts.append(f"<p>… and {more} more rows.</p>")
    return "".join(parts)


def _cell(text: str) -> str:
    shown = escape(_CONTROL.sub("", text).strip(), quote=False).replace("\n", "<br>")
    if re.fullmatch(r"https?://[^\s<>\"]+", text.strip()):
        return f'<a href="{escape(text.strip())}">{shown}</a>'
    return shown
