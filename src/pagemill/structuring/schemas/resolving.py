"""Subschemas in plain keywords: references followed, `allOf` joined, null left out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pagemill.model import JsonObject

MAX_DEPTH = 24
_MAX_STEPS = 2000
_COMPOSING = frozenset(["$ref", "allOf", "anyOf", "oneOf"])


def resolve(schema: Any, root: JsonObject) -> JsonObject:
    """Return what a subschema asks for in plain keywords.

    A reading for filling in and explaining, not for validation: of alternatives the first that is not null counts.
    """
    return resolve_within(schema, root, _MAX_STEPS)[0]


def resolve_within(schema: Any, root: JsonObject, max_steps: int) -> tuple[JsonObject, int]:
    """Do what `resolve` does in at most `max_steps` steps, and return how many it took."""
    resolving = _Resolving(root, min(max_steps, _MAX_STEPS))
    return resolving.resolve(schema, 0), resolving.steps


class _Resolving:
    def __init__(self, root: JsonObject, max_steps: int) -> None:
        self.steps = 0
        self._root = root
        self._max_steps = max_steps

    def resolve(self, schema: Any, depth: int) -> JsonObject:
        self.steps += 1
        if not isinstance(schema, dict) or depth > MAX_DEPTH or self.steps > self._max_steps:
            return {}
        plain = {key: value for key, value in schema.items() if key not in _COMPOSING}
        for part in self._parts(schema):
            resolved = self.resolve(part, depth + 1)
            properties = {**_object(resolved, "properties"), **_object(plain, "properties")}
            required = [*_list(resolved, "required"), *_list(plain, "required")]
            plain = {**resolved, **plain}
            if properties:
                plain["properties"] = properties
            if required:
                plain["required"] = list(dict.fromkeys(name for name in required if isinstance(name, str)))
        kind = plain.get("type")
        if isinstance(kind, list):
            plain["type"] = next((name for name in kind if name != "null"), "null")
        elif kind is None and isinstance(plain.get("properties"), dict):
            plain["type"] = "object"
        return plain

    def _parts(self, schema: JsonObject) -> Iterator[Any]:
        if isinstance(schema.get("$ref"), str):
            yield follow(schema["$ref"], self._root)
        yield from _list(schema, "allOf")
        for keyword in ("anyOf", "oneOf"):
            options = _list(schema, keyword)
            yield from [part for part in options if not (isinstance(part, dict) and part.get("type") == "null")][:1]


def _object(schema: JsonObject, keyword: str) -> JsonObject:
    value = schema.get(keyword)
    return value if isinstance(value, dict) else {}


def _list(schema: JsonObject, keyword: str) -> list[Any]:
    value = schema.get(keyword)
    return value if isinstance(value, list) else []


def follow(reference: str, root: JsonObject, anchors: dict[str, Any] | None = None) -> Any:
    """Return what a reference inside a schema leads to, or None. `anchors` are those of `named_parts`."""
    document, _, fragment = reference.partition("#")
    value: Any = root
    if document:
        value = (named_parts(root) if anchors is None else anchors).get(document)
    if not fragment:
        return value
    if not fragment.startswith("/"):
        return (named_parts(root) if anchors is None else anchors).get(f"#{fragment}")
    for step in unquote(fragment).split("/")[1:]:
        key = step.replace("~1", "/").replace("~0", "~")
        if isinstance(value, list) and key.isdigit() and int(key) < len(value):
            value = value[int(key)]
        elif isinstance(value, dict):
            value = value.get(key)
        else:
            return None
    return value


def named_parts(root: JsonObject) -> dict[str, Any]:
    """Return the subschemas that have names of their own: by anchor (`#name`) and by identifier."""
    found: dict[str, Any] = {}
    for part in objects(root):
        for keyword in ("$anchor", "$dynamicAnchor"):
            if isinstance(part.get(keyword), str):
                found.setdefault(f"#{part[keyword]}", part)
        for keyword in ("$id", "id"):
            if isinstance(part.get(keyword), str):
                found.setdefault(part[keyword], part)
    return found


def objects(schema: Any) -> Iterator[JsonObject]:
    """Yield every object in a schema. Some are no subschemas."""
    stack = [schema]
    while stack:
        value = stack.pop()
        if isinstance(value, dict):
            yield value
            stack += value.values()
        elif isinstance(value, list):
            stack += value
