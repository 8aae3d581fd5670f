"""Tells data tables from layout tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from turbohtml import Element

# Elements that data cells only contain if the table has header cells, and elements that they never contain.
_RARE_IN_DATA = ("h1", "h2", "h3", "h4", "h5", "h6", "pre", "figure", "blockquote")
_NEVER_IN_DATA = ("table", "form", "article", "section")
# A cell with more characters is a column of the page, not data.
_MAX_CELL_LENGTH = 1500


def is_data(table: Element) -> bool:
    """Whether a table is a data table.

    Layout tables contain elements that data cells never contain (tables, forms, sections), or have no header cells and
    `role=presentation`, one row, one column, headings, code blocks or long texts in their cells.
    """
    if _contains(table, _NEVER_IN_DATA):
        return False
    if table.find("th") is not None:
        return True
    if table.attr("role") in ("presentation", "none"):
        return False
    if _columns(table) < 2 or _contains(table, _RARE_IN_DATA):
        return False
    return table.find("caption") is not None or (len(table.find_all("tr", limit=2)) > 1 and not _has_long_cell(table))


def _contains(table: Element, tags: tuple[str, ...]) -> bool:
    return next(table.iter_elements(tags), None) is not None


def _columns(table: Element) -> int:
    """The largest number of cells in one of the first rows."""
    return max((len(row.find_all(["td", "th"])) for row in table.find_all("tr", limit=20)), default=0)


def _has_long_cell(table: Element) -> bool:
    return any(len(cell.text) > _MAX_CELL_LENGTH for cell in table.iter_elements(("td", "th")))


def span(cell: Element, name: str) -> int:
    """A cell's `colspan` or `rowspan`: at least 1, and no more than the HTML standard allows."""
    value = (cell.attr(name) or "").strip()
    if not (value.isascii() and value.isdigit()) or len(value) > 5:
        return 1
    return max(1, min(int(value), 1000 if name == "colspan" else 65534))
