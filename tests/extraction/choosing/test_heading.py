from __future__ import annotations

import numpy as np
import pytest
from tests.extraction.flat import split

from pagemill.extraction.choosing import heading


def kept(html, *selected):
    """The texts of the heading's blocks, where the blocks with these texts are selected."""
    flat = split(html)
    texts = [""] * len(flat.owner)
    for block, text in zip(flat.text_block, flat.strings, strict=True):
        texts[block] += text
    texts = [text.strip() for text in texts]
    words = np.array([float(len(text.split())) for text in texts])
    found = heading.find(flat, np.array([text in selected for text in texts]), words)
    return [text for text, is_found in zip(texts, found, strict=True) if is_found]


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<article><h1>Title</h1><p>one<p>two</article>", ["Title"]),
        ("<article><header><h1>A <em>long</em> title</h1></header><p>one<p>two</article>", ["A long title"]),
        ("<article><h1>Title<br><br>in two</h1><p>one<p>two</article>", ["Title", "in two"]),
        ("<article><p>one<h1>Title</h1><p>two</article>", ["Title"]),
        ("<h1>Site</h1><article><p>one<p>two</article>", []),
        ("<article><h1>Title</h1><div><p>one<p>two</div></article>", []),
        ("<article><h1>Title</h1><p>one<h1>Another</h1><p>two</article>", []),
        ("<article><h1></h1><h1>Title</h1><p>one<p>two</article>", ["Title"]),
        ("<article><h2>Title</h2><p>one<p>two</article>", []),
        # Beside a single element it is found as well; two steps away it is not.
        ("<article><h1>Title</h1><p>one</article>", ["Title"]),
        ("<article><h1>Title</h1><div>one<br><br>two</div></article>", ["Title"]),
        ("<article><h1>Title</h1><div><p>one</div></article>", []),
    ],
)
def test_the_only_heading_within_the_content_is_found(html, expected):
    assert kept(html, "one", "two") == expected


def test_without_selected_blocks_there_is_no_heading():
    assert kept("<article><h1>Title</h1><p>one</article>") == []
