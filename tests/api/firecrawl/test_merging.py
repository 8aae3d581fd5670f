from __future__ import annotations

from pagemill.api.firecrawl.merging import Merged


def merged(*pages):
    found = Merged()
    for number, data in enumerate(pages):
        found.add(str(number), data)
    return found.data


def test_nothing_that_a_page_says_is_replaced():
    assert merged({"a": 1}, {"a": 2, "b": 3}) == {"a": 1, "b": 3}
    assert merged({"a": [1, {"x": 1}]}, {"a": [{"x": 1}, 2]}) == {"a": [1, {"x": 1}, 2]}
    assert merged({"a": {"b": None}}, {"a": {"b": 0}}) == {"a": {"b": 0}}
    assert merged({"a": False}, {"a": True}) == {"a": False}


def test_data_that_is_no_object():
    assert merged(None, [1], [2]) == [1, 2]
    assert merged({}, None, "text", {"a": 1}) == "text"
    assert merged(None) == {}


def test_deeply_nested_data_ends():
    deep = []
    for _ in range(2):
        value: object = 1
        for _ in range(500):
            value = {"a": value}
        deep.append(value)
    assert merged(*deep) == deep[0]
