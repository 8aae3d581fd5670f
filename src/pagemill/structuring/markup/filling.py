"""A schema's properties filled from what a page declares: by name, by schema.org synonyms, and by type."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pagemill.structuring.evidence import json_pointers
from pagemill.structuring.markup import main_item, synonyms
from pagemill.structuring.markup.coercion import coerce

if TYPE_CHECKING:
    from collections.abc import Iterator, KeysView, Sequence

    from pagemill.model import JsonObject
    from pagemill.structuring.markup.facts import Facts
    from pagemill.structuring.schemas.schema import Schema

Names = tuple[str, ...]
"""What a property may be called: joined with its owner's name first, as in `rating.value`."""

# What extraction has weighed already, out of markup and of what the page shows.
_PAGE_METADATA_NAMES = frozenset(
    [
        *("title", "headline", "author", "byline", "writtenby", "published", "publishedat", "publishdate"),
        *("publicationdate", "publisheddate", "datepublished", "datemodified", "modified", "modifiedat", "updated"),
        *("updatedat", "lastupdated", "lastmodified"),
    ]
)
_MAX_ITEMS = 6
_MAX_ELEMENTS = 200
_MAX_MISSING = 200
_MAX_FILL_DEPTH = 6
_MAX_STEPS = 5000
"""Values that are looked for in one attempt. A recursive schema has no end of its own."""


@dataclass(frozen=True, slots=True)
class Filled:
    """Data as far as it could be filled, and JSON pointers to what could not."""

    data: Any
    missing: list[str] = field(default_factory=list)


def fill(schema: Schema, facts: Facts, page: JsonObject, base_url: str) -> Filled:
    """Fill a schema from a page's facts. `page` is what is known of the page anyway, by schema.org names.

    The data fits the schema wherever it says something; values that do not fit are left out, and are `missing`.
    """
    root = schema.resolve(schema.source)
    items = main_item.ranked(facts.items)[:_MAX_ITEMS] or [{}]
    best: Filled | None = None
    names = _PropertyIndex()
    for item in items:
        filling = _Filling(schema, facts, page, base_url, names)
        data = filling.value(("",), root, [item], "", 0)
        tried = Filled(data if data is not None else _empty(root), filling.missing)
        if best is None or _count_values(tried.data) > _count_values(best.data):
            best = tried
    return _without_invalid(schema, best) if best is not None else Filled(_empty(root))


def _empty(root: JsonObject) -> Any:
    return {} if root.get("type", "object") == "object" else [] if root["type"] == "array" else None


def _count_values(data: Any) -> int:
    return sum(1 for _ in json_pointers.leaves(data))


def _without_invalid(schema: Schema, filled: Filled) -> Filled:
    """Leave out what the schema refuses."""
    data, missing = filled.data, filled.missing
    for _ in range(3):
        invalid = {violation.pointer for violation in schema.violations(data)} & {
            pointer for pointer, _ in json_pointers.leaves(data)
        }
        if not invalid:
            break
        data = json_pointers.without(data, invalid)
        missing = [*missing, *sorted(invalid)]
    return Filled(data, list(dict.fromkeys(missing))[:_MAX_MISSING])


class _Filling:
    """One attempt, for one choice of the item that the page is about."""

    def __init__(self, schema: Schema, facts: Facts, page: JsonObject, base_url: str, names: _PropertyIndex) -> None:
        self.missing: list[str] = []
        self._steps = 0
        self._enclosing: list[KeysView[str]] = []
        self._names = names
        self._schema = schema
        self._facts = facts
        self._page = page
        self._base_url = base_url
        self._pairs = {synonyms.key(label): value for label, value in facts.pairs.items()}

    def value(self, names: Names, schema: JsonObject, contexts: Sequence[JsonObject], pointer: str, depth: int) -> Any:
        """Return the value of one property, or None; notes what is missing in it."""
        kind = schema.get("type")
        self._steps += 1
        if depth > _MAX_FILL_DEPTH or self._steps > _MAX_STEPS:
            self._add_missing(pointer)
            return None
        if kind == "object":
            return self._object(names, schema, contexts, pointer, depth)
        if kind == "array":
            return self._array(names, schema, contexts, pointer, depth)
        for candidate in self._candidates(names, contexts):
            first = candidate[0] if isinstance(candidate, list) and candidate else candidate
            found = coerce(first, schema, self._base_url)
            if found is not None:
                return found
        self._add_missing(pointer)
        return None

    def _object(
        self, names: Names, schema: JsonObject, contexts: Sequence[JsonObject], pointer: str, depth: int
    ) -> Any:
        own = next((found for found in self._candidates(names, contexts) if isinstance(found, dict)), None)
        properties = schema.get("properties")
        if not isinstance(properties, dict) or not properties:
            if own is None:
                self._add_missing(pointer)
            return main_item.plain(own) if own is not None else None
        if own is None and properties.keys() in self._enclosing:  # a recursive schema, and no more data for it
            self._add_missing(pointer)
            return None
        self._enclosing.append(properties.keys())
        try:
            if not names[0]:
                return self._properties(properties, contexts, pointer, depth) or None
            if own is not None:
                return self._properties(properties, [own], pointer, depth, owner=names[0]) or None
            # The parent's properties are not its own, but what the parent calls by both names is: `ratingValue`.
            return self._properties(properties, contexts, pointer, depth, owner=names[0], qualified=True) or None
        finally:
            self._enclosing.pop()

    def _properties(  # noqa: PLR0913 - where the properties are, and what they are called
        self,
        properties: JsonObject,
        contexts: Sequence[JsonObject],
        pointer: str,
        depth: int,
        owner: str = "",
        *,
        qualified: bool = False,
    ) -> JsonObject:
        """Fill properties. `qualified`: only by names that hold the owner's."""
        found = {}
        for name, part in properties.items():
            inner = f"{pointer}/{json_pointers.escape(name)}"
            names: Names = (f"{owner} {name}", name) if owner else (name,)
            names = names[:1] if qualified else names
            value = self.value(names, self._schema.resolve(part), contexts, inner, depth + 1)
            if value is not None:
                found[name] = value
        return found

    def _array(self, names: Names, schema: JsonObject, contexts: Sequence[JsonObject], pointer: str, depth: int) -> Any:
        items = self._schema.resolve(schema.get("items", {}))
        if items.get("type") == "object" and isinstance(items.get("properties"), dict):
            rows = self._rows(names, items["properties"], contexts, pointer, depth)
        else:
            rows = self._scalars(names, items, contexts)
        if not rows:
            self._add_missing(pointer)
        return rows or None

    def _scalars(self, names: Names, items: JsonObject, contexts: Sequence[JsonObject]) -> list[Any]:
        for candidate in self._candidates(names, contexts):
            parts = candidate if isinstance(candidate, list) else [candidate]
            if len(parts) == 1 and isinstance(parts[0], str) and "," in parts[0] and len(parts[0]) < 500:
                parts = parts[0].split(",")
            values = (coerce(part, items, self._base_url) for part in parts[:_MAX_ELEMENTS])
            found = [value for value in values if value is not None]
            if found:
                return list(dict.fromkeys(found)) if all(isinstance(value, str) for value in found) else found
        return []

    def _rows(
        self, names: Names, properties: JsonObject, contexts: Sequence[JsonObject], pointer: str, depth: int
    ) -> list[JsonObject]:
        """The best of the lists of records that the page declares or lays out as tables."""
        best: list[JsonObject] = []
        best_missing: list[str] = []
        for records in self._records(names, contexts):
            before, self.missing = self.missing, []
            rows = [
                row
                for number, record in enumerate(records[:_MAX_ELEMENTS])
                if (row := self._row(properties, record, f"{pointer}/{number}", depth))
            ]
            if _count_values(rows) > _count_values(best):
                best, best_missing = rows, self.missing
            self.missing = before
        self.missing += best_missing
        return best

    def _row(self, properties: JsonObject, record: JsonObject, pointer: str, depth: int) -> JsonObject:
        pairs, self._pairs = self._pairs, {}
        page, self._page = self._page, {}
        facts, self._facts = self._facts, type(self._facts)()
        try:
            return self._properties(properties, [record], pointer, depth)
        finally:
            self._pairs, self._page, self._facts = pairs, page, facts

    def _records(self, names: Names, contexts: Sequence[JsonObject]) -> Iterator[list[JsonObject]]:
        for candidate in self._candidates(names, contexts):
            records = [
                part for part in (candidate if isinstance(candidate, list) else [candidate]) if isinstance(part, dict)
            ]
            if records:
                yield records
        yield from main_item.lists(self._facts.items).values()
        for table in self._facts.tables:
            yield [dict(row) for row in table.rows]

    def _candidates(self, names: Names, contexts: Sequence[JsonObject]) -> Iterator[Any]:
        """What may be meant by a property's names, likeliest first."""
        paths = [path for name in names for path in synonyms.paths(name)]
        if synonyms.key(names[-1]) in _PAGE_METADATA_NAMES:
            yield from (self._page[path.path] for path in paths if self._page.get(path.path) is not None)
        for context in contexts:
            for path in paths:
                if (found := self._names.at(context, path.steps)) is not None:
                    yield found
        for name in names:
            if (pair := self._pairs.get(synonyms.key(name))) is not None:
                yield pair
        for known in (self._facts.metas, self._page):
            for path in paths:
                if known.get(path.path) is not None:
                    yield known[path.path]
        for path in paths:
            if (pair := self._pairs.get(path.steps[-1])) is not None and len(path.steps) == 1:
                yield pair

    def _add_missing(self, pointer: str) -> None:
        if len(self.missing) < _MAX_MISSING:
            self.missing.append(pointer)


class _PropertyIndex:
    """Looks properties up in items by names as they are compared."""

    def __init__(self) -> None:
        self._known: dict[int, JsonObject] = {}
        self._alive: list[JsonObject] = []

    def at(self, value: Any, path: tuple[str, ...]) -> Any:
        """Return the value at a path, or None; of a list on the way, that of the first element that has it."""
        for number, step in enumerate(path):
            if isinstance(value, list):
                found = (self.at(part, path[number:]) for part in value)
                return next((part for part in found if part is not None), None)
            if not isinstance(value, dict):
                return None
            value = self._by_name(value).get(step)
        return value

    def _by_name(self, item: JsonObject) -> JsonObject:
        # Items are kept alive, so that none takes the place of another.
        known = self._known.get(id(item))
        if known is None:
            known = {}
            for name, value in item.items():
                known.setdefault(synonyms.key(name), value)
            self._known[id(item)] = known
            self._alive.append(item)
        return known
