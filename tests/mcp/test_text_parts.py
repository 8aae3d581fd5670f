from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from pagemill.extraction.postprocessing.token_estimate import tokens
from pagemill.mcp.text_parts import part_of

TEXTS = st.text(st.sampled_from("ab \n.é中😀"), max_size=2000)


@given(TEXTS, st.integers(1, 200))
def test_all_parts_together_are_the_text_and_none_is_over_the_budget(text, max_tokens):
    parts = [part_of(text, 0, max_tokens)]
    while parts[-1].following is not None:
        parts.append(part_of(text, parts[-1].following, max_tokens))
    assert all(tokens(part.text) <= max_tokens or len(part.text) == 1 for part in parts)
    assert all(one.following == other.offset for one, other in itertools.pairwise(parts))
    assert "".join(part.text for part in parts) == text


def test_a_part_ends_at_a_paragraph_where_it_can():
    text = "One two three four.\n\n" * 20
    part = part_of(text, 0, 30)
    assert part.text.endswith(".\n\n")
    assert part.following == len(part.text)


def test_beyond_the_end_there_is_nothing():
    assert part_of("abc", 10, 5).text == ""
    assert part_of("abc", 10, 5).following is None
