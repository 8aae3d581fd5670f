"""Expands the spans of a table to a regular grid, for formats without spans."""

from __future__ import annotations

from turbohtml import Element

from pagemill.extraction.writing import tables

# A table whose grid has more cells than this, and this many times its own, becomes paragraphs.
_MAX_CELLS = 10_000
_MAX_GROWTH = 8


def normalize(table: Element) -> None:
    """Give every row the same number of cells, in place. Cells that a span covers become empty cells.

    A table whose spans cover far more cells than it has becomes a paragraph for each row.
    """
    rows = [(row, [cell for cell in row.children if isinstance(cell, Element)]) for row in table.find_all("tr")]
    cells = sum(len(line) for _, line in rows)
    spans = table.select_one("[colspan], [rowspan]") is not None
    width = max((sum(tables.span(cell, "colspan") for cell in line) for _, line in rows), default=0)
    limit = max(_MAX_CELLS, _MAX_GROWTH * cells)
    if width * len(rows) > limit or (spans and not _expand_spans(rows, limit)):
        _to_paragraphs(table, rows)
    elif not spans and any(len(line) != width for _, line in rows):
        _pad(rows, width)


def _expand_spans(rows: list[tuple[Element, list[Element]]], limit: int) -> bool:
    """Insert empty cells where spans reach, and pad the rows to the same length. Do nothing beyond `limit` cells."""
    grid = _grid(rows, limit)
    if grid is None:
        return False
    for _, cells in rows:
        for cell in cells:
            for name in ("colspan", "rowspan"):
                if name in cell.attrs:
                    del cell.attrs[name]
    for row, line in grid:
        row.clear()
        row.extend(line)
    _pad(grid, max((len(line) for _, line in grid), default=0))
    return True


def _grid(rows: list[tuple[Element, list[Element]]], limit: int) -> list[tuple[Element, list[Element]]] | None:
    """The cells of each row, with empty ones where spans reach; None if they are more than `limit`."""
    reserved: dict[int, int] = {}
    """For each column, the number of rows that a cell from above still covers."""
    lines: list[tuple[Element, list[Element]]] = []
    widest = count = 0
    for row, cells in rows:
        line: list[Element] = []
        for cell in cells:
            _fill_covered(line, reserved)
            column, height = len(line), tables.span(cell, "rowspan")
            width = tables.span(cell, "colspan")
            line += [cell, *(Element("td") for _ in range(width - 1))]
            if height > 1:
                reserved.update(dict.fromkeys(range(column, column + width), height))
        _fill_covered(line, reserved)
        reserved = {column: left - 1 for column, left in reserved.items() if left > 1}
        lines.append((row, line))
        widest, count = max(widest, len(line)), count + len(line)
        if count > limit:
            return None
    return lines if widest * len(rows) <= limit else None


def _fill_covered(line: list[Element], reserved: dict[int, int]) -> None:
    """Fill the columns that a cell from above covers."""
    while len(line) in reserved:
        line.append(Element("td"))


def _pad(rows: list[tuple[Element, list[Element]]], width: int) -> None:
    for row, line in rows:
        row.extend([Element("td") for _ in range(width - len(line))])


def _to_paragraphs(table: Element, rows: list[tuple[Element, list[Element]]]) -> None:
    for row, cells in rows:
        paragraph = Element("p")
        for cell in cells:
            paragraph.extend([*cell.children, Element("br")])
        table.insert_before(paragraph)
        row.clear()
    table.decompose()
