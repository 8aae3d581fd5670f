"""Pages with what was made of each of their blocks."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.extraction.test_pipeline import ARTICLE, PROSE
from tests.extraction.test_safety import MUTATIONS
from turbohtml import Element, parse_fragment

from pagemill.extraction import extract
from pagemill.extraction.annotation.annotated_page import Choices, annotate, to_json
from pagemill.extraction.annotation.original import MAX_DEPTH
from pagemill.model import BlockRole, Format

GOLDEN = sorted((Path(__file__).parent.parent / "golden" / "pages").glob("*.html"))
URL = "https://example.org/blog/a-post"
MAIN_CONTENT = Choices()
TEXT_TAGS = ("p", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "b", "i", "u", "s", "code", "sub", "sup", "br")
BOX_TAGS = ("div", "span", "ul", "ol", "li", "blockquote", "figure", "figcaption")
TABLE_TAGS = ("table", "thead", "tbody", "tfoot", "tr", "td", "th", "caption")
OUR_TAGS = frozenset((*TEXT_TAGS, *BOX_TAGS, *TABLE_TAGS))
OUR_ATTRIBUTES = frozenset({"class", "lang", "dir", "id", "data-block", "data-letter", "data-chance", "data-rule"})


def annotated(html: str, choices: Choices = MAIN_CONTENT):
    page = annotate(html.encode("utf-8", "replace"), URL, choices, content_type="text/html; charset=utf-8")
    assert page is not None
    return page


def check(page):
    """What is true of every annotated page."""
    for piece in page.pieces:
        assert piece.block is None or 0 <= piece.block < len(page.blocks)
    drawn = parse_fragment(page.original)
    numbers = []
    for element in drawn.descendants:
        if isinstance(element, Element):
            assert element.tag in OUR_TAGS
            assert set(element.attrs) <= OUR_ATTRIBUTES, element.attrs
            if "data-block" in element.attrs:
                numbers.append(int(element.attrs["data-block"]))
    assert numbers == list(range(len(page.blocks)))


def test_a_page_of_many_lines_in_few_blocks_is_not_annotated():
    listing = "line\n" * 500
    html = f"<title>x</title><h1>A listing</h1><pre>{listing}</pre>".encode()
    assert annotate(html, URL, MAIN_CONTENT, max_blocks=200) is not None
    assert annotate(html, URL, MAIN_CONTENT, max_blocks=100) is None


def roles(page):
    return {" ".join(block.text.split()): block.role.value for block in page.blocks}


def test_blocks_have_their_roles_and_their_places():
    page = annotated(ARTICLE)
    check(page)
    found = roles(page)
    assert found["The mill"] == "title"
    assert [found[text] for text in PROSE] == ["body"] * 3
    assert found["The mill in spring"] == "caption"
    assert {found[text] for text in ("Home", "Most read", "One story")} <= {"junk"}
    places = {page.markdown[piece.begin : piece.end]: piece.block for piece in page.pieces}
    for text in PROSE:
        assert " ".join(page.blocks[places[text]].text.split()) == text
    assert all(0 <= chance <= 1 for block in page.blocks for chance in (block.probabilities or {}).values())


@pytest.mark.parametrize("path", GOLDEN[::3], ids=lambda path: path.stem)
def test_the_markdown_is_that_of_an_ordinary_run(path):
    html = path.read_bytes()
    page = annotate(html, URL, Choices())
    assert page is not None
    assert page.markdown == extract(html, URL, formats={Format.MARKDOWN}).markdown
    check(page)


def test_what_its_markup_removed_is_junk_that_cannot_be_corrected():
    page = annotated(
        ARTICLE.replace("</article>", '<div class="newsletter-signup">Sign up for our letters</div></article>')
    )
    block = next(block for block in page.blocks if "Sign up" in block.text)
    assert (block.role, block.rule, block.path) == (BlockRole.JUNK, "markup", None)


def test_a_rule_that_changed_the_choice_is_named():
    page = annotated(
        ARTICLE.replace("</article>", '<p>Read more: <a href="/x">The other mill of the valley</a></p></article>')
    )
    assert {block.rule for block in page.blocks if block.role is BlockRole.JUNK} - {None}


@pytest.mark.parametrize("choices", [Choices(only_main_content=False), Choices(include_tags=("article",))])
def test_without_a_choice_the_markdown_tells_what_was_kept(choices):
    page = annotated(ARTICLE, choices)
    check(page)
    assert page.choice == "request"
    assert roles(page)[PROSE[0]] == "body"
    assert all(block.path is None for block in page.blocks)


@pytest.mark.parametrize("html", ["", "<body></body>", "<p>\0</p>", "<frameset><frame src=x></frameset>"])
def test_pages_of_next_to_nothing(html):
    check(annotated(html))


def test_a_page_of_too_many_blocks_is_not_annotated():
    assert annotate(b"<p>x" * 30, URL, Choices(), max_blocks=20) is None


def test_a_deep_page_is_drawn_without_its_depth():
    page = annotated("<div>" * 3000 + "".join(f"<p>{text}</p>" for text in PROSE))
    check(page)
    assert page.original.count("<div>") <= MAX_DEPTH + 3 * len(PROSE)


@pytest.mark.parametrize("html", MUTATIONS)
def test_nothing_of_an_attack_is_left_but_text(html):
    check(annotated(html))
    check(annotated(ARTICLE.replace("</article>", f"{html}</article>")))


TAGS = st.sampled_from(
    ["p", "div", "table", "tr", "td", "li", "ul", "a", "b", "script", "svg", "h1", "pre", "br", "img", "nav"]
)
MARKUP = st.recursive(
    st.text("ab <>&\"'\0\ud800今", max_size=8),
    lambda inner: st.builds(
        lambda tag, name, parts: f'<{tag} class="{name}" id={name} lang=de onclick=x>{"".join(parts)}</{tag}>',
        TAGS,
        st.text('ab-1"', max_size=4),
        st.lists(inner, max_size=4),
    ),
    max_leaves=25,
)


@settings(max_examples=60)
@given(MARKUP, st.booleans())
def test_any_page_is_annotated(markup, main):
    page = annotated(markup, Choices(only_main_content=main))
    check(page)
    assert (
        page.markdown
        == extract(
            markup.encode("utf-8", "replace"),
            URL,
            content_type="text/html; charset=utf-8",
            only_main_content=main,
            formats={Format.MARKDOWN},
        ).markdown
    )


def test_paths_are_sent_once():
    sent = to_json(annotated(ARTICLE))
    assert len(sent["paths"]) == len({repr(path) for path in sent["paths"]})
    assert all(block["path"] is None or block["path"] < len(sent["paths"]) for block in sent["blocks"])
    assert re.fullmatch(r"[0-9a-f]{32}", sent["blocks"][0]["digest"])
