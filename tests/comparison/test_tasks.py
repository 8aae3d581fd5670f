from __future__ import annotations

import json

from pagemill import bodies
from pagemill.comparison import tasks


def compared(before, after, data_before=None, data_after=None, **changes):
    values = (before, after, data_before, data_after)
    parts = [None if value is None else bodies.pack(value) for value in values]
    request = {
        "lengths": [None if part is None else len(part) for part in parts],
        "before": "2026-03-02",
        "after": "2026-03-03",
        "max_characters": 1000,
        "align": True,
    }
    found = tasks.run({**request, **changes}, b"".join(part for part in parts if part is not None))
    json.dumps(found)
    return found


def data(value):
    return {"status": "success", "data": value, "evidence": {"/price": "as of today"}}


def test_nothing_changed():
    assert compared("A text.", "A text.", data({"a": 1}), data({"a": 1})) == {
        "changed": False,
        "summary": "",
        "diff": None,
        "diff_json": None,
    }


def test_the_text_changed():
    found = compared("A text.\n\nMore.", "A text.\n\nLess.\n\nLast.")
    assert found["changed"]
    assert found["summary"] == "2 lines added, 1 line removed"
    assert found["diff"] == "@@ -1,2 +1,3 @@\n A text.\n-More.\n+Less.\n+Last.\n"
    assert found["diff_json"] is None


def test_the_data_changed_and_nothing_else_of_it_counts():
    found = compared(None, None, data({"price": 1}), data({"price": 2}))
    assert found["changed"]
    assert found["summary"] == "1 value changed: /price"
    assert found["diff_json"] == {"changed": {"/price": {"before": 1, "after": 2}}}


def test_the_date_of_today_in_the_data_is_no_change():
    before = {"seen": "2026-03-02", "lines": ["a", "5 minutes ago"], "price": "3 EUR"}
    after = {"seen": "2026-03-03", "lines": ["a", "7 minutes ago"], "price": "3 EUR"}
    assert not compared(None, None, data(before), data(after))["changed"]
    found = compared(None, None, data(before), data({**after, "price": "4 EUR"}))
    assert found["diff_json"] == {"changed": {"/price": {"before": "3 EUR", "after": "4 EUR"}}}


def test_what_is_there_in_one_version_alone_is_not_compared():
    assert not compared("A text.", None, None, data({"price": 2}))["changed"]


def test_data_with_long_values_is_cut_to_what_there_is_room_for():
    found = compared(None, None, data({}), data({str(number): "x" * 400 for number in range(10)}))
    assert found["changed"]
    assert found["diff_json"]["truncated"]
    assert len(json.dumps(found["diff_json"])) <= 1000
    huge = compared(None, None, data({"a": 1}), data({"a": "x" * 5000}))
    assert huge["diff_json"] == {"truncated": True}
    assert huge["summary"] == "the data changed"


def test_nothing_that_the_database_does_not_hold_is_returned():
    found = compared("a\0b", "a\0c", data({"a\0": 1}), data({"a\0": "\0"}))
    assert "\0" not in json.loads(json.dumps(found["diff"]))
    assert "\\u0000" not in json.dumps(found)
