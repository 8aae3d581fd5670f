from __future__ import annotations

import numpy as np
import pytest
from tests.extraction.flat import split

from pagemill.extraction.choosing import byline_markup


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        ('<p class="byline">Jane Doe</p>', True),
        ('<p>by <a rel="author" href="/jane">Jane Doe</a></p>', True),
        ('<p class="essay-by">Words by <a href="/jane">Jane Doe</a></p>', True),
        ("<p><time>4 May 2024</time></p>", True),
        ('<h2 class="date-header"><span>4 May 2024</span></h2>', True),
        ('<ul class="authors"><li><span>Jane Doe</span></li></ul>', True),
        ("<p>By Jane Doe for The Hill Times.</p>", True),
        ("<p>By Friday, the storm had passed.</p>", False),
        ("<p><time>In five minutes</time></p>", False),
        ("<ul><li><time>4 May 2024</time></li></ul>", False),
        ('<p>Read what <a rel="author" href="/jane">Jane Doe</a> wrote</p>', False),
        ('<aside><p class="author">Jane Doe</p></aside>', False),
        (f'<p class="author">{"Jane " * 20}</p>', False),
    ],
)
def test_markup_calls_a_block_a_byline(markup, expected):
    flat = split(markup)
    words = np.array([len("".join(flat.strings).split())], float)
    assert byline_markup.find(flat, words, 0, 1).tolist() == [expected]
