from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from turbohtml import Element, parse

from pagemill.extraction.discussions.known import KNOWN
from pagemill.extraction.reading import normalization
from pagemill.extraction.reading.markup_names import MarkupNames

SELECTORS = [
    value for name, value in vars(normalization).items() if name.isupper() and isinstance(value, str) and len(value) > 9
] + [selector for software in KNOWN for selector in (software.posts, software.page) if selector]
CLASSES = sorted(set(re.findall(r"\.([\w-]+)", " ".join(SELECTORS))))
IDS = sorted(set(re.findall(r"#([\w-]+)", " ".join(SELECTORS))))
ATTRIBUTES = ["role=tablist", "role=table", 'aria-label="ADS"', "aria-hidden=true", "disabled", "data-pid=1", "value=3"]
TAGS = ["div", "p", "a", "li", "ul", "span", "td", "article", "section", "h2", "time", "pre", "amp-ad", "input", "code"]


@st.composite
def elements(draw: st.DrawFn, depth: int = 3) -> str:
    tag = draw(st.sampled_from(TAGS))
    names = " ".join(draw(st.lists(st.sampled_from(CLASSES), max_size=2)))
    names = draw(st.sampled_from([names, names.upper()]))
    attributes = " ".join(draw(st.lists(st.sampled_from(ATTRIBUTES), max_size=1)))
    own_id = draw(st.sampled_from(IDS))
    inner = "".join(draw(st.lists(elements(depth - 1), max_size=3))) if depth else "text"
    return f'<{tag} class="{names}" id="{own_id}" {attributes}>{inner}</{tag}>'


@given(
    st.lists(elements(), min_size=1, max_size=4), st.sampled_from(["", "<!doctype html>"]), st.sampled_from(SELECTORS)
)
def test_what_is_left_of_a_selector_finds_the_same(parts: list[str], doctype: str, selector: str):
    body = body_of(doctype + "<body class='blockpost'>" + "".join(parts))
    names = MarkupNames(body)
    assert names.select(body, selector) == list(body.select(selector))
    assert names.select_one(body, selector) == body.select_one(selector)


@pytest.mark.parametrize(
    ("selector", "possible"),
    [
        (".a, .b, #c, [d], e-f", ".a, #c, [d]"),
        (".b", ""),
        ("p.a:not(.b, #x):has(> .b)", "p.a:not(.b, #x):has(> .b)"),
        (":is(.b, :is(.c, .d))", ":is(.b, :is(.c, .d))"),
        (".a > .b, .a [d='.b, #x']", ".a [d='.b, #x']"),
        ("table, video", "table"),
    ],
)
def test_alternatives_without_a_name_of_the_page_are_left_out(selector: str, possible: str):
    names = MarkupNames(body_of("<body><p class=A id=c d=1>text"))
    assert names.possible(selector) == possible


def body_of(html: str) -> Element:
    body = parse(html).select_one("body")
    assert body is not None
    return body
