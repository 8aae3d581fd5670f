from __future__ import annotations

import json

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pagemill.api.reader.json_string import decoded


async def read(text, cuts):
    async def parts():
        begin = 0
        for cut in [*sorted(cuts), len(text)]:
            yield text[begin:cut]
            begin = cut

    return b"".join([part async for part in decoded(parts())])


TEXTS = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from('\\"\n\t\r\b\f\0/u0'), max_size=60)


@given(TEXTS, st.sampled_from([orjson.dumps, lambda text: json.dumps(text, ensure_ascii=False).encode()]), st.data())
async def test_wherever_a_string_is_cut_its_text_comes_out(text, dumps, data):
    packed = dumps(text)
    cuts = data.draw(st.lists(st.integers(0, len(packed)), max_size=8))
    assert (await read(packed, cuts)).decode() == text


async def test_a_lone_surrogate_is_replaced():
    assert await read(b'"a\\ud800b"', [5]) == "a\ufffdb".encode()


@pytest.mark.parametrize("text", [b"", b"null", b'"abc', b'"abc\\"', b'"abc\\u00'])
async def test_what_is_no_string_is_refused(text):
    with pytest.raises(ValueError, match="JSON string"):
        await read(text, [])
