from __future__ import annotations

import time
from typing import Any

import pytest

from pagemill.errors import InvalidSchemaError
from pagemill.settings import Settings
from pagemill.structuring.schemas import resolving, schema

LARGEST = Settings().requests.max_schema_bytes


def nested(depth):
    value: dict[str, Any] = {"type": "string"}
    for _ in range(depth):
        value = {"type": "array", "items": value}
    return value


REFUSED = [
    ({"type": "objekt"}, "/type"),
    ({"properties": {"price": {"type": "nummer"}}}, "/properties/price/type"),
    ({"properties": []}, "/properties"),
    ({"$ref": "https://a.example/schema.json"}, "https://a.example/schema.json"),
    ({"properties": {"a": {"$ref": "#/$defs/none"}}}, "none"),
    ({"$schema": "https://a.example/own"}, "own"),
    ({"type": "string", "pattern": "("}, "/pattern"),
    ({"type": "string", "pattern": "(?=a)b"}, "pattern"),
    ({"title": "x" * LARGEST}, "bytes"),
    (nested(40), "deep"),
    (nested(5000), "deep"),
    ({"anyOf": [{"const": number} for number in range(300)]}, "alternatives"),
    ({"minimum": 2**70}, "JSON"),
    ({"$ref": "#"}, "itself"),
    ({"allOf": [{"$ref": "#"}] * 90}, "itself"),
    ({"properties": {"a": {"$ref": "#/$defs/a"}}, "$defs": {"a": {"not": {"$ref": "#/$defs/a"}}}}, "itself"),
    ({"$id": "https://a.example/s", "anyOf": [{"$ref": "https://a.example/s"}]}, "itself"),
    ({"$defs": {"a": {"$anchor": "x", "allOf": [{"$ref": "#x"}]}}}, "itself"),
    (
        {
            "$ref": "#/$defs/a0",
            "$defs": {f"a{n}": {"anyOf": 2 * [{"$ref": f"#/$defs/a{n + 1}"}]} for n in range(40)} | {"a40": {}},
        },
        "multiply",
    ),
]


@pytest.mark.parametrize(("value", "said"), REFUSED)
def test_a_schema_that_cannot_be_used_is_refused_naming_the_fault(value, said):
    with pytest.raises(InvalidSchemaError) as caught:
        schema.check(value, LARGEST)
    assert said in caught.value.message
    assert caught.value.http_status == 400


TAKEN = [
    {},
    {"type": "object", "properties": {"a": {"$ref": "#/$defs/x"}}, "$defs": {"x": {"type": "integer"}}},
    {"$schema": "http://json-schema.org/draft-07/schema#", "definitions": {"x": {}}, "$ref": "#/definitions/x"},
    {"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "array", "prefixItems": [{"type": "string"}]},
    {"type": "object", "properties": {"$ref": {"type": "string"}}},
    {"type": "object", "properties": {"children": {"type": "array", "items": {"$ref": "#"}}}},
    nested(20),
    {"properties": {"a": {"$ref": "#x"}}, "$defs": {"x": {"$anchor": "x", "type": "string"}}},
    {"$defs": {"tree": {"properties": {"left": {"$ref": "#/$defs/tree"}}}}, "allOf": [{"$ref": "#/$defs/tree"}]},
]


@pytest.mark.parametrize("value", TAKEN)
def test_a_usable_schema_is_taken_as_it_is(value):
    assert schema.of_text(schema.check(value, LARGEST)).source == value


def test_faults_say_where():
    compiled = schema.Schema({"properties": {"a/b": {"items": {"type": "number"}}}, "required": ["c"]})
    violations = compiled.violations({"a/b": [1, "x"]})
    assert {violation.pointer for violation in violations} == {"", "/a~1b/1"}
    assert any('"c" is a required property' in violation.message for violation in violations)
    assert compiled.violations({"c": 1}) == []


def test_formats_are_checked():
    compiled = schema.Schema({"properties": {"day": {"format": "date"}}})
    assert compiled.is_valid({"day": "2024-02-29"})
    assert not compiled.is_valid({"day": "2023-02-29"})


def test_patterns_take_linear_time():
    compiled = schema.Schema({"type": "string", "pattern": "^(a+)+$"})
    begin = time.perf_counter()
    assert not compiled.is_valid("a" * 50_000 + "b")
    assert time.perf_counter() - begin < 2


def test_resolving_follows_references_and_leaves_out_null():
    root = {
        "$defs": {"price": {"type": ["number", "null"], "minimum": 0}, "loop": {"$ref": "#/$defs/loop"}},
        "allOf": [{"properties": {"a": {}}, "required": ["a"]}],
        "properties": {"b": {"anyOf": [{"type": "null"}, {"$ref": "#/$defs/price"}]}},
        "required": ["b"],
    }
    resolved = resolving.resolve(root, root)
    assert resolved["type"] == "object"
    assert set(resolved["properties"]) == {"a", "b"}
    assert resolved["required"] == ["a", "b"]
    assert resolving.resolve(resolved["properties"]["b"], root) == {"type": "number", "minimum": 0}
    assert resolving.resolve({"$ref": "#/$defs/loop"}, root) == {}


def test_a_relaxed_schema_takes_a_part_of_the_data():
    whole = {
        "properties": {"a": {"type": "number"}, "required": {"type": "string"}},
        "required": ["a"],
        "minProperties": 1,
    }
    some = schema.Schema(schema.relaxed(whole))
    assert some.is_valid({})
    assert not some.is_valid({"a": "x"})
    assert not some.is_valid({"required": 1})


def test_the_work_of_resolving_is_bounded():
    root = {
        "allOf": [{"$ref": "#/$defs/a0"}],
        "$defs": {f"a{n}": {"allOf": 9 * [{"$ref": f"#/$defs/a{n + 1}"}]} for n in range(20)}
        | {"a20": {"type": "number"}},
    }
    found, steps = resolving.resolve_within(root, root, 1000)
    assert steps < 20_000
    assert "type" not in found
