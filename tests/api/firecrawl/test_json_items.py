from __future__ import annotations

import json

import pytest

from pagemill import bodies
from pagemill.api.firecrawl.json_items import first_strings


async def first(items, size):
    text = b"".join(bodies.text_of(bodies.pack(items)))

    async def parts():
        for start in range(0, len(text), size):
            yield text[start : start + size]

    return json.loads(b"".join([part async for part in first_strings(parts())]))


@pytest.mark.parametrize("size", [1, 2, 7, 100_000])
async def test_the_first_string_of_each_object_once(size):
    items = [
        {"href": 'https://a.example/"x"', "text": '{"href":"no","text":"no"}'},
        {"href": "https://a.example/\\", "text": "\\"},
        {"href": "https://ü.example/", "text": ""},
        {"href": 'https://a.example/"x"', "text": "again"},
        {"href": "", "text": "\n,]"},
    ]
    assert await first(items, size) == ['https://a.example/"x"', "https://a.example/\\", "https://ü.example/", ""]
    assert await first([], size) == []
    assert await first(items[:1], size) == ['https://a.example/"x"']


async def test_a_string_that_is_longer_than_many_parts():
    items = [{"src": "https://a.example/", "alt": '\\"}' * 1_000_000}, {"src": "https://b.example/", "alt": ""}]
    assert await first(items, 128 * 1024) == ["https://a.example/", "https://b.example/"]
