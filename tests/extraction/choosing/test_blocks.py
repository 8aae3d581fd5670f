from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.extraction.flat import split
from turbohtml import Element, parse

from pagemill.extraction.choosing import blocks


def texts(html: str) -> list[str]:
    flat = split(html)
    joined = [""] * len(flat.owner)
    for string, block in zip(flat.strings, flat.text_block, strict=True):
        joined[block] += string
    return [" ".join(text.split()) for text in joined]


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p>one</p><p>two</p>", ["one", "two"]),
        ("<p>one <b>bold</b> <a href=x>link</a></p>", ["one bold link"]),
        ("<div>before<p>in</p>after</div>", ["before", "in", "after"]),
        ("<p>one<br>two", ["one two"]),
        ("<p><b>one</b><i>two</i></p>", ["onetwo"]),
        ("<p>one<br><br>two", ["one", "two"]),
        ("<p>one<br> <br>two", ["one", "two"]),
        ("<table><tr><td>a<td>b</table>", ["a", "b"]),
        ("<my-card>one</my-card>two", ["one", "two"]),
        ("<a href=x><div>card</div></a>", ["card"]),
        ("<script>x</script><style>y</style><template>z</template><select><option>w</select>", []),
        ("<noscript><p>post</p></noscript>", ["post"]),
        ("<div>  <p> \n </p></div>", []),
        ("<svg><text>drawn</text></svg>text", ["text"]),
    ],
)
def test_block_level_tags_and_blank_lines_separate_blocks(html, expected):
    assert texts(html) == expected


def test_elements_own_spans_of_blocks_and_elements():
    flat = split("<main><h1>a</h1><div><p>b</p><p>c</p></div></main><p>d</p>")
    spans = dict(zip(flat.tags, zip(flat.block_begin, flat.block_end, strict=True), strict=True))
    assert spans["body"] == (0, 4)
    assert spans["main"] == (0, 3)
    assert spans["div"] == (1, 3)
    assert flat.element_end[flat.tags.index("div")] - flat.tags.index("div") == 3
    assert flat.depth == [0, 1, 2, 2, 3, 3, 1]


def test_text_in_links_is_marked_through_blocks():
    flat = split("<p>plain <a href=x>link <b>bold</b></a></p><a href=y><div>card</div></a>")
    assert flat.text_linked == [0, 1, 1, 1]


def test_classes_and_counted_elements():
    flat = split("<div class='a b' id=c><img><p id=d><input><img></p></div>")
    assert flat.classes == ["", "a b", ""]
    assert flat.ids == ["", "c", "d"]
    assert flat.counted_elements["img"] == [1, 2]
    assert flat.counted_elements["input"] == [2]


@pytest.mark.parametrize(
    ("piece", "times"),
    [
        ("<p>x</p>", blocks.MAX_BLOCKS + 1),
        ("<br>x<br>", blocks.MAX_BLOCKS + 1),
        ("<div>", blocks.MAX_BLOCKS),
        ("five ", 10**6 + 1),
    ],
    ids=["blocks", "broken lines", "elements", "characters"],
)
def test_too_large_a_page_is_not_split(piece, times):
    body = parse(piece * times).select_one("body")
    assert body is not None
    assert blocks.split(body) is None


@given(
    st.lists(st.sampled_from(["<div>", "<p>", "</div>", "<b>", "</b>", "<br>", "text ", "<li>", "<a href=x>", "<td>"]))
)
def test_every_text_is_in_one_block_in_document_order(parts):
    flat = split("".join(parts))
    body = flat.elements[0]
    assert isinstance(body, Element)
    assert "".join(flat.strings).split() == body.text.split()
    assert flat.text_block == sorted(flat.text_block)
    assert set(flat.text_block) == set(range(len(flat.owner)))
    for block, owner in enumerate(flat.owner):
        assert flat.block_begin[owner] <= block < flat.block_end[owner]
    for element, parent in enumerate(flat.parent):
        assert (
            flat.block_begin[parent] <= flat.block_begin[element] <= flat.block_end[element] <= flat.block_end[parent]
        )
