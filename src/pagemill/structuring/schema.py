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

if TYPE_CHECKING:
    import jsonschema_rs

    from pagemill.model import JsonObject

MAX_DEPTH = 24
MAX_BRANCHES = 200
"""Alternatives and references in one schema: more of them could make validation take very long."""

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
    """Return the JSON text of a schema that can be used: one of at most `max_bytes`.

    Raises errors.InvalidSchemaError, naming the fault: too large or deep, not a valid schema, a remote `$ref`.
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
    Schema(schema)
    return text.decode()


class Schema:
    """A compiled schema. Raises errors.InvalidSchemaError where it is not valid or leads outside itself."""

    def __init__(self, schema: JsonObject) -> None:
        self.source = schema
        self._validator = _compile(schema)

    def violations(self, data: Any, most: int = _MAX_VIOLATIONS) -> list[Violation]:
        """Return where `data` does not fit, at most `most` of them; none where it does."""
        found: list[Violation] = []
        for error in self._validator.iter_errors(data):
            pointer = "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in error.instance_path)
            found.append(Violation(pointer, error.message[:_MAX_MESSAGE_LENGTH], error.kind.name, _names(error.kind)))
            if len(found) >= most:
                break
        return found

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


def resolve(schema: Any, root: JsonObject, depth: int = 0) -> JsonObject:
    """Return what a subschema asks for in plain keywords: references followed, `allOf` joined, null left out.

    A reading for filling in and explaining, not for validation: of alternatives the first that is not null counts.
    """
    if not isinstance(schema, dict) or depth > MAX_DEPTH:
        return {}
    plain = {key: value for key, value in schema.items() if key not in ("$ref", "allOf", "anyOf", "oneOf")}
    parts: list[Any] = [_follow(schema["$ref"], root)] if isinstance(schema.get("$ref"), str) else []
    parts += schema["allOf"] if isinstance(schema.get("allOf"), list) else []
    for word in ("anyOf", "oneOf"):
        options = schema[word] if isinstance(schema.get(word), list) else []
        parts += [part for part in options if not (isinstance(part, dict) and part.get("type") == "null")][:1]
    for part in parts:
        resolved = resolve(part, root, depth + 1)
        properties = {**resolved.get("properties", {}), **plain.get("properties", {})}
        required = [*resolved.get("required", []), *plain.get("required", [])]
        plain = {**resolved, **plain}
        if properties:
            plain["properties"] = properties
        if required:
            plain["required"] = list(dict.fromkeys(required))
    kind = plain.get("type")
    if isinstance(kind, list):
        plain["type"] = next((name for name in kind if name != "null"), "null")
    elif kind is None and isinstance(plain.get("properties"), dict):
        plain["type"] = "object"
    return plain


def _follow(reference: str, root: JsonObject) -> Any:
    if not reference.startswith("#"):
        return None
    value: Any = root
    for step in reference[1:].split("/")[1:]:
        key = step.replace("~1", "/").replace("~0", "~")
        if isinstance(value, list) and key.isdigit() and int(key) < len(value):
            value = value[int(key)]
        elif isinstance(value, dict):
            value = value.get(key)
        else:
            return None
    return value


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
