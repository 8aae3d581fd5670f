from __future__ import annotations

import pytest

from pagemill.client.calls import Answer, pause
from pagemill.client.errors import ApiError


def test_what_is_repeated_and_when():
    statuses = (200, 400, 401, 404, 409, 429, 500, 502, 503, 504)
    assert [status for status in statuses if Answer(status, {}, b"").is_to_be_repeated()] == [429, 502, 503, 504]
    assert Answer(429, {"retry-after": "7"}, b"").pause(0) == 7
    assert Answer(429, {"retry-after": "100000"}, b"").pause(0) == 30
    assert 0 < Answer(503, {"retry-after": "soon"}, b"").pause(0) <= 0.5


def test_pauses_grow_to_an_end():
    assert all(2**number / 4 <= pause(number) <= 2**number / 2 for number in range(6))
    assert pause(1000) <= 30


def test_the_value_of_an_answer():
    assert Answer(202, {}, b'{"id": "job_1"}').value() == {"id": "job_1"}


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (400, b'{"error": "invalid_url", "code": "invalid_url", "message": "No."}', "invalid_url"),
        (200, b"<html>", "no_service"),
        (302, b"", "no_service"),
        (502, b"Bad gateway", "no_service"),
        (404, b'{"detail": "Not Found"}', "no_service"),
        (200, b"[]", "no_service"),
        (200, b'{"ok": true}', "no_service"),
    ],
)
def test_anything_else_is_an_error(status, body, code):
    with pytest.raises(ApiError) as caught:
        Answer(status, {}, body).value("id")
    assert (caught.value.status, caught.value.code) == (status, code)
