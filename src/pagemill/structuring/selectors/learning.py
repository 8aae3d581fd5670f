"""Selectors learned from a page whose data is known, that give the same data of other pages of its template.

Learned selectors are JSON: `fields`, from a property's pointer to where its value stands, and `rows`, from the pointer
of a list of objects to the elements that hold one each (`each`) and the `fields` inside them.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING, Any

from turbohtml import Element

from pagemill.structuring.evidence import json_pointers, quantities
from pagemill.structuring.markup import coercion

if TYPE_CHECKING:
    from collections.abc import Iterator

    from turbohtml import Document

    from pagemill.model import JsonObject
    from pagemill.structuring.schemas.schema import Schema

FieldSelector = dict[str, Any]
"""Where a value stands: `selector`, `attribute` (or null for the text), `all` for a list of values; `currency` where
the value is the code of the currency that a price shows."""

_MAX_ELEMENTS = 6000
_MAX_ROWS = 200
_MAX_CANDIDATES = 6
_MAX_TEXT_LENGTH = 4000
_MAX_PRICE_LENGTH = 30
_ATTRIBUTES = ("content", "datetime", "href", "src", "value", "alt", "title", "data-value", "data-price")
_SKIPPED_TAGS = frozenset(["script", "style", "head", "html", "body", "noscript", "template"])
_NAME = re.compile(r"[A-Za-z][\w-]*")
_SPACE = re.compile(r"\s+")


def candidates(tree: Document, schema: Schema, data: Any, base_url: str) -> JsonObject | None:
    """Return selectors of the elements that hold each value of `data`, likeliest first; None if a value has none.

    Lists of objects are learned from two rows or more.
    """
    if not isinstance(data, dict):
        return None
    index = _ElementIndex(tree, base_url)
    fields: dict[str, list[FieldSelector]] = {}
    rows: dict[str, JsonObject] = {}
    for pointer, value, part in _properties(data, schema.source, schema, ""):
        if isinstance(value, list) and value and isinstance(value[0], dict):
            learned = _rows(index, value, schema.resolve(part.get("items", {})), schema)
            if learned is None:
                return None
            rows[pointer] = learned
            continue
        field_selectors = (
            _list_field_selectors(index, value, part, schema)
            if isinstance(value, list)
            else list(index.field_selectors(value, part))
        )
        if not field_selectors:
            return None
        fields[pointer] = field_selectors[:_MAX_CANDIDATES]
    return {"fields": fields, "rows": rows} if fields or rows else None


def choose(found: JsonObject, choice: Any) -> JsonObject | None:
    """Return selectors: for each property the selector of that number, the first where the choice names none."""
    chosen = choice if isinstance(choice, dict) else {}
    fields = {}
    for pointer, field_selectors in found["fields"].items():
        number = chosen.get(pointer)
        valid = isinstance(number, int) and not isinstance(number, bool) and 0 <= number < len(field_selectors)
        fields[pointer] = field_selectors[number if valid else 0]
    return {"fields": fields, "rows": found["rows"]}


def apply(learned: JsonObject, tree: Document, schema: Schema, base_url: str) -> Any:
    """Return the data that selectors give of a page; None where they give hardly anything."""
    data: JsonObject = {}
    given = 0
    for pointer, field in learned["fields"].items():
        value = _value_at(tree, field, _part(schema, pointer), schema, base_url)
        if value not in (None, []):
            _put(data, json_pointers.steps(pointer), value)
            given += 1
    for pointer, rows in learned["rows"].items():
        part = schema.resolve(_part(schema, pointer).get("items", {}))
        found = [_row(element, rows, part, schema, base_url) for element in tree.select(rows["each"])[:_MAX_ROWS]]
        found = [row for row in found if row]
        if found:
            _put(data, json_pointers.steps(pointer), found)
            given += 1
    return data if 2 * given >= len(learned["fields"]) + len(learned["rows"]) else None


def _row(element: Element, rows: JsonObject, part: JsonObject, schema: Schema, base_url: str) -> JsonObject:
    row = {}
    for name, field in rows["fields"].items():
        inner = schema.resolve(part.get("properties", {}).get(name, {}))
        value = _value_at(element, field, inner, schema, base_url)
        if value is not None:
            row[name] = value
    return row


def _put(data: JsonObject, steps: list[str], value: Any) -> None:
    for step in steps[:-1]:
        data = data.setdefault(step, {})
    data[steps[-1]] = value


def _part(schema: Schema, pointer: str) -> JsonObject:
    part = schema.resolve(schema.source)
    for step in json_pointers.steps(pointer):
        part = schema.resolve(part.get("properties", {}).get(step, {}))
    return part


def _properties(data: JsonObject, part: Any, schema: Schema, pointer: str) -> Iterator[tuple[str, Any, JsonObject]]:
    """Each property that holds a value or a list, with its pointer and what the schema says of it."""
    known = schema.resolve(part).get("properties", {})
    for name, value in data.items():
        place = f"{pointer}/{json_pointers.escape(name)}"
        inner = schema.resolve(known.get(name, {}))
        if isinstance(value, dict):
            yield from _properties(value, inner, schema, place)
        elif value not in (None, []):
            yield place, value, inner


# Applying a selector


def _value_at(scope: Any, field: FieldSelector, part: JsonObject, schema: Schema, base_url: str) -> Any:
    if field.get("all"):
        items = schema.resolve(part.get("items", {}))
        found = [_read(element, field, items, base_url) for element in scope.select(field["selector"])[:_MAX_ROWS]]
        return [value for value in found if value is not None]
    element = scope.select_one(field["selector"])
    return _read(element, field, part, base_url) if element is not None else None


def _read(element: Element, field: FieldSelector, part: JsonObject, base_url: str) -> Any:
    text = _text(element, field["attribute"])
    if not text:
        return None
    return quantities.currency_of(text) if field.get("currency") else coercion.coerce(text, part, base_url)


def _text(element: Element, attribute: str | None) -> str:
    raw = element.attr(attribute) if attribute else element.text
    return _SPACE.sub(" ", str(raw or "")[:_MAX_TEXT_LENGTH]).strip()


# Finding selectors


class _ElementIndex:
    """The elements of a page by what they say."""

    def __init__(self, tree: Any, base_url: str) -> None:
        self.tree = tree
        self._base_url = base_url
        self._texts: list[tuple[Element, str | None, str]] = []
        for element in islice(tree.iter_elements(), _MAX_ELEMENTS):
            if element.tag in _SKIPPED_TAGS:
                continue
            text = element.text
            if 0 < len(text) <= _MAX_TEXT_LENGTH:
                self._texts.append((element, None, _SPACE.sub(" ", text).strip()))
            for name in _ATTRIBUTES:
                if value := element.attr(name):
                    self._texts.append((element, name, _SPACE.sub(" ", str(value)).strip()))

    def field_selectors(self, value: Any, part: JsonObject) -> Iterator[FieldSelector]:
        """Yield the selectors of one value, those whose names speak first."""
        found: list[tuple[int, FieldSelector]] = []
        for element, attribute, text in self._texts:
            field = self._field_selector(attribute, text, value, part)
            if field is None:
                continue
            for rank, selector in _selectors(element):
                first = self.tree.select_one(selector)
                if first is not None and _read(first, {**field, "selector": selector}, part, self._base_url) == value:
                    # Among equals the innermost element is the one that holds the value alone.
                    found.append((10 * rank + min(9, len(text) // 200), {**field, "selector": selector}))
                    break
            if len(found) > 4 * _MAX_CANDIDATES:
                break
        for _, field in sorted(found, key=lambda pair: pair[0]):
            yield field

    def _field_selector(self, attribute: str | None, text: str, value: Any, part: JsonObject) -> FieldSelector | None:
        if len(text) > _MAX_TEXT_LENGTH or not text:
            return None
        if isinstance(value, str) and len(text) > len(value) + 40 and part.get("format") not in ("date", "date-time"):
            return None
        if not isinstance(value, str) and len(text) > 60:
            return None
        field: FieldSelector = {"attribute": attribute}
        said = coercion.coerce(text, part, self._base_url)
        if said == value and type(said) is type(value):
            return field
        if len(text) <= _MAX_PRICE_LENGTH and quantities.currency_of(text) == value and any(map(str.isdigit, text)):
            return {**field, "currency": True}
        return None

    def containing(self, value: Any, part: JsonObject) -> list[tuple[Element, str | None]]:
        """The elements that say a value, in the page's order."""
        return [
            (element, attribute)
            for element, attribute, text in self._texts
            if (field := self._field_selector(attribute, text, value, part)) is not None and "currency" not in field
        ]


def _selectors(element: Element) -> Iterator[tuple[int, str]]:
    """Ways to select an element, those that will outlast a change of content first."""
    own = _own_selectors(element)
    yield from own
    parent = element.parent
    for depth in range(3):
        if not isinstance(parent, Element) or parent.tag in ("html", "body"):
            break
        for rank, above in _own_selectors(parent):
            for below, selector in own:
                yield rank + below + 1 + depth, f"{above} {selector}"
        parent = parent.parent
    yield 9, element.css_path()


def _own_selectors(element: Element) -> list[tuple[int, str]]:
    found: list[tuple[int, str]] = []
    for name, rank in (("itemprop", 0), ("property", 0), ("data-testid", 0), ("data-field", 0), ("name", 1)):
        value = str(element.attr(name) or "")
        if _NAME.fullmatch(value) or (name in ("property", "name") and re.fullmatch(r"[\w:.-]+", value)):
            found.append((rank, f'{element.tag}[{name}="{value}"]'))
    identifier = str(element.attr("id") or "")
    if _NAME.fullmatch(identifier) and not any(character.isdigit() for character in identifier):
        found.append((1, f"#{identifier}"))
    classes = [name for name in str(element.attr("class") or "").split() if _NAME.fullmatch(name)]
    plain = [name for name in classes if not any(character.isdigit() for character in name)]
    found += [(1, f"{element.tag}.{name}") for name in plain[:4]]
    if element.tag in ("h1", "title", "time"):
        found.append((2, element.tag))
    elif not classes:
        found.append((4, element.tag))
    return found


# Lists


def _list_field_selectors(
    index: _ElementIndex, values: list[Any], part: JsonObject, schema: Schema
) -> list[FieldSelector]:
    items = schema.resolve(part.get("items", {}))
    found = []
    for element, attribute in index.containing(values[0], items):
        for rank, selector in _selectors(element):
            field = {"selector": selector, "attribute": attribute, "all": True}
            if _value_at(index.tree, field, part, schema, "") == values:
                found.append((rank, field))
                break
    return [field for _, field in sorted(found, key=lambda pair: pair[0])]


def _rows(index: _ElementIndex, values: list[JsonObject], part: JsonObject, schema: Schema) -> JsonObject | None:
    """The elements that hold one object of a list each, and where in them its properties stand."""
    if len(values) < 2 or any(isinstance(inner, dict | list) for row in values for inner in row.values()):
        return None
    known = {name: schema.resolve(inner) for name, inner in part.get("properties", {}).items()}
    for name in values[0]:
        firsts, seconds = (index.containing(row.get(name), known.get(name, {})) for row in values[:2])
        for (first, _), (second, _) in ((a, b) for a in firsts[:6] for b in seconds[:6]):
            container = _below_common(first, second)
            if container is None:
                continue
            for each in _row_selectors(container):
                elements = index.tree.select(each)
                if len(elements) == len(values) and (fields := _row_fields(elements, values, known, schema)):
                    return {"each": each, "fields": fields}
    return None


def _row_selectors(container: Element) -> Iterator[str]:
    for _, selector in _selectors(container):
        yield selector
        if container.tag == "tr":
            yield f"{selector}:has(> td)"  # without the rows of headers


def _below_common(first: Element, second: Element) -> Element | None:
    """The ancestor of `first`, or itself, right below what both stand in."""
    around = list(second.ancestors)
    below = first
    for ancestor in first.ancestors:
        if ancestor in around:
            return below
        below = ancestor  # type: ignore[assignment]
    return None


def _row_fields(
    elements: list[Element], values: list[JsonObject], known: dict[str, JsonObject], schema: Schema
) -> dict[str, FieldSelector] | None:
    fields: dict[str, FieldSelector] = {}
    names = dict.fromkeys(name for row in values for name, value in row.items() if value is not None)
    for name in names:
        field = _row_field_selector(elements, [row.get(name) for row in values], known.get(name, {}), schema)
        if field is None:
            return None
        fields[name] = field
    return fields


def _row_field_selector(
    elements: list[Element], values: list[Any], part: JsonObject, schema: Schema
) -> FieldSelector | None:
    number = next(index for index, value in enumerate(values) if value is not None)
    inside = _ElementIndex(elements[number], "")
    for element, attribute in inside.containing(values[number], part):
        for _, selector in [*_own_selectors(element), *_nth(element)]:
            field = {"selector": selector, "attribute": attribute}
            if all(
                _value_at(row, field, part, schema, "") == value for row, value in zip(elements, values, strict=True)
            ):
                return field
    return None


def _nth(element: Element) -> list[tuple[int, str]]:
    parent = element.parent
    alike = [child for child in getattr(parent, "children", []) if getattr(child, "tag", None) == element.tag]
    return [(8, f"{element.tag}:nth-of-type({alike.index(element) + 1})")] if element in alike else []
