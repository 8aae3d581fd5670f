"""One page of a PDF: its lines and tables in reading order."""

from __future__ import annotations

from dataclasses import replace
from statistics import median
from typing import TYPE_CHECKING, Any

from pagemill.extraction.documents import pdf_characters, pdf_fields, pdf_lines, pdf_tables
from pagemill.extraction.documents.pdf_lines import Line
from pagemill.extraction.documents.pdf_tables import Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pagemill.extraction.documents.pdf_characters import Character
    from pagemill.extraction.documents.pdf_lines import Word
    from pagemill.extraction.documents.pdf_tables import Box, Row

Item = Line | Table

_USUAL_SIZE = 10.0


def read(page: Any) -> list[Item]:
    """Return the lines and tables of a page of pdfplumber in reading order; what runs sideways comes last."""
    from pdfplumber.page import FilteredPage

    found = pdf_characters.read(page.chars, page.width, page.height)
    if found.turned:
        items = _ordered([], pdf_lines.rows(_words(found.main)), page.height)
    else:
        upright = FilteredPage(page, lambda _: True)
        upright._objects = {**page.objects, "char": found.main}  # noqa: SLF001 - as pdfplumber's own dedupe_chars
        items = _upright(upright, page, found.main)
    for characters in found.sideways:
        lines = [line for row in pdf_lines.rows(_words(characters)) for line in row]
        items += [replace(line, size=0.0, bold=False, sideways=True) for line in lines]
    page.close()
    return items


def _upright(upright: Any, page: Any, characters: Sequence[Character]) -> list[Item]:
    tables, boxes = pdf_tables.ruled(upright)
    sizes = [character["size"] for character in characters]
    words = [*_words(characters), *pdf_fields.words(page, median(sizes) if sizes else _USUAL_SIZE)]
    rows = pdf_lines.rows([word for word in words if not any(_inside(word, box) for box in boxes)])
    aligned, rows = pdf_tables.aligned(rows, pdf_tables.rules(upright))
    return _ordered([*tables, *aligned], rows, page.width)


def _words(characters: Sequence[Character]) -> list[Word]:
    from pdfplumber.utils.text import extract_words

    found: list[Word] = extract_words(
        list(characters),
        extra_attrs=["size", "fontname"],
        use_text_flow=False,
        x_tolerance_ratio=pdf_lines.MIN_SPACE_WIDTH,
    )
    return found


def _inside(word: Word, box: Box) -> bool:
    middle, centre = (word["x0"] + word["x1"]) / 2, (word["top"] + word["bottom"]) / 2
    return bool(box[0] <= middle <= box[2] and box[1] <= centre <= box[3])


def _ordered(tables: Sequence[Table], rows: Sequence[Row], width: float) -> list[Item]:
    """Lines and tables in the order in which one reads them: two columns one after the other."""
    lines = [line for row in rows for line in row]
    gutter = _gutter(lines, width)
    found: list[Item] = []
    spanning: list[Item] = [*tables, *(line for line in lines if _spans(line, gutter))]
    spanning.sort(key=lambda item: item.top)
    rest = [line for line in lines if not _spans(line, gutter)]
    start = float("-inf")
    for item in [*spanning, None]:
        end = item.top if item else float("inf")
        between = [line for line in rest if start <= line.top < end]
        found += [line for line in between if gutter is None or line.right <= gutter]
        found += [line for line in between if gutter is not None and line.right > gutter]
        if item:
            found.append(item)
        start = end
    return found


def _gutter(lines: Sequence[Line], width: float) -> float | None:
    """The horizontal position of the gutter between two columns, or None. Both columns have enough of the lines."""
    for step in range(30, 71):
        x = width * step / 100
        left = sum(line.right <= x for line in lines)
        right = sum(line.left >= x for line in lines)
        if min(left, right) > 4 and min(left, right) > 0.25 * len(lines) and left + right >= 0.85 * len(lines):
            return x
    return None


def _spans(line: Line, gutter: float | None) -> bool:
    return gutter is not None and line.left < gutter < line.right
