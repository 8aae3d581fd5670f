# ruff: noqa: E501 — cases read best one to a line
from __future__ import annotations

import pytest
from tests.extraction.rendering import mark, only, rendered, tree, words
from turbohtml import Element, parse_fragment

from pagemill.extraction.writing import emphasis, markdown


def test_the_shape_of_a_page():
    html = """<h1>Title</h1><p>One <b>two</b> <i>three</i> <code>four</code>
    <a href="/five" title="t">five</a><br>six <del>seven</del></p>
    <blockquote><p>eight</p><ul><li>nine</ul></blockquote><hr><h3>Ten</h3><p><img src="/i.png" alt="eleven">"""
    assert mark(html) == "\n".join(
        [
            "# Title",
            "",
            'One **two** *three* `four` [five](https://example.org/five "t")  ',
            "six ~~seven~~",
            "",
            "> eight",
            ">",
            "> - nine",
            "",
            "---",
            "",
            "### Ten",
            "",
            "![eleven](https://example.org/i.png)",
        ]
    )


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<ul><li>a<ul><li>b<ul><li>c</li></ul></li></ul></li><li>d</li></ul>", ["a", "b", "c", "d"]),
        ("<ol start=7><li>a<li>b<ul><li>c</ul></ol>", ["a", "b", "c"]),
        ("<ul><li><p>a</p><p>b</p></li><li>c</li></ul>", ["a b", "c"]),
        ("<ul><li>a<pre>x\n\n  y</pre></li><li>c</li></ul>", ["a x y", "c"]),
        ("<ul><li><h3>H</h3>t</li></ul><ul><li>second</li></ul><ol><li>third</li></ol>", ["H t", "second", "third"]),
        ("<ol><li><ul><li>a</li></ul></li></ol>", ["", "a"]),
        ("<ul><li><table><tr><th>a<th>b<tr><td>c<td>d</table></li></ul>", ["a b c d"]),
    ],
)
def test_lists_keep_their_items_order_and_depth(html, expected):
    before, after = tree(html), rendered(mark(html))

    def items(root):
        return [
            (item.parent.tag, len([a for a in item.ancestors if getattr(a, "tag", "") in ("ul", "ol")]))
            for item in root.find_all("li")
        ]

    def own(item):
        inner = parse_fragment(item.inner_html).remove("ul, ol")
        return " ".join(inner.to_text().split())

    assert items(after) == items(before)
    assert [own(item).replace("|", "").replace("  ", " ") for item in before.find_all("li")] == [
        own(item) for item in after.find_all("li")
    ]
    assert [own(item) for item in after.find_all("li")] == expected
    assert [o.attr("start") for o in after.find_all("ol")] == [o.attr("start") for o in before.find_all("ol")]


def test_tight_and_loose_lists():
    assert mark("<ul><li>a</li><li>b</li></ul>") == "- a\n- b"
    assert mark("<ul><li><p>a</p></li><li><p>b</p></li></ul>") == "- a\n- b"
    assert mark("<ol start=3><li><p>a</p><p>b</p></li><li>c</li></ol>") == "3. a\n\n   b\n\n4. c"


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<tr><th>a|b<th>c<tr><td>d<br>e<td><code>f|g</code>", [["a|b", "c"], ["d e", "f|g"]]),
        ("<tr><th colspan=2>a<tr><td>b<td>c", [["a", ""], ["b", "c"]]),
        ("<tr><th rowspan=2>a<th>b<tr><td>c<tr><td>d<td>e", [["a", "b"], ["", "c"], ["d", "e"]]),
        ("<tr><th>a<th>b<th>c<tr><td rowspan=2 colspan=2>d<td>e<tr><td>f", [["a", "b", "c"], ["d", "", "e"], ["", "", "f"]]),
        ("<tr><th>a<th>b<tr><td>c<tr><td>d<td>e<td>f", [["a", "b", ""], ["c", "", ""], ["d", "e", "f"]]),
        ("<tr><th>a<th>b<tr><td><p>c</p><p>d</p><td><ul><li>*e*</li><li>f|[x](y)</li></ul>", [["a", "b"], ["c d", "*e* f|[x](y)"]]),
        ("<tr><td>a<td>b<tr><td>c<td>d", [["a", "b"], ["c", "d"]]),
        ("<tr><th>a<th>b<tr><td><img src='/x|y.png' alt='p|q'>c<td><a href='/p|q'>r|s</a>", [["a", "b"], ["c", "r|s"]]),
        ("<tr><th>a<th>b<tr><td>\\|<td>\\", [["a", "b"], ["\\|", "\\"]]),
    ],
)  # fmt: skip
def test_tables_keep_every_cell_at_its_place(html, expected):
    text = mark(f"<table>{html}</table>")
    assert "<table" not in text
    table = only(rendered(text), "table")
    assert table.select_one("li a, li em") is None
    assert [
        [
            " ".join(cell.to_text().replace("* ", "").split())
            if cell.find("li") is None
            else " ".join(li.text for li in cell.find_all("li"))
            for cell in row.find_all(["th", "td"])
        ]
        for row in table.find_all("tr")
    ] == expected


def test_layout_tables_are_no_tables():
    assert mark("<table><tr><td><p>a</p><td><p>b</p></table>") == "a\n\nb"


def test_a_caption_stands_before_its_table():
    assert mark("<table><caption>C</caption><tr><th>a<th>b<tr><td>c<td>d</table>").startswith("C\n\n| a | b |\n")


@pytest.mark.parametrize(
    "code",
    [
        "x = `1`",
        "```\nfence\n```",
        "~~~\n````\n",
        "  indent\n\ttab",
        "a\n\n\nb",
        "# not\n- not",
        "*_[]()<>&\\|$",
        "x  ",
        "`",
        "a`",
    ],
)
def test_code_blocks_are_exact(code):
    html = parse_fragment("<pre><code class='language-c++'></code></pre>")
    only(html, "code").set_text(code)
    before = tree(html.inner_html)
    block = only(rendered(markdown.render(before)), "code")
    assert block.text == only(before, "pre").text + "\n"
    assert block.attr("class") == "language-c++"
    quoted = only(rendered(mark(f"<blockquote><ul><li>x{html.inner_html}</li></ul></blockquote>")), "pre")
    assert quoted.text == only(before, "pre").text + "\n"


@pytest.mark.parametrize(
    "code", ["a`b", "`", "``", "a*b_c", "<b>", "a|b", "\\", "&amp;", " a b ", "`a`", "${x}$", "[a](b)"]
)
def test_inline_code_is_exact(code):
    html = parse_fragment("<p>x <code></code> y</p>")
    only(html, "code").set_text(code)
    assert only(rendered(mark(html.inner_html)), "code").text == code.strip()


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("un<em>frigging</em>believable", "un*frigging*believable"),
        ("snake_case and __init__ and a_b_", r"snake_case and \_\_init\_\_ and a_b\_"),
        ("2*3*4", r"2\*3\*4"),
        ("<b>a</b><b>b</b> <i>c</i><i>d</i>", "**ab** *cd*"),
        ("<b>bold </b>x<b> y</b>", "**bold** x **y**"),
        ("[1] and [note], [x](y) ![z](w)", None),
    ],
)
def test_stars_and_underscores(html, expected):
    text = mark(f"<p>{html}</p>")
    if expected is not None:
        assert text == expected
    assert rendered(text).text.split() == tree(f"<p>{html}</p>").text.split()


@pytest.mark.parametrize(
    "html",
    [
        '<b>"foo"</b>bar', "x<b>(y)</b>z", "a<i>b</i><b>c</b>d", "<i>a</i><b>b</b>", "<b><i>a</i> b</b>", "<i><b>a</b> b</i>",
        "<b>a <i>b</i></b>c", "<i>a <b>b</b></i>", "<b>テキスト。</b>テスト", "テ<i>「キ」</i>スト", "see<b><a href=/x>l</a></b>foo",
        "<b>a</b>b<b>c</b>", "<i>*</i>", "<b>_a_</b>", "<i>a*b</i>", "*<i>a</i>*", "<b>a</b>*<b>b</b>", "<i>שלום</i>!", "<del>a</del>b<del>c</del>",
        "<b>a<br>b</b>", "<i>a</i>_b_", "<b>$</b>5", "<code>a</code><b>b</b>", "<b><code>*</code></b>x", "<i>。</i>x", "x<i>é</i>y",
    ],
)  # fmt: skip
def test_emphasis_is_seen_where_it_was(html):
    before, after = tree(f"<p>{html}</p>"), rendered(mark(f"<p>{html}</p>"))
    after.select("s")
    for tag, same in (("em", "em"), ("strong", "strong"), ("del", "s, del")):
        assert [words(e) for e in before.find_all(tag)] == [words(e) for e in after.select(same)]
    assert words(before) == words(after)


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("a<del><q>b</q></del>c", "a<del>“b”</del>c"),
        ("<p>今天天气\n  很好，\n适合散步 and\nwalks", "今天天气很好，适合散步 and walks"),
        ("<p>한국어\n문장", "한국어 문장"),
        ("<h2><a href=/x>Head</a> tail</h2>", "## [Head](https://example.org/x) tail"),
        ("<a href=/x><h2>Head</h2><p>text</p></a>", "## [Head](https://example.org/x)\n\ntext"),
        ("<a href=/x><img src=/i.png alt=A></a>", "[![A](https://example.org/i.png)](https://example.org/x)"),
        ("<a href=/x><code>c</code></a>", "[`c`](https://example.org/x)"),
        ("<a href='/a(b)c'>t</a>", "[t](https://example.org/a(b)c)"),
        ("<a href='/a(b'>t</a>", None),
        ("<a href='/a b'>t</a>", "[t](https://example.org/a%20b)"),
        ("<a href='/x' title='a &quot;b&quot; \\'>t]u[</a>", None),
        ("wow!<a href=/x>t</a>", None),
        ("[a]<a href=/x>t</a>(b)", None),
        ("<a href='https://example.org/x'>https://example.org/x</a>", "<https://example.org/x>"),
        ("<a href='/a_b*c'>a_b*c</a>", None),
        ("<a href='/x'>two<br>lines</a>", None),
        ("<a href='/?a&amp;amp;b&amp;copy;c;d'>t</a>", "[t](https://example.org/?a&amp;amp;b&amp;copy;c;d)"),
        ("<a href='mailto:a@b.c?subject=x y'>m</a>", None),
    ],
)
def test_links_keep_text_and_target(html, expected):
    text = mark(f"<p>{html}</p>" if not html.startswith(("<h2", "<a href=/x><h2")) else html)
    if expected is not None:
        assert text == expected
    before, after = tree(html), rendered(text)
    seen = [(" ".join(a.text.split()), a.attr("href"), a.attr("title")) for a in after.find_all("a")]
    assert seen == [
        (" ".join((a.text or "").split()) if a.find("br") is None else "two lines", a.attr("href"), a.attr("title"))
        for a in before.find_all("a")
    ]


@pytest.mark.parametrize(
    "text",
    [
        "1. x", "1) x", "# x", "####### x", "- x", "+ x", "* x", "> x", "<tag>", "&lt;", "&copy;", "[x] task", "[ ] task", "[a]: b",
        "[^1]: note", "---", "***", "===", "```", "~~~", "~~x~~", "| a | b |", "a | b", "|--|--|", ": def", "\\*", "x\\", "!", "![a](b)",
        "[a](b)", "<!-- x -->", "<?x?>", "http://x.y/a_b_c", "_a_", "__a__", "*a*", "**a**", "`a`", "$a$", "$$a$$", "US$ 5 and $6",
        "    indented", "a  ", "#hash", "-dash", "2024. A year", "10) ten", "&#35; x", "a &amp b", "- [ ] x", "[[a]]", "]", "~5 ~6",
    ],
)  # fmt: skip
@pytest.mark.parametrize("before", ["", "x<br>", "<b>b</b><br>"])
def test_text_that_looks_like_markup_stays_text(text, before):
    fragment = parse_fragment(f"<p>{before}</p><ul><li></li></ul><table><tr><th>h<th>i<tr><td><td>j</table>")
    for holder in (only(fragment, "p"), only(fragment, "li"), only(fragment, "td")):
        place = Element("span")
        place.set_text(text)
        holder.append(place)
    source = tree(fragment.inner_html)
    expected = words(only(source, "p"))
    after = rendered(markdown.render(source))
    assert len(after.find_all("li")) == len(after.find_all("table")) == 1
    shown = " ".join(text.split())
    assert [" ".join(only(after, tag).text.split()) for tag in ("li", "td")] == [shown, shown]
    assert words(only(after, "p")) == expected
    assert after.select("h1, h2, a, img, code, pre, em, blockquote, hr, s, .math") == []


def test_right_to_left_and_cjk_text():
    assert mark("<p dir=rtl>שלום <b>עולם</b>!</p>") == "שלום **עולם**!"
    assert mark("<p>日本<b>語</b>の文。<br>二行目</p>") == "日本**語**の文。  \n二行目"
    assert mark("<p>می‌خواهم</p>") == "می\u200cخواهم"


def test_definition_lists_readings_scripts_and_summaries():
    assert (
        mark("<dl><dt>Term</dt><dd>One</dd><dd><p>Two</p><p>Three</p></dd></dl>") == "**Term**\n\nOne\n\nTwo\n\nThree"
    )
    assert mark("<p><ruby>漢<rt>かん</rt>字<rt>じ</rt></ruby></p>") == "漢(かん)字(じ)"
    assert mark("<p>x<sup>2</sup>, H<sub>2</sub>O</p>") == "x<sup>2</sup>, H<sub>2</sub>O"
    assert mark("<details><summary>More</summary><p>text</p></details>") == "**More**\n\ntext"
    assert mark("<p>He said <q>yes</q></p>") == "He said “yes”"
    assert (
        mark("<figure><img src=/i.png alt=a><figcaption>Caption</figcaption></figure>")
        == "![a](https://example.org/i.png)\n\nCaption"
    )


def test_footnotes_are_links():
    html = '<p>Text<sup><a href="#fn1">1</a></sup></p><ol><li id="fn1">Note <a href="#r1">↩</a></li></ol>'
    assert mark(html) == (
        "Text[1](https://example.org/folder/page#fn1)\n\n1. Note [↩](https://example.org/folder/page#r1)"
    )


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p>a <math><mfrac><mn>1</mn><mi>x</mi></mfrac></math> b</p>", r"a $\frac{1}{x}$ b"),
        ("<math display=block><msqrt><mi>x</mi></msqrt></math>", r"$$\sqrt{x}$$"),
        ("<math alttext='a&lt;b&gt;c'></math>", r"$a\lt b\gt c$"),
        ("<p><math><munderover><mo>∑</mo><mi>i</mi><mi>n</mi></munderover><msub><mi>a</mi><mn>12</mn></msub></math></p>", r"$\sum_{i}^{n}a_{12}$"),
        ("<table><tr><th>f<th>g<tr><td><math alttext='|x|'></math><td>y</table>", "| f | g |\n| --- | --- |\n| $\\vert x\\vert$ | y |"),
        ("<p><span class=katex><math><semantics><mi>x</mi><annotation encoding='application/x-tex'>a_1*b*\\{c\\}</annotation></semantics></math></span></p>", r"$a_1*b*\{c\}$"),
    ],
)  # fmt: skip
def test_formulas(html, expected):
    assert mark(html) == expected


def test_a_formula_cannot_smuggle_markup():
    text = mark('<p><math alttext="&lt;script>alert(1)&lt;/script> ](javascript:x) `y` $ \\"></math></p>')
    assert rendered(text).select("a, script, code") == []
    assert "<script" not in text


def test_placeholders_cannot_be_forged():
    assert mark("<p>\ufdd00\ufdd1 a\ufdd2b</p><p>x<sub>1</sub></p>") == "0 ab\n\nx<sub>1</sub>"
    assert (
        mark("<p><code>\ufdd00\ufdd1</code>x<sub>1</sub></p><pre>\ufdd00\ufdd1</pre>")
        == "`0`x<sub>1</sub>\n\n```\n0\n```"
    )


def test_of_too_much_emphasis_none_is_written(monkeypatch):
    monkeypatch.setattr(emphasis, "MAX_ELEMENTS", 3)
    assert mark("<p>" + "<b>x</b> <i>y</i> z " * 1) == "**x** *y* z"
    assert mark("<p>" + "<b>x</b> <i>y</i> z " * 2) == "x y z x y z"


def test_decimal_points_need_no_escape():
    assert mark("<p>9.4 miles</p><p>x<br>1.5 l</p><p>1.</p><p>2. x</p>") == "9.4 miles\n\nx  \n1.5 l\n\n1\\.\n\n2\\. x"
    assert mark("<ul><li>3.5<li>1.x</ul>") == "- 3.5\n- 1.x"


def test_a_term_with_blocks_is_bold_without_tags():
    text = mark("<dl><dt><div><img src=/a.jpg alt=well></div><a href=/u>mira</a></dt><dd>wrote</dd></dl>")
    assert "<strong>" not in text
    assert "**[mira](https://example.org/u)**" in text


def test_a_picture_that_links_a_heading_to_itself_is_no_part_of_it():
    assert mark("<h2 id=a><a href='#a'><img src=/link.svg alt='chain link'></a>Deeplink</h2>") == "## Deeplink"
    assert "![A map]" in mark("<h2><a href='#a'><img src=/map.png alt='A map'></a></h2>")


def test_what_scripts_typeset_is_a_formula():
    assert mark("<p>It is <math-renderer>$q = f / k$</math-renderer> here.</p>") == "It is $q = f / k$ here."
    script = '<script src="https://cdn.example/mathjax/tex.js"></script>'
    environment = "\\begin{align} a &amp;= b \\end{align}"
    assert mark(f"{script}<p>{environment}</p>") == "$$\\begin{align} a &= b \\end{align}$$"
    assert "$$" not in mark(f"<p>{environment}</p>")


def test_tasks_keep_their_state():
    assert mark("<ul><li>☑ Done</li><li><p>☐ Not</p><p>yet</p></li><li>A ☑ mark</li></ul>").startswith("- [x] Done\n")


def test_a_list_that_counts_down_keeps_its_numbers():
    assert mark("<ol reversed><li>Bronze</li><li>Silver</li><li>Gold</li></ol>") == (
        "3. Bronze\n\n<!-- -->\n\n2. Silver\n\n<!-- -->\n\n1. Gold"
    )


DOLLARS = "<script>MathJax = {tex: {inlineMath: [['$', '$'], ['\\\\(', '\\\\)']]}};</script>"
AUTO_RENDER = (
    '<script>renderMathInElement(document.body, {delimiters: [{left: "$", right: "$", display: false}]})</script>'
)


@pytest.mark.parametrize("configuration", [DOLLARS, AUTO_RENDER])
def test_a_single_dollar_delimits_formulas_where_the_page_says_so(configuration):
    script = '<script src="https://cdn.example/npm/mathjax@3/tex-chtml.js"></script>'
    page = f"<head>{{}}{script}</head><main><p>A time $t_0$ costs $5 or $10.</p></main>"
    assert mark(page.format(configuration)) == "A time $t_0$ costs $5 or $10."
    assert "\\$" in mark(page.format(""))
