"""How much work a schema makes: the subschemas that one value is validated against.

References and alternatives multiply: forty levels of two alternatives each are a million million subschemas, in three
kilobytes. A reference that leads to itself for the same value has no end at all.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from pagemill.errors import InvalidSchemaError
from pagemill.structuring.schemas.resolving import follow, named_parts, objects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pagemill.model import JsonObject

MAX_EVALUATIONS = 5000
_REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")
_LISTS = ("allOf", "anyOf", "oneOf")
_SINGLE = ("not", "if", "then", "else")
_BY_PROPERTY = ("dependentSchemas", "dependencies")
_SAME_VALUE = frozenset([*_REFERENCES, *_LISTS, *_SINGLE, *_BY_PROPERTY])


def check(schema: JsonObject) -> None:
    """Raise errors.InvalidSchemaError where one value would be validated against too many subschemas."""
    counting = _Counting(schema)
    try:
        most = max((counting.count(part) for part in objects(schema) if not _SAME_VALUE.isdisjoint(part)), default=1)
    except RecursionError:
        raise InvalidSchemaError("its references lead too far") from None
    if most > MAX_EVALUATIONS:
        raise InvalidSchemaError(
            f"its references and alternatives multiply: a value would be validated against more than {MAX_EVALUATIONS} "
            "subschemas"
        )


class _Counting:
    def __init__(self, schema: JsonObject) -> None:
        self._root = schema
        self._counts: dict[int, int] = {}
        self._open: set[int] = set()

    @cached_property
    def _anchors(self) -> dict[str, Any]:
        return named_parts(self._root)

    def _follow(self, reference: str) -> Any:
        is_named = reference != "#" and not reference.startswith("#/")
        return follow(reference, self._root, self._anchors if is_named else {})

    def count(self, part: Any) -> int:
        """The subschemas that a value meets in `part`, itself included."""
        if not isinstance(part, dict) or _SAME_VALUE.isdisjoint(part):
            return 1
        known = self._counts.get(id(part))
        if known is not None:
            return known
        if id(part) in self._open:
            raise InvalidSchemaError("a reference leads to itself, so that validation would never end")
        self._open.add(id(part))
        found = 1
        for other in self._same_value(part):
            found = min(MAX_EVALUATIONS + 1, found + self.count(other))
        self._open.discard(id(part))
        self._counts[id(part)] = found
        return found

    def _same_value(self, part: JsonObject) -> Iterator[Any]:
        """The subschemas that are for the same value as `part`, rather than for something in it."""
        for keyword in _REFERENCES:
            if isinstance(part.get(keyword), str):
                yield self._follow(part[keyword])
        for keyword in _LISTS:
            if isinstance(part.get(keyword), list):
                yield from part[keyword]
        for keyword in _SINGLE:
            yield part.get(keyword)
        for keyword in _BY_PROPERTY:
            if isinstance(part.get(keyword), dict):
                yield from part[keyword].values()
