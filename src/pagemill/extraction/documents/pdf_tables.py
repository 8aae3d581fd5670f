"""The tables of a PDF's page: by the lines around their cells or, where there are none, by how their columns align."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pagemill.extraction.documents.pdf_lines import BULLET

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pagemill.extraction.documents.pdf_lines import Line

Box = tuple[float, float, float, float]
Row = list["Line"]

_MAX_EDGES = 4000
"""With more lines than this, a page is a drawing. Looking for crossings takes time in proportion to the square."""
_MAX_ROW_GAP = 2.5
"""The largest distance of two rows of a table, relative to the height of a line."""
_MAX_WRAP_GAP = 0.8
"""The largest distance of the second line of a cell from its first."""
_MAX_CELL = 20
_MAX_RULED_CELL = 40
"""The largest average length of cells: the lines of columns of prose are longer."""
_MIN_ROWS, _MIN_RULED_ROWS = 3, 2
_MIN_FILLED = 0.6
_MIN_RULE = 0.8
"""How much of a table's width a horizontal rule covers."""
_MAX_SKIPPED = 2
"""How many rows at the top of a group may be no part of its table, such as a heading across the columns."""
_ENUMERATION = re.compile(r"[•‣▪●○◦–·*-]|\(?\w{1,4}[.)]")


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells, and their top and bottom on the page in points."""

    rows: list[list[str]]
    top: float
    bottom: float


def ruled(page: Any) -> tuple[list[Table], list[Box]]:
    """Find the tables whose cells have lines around them, and the boxes that they fill."""
    tables: list[Table] = []
    boxes: list[Box] = []
    if len(page.edges) > _MAX_EDGES:
        return tables, boxes
    for table in page.find_tables():
        rows = [[(cell or "").strip() for cell in row] for row in table.extract()]
        if len(rows) > 1 and len(rows[0]) > 1 and sum(bool(cell) for row in rows for cell in row) > len(rows):
            tables.append(Table(rows, table.bbox[1], table.bbox[3]))
            boxes.append(table.bbox)
    return tables, boxes


def rules(page: Any) -> list[Box]:
    """Return the horizontal lines of a page."""
    edges = page.edges
    if len(edges) > _MAX_EDGES:
        return []
    return [(edge["x0"], edge["top"], edge["x1"], edge["bottom"]) for edge in edges if edge["orientation"] == "h"]


def aligned(rows: Sequence[Row], lines_across: Sequence[Box]) -> tuple[list[Table], list[Row]]:
    """Find the tables without lines between their columns, and return them with the rows that are in none."""
    tables: list[Table] = []
    rest: list[Row] = []
    for group in _groups(rows):
        for skipped in range(min(_MAX_SKIPPED, len(group)) + 1):
            table = _table(group[skipped:], lines_across)
            if table is not None:
                tables.append(table)
                rest += group[:skipped]
                break
        else:
            rest += group
    return tables, rest


def _groups(rows: Sequence[Row]) -> list[list[Row]]:
    """Rows that may be one table: of several lines each, or of one between two of several, for a cell that wraps."""
    groups: list[list[Row]] = []
    for row in rows:
        last = groups[-1][-1] if groups else None
        if last is not None and _follows(last, row):
            groups[-1].append(row)
        else:
            groups.append([row])
    return [part for group in groups for part in _without_single_ends(group)]


def _follows(last: Row, row: Row) -> bool:
    gap = (min(line.top for line in row) - max(line.bottom for line in last)) / (_height(row) or 1)
    if len(row) > 1 and len(last) > 1:
        return gap < _MAX_ROW_GAP
    return len(last) + len(row) > 2 and gap < _MAX_WRAP_GAP


def _without_single_ends(group: list[Row]) -> list[list[Row]]:
    several = [number for number, row in enumerate(group) if len(row) > 1]
    if not several:
        return [[row] for row in group]
    start, end = several[0], several[-1] + 1
    return [*([row] for row in group[:start]), group[start:end], *([row] for row in group[end:])]


def _height(row: Row) -> float:
    return max(line.bottom for line in row) - min(line.top for line in row)


def _table(group: Sequence[Row], lines_across: Sequence[Box]) -> Table | None:
    whole = [row for row in group if len(row) > 1]
    if len(whole) < _MIN_RULED_ROWS or len(group[0]) < 2:
        return None
    box = _box(whole)
    has_rules = _has_rules(box, _height(whole[0]), lines_across)
    columns = _columns(whole)
    cells = [line for row in whole for line in row]
    if len(columns) < 2 or len(whole) < (_MIN_RULED_ROWS if has_rules else _MIN_ROWS):
        return None
    longest = _MAX_RULED_CELL if has_rules else _MAX_CELL
    if sum(len(line.text) for line in cells) > longest * len(cells):
        return None
    rows = _filled(group, columns)
    if rows is None or sum(map(bool, (cell for row in rows for cell in row))) < _MIN_FILLED * len(rows) * len(columns):
        return None
    first = [row[0] for row in rows if row[0]]
    if len(columns) == 2 and all(_ENUMERATION.fullmatch(cell) or BULLET.match(cell) for cell in first):
        return None
    return Table(rows, box[1], box[3])


def _box(rows: Sequence[Row]) -> Box:
    lines = [line for row in rows for line in row]
    return (
        min(line.left for line in lines),
        min(line.top for line in lines),
        max(line.right for line in lines),
        max(line.bottom for line in lines),
    )


def _has_rules(box: Box, height: float, lines_across: Sequence[Box]) -> bool:
    left, top, right, bottom = box
    reach = 2 * height
    near = [rule for rule in lines_across if top - reach <= rule[1] <= bottom + reach]
    return sum(min(rule[2], right) - max(rule[0], left) >= _MIN_RULE * (right - left) for rule in near) > 1


def _columns(rows: Sequence[Row]) -> list[tuple[float, float]]:
    """The horizontal extents of columns: where lines overlap that far, they are of one column."""
    columns: list[tuple[float, float]] = []
    for left, right in sorted((line.left, line.right) for row in rows for line in row):
        if columns and left <= columns[-1][1]:
            columns[-1] = columns[-1][0], max(columns[-1][1], right)
        else:
            columns.append((left, right))
    return columns


def _filled(group: Sequence[Row], columns: Sequence[tuple[float, float]]) -> list[list[str]] | None:
    """The cells of each row. A row of one line continues the cell above it; None where it spans columns."""
    rows: list[list[str]] = []
    for row in group:
        cells = [""] * len(columns)
        for line in row:
            places = [
                number for number, (left, right) in enumerate(columns) if line.left <= right and line.right >= left
            ]
            if len(places) != 1:
                return None
            cells[places[0]] = f"{cells[places[0]]} {line.text}".strip()
        if len(row) > 1 or not rows:
            rows.append(cells)
        else:
            rows[-1] = [f"{above} {cell}".strip() for above, cell in zip(rows[-1], cells, strict=True)]
    return rows
