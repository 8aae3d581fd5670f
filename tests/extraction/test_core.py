from __future__ import annotations

import numpy as np
from turbohtml import parse

from pagemill.extraction import blocks, core, letters
from pagemill.extraction.layout import Layout

PROSE = "<p>These are the many words of a paragraph that somebody wrote for others to read.</p>"


def parts(html: str) -> tuple[blocks.Blocks, Layout, letters.Letters]:
    body = parse(html).select_one("body")
    assert body is not None
    flat = blocks.split(body)
    assert flat is not None
    return flat, Layout(flat), letters.count(flat)


def test_the_deepest_element_with_enough_good_words():
    flat, layout, text = parts(f"<nav>menu</nav><main><article>{PROSE * 4}</article></main><footer>{PROSE}</footer>")
    good = core.good_words(text, np.zeros(layout.blocks, bool))
    assert [flat.tags[found] for found in core.find(layout, good)] == ["article", "article", "article"]


def test_good_words_fall_back_where_there_is_no_prose():
    _, layout, text = parts("<p>short</p><p><a href=x>link</a></p>")
    assert core.good_words(text, np.zeros(layout.blocks, bool)).tolist() == [1, 0]
    _, layout, text = parts("<p><a href=x>two words</a></p>")
    assert core.good_words(text, np.zeros(layout.blocks, bool)).tolist() == [2]
    _, layout, text = parts("<p>…</p>")
    assert core.good_words(text, np.zeros(layout.blocks, bool)).tolist() == [1]
