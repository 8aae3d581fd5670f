from __future__ import annotations

import orjson
from hypothesis import given
from hypothesis import strategies as st

from pagemill import bodies

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(JSON)
def test_what_is_packed_comes_back(value):
    assert bodies.unpack(bodies.pack(value)) == value


def test_a_large_text_is_read_in_pieces():
    text = "<p>" * 1_000_000
    pieces = list(bodies.text_of(bodies.pack(text)))
    assert max(map(len, pieces)) <= bodies.CHUNK
    assert orjson.loads(b"".join(pieces)) == text


@given(st.text(st.characters(codec=None, exclude_categories=())))
def test_any_text_becomes_valid_json(text):
    assert isinstance(bodies.unpack(bodies.pack({"html": [text]})), dict)


def test_a_lone_surrogate_becomes_the_replacement_character():
    assert bodies.unpack(bodies.pack("a\ud800b")) == "a\ufffdb"
