"""The compiled walk over a tree gives the blocks that `_TreeWalk` gives."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st
from turbohtml import parse

from pagemill.extraction.choosing import blocks
from pagemill.extraction.reading.markup_names import MarkupNames

TreeWalk = pytest.importorskip("pagemill.extraction.choosing.tree_walk").TreeWalk

TEXTS = ["Giro", "Agilis", "iOS", "12", " ", "\n", "\u00a0", "\0", "\ud800", "😀", "é"]
BREAKS = ["<br>", "<br><br>", "<span>", "</span>", "<a href=/>", "</a>", "<b>", "</b>"]
TAGS = [
    *(
        "<div>",
        "</div>",
        "<p class='a b' id=c>",
        "</p>",
        "<ul>",
        "<li role=item itemprop=d>",
        "<table><tr><td>",
        "<x-y>",
    ),
    *("<script>let x</script>", "<!-- note -->", "<template><p>x</template>", "<svg><g>x</g></svg>", "<h1>", "</h1>"),
    *("<math><mi>x</mi></math>", "<img>", "<input>"),
]
pieces = st.sampled_from(TEXTS) | st.sampled_from(BREAKS) | st.sampled_from(TAGS) | st.text(max_size=3)


def walk(kind: type, html: str, most: int) -> tuple[bool, blocks.Blocks]:
    body = parse(html, positions=False).select_one("body")
    flat = blocks.Blocks(MarkupNames(body))
    return kind(flat, blocks.INLINE_TAGS, blocks.NON_TEXT_TAGS, most).run(body), flat


@given(st.lists(pieces, max_size=40).map("".join), st.sampled_from([2, 5, 1000, 1000]))
def test_both_walks_give_the_same_blocks(html: str, most: int):
    is_whole, flat = walk(TreeWalk, html, most)
    is_whole_plain, plain = walk(blocks._TreeWalk, html, most)
    assert is_whole is is_whole_plain
    if not is_whole:
        return
    for field in dataclasses.fields(flat):
        if field.name not in ("names", "elements", "texts"):  # nodes of two trees
            assert getattr(flat, field.name) == getattr(plain, field.name), field.name
    assert [element.tag for element in flat.elements] == flat.tags
    assert [text.data for text in flat.texts] == [text.data for text in plain.texts]
