from __future__ import annotations

import pytest
from tests.extraction.flat import split

from pagemill.extraction.choosing.features import text_statistics, title_match


def match(html: str, *titles: str) -> title_match.TitleMatch:
    flat = split(html)
    return title_match.match(flat, text_statistics.count(flat).characters, titles)


def test_the_headline_is_what_the_title_repeats():
    found = match("<p>Home</p><h1>How we cleaned the well</h1><p>The well</p>", "How we cleaned the well | Notes")
    assert found.best == 1
    assert found.block_share.tolist() == pytest.approx([0, 1, 1])
    assert found.title_share.tolist() == pytest.approx([0, 5 / 6, 2 / 6])


def test_the_title_that_matches_better_counts():
    assert match("<h1>A b c</h1>", "x y a", "a b c").title_share.tolist() == [1.0]


@pytest.mark.parametrize("titles", [(), ("",), ("something else",)])
def test_without_a_match_there_is_no_best(titles):
    found = match("<h1>How we cleaned the well</h1>", *titles)
    assert found.best == -1
    assert not found.block_share.any()


def test_long_blocks_are_no_headlines():
    assert match(f"<p>{'well ' * 100}</p>", "well").best == -1
