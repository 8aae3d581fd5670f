from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from pagemill.cli.output.page_counts import PageCounts

URLS = st.lists(st.sampled_from(["http://a/", "http://b/", "http://b/ä", ""]))


@given(URLS, URLS)
def test_each_page_is_taken_as_often_as_it_is_there(added, taken):
    counts, expected = PageCounts(), Counter(added)
    for url in added:
        counts.add(url)
    for url in taken:
        assert counts.take(url) == (expected[url] > 0)
        expected[url] -= 1


def test_a_page_has_a_few_bytes_whatever_its_length():
    counts = PageCounts()
    for number in range(1000):
        counts.add(f"http://example.com/{number}/{'x' * 5000}")
    assert not counts.take("http://example.com/")
    assert counts._hashes.nbytes + counts._left.nbytes == 16_000
