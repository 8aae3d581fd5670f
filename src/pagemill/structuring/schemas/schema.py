"""JSON Schemas that clients send: checked before anything is done with them, then compiled to validate data.

Drafts 4 to 2020-12 are known by their `$schema`; without one it is 2020-12 (https://json-schema.org/draft/2020-12).
Nothing is ever fetched: a `$ref` leads inside the schema. Patterns run in linear time, hence without look-around.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import orjson

from pagemill.errors import InvalidSchemaError
from pagemill.structuring.evidence import json_pointers
from pagemill.structuring.schemas import evaluations
from pagemill.structuring.schemas.resolving import MAX_DEPTH, resolve_within

if TYPE_CHECKING:
    import jsonschema_rs

    from pagemill.model import JsonObject

MAX_BRANCHES = 200
"""Alternatives and references in one schema: more of them could make validation take very long."""

_MAX_RESOLUTIONS = 50_000
_MAX_PATTERN_BYTES = 256 * 1024
_MAX_VIOLATIONS = 20
_MAX_MESSAGE_LENGTH = 300
_BRANCHING_KEYWORDS = frozenset(
    ["$ref", "$dynamicRef", "$recursiveRef", "anyOf", "oneOf", "allOf", "if", "not", "contains"]
)


@dataclass(frozen=True, slots=True)
class Violation:
    """Where some data does not fit: a JSON pointer into the data, and what is wrong there."""

    pointer: str
    message: str
    keyword: str = ""
    """The keyword of the schema that the data violates."""
    names: tuple[str, ...] = ()
    """The property that is required, or those that are not allowed."""

    @property
    def missing(self) -> str | None:
        """The pointer of a required property that is not there; None for other violations."""
        return f"{self.pointer}/{json_pointers.escape(self.names[0])}" if self.keyword == "required" else None


def check(schema: JsonObject, max_bytes: int) -> str:
    """Return the JSON text of a schema that can be used: one of at most `max_bytes`. Compiling it may take long.

    Raises errors.InvalidSchemaError, naming the fault: too large or deep, not a valid schema, a remote `$ref`.
    """
    text = check_size(schema, max_bytes)
    Schema(schema)
    return text


def check_size(schema: JsonObject, max_bytes: int) -> str:
    """Return the JSON text of a schema that is safe to compile in a process of its own. It takes a few milliseconds.

    Raises errors.InvalidSchemaError for one that is too large or deep, or whose validation would not end.
    """
    try:
        text = orjson.dumps(schema)
    except TypeError:  # nested too deeply, a lone surrogate, an integer over 64 bits
        raise InvalidSchemaError("it holds what JSON cannot, or is nested too deeply") from None
    if len(text) > max_bytes:
        raise InvalidSchemaError(f"it has {len(text)} bytes, and at most {max_bytes} are read")
    depth, branches = _measure(schema)
    if depth > MAX_DEPTH:
        raise InvalidSchemaError(f"it is nested {depth} levels deep, and at most {MAX_DEPTH} are read")
    if branches > MAX_BRANCHES:
        raise InvalidSchemaError(f"it has {branches} alternatives and references, and at most {MAX_BRANCHES} are read")
    evaluations.check(schema)
    return text.decode()


class Schema:
    """A compiled schema. Raises errors.InvalidSchemaError where it is not valid or leads outside itself."""

    def __init__(self, schema: JsonObject) -> None:
        self.source = schema
        self._validator = _compile(schema)
        self._resolved: dict[int, JsonObject] = {}
        self._resolutions = 0
        self._parts: list[JsonObject] = []  # kept alive, so that none takes another's id

    def violations(self, data: Any, most: int = _MAX_VIOLATIONS) -> list[Violation]:
        """Return where `data` does not fit, at most `most` of them; none where it does."""
        found: list[Violation] = []
        for error in self._validator.iter_errors(data):
            pointer = "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in error.instance_path)
            found.append(Violation(pointer, error.message[:_MAX_MESSAGE_LENGTH], error.kind.name, _names(error.kind)))
            if len(found) >= most:
                break
        return found

    def resolve(self, part: Any) -> JsonObject:
        """See `resolve`. `part` is a subschema of this schema, or one that `resolve` returned.

        Subschemas are resolved once, and not without limit: after that they ask for nothing.
        """
        if not isinstance(part, dict) or not part:
            return {}
        if id(part) not in self._resolved:
            if self._resolutions >= _MAX_RESOLUTIONS:
                return {}
            found, steps = resolve_within(part, self.source, _MAX_RESOLUTIONS - self._resolutions)
            self._resolutions += steps
            self._parts.append(part)
            self._resolved[id(part)] = found
        return self._resolved[id(part)]

    def is_valid(self, data: Any) -> bool:
        """Whether `data` is valid."""
        return bool(self._validator.is_valid(data))


def _names(kind: Any) -> tuple[str, ...]:
    if kind.name == "required":
        return (str(kind.property),)
    return tuple(getattr(kind, "unexpected", ()))


@lru_cache(64)
def of_text(text: str) -> Schema:
    """Return the compiled schema of a JSON text that `check` returned."""
    return Schema(orjson.loads(text))


def _compile(schema: JsonObject) -> jsonschema_rs.Validator:
    import jsonschema_rs

    options = jsonschema_rs.RegexOptions(size_limit=_MAX_PATTERN_BYTES, dfa_size_limit=_MAX_PATTERN_BYTES)
    try:
        return jsonschema_rs.validator_for(schema, offline=True, pattern_options=options, validate_formats=True)
    except jsonschema_rs.ValidationError as error:
        place = "".join(f"/{step}" for step in error.instance_path) or "the schema itself"
        raise InvalidSchemaError(f"at {place}: {error.message[:_MAX_MESSAGE_LENGTH]}") from None
    except jsonschema_rs.ReferencingError as error:
        raise InvalidSchemaError(f"a reference leads nowhere inside it: {str(error)[:_MAX_MESSAGE_LENGTH]}") from None
    except (ValueError, RecursionError) as error:
        raise InvalidSchemaError(str(error)[:_MAX_MESSAGE_LENGTH]) from None


def _measure(schema: Any) -> tuple[int, int]:
    """The depth of nested objects and lists, and how many keywords branch."""
    deepest = branches = 0
    stack: list[tuple[Any, int]] = [(schema, 1)]
    while stack:
        value, depth = stack.pop()
        deepest = max(deepest, depth)
        if isinstance(value, dict):
            for key, part in value.items():
                if key in _BRANCHING_KEYWORDS:
                    branches += len(part) if isinstance(part, list) else 1
                stack.append((part, depth + 1))
        elif isinstance(value, list):
            stack += [(part, depth + 1) for part in value]
    return deepest - 1, branches


_REQUIRING_KEYWORDS = frozenset(["required", "minItems", "minProperties", "minContains", "dependentRequired"])


def relaxed(schema: Any) -> Any:
    """Return a schema that some of the data fits as well: what may be asked of one part of a long page."""
    if isinstance(schema, dict):
        return {
            key: relaxed(part)
            for key, part in schema.items()
            if key not in _REQUIRING_KEYWORDS or not isinstance(part, list | int)
        }
    return [relaxed(part) for part in schema] if isinstance(schema, list) else schema
