"""A schema's properties filled from what a page declares: by name, by schema.org synonyms, and by type."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pagemill.structuring import main_item, pointers, synonyms
from pagemill.structuring.coercion import coerce
from pagemill.structuring.schema import MAX_DEPTH, resolve

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pagemill.model import JsonObject
    from pagemill.structuring.markup import Facts
    from pagemill.structuring.schema import Schema

_TRIED_ITEMS = 12
_ELEMENTS = 200
_MOST_MISSING = 200
_DEPTH = 6


@dataclass(frozen=True, slots=True)
class Filled:
    """Data as far as it could be filled, and JSON pointers to what could not."""

    data: Any
    missing: list[str] = field(default_factory=list)


def fill(schema: Schema, facts: Facts, page: JsonObject, base_url: str) -> Filled:
    """Fill a schema from a page's facts. `page` is what is known of the page anyway, by schema.org names.

    The data fits the schema wherever it says something; values that do not fit are left out, and are `missing`.
    """
    root = resolve(schema.source, schema.source)
    items = main_item.ranked(facts.items)[:_TRIED_ITEMS] or [{}]
    best: Filled | None = None
    for item in items:
        filling = _Filling(schema.source, facts, page, base_url)
        data = filling.value("", root, [item], "", 0)
        tried = Filled(data if data is not None else _empty(root), filling.missing)
        if best is None or _filled(tried.data) > _filled(best.data):
            best = tried
    return _fitting(schema, best) if best is not None else Filled(_empty(root))


def _empty(root: JsonObject) -> Any:
    return {} if root.get("type", "object") == "object" else [] if root["type"] == "array" else None


def _filled(data: Any) -> int:
    return sum(1 for _ in pointers.leaves(data))


def _fitting(schema: Schema, filled: Filled) -> Filled:
    """Leave out what the schema refuses."""
    data, missing = filled.data, filled.missing
    for _ in range(3):
        wrong = {fault.pointer for fault in schema.faults(data)} & {pointer for pointer, _ in pointers.leaves(data)}
        if not wrong:
            break
        data = pointers.without(data, wrong)
        missing = [*missing, *sorted(wrong)]
    return Filled(data, list(dict.fromkeys(missing))[:_MOST_MISSING])


class _Filling:
    """One attempt, for one choice of the item that the page is about."""

    def __init__(self, root: JsonObject, facts: Facts, page: JsonObject, base_url: str) -> None:
        self.missing: list[str] = []
        self._root = root
        self._facts = facts
        self._page = page
        self._base_url = base_url
        self._pairs = {synonyms.key(label): value for label, value in facts.pairs.items()}

    def value(self, name: str, schema: JsonObject, contexts: Sequence[JsonObject], pointer: str, depth: int) -> Any:
        """Return the value of one property, or None; notes what is missing in it."""
        kind = schema.get("type")
        if depth > min(_DEPTH, MAX_DEPTH):
            return None
        if kind == "object":
            return self._object(name, schema, contexts, pointer, depth)
        if kind == "array":
            return self._array(name, schema, contexts, pointer, depth)
        for candidate in self._candidates(name, contexts):
            first = candidate[0] if isinstance(candidate, list) and candidate else candidate
            found = coerce(first, schema, self._base_url)
            if found is not None:
                return found
        self._miss(pointer)
        return None

    def _object(self, name: str, schema: JsonObject, contexts: Sequence[JsonObject], pointer: str, depth: int) -> Any:
        inner = [c for c in self._candidates(name, contexts) if isinstance(c, dict)][:1] if name else []
        properties = schema.get("properties")
        if not isinstance(properties, dict) or not properties:
            found = inner[0] if inner else None
            if found is None:
                self._miss(pointer)
            return main_item.plain(found) if found is not None else None
        return self._properties(properties, inner or contexts, pointer, depth) or None

    def _properties(
        self, properties: JsonObject, contexts: Sequence[JsonObject], pointer: str, depth: int
    ) -> JsonObject:
        found = {}
        for name, part in properties.items():
            place = f"{pointer}/{pointers.escape(name)}"
            value = self.value(name, resolve(part, self._root), contexts, place, depth + 1)
            if value is not None:
                found[name] = value
        return found

    def _array(self, name: str, schema: JsonObject, contexts: Sequence[JsonObject], pointer: str, depth: int) -> Any:
        items = resolve(schema.get("items", {}), self._root)
        if items.get("type") == "object" and isinstance(items.get("properties"), dict):
            rows = self._rows(name, items["properties"], contexts, pointer, depth)
        else:
            rows = self._scalars(name, items, contexts)
        if not rows:
            self._miss(pointer)
        return rows or None

    def _scalars(self, name: str, items: JsonObject, contexts: Sequence[JsonObject]) -> list[Any]:
        for candidate in self._candidates(name, contexts):
            parts = candidate if isinstance(candidate, list) else [candidate]
            if len(parts) == 1 and isinstance(parts[0], str) and "," in parts[0] and len(parts[0]) < 500:
                parts = parts[0].split(",")
            found = [value for part in parts[:_ELEMENTS] if (value := coerce(part, items, self._base_url)) is not None]
            if found:
                return list(dict.fromkeys(found)) if all(isinstance(value, str) for value in found) else found
        return []

    def _rows(
        self, name: str, properties: JsonObject, contexts: Sequence[JsonObject], pointer: str, depth: int
    ) -> list[JsonObject]:
        """The best of the lists of records that the page declares or lays out as tables."""
        best: list[JsonObject] = []
        best_missing: list[str] = []
        for records in self._records(name, contexts):
            before, self.missing = self.missing, []
            rows = [
                row
                for number, record in enumerate(records[:_ELEMENTS])
                if (row := self._row(properties, record, f"{pointer}/{number}", depth))
            ]
            if _filled(rows) > _filled(best):
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

    def _records(self, name: str, contexts: Sequence[JsonObject]) -> Iterator[list[JsonObject]]:
        for candidate in self._candidates(name, contexts):
            records = [part for part in (candidate if isinstance(candidate, list) else [candidate]) if isinstance(part, dict)]
            if records:
                yield records
        yield from main_item.lists(self._facts.items).values()
        for table in self._facts.tables:
            yield [dict(row) for row in table.rows]

    def _candidates(self, name: str, contexts: Sequence[JsonObject]) -> Iterator[Any]:
        """What may be meant by a property's name, likeliest first."""
        where = synonyms.paths(name)
        for context in contexts:
            for path in where:
                if (found := _at(context, path.split("."))) is not None:
                    yield found
        if (pair := self._pairs.get(synonyms.key(name))) is not None:
            yield pair
        for path in where:
            if path in self._facts.metas:
                yield self._facts.metas[path]
        for path in where:
            if self._page.get(path) is not None:
                yield self._page[path]
        for path in where:
            if (pair := self._pairs.get(synonyms.key(path))) is not None:
                yield pair

    def _miss(self, pointer: str) -> None:
        if len(self.missing) < _MOST_MISSING:
            self.missing.append(pointer)


def _at(value: Any, path: list[str]) -> Any:
    """The value at a path; of lists the first element that has it, unless the list itself is asked for."""
    for number, step in enumerate(path):
        if isinstance(value, list):
            return next((found for part in value if (found := _at(part, path[number:])) is not None), None)
        if not isinstance(value, dict):
            return None
        exact = value.get(step)
        value = exact if exact is not None else _named_alike(value, step)
        if value is None:
            return None
    return value


def _named_alike(item: JsonObject, name: str) -> Any:
    wanted = synonyms.key(name)
    return next((value for key, value in item.items() if synonyms.key(key) == wanted), None)
