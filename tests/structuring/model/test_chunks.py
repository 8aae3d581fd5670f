from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pagemill.structuring.model import chunks
from pagemill.structuring.model.merging import merge


def test_a_page_is_cut_at_the_borders_of_its_blocks():
    blocks = [f"Paragraph {number}: {'word ' * 20}".strip() for number in range(20)]
    found, split = chunks.split("\n\n".join(blocks), 120, 99)
    assert not split
    assert len(found) > 3
    assert [block for part in found for block in part.split("\n\n")] == blocks
    assert all(chunks.estimate_tokens(part) <= 120 for part in found)


def test_fenced_code_is_one_block():
    code = "```\na\n\nb\n```"
    found, _ = chunks.split(f"{'text ' * 20}\n\n{code}", 36, 9)
    assert found[1] == code


def test_the_rest_of_a_page_that_is_too_long_is_cut():
    found, split = chunks.split("word " * 5000, 200, 3)
    assert (len(found), split) == (3, True)


@given(st.text(alphabet="ab \n`~漢é", max_size=3000), st.integers(20, 200))
def test_nothing_is_lost_and_no_part_is_too_long(text, budget):
    found, split = chunks.split(text, budget, 10_000)
    assert not split
    assert all(chunks.estimate_tokens(part) <= budget for part in found)
    assert "".join("".join(found).split()) == "".join(text.split())


def test_findings_are_merged():
    assert merge(
        [
            {"name": None, "tags": ["a", "b"], "deep": {"x": 1}},
            {"name": "Kettle", "tags": ["b", "c"], "deep": {"y": 2}, "price": 3},
            {"name": "Other", "tags": [], "price": 4},
        ]
    ) == {"name": "Kettle", "tags": ["a", "b", "c"], "deep": {"x": 1, "y": 2}, "price": 3}
    assert merge([[{"a": 1}], [{"a": 1}, {"a": 2}]]) == [{"a": 1}, {"a": 2}]
    assert merge([None, {}]) is None
    assert merge([]) is None
