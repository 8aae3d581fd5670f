"""A model's data made to fit the schema, as far as that loses nothing else.

The model is told to answer null for what a page lacks, and many write numbers as texts. So values are coerced as those
of the markup are, null is left out where the schema does not allow it, and required properties may be missing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pagemill.structuring.evidence import json_pointers
from pagemill.structuring.markup.coercion import coerce

if TYPE_CHECKING:
    from pagemill.model import JsonObject
    from pagemill.structuring.schemas.schema import Schema, Violation

_ROUNDS = 4
_MAX_VIOLATIONS = 500
_NAMES_UNEXPECTED = frozenset(["additionalProperties", "unevaluatedProperties"])


@dataclass(frozen=True, slots=True)
class Fitted:
    """Data, JSON pointers to what it lacks, and where it still does not fit."""

    data: Any
    missing: list[str]
    violations: list[Violation]
    dropped: list[Violation]
    """Why values were left out, but for those that are null."""


def fit(schema: Schema, data: Any, base_url: str, *, drop_invalid: bool = False) -> Fitted:
    """Return data that fits the schema but for what is missing. `drop_invalid` leaves out what else does not fit."""
    missing: dict[str, None] = {}
    violations: list[Violation] = []
    invalid: list[Violation] = []
    for _ in range(_ROUNDS):
        found = schema.violations(data, _MAX_VIOLATIONS)
        missing |= dict.fromkeys(pointer for violation in found if (pointer := violation.missing) is not None)
        violations = [violation for violation in found if violation.missing is None]
        changed, dropped = False, set()
        for violation in violations:
            value = _value(data, violation.pointer)
            if value is None:
                dropped.add(violation.pointer)
            elif (new := _coerced(schema, violation.pointer, value, base_url)) is not None and new != value:
                data, changed = json_pointers.replace(data, violation.pointer, new), True
            elif drop_invalid:
                dropped.update(_invalid_pointers(violation))
                invalid.append(violation)
        data = json_pointers.without(data, dropped) if dropped else data
        missing |= dict.fromkeys(sorted(dropped))
        if not changed and not dropped:
            break
    else:
        violations = [violation for violation in schema.violations(data) if violation.missing is None]
    return Fitted(data, list(missing), violations, invalid)


def _value(data: Any, pointer: str) -> Any:
    try:
        return json_pointers.at(data, pointer)
    except LookupError:
        return ""  # a violation of something that was replaced already


def _coerced(schema: Schema, pointer: str, value: Any, base_url: str) -> Any:
    if isinstance(value, dict | list):
        return None
    return coerce(value, _subschema(schema, pointer), base_url)


def _invalid_pointers(violation: Violation) -> list[str]:
    if violation.keyword in _NAMES_UNEXPECTED and violation.names:
        return [f"{violation.pointer}/{json_pointers.escape(name)}" for name in violation.names]
    return [violation.pointer]


def _subschema(schema: Schema, pointer: str) -> JsonObject:
    """What the schema asks for at a pointer, in plain keywords."""
    part = schema.resolve(schema.source)
    for step in json_pointers.steps(pointer):
        properties, items = part.get("properties"), part.get("items")
        if isinstance(properties, dict) and step in properties:
            part = schema.resolve(properties[step])
        elif step.isdigit() and isinstance(items, dict):
            part = schema.resolve(items)
        else:
            part = schema.resolve(part.get("additionalProperties"))
    return part
