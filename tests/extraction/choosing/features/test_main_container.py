from __future__ import annotations

import numpy as np
import pytest
from turbohtml import parse

from pagemill.extraction.choosing import blocks
from pagemill.extraction.choosing.features import main_container, text_statistics
from pagemill.extraction.choosing.features.tree_arrays import TreeArrays

PROSE = "<p>These are the many words of a paragraph that somebody wrote for others to read.</p>"


def parts(html: str) -> tuple[blocks.Blocks, TreeArrays, text_statistics.TextStatistics]:
    body = parse(html).select_one("body")
    assert body is not None
    flat = blocks.split(body)
    assert flat is not None
    return flat, TreeArrays(flat), text_statistics.count(flat)


def test_the_deepest_element_with_enough_content_words():
    flat, tree, text = parts(f"<nav>{PROSE}</nav><main><article>{PROSE * 4}</article></main><footer>{PROSE}</footer>")
    content_words = main_container.expected_content_words(text.words, np.array([-9.0, 2, 2, 2, 2, -9]))
    assert [flat.tags[found] for found in main_container.find_containers(tree, content_words)] == [
        "article",
        "article",
        "article",
    ]


def test_expected_content_words_are_words_times_probability():
    assert main_container.expected_content_words(np.array([10.0, 10, 0]), np.array([0.0, 30, 0])) == pytest.approx(
        [5, 10, 0], abs=1e-8
    )


def test_a_page_without_words_has_main_containers():
    _, tree, text = parts("<p>…</p><div><p>…</p></div>")
    assert main_container.find_containers(tree, main_container.expected_content_words(text.words, np.zeros(2)))
