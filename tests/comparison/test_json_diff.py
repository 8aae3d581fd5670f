from __future__ import annotations

import pytest

from pagemill.comparison.json_diff import JsonDiff

compare = JsonDiff().compare


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ({"price": 10}, {"price": 10.0}, {}),
        ({"price": 10}, {"price": 12}, {"changed": {"/price": {"before": 10, "after": 12}}}),
        ({"a": 1}, {"b": 1}, {"removed": {"/a": 1}, "added": {"/b": 1}}),
        ({"a": None}, {}, {"removed": {"/a": None}}),
        ({"in/stock~": True}, {"in/stock~": 1}, {"changed": {"/in~1stock~0": {"before": True, "after": 1}}}),
        ([1, 2, 3], [0, 1, 2, 3], {"added": {"/0": 0}}),
        ([1, 2, 3], [1, 3], {"removed": {"/1": 2}}),
        ([{"n": 1}, {"n": 2}], [{"n": 1}, {"n": 3}], {"changed": {"/1/n": {"before": 2, "after": 3}}}),
        ({"a": {}}, {"a": []}, {"changed": {"/a": {"before": {}, "after": []}}}),
        (1, 2, {"changed": {"": {"before": 1, "after": 2}}}),
    ],
)
def test_differences_are_named_by_pointer(old, new, found):
    assert compare(old, new) == found


def test_no_more_are_named_than_may_be():
    found = compare({}, {str(number): number for number in range(10)}, 3)
    assert found == {"added": {"/0": 0, "/1": 1, "/2": 2}, "truncated": True}


def test_values_of_any_depth_are_compared():
    old: object = 1
    new: object = 2
    for _ in range(500):
        old, new = [old], {"a": [new]}
    assert compare(old, new)
