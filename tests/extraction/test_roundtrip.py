"""Markdown means the same as the cleaned HTML: rendered, it shows the same words, headings, items, cells, links …"""

from __future__ import annotations

import gzip

import pytest
from bench.content import roundtrip
from hypothesis import given, settings
from hypothesis import strategies as st

from pagemill.extraction.reading import document
from pagemill.extraction.writing import cleaned_html, markdown
from tests.extraction.rendering import body, tree

TEXTS = [
    "word",
    "two words",
    "a_b",
    "*",
    "1.",
    "# x",
    "[x]",
    "(y)",
    "<b>",
    "&amp;",
    "`",
    "|",
    "\\",
    "!",
    "~",
    "$5",
    "é",
    "中文",
    "。",
    "-",
    "+ x",
    "_",
]
texts = st.lists(st.sampled_from(TEXTS), min_size=1, max_size=3).map(lambda parts: " ".join(parts).replace("<", "&lt;"))
inlines = st.recursive(
    texts,
    lambda inner: st.one_of(
        st.builds(
            lambda tag, body: f"<{tag}>{body}</{tag}>",
            st.sampled_from(["em", "strong", "del", "code", "sub", "q", "span"]),
            inner,
        ),
        st.builds(lambda body: f'<a href="/x?a=1&b_c=*2*">{body}</a>', inner),
        st.just('<img src="/i(1).png" alt="a [b] *c*">'),
        st.just("<br>"),
        st.lists(inner, min_size=2, max_size=4).map("".join),
        st.lists(inner, min_size=2, max_size=4).map(" ".join),
    ),
    max_leaves=8,
)
cells = st.one_of(
    inlines,
    st.sampled_from(
        [
            "<h3>h</h3>",
            "<pre>a\n  b</pre>",
            "<p>a</p><p>*b*</p>",
            "<ul><li>a|b<li>[c](d)</ul>",
            "<blockquote>q</blockquote>t",
        ]
    ),
    st.builds(
        str.__add__,
        inlines,
        st.sampled_from(["<ol><li><b>a</b>", "<figure><img src=/i.png><figcaption>c", "<h4>x</h4>y", "<dl><dt>a<dd>b"]),
    ),
)
blocks = st.recursive(
    st.one_of(
        st.builds(lambda tag, body: f"<{tag}>{body}</{tag}>", st.sampled_from(["p", "h1", "h2", "h4", "div"]), inlines),
        st.sampled_from(["a\n  b", "```\nx", "# h", "\tt", "`"]).map(
            lambda code: f"<pre><code class=language-x>{code}</code></pre>"
        ),
        st.lists(st.lists(inlines, min_size=2, max_size=3), min_size=2, max_size=3).map(
            lambda rows: (
                "<table>" + "".join("<tr>" + "".join(f"<td>{cell}" for cell in row) for row in rows) + "</table>"
            )
        ),
        st.lists(st.lists(cells, min_size=2, max_size=3), min_size=1, max_size=3).map(
            lambda rows: (
                "<table><tr><th>h<th>i"
                + "".join("<tr>" + "".join(f"<td>{cell}" for cell in row) for row in rows)
                + "</table>"
            )
        ),
        st.just("<hr>"),
    ),
    lambda inner: st.one_of(
        st.builds(
            lambda tag, items: f"<{tag}>" + "".join(f"<li>{item}</li>" for item in items) + f"</{tag}>",
            st.sampled_from(["ul", "ol", "ol start=5"]),
            st.lists(st.one_of(inlines, inner, st.builds(str.__add__, inlines, inner)), min_size=1, max_size=3),
        ),
        inner.map(lambda body: f"<blockquote>{body}</blockquote>"),
        st.lists(inner, min_size=2, max_size=3).map("".join),
    ),
    max_leaves=6,
)


def differences(before, after):
    return {
        kind: (before[kind] - after[kind], after[kind] - before[kind]) for kind in before if before[kind] != after[kind]
    }


@settings(max_examples=150, deadline=None)
@given(inlines)
def test_inline_content_comes_back(html):
    source = tree(f"<p>{html}</p>")
    before = roundtrip.see(source)
    assert differences(before, roundtrip.see(roundtrip.render(markdown.render(source)))) == {}


@settings(max_examples=150, deadline=None)
@given(blocks)
def test_blocks_come_back(html):
    source = tree(html)
    before = roundtrip.see(source)
    assert differences(before, roundtrip.see(roundtrip.render(markdown.render(source)))) == {}


@pytest.mark.shared
@pytest.mark.parametrize("whole", [False, True])
def test_real_pages_come_back(shared_pages, whole):
    totals = dict.fromkeys(roundtrip.KINDS, (0, 0, 0))
    for path in sorted((shared_pages / "html").glob("*.html.gz"))[::50]:
        page = document.read(gzip.decompress(path.read_bytes()), "https://example.org/")
        root = (None if whole else page.tree.main_content()) or body(page.tree)
        source = cleaned_html.clean(root, "https://example.org/")
        compared = roundtrip.compare(roundtrip.see(source), roundtrip.see(roundtrip.render(markdown.render(source))))
        for kind, (same, old, new) in compared.items():
            totals[kind] = (totals[kind][0] + same, totals[kind][1] + old, totals[kind][2] + new)
    scores = {kind: roundtrip.score(*counts) for kind, counts in totals.items()}
    assert {kind: score for kind, score in scores.items() if score < roundtrip.TARGETS[kind]} == {}


def test_the_comparison_sees_differences():
    before = roundtrip.see(roundtrip.render("# a\n\n- b\n  - [c](x)\n\n| d | e |\n|---|---|\n| f | g |\n\n`h` $i$"))
    for worse in ("## a", "- b\n- [c](x)", "[c](y)", "| d | f |\n|---|---|\n| e | g |", "$j$"):
        assert differences(before, roundtrip.see(roundtrip.render(worse)))
    assert differences(before, before) == {}
