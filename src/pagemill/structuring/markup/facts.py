"""What a page declares of itself for machines, and lays out plainly for people, as facts.

JSON-LD, Microdata and RDFa become items of one shape: schema.org's property names, `@type` as a plain name. Open Graph
and `<meta>` are read beside them, and data tables, two-column tables and definition lists.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import unescape
from itertools import islice
from typing import TYPE_CHECKING, Any

from pagemill.extraction.metadata import json_ld
from pagemill.extraction.reading.addresses import is_unsafe

if TYPE_CHECKING:
    from collections.abc import Iterator

    from turbohtml import Document, Element

    from pagemill.model import JsonObject

_VOCABULARY = re.compile(r"^(?:https?://(?:www\.)?schema\.org/|schema:)", re.IGNORECASE)
_TAG = re.compile(r"</?[a-zA-Z][^<>]{0,500}>")
_SPACE = re.compile(r"\s+")
_META = re.compile(
    r"(?:og|article|product|book|profile|video|music|place|business|twitter|event|recipe):[\w:.-]+", re.IGNORECASE
)
_MAX_ITEMS, _MAX_DEPTH, _MAX_VALUES = 200, 8, 200
_MAX_TABLES, _MAX_ROWS, _MAX_COLUMNS, _MAX_PAIRS, _MAX_CELLS = 20, 200, 30, 300, 3000
_MAX_GRID, _MAX_SPAN, _MAX_SPAN_DIGITS = 500_000, 1000, 20
_MAX_SAFE_INTEGER = 2**53
_MAX_TEXT_LENGTH, _MAX_CELL_LENGTH = 20_000, 1000


@dataclass(slots=True)
class Table:
    """A data table: its caption (or nothing), its columns' names, and a record for each row."""

    name: str
    columns: list[str]
    rows: list[dict[str, str]]


@dataclass(slots=True)
class Facts:
    """What one page declares."""

    items: list[JsonObject] = field(default_factory=list)
    """Items at the top of the page's JSON-LD, Microdata and RDFa, in that order."""
    metas: dict[str, str] = field(default_factory=dict)
    """Open Graph and its kin by full name (`og:title`), in lower case."""
    pairs: dict[str, str | list[str]] = field(default_factory=dict)
    """Labels and values of definition lists and two-column tables."""
    tables: list[Table] = field(default_factory=list)


def read(tree: Document, base_url: str) -> Facts:
    """Return the facts of a whole page. Broken markup is passed over; nothing raises."""
    facts = Facts()
    facts.items = list(islice(_items(tree, base_url), _MAX_ITEMS))
    facts.metas = _metas(tree)
    for element in islice(tree.iter_elements("dl"), _MAX_PAIRS):
        _read_definitions(element, facts.pairs)
    for element in islice(tree.iter_elements("table"), 4 * _MAX_TABLES):
        _read_table(element, facts)
    return facts


# Items


def _items(tree: Document, base_url: str) -> Iterator[JsonObject]:
    declared = list(json_ld.values(tree.iter_elements("script")))
    nodes = list(islice(_top(declared, 0), _MAX_ITEMS))
    by_id = {node["@id"]: node for node in nodes if isinstance(node.get("@id"), str) and len(node) > 1}
    for node in nodes:
        item = _clean(node, by_id, 0)
        if isinstance(item, dict) and len(item) > ("@type" in item):
            yield item
    for read_items, to_item in ((tree.microdata, _microdata), (tree.rdfa, _rdfa)):
        try:
            found = read_items(base_url)
        except (ValueError, RecursionError):
            continue
        for raw in found:
            item = _clean(to_item(raw, 0), {}, 0)
            if isinstance(item, dict) and len(item) > ("@type" in item):
                yield item


def _top(value: Any, depth: int) -> Iterator[JsonObject]:
    if isinstance(value, list) and depth < _MAX_DEPTH:
        for part in value:
            yield from _top(part, depth + 1)
    elif isinstance(value, dict):
        graph = value.get("@graph")
        if isinstance(graph, list | dict) and depth < _MAX_DEPTH:
            yield from _top(graph, depth + 1)
        else:
            yield value


def _microdata(item: Any, depth: int) -> JsonObject:
    return _nested(item.type, item.properties, depth, _microdata)


def _rdfa(item: Any, depth: int) -> JsonObject:
    return _nested(item.type, item.properties, depth, _rdfa)


def _nested(kind: Any, properties: dict[str, list[Any]], depth: int, convert: Any) -> JsonObject:
    item: JsonObject = {"@type": kind} if kind else {}
    if depth < _MAX_DEPTH:
        for name, values in properties.items():
            item[name] = [convert(value, depth + 1) if hasattr(value, "properties") else value for value in values]
    return item


def _clean(value: Any, by_id: dict[str, JsonObject], depth: int) -> Any:
    """Plain names, references followed, markup and white space out of texts; None for what says nothing."""
    if isinstance(value, list):
        parts = [part for raw in value[:_MAX_VALUES] if (part := _clean(raw, by_id, depth)) is not None]
        return (parts[0] if len(parts) == 1 else parts) if parts else None
    if not isinstance(value, dict):
        return _scalar(value)
    if depth >= _MAX_DEPTH:
        return None
    if "@value" in value:
        return _clean(value["@value"], by_id, depth + 1)
    if set(value) <= {"@id", "@type"} and (whole := by_id.get(value.get("@id", ""))) is not None:
        value = whole
    item: JsonObject = {}
    for key, raw in value.items():
        name = _VOCABULARY.sub("", key)
        if name == "@type":
            item[name] = _type_name(raw)
        elif isinstance(raw, str) and is_unsafe(raw, name):
            continue
        elif not name.startswith("@") and (part := _clean(raw, by_id, depth + 1)) is not None:
            item[name] = part
    return item if any(key != "@type" for key in item) else None


def _scalar(value: Any) -> Any:
    if isinstance(value, str):
        return text_of(value) or None
    return str(value) if isinstance(value, int) and abs(value) > _MAX_SAFE_INTEGER else value


def _type_name(raw: Any) -> str:
    names = raw if isinstance(raw, list) else str(raw).split()
    return re.split(r"[/#:]", str(names[0]))[-1] if names else ""


def text_of(value: str) -> str:
    """Return a declared text without tags, character references and runs of white space."""
    text = unescape(value[:_MAX_TEXT_LENGTH])
    if "<" in text:
        text = _TAG.sub(" ", text)
    return _SPACE.sub(" ", text).strip().removeprefix("https://schema.org/").removeprefix("http://schema.org/")


def _metas(tree: Document) -> dict[str, str]:
    metas: dict[str, str] = {}
    for element in islice(tree.iter_elements("meta"), 500):
        name = element.attr("property") or element.attr("name") or ""
        content = element.attr("content")
        is_known = _META.fullmatch(name) or name.lower() in ("description", "author", "keywords")
        if content and is_known and not is_unsafe(content, name):
            metas.setdefault(name.lower(), text_of(content))
    return {name: content for name, content in metas.items() if content}


# Tables and lists


def _read_definitions(element: Element, pairs: dict[str, str | list[str]]) -> None:
    term = ""
    for part in islice(element.iter_elements(("dt", "dd")), 2 * _MAX_PAIRS):
        if part.tag == "dt":
            term = _cell(part.text)
        elif term:
            add_pair(pairs, term, _cell(part.text))


def add_pair(pairs: dict[str, str | list[str]], label: str, value: str) -> None:
    """Add a labelled value; a label that comes again gets a list."""
    label = label.rstrip(": ")
    if not label or not value or len(label) > 80 or (label not in pairs and len(pairs) >= _MAX_PAIRS):
        return
    old = pairs.get(label)
    if old is None:
        pairs[label] = value
    elif isinstance(old, list):
        if value not in old:
            old.append(value)
    elif old != value:
        pairs[label] = [old, value]


def _read_table(element: Element, facts: Facts) -> None:
    if element.find("table") is not None or len(facts.tables) >= _MAX_TABLES or _is_too_large(element):
        return
    rows = [[_cell(cell) for cell in row[:_MAX_COLUMNS]] for row in element.rows()[: _MAX_ROWS + 1]]
    rows = [row for row in rows if any(row)]
    width = max((len(row) for row in rows), default=0)
    if width < 2:
        return
    headers = [cell.tag for cell in islice(element.iter_elements(("th", "td")), width)]
    labelled = width == 2 and headers != ["th", "th"]
    if labelled:
        if element.find("th") is not None or all(len(row[0]) <= 40 for row in rows):
            for row in rows:
                if len(row) == 2:
                    add_pair(facts.pairs, row[0], row[1])
        return
    if len(rows) > 1 and headers.count("th") >= width - 1 and len(set(rows[0])) == len(rows[0]):
        caption = element.find("caption")
        names = [name or f"column {number}" for number, name in enumerate(rows[0], 1)]
        left = _MAX_CELLS - sum(len(table.rows) * len(table.columns) for table in facts.tables)
        rows = rows[: 1 + left // width]
        records = [dict(zip(names, row, strict=False)) for row in rows[1:]]
        facts.tables.append(Table(_cell(caption.text) if caption is not None else "", names, records))


def _is_too_large(table: Element) -> bool:
    """Whether a table's grid has so many cells, spanned ones and those of shorter rows included, that it is no data."""
    widths = [
        sum(_span(cell, "colspan") for cell in row.iter_elements(("td", "th"))) for row in table.iter_elements("tr")
    ]
    spanned = sum(_span(cell, "colspan") for cell in table.select("[rowspan]"))
    return len(widths) * (max(widths, default=0) + spanned) > _MAX_GRID


def _span(cell: Element, name: str) -> int:
    text = cell.attr(name) or "1"
    if not text.isdecimal():
        return 1
    return min(int(text), _MAX_SPAN) if len(text) <= _MAX_SPAN_DIGITS else _MAX_SPAN


def _cell(text: str) -> str:
    return _SPACE.sub(" ", text[:_MAX_CELL_LENGTH]).strip()
