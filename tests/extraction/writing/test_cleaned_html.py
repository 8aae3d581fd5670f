# ruff: noqa: E501 — cases read best one to a line
from __future__ import annotations

import pytest
from tests.extraction.rendering import body, clean, only
from turbohtml import Element, Text, parse

from pagemill.extraction.writing import cleaned_html


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        # Wrappers stay only where they group blocks, and carry nothing.
        ('<div class="a" id="b"><div><p style="x">one</p></div></div>', "<p>one</p>"),
        ('<div class="card"><h3>T</h3><p>x</p></div>', "<div><h3>T</h3><p>x</p></div>"),
        ("<section><p>a</p><p>b</p></section>", "<section><p>a</p><p>b</p></section>"),
        ("<main><article><p>a</p></article></main>", "<p>a</p>"),
        # Inline content between blocks becomes paragraphs.
        ("<div>one<p>two</p>three</div>", "<div><p>one</p><p>two</p><p>three</p></div>"),
        ("<div>one<br><br>two<br>three</div>", "<div><p>one</p><p>two<br>three</p></div>"),
        ("<p>a<br></p><p><br>b</p>", "<p>a</p><p>b</p>"),
        # Whitespace is collapsed and stands outside of emphasis.
        ("<p> a <b> b </b>c\n\n d </p>", "<p>a <strong>b</strong> c d</p>"),
        ("<p>a<span> </span>b&nbsp;c</p>", "<p>a b c</p>"),
        # Emphasis in pieces is joined, nested emphasis is not doubled, other inline wrappers go.
        (
            "<p><b>a</b><b>b</b> <i><em>c</em></i><span><font>d</font></span></p>",
            "<p><strong>ab</strong> <em>c</em>d</p>",
        ),
        # Empty elements go, whatever their depth.
        ("<div><p> </p><ul><li></li></ul><b><i></i></b><h2>&nbsp;</h2><p>x</p></div>", "<p>x</p>"),
        # Inline elements around blocks go into the blocks.
        ("<b><p>a</p><p>b</p></b>", "<p><strong>a</strong></p><p><strong>b</strong></p>"),
        ("<h2><div>3 May</div><div>Title</div></h2>", "<h2>3 May Title</h2>"),
        # Headings lose their permalinks.
        ('<h2 id="x">Title<a class="headerlink" href="#x">¶</a></h2>', "<h2>Title</h2>"),
        # Invisible characters go, misplaced Windows characters come right.
        ("<p>soft\u00adhyphen\u200b and don\x92t</p>", "<p>softhyphen and don’t</p>"),
        ("<p>a</p><hr><hr><p>b</p><hr>", "<p>a</p><hr><p>b</p>"),
        ("<p>a</p><div><hr><ol><li>b</li></ol></div>", "<p>a</p><hr><ol><li>b</li></ol>"),
    ],
)
def test_structure_is_normal(html, expected):
    assert clean(html) == expected


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<ul><li><p>a</p></li><li>b<ul><li>c</li></ul></li></ul>", "<ul><li>a</li><li>b<ul><li>c</li></ul></li></ul>"),
        ("<ol start=3><li><p>a</p><p>b</p></ol>", '<ol start="3"><li><p>a</p><p>b</p></li></ol>'),
        ("<ol start=x reversed><li>a</ol>", "<ol reversed=\"\"><li>a</li></ol>"),
        ("<ul><li>a</li>stray<div><li>b</li></div></ul>", "<ul><li>a</li><li>stray</li><li>b</li></ul>"),
        ("<ul><ul><li>a</li></ul></ul>", "<ul><li>a</li></ul>"),
        ("<div><li>a</li><li>b</li></div>", "<div><p>a</p><p>b</p></div>"),
        ("<dl><dt>T<dd>D<div><dt>U<dd><p>E</div></dl>", "<dl><dt>T</dt><dd>D</dd><dt>U</dt><dd>E</dd></dl>"),
        ("<dl><li>a</li><dd>b</dl>", "<dl><dd>a</dd><dd>b</dd></dl>"),
        ("<blockquote>a<p>b</blockquote>", "<blockquote><p>a</p><p>b</p></blockquote>"),
        ("<figure><div><img src=/i.png></div><figcaption><p>C</p></figcaption></figure>",
         '<figure><img src="https://example.org/i.png" alt=""><figcaption>C</figcaption></figure>'),
        ("<details open><summary>S</summary>body</details>", "<details><summary>S</summary><p>body</p></details>"),
        ("<p>H<sub>2</sub>O <del>x</del><s>y</s> <kbd>k</kbd> <mark>m</mark> <q>q</q> <u>u</u></p>",
         "<p>H<sub>2</sub>O <del>xy</del> <kbd>k</kbd> <mark>m</mark> <q>q</q> u</p>"),
        ('<p><time datetime="2020-01-02">x</time> <abbr title="A B">AB</abbr></p>',
         '<p><time datetime="2020-01-02">x</time> <abbr title="A B">AB</abbr></p>'),
        ("<p><ruby>漢<rp>(</rp><rt>kan</rt><rp>)</rp></ruby></p>", "<p><ruby>漢<rp>(</rp><rt>kan</rt><rp>)</rp></ruby></p>"),
        ('<p lang="ar" dir="RTL" onclick=x>س</p><div dir=rtl><p>א</p></div>',
         '<p>س</p><div dir="rtl"><p>א</p></div>'),
    ],
)  # fmt: skip
def test_structure_is_kept(html, expected):
    assert clean(html) == expected


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ('<pre class="language-Python"><code>a\n  b\n</code></pre>', '<pre><code class="language-python">a\n  b</code></pre>'),
        ('<div class="highlight-source-shell"><pre>ls</pre></div>', '<pre><code class="language-shell">ls</code></pre>'),
        ('<pre class="brush: js; toolbar: false">x</pre>', '<pre><code class="language-js">x</code></pre>'),
        ('<pre data-lang="go">x</pre>', '<pre><code class="language-go">x</code></pre>'),
        ('<pre><code class="hljs rust">x</code></pre>', '<pre><code class="language-rust">x</code></pre>'),
        ('<pre class="lang-text">x</pre>', "<pre><code>x</code></pre>"),
        ("<pre><div>a</div><div>b</div><span>c</span><br>d</pre>", "<pre><code>a\nb\nc\nd</code></pre>"),
        ("<pre>\n\n  a\n\n\n</pre>", "<pre><code>  a</code></pre>"),
        ("<pre>a<button>Copy</button>&lt;b&gt;</pre>", "<pre><code>a&lt;b&gt;</code></pre>"),
        ("<table class=highlighttable><tr><td class=linenos><pre>1\n2</pre><td class=code><pre>a\nb</pre></table>", "<pre><code>a\nb</code></pre>"),
        ("<p>x <code>a <b>b</b></code><tt>c</tt></p>", "<p>x <code>a bc</code></p>"),
        ('<p><code>V&lt;<a href="/s">S</a>&gt;</code></p>', '<p><code>V&lt;</code><a href="https://example.org/s"><code>S</code></a><code>&gt;</code></p>'),
        ("<code>a<br>b</code>", "<pre><code>a\nb</code></pre>"),
    ],
)  # fmt: skip
def test_code_is_exact(html, expected):
    assert clean(html) == expected


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<table><tr><th>a<th>b<tr><td colspan=2>c</table>", '<table><tbody><tr><th>a</th><th>b</th></tr><tr><td colspan="2">c</td></tr></tbody></table>'),
        ("<table><caption>C</caption><thead><tr><th>a</th></tr></thead><tbody><tr><td></td></tr><tr><td>x</td></tr></tbody></table>",
         "<table><caption>C</caption><thead><tr><th>a</th></tr></thead><tbody><tr><td>x</td></tr></tbody></table>"),
        ("<table><tr><td>a<td>b<tr><td><p>c<p>d<td><ul><li>e</ul></table>", "<table><tbody><tr><td>a</td><td>b</td></tr><tr><td><p>c</p><p>d</p></td><td><ul><li>e</li></ul></td></tr></tbody></table>"),
        # Layout: one row, one column, headings, another table, or by its own word.
        ("<table><tr><td>menu<td><p>text</table>", "<p>menu</p><p>text</p>"),
        ("<table><tr><td>a<tr><td>b</table>", "<p>a</p><p>b</p>"),
        ("<table><tr><td>a<td>b<tr><td><h2>c</h2><td>d</table>", "<p>a</p><p>b</p><h2>c</h2><p>d</p>"),
        ("<table role=presentation><tr><td>a<td>b<tr><td>c<td>d</table>", "<p>a</p><p>b</p><p>c</p><p>d</p>"),
        # Header cells say more than the role.
        ("<table role=presentation><tr><th>a<td>b<tr><th>c<td>d</table>", "<table><tbody><tr><th>a</th><td>b</td></tr><tr><th>c</th><td>d</td></tr></tbody></table>"),
        ("<table><tr><td>x<td><table><tr><th>a<th>b<tr><td>c<td>d</table></table>", "<p>x</p><table><tbody><tr><th>a</th><th>b</th></tr><tr><td>c</td><td>d</td></tr></tbody></table>"),
        ("<table><tr><td> <td></table><p>x", "<p>x</p>"),
        # Where columns have headers, cells may hold more.
        ("<table><tr><th><h3>a</h3><th>b<tr><td><pre>c\n\n  d  e</pre><td><blockquote>f</blockquote>g<a href=/x><h4>h</h4><p>i</p></a></table>",
         '<table><tbody><tr><th><strong>a</strong></th><th>b</th></tr><tr><td><code>c</code><br><code>d e</code></td><td><p>f</p><p>g</p><p><a href="https://example.org/x"><strong>h</strong></a></p><p>i</p></td></tr></tbody></table>'),
        ('<table><tr><th>a<th>b<tr><td colspan="x" rowspan="99999999">c<td>d</table>', "<table><tbody><tr><th>a</th><th>b</th></tr><tr><td>c</td><td>d</td></tr></tbody></table>"),
    ],
)  # fmt: skip
def test_tables_of_data_are_kept_and_those_of_layout_are_not(html, expected):
    assert clean(html) == expected


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ('<p><a href="../x?a=b&amp;c" target=_blank rel=nofollow>t</a></p>', '<p><a href="https://example.org/x?a=b&amp;c">t</a></p>'),
        ('<p><a href="#part">t</a> <a href="#">u</a> <a name=x>v</a></p>', '<p><a href="https://example.org/folder/page#part">t</a> u v</p>'),
        ('<p><a href="mailto:a@b.c">m</a> <a href="tel:1">t</a> <a href="ftp://x/">f</a></p>', '<p><a href="mailto:a@b.c">m</a> <a href="tel:1">t</a> f</p>'),
        ("<p><a href=/a>a</a><a href=/b>b</a></p>", '<p><a href="https://example.org/a">a</a> <a href="https://example.org/b">b</a></p>'),
        # A link around blocks is one link: on its heading, else on its first text, else on its picture.
        ("<a href=/c><div><img src=/i.png></div><h3>T</h3><p>x</p></a>", '<p><img src="https://example.org/i.png" alt=""></p><h3><a href="https://example.org/c">T</a></h3><p>x</p>'),
        ("<a href=/c><div>T</div><p>x</p></a>", '<p><a href="https://example.org/c">T</a></p><p>x</p>'),
        ("<a href=/c><div><img src=/i.png></div></a>", '<p><a href="https://example.org/c"><img src="https://example.org/i.png" alt=""></a></p>'),
        ("<a href=/c><div><img src=/i.png> T</div></a>", '<p><img src="https://example.org/i.png" alt=""> <a href="https://example.org/c">T</a></p>'),
        ("<h2><a href=/c><div>T</div></a></h2>", '<h2><a href="https://example.org/c">T</a></h2>'),
    ],
)  # fmt: skip
def test_links_are_absolute(html, expected):
    assert clean(html) == expected


@pytest.mark.parametrize(
    "reference",
    [
        "javascript:alert(1)", "JaVaScRiPt:x", " javascript:x", "java\tscript:x", "java\nscript:x", "\x01javascript:x",
        "vbscript:x", "data:text/html,x", "data:image/svg+xml,x", "blob:x", "file:///etc/passwd", "//[bad", "http://",
    ],
)  # fmt: skip
def test_references_that_are_unsafe_or_wrong_are_no_links(reference):
    document = parse("<p><a>t</a><img></p>")
    only(body(document), "a").attrs["href"] = reference
    only(body(document), "img").attrs["src"] = reference
    assert cleaned_html.serialize(cleaned_html.clean(body(document), "https://example.org/")) == "<p>t</p>"


@pytest.mark.parametrize(
    ("html", "sources"),
    [
        ('<img src="data:image/gif;base64,R0" data-src="/a.jpg">', ["/a.jpg"]),
        ('<img src="/placeholder.png" data-lazy-src="/a.jpg">', ["/a.jpg"]),
        ('<img src="/a.jpg" srcset="/b.jpg 2x">', ["/a.jpg"]),
        ('<img srcset="/s.jpg 320w, /l,x.jpg 1280w, /m.jpg 640w">', ["/l,x.jpg"]),
        ('<img data-srcset="/s.jpg 1x,/l.jpg 2x">', ["/l.jpg"]),
        ('<picture><source srcset="/p.webp 1x, /q.webp 2x"><img src="data:x"></picture>', ["/q.webp"]),
        ('<img src="data:x"><noscript><img src="/n.jpg"></noscript>', ["/n.jpg"]),
        ('<img src="data:x" data-src="/n.jpg"><noscript><img src="/n.jpg"></noscript>', ["/n.jpg"]),
        ('<img src="/a.jpg" width=1 height=1><img src="/b.jpg" style="width:1px" height="1px">', []),
        ('<img src="https://www.facebook.com/tr?id=1"><img src="https://b.scorecardresearch.com/p?x">', []),
        ('<img src="data:image/png;base64,AAAA"><img src="javascript:x"><img>', []),
        ('<img src="/a.jpg"><img src="/a.jpg">', ["/a.jpg"]),
    ],
)
def test_images_are_what_the_reader_would_see(html, sources):
    document = parse(clean(f"<p>{html}</p>"))
    assert [image.attr("src") for image in document.find_all("img")] == [f"https://example.org{s}" for s in sources]


def test_hidden_elements_go_unless_they_hold_much():
    much = "word " * 300
    assert (
        clean('<p hidden>a</p><div style="DISPLAY: none">b</div><i style="visibility:hidden">c</i><p>d</p>')
        == "<p>d</p>"
    )
    assert clean(f'<div style="display:none"><p>{much}</p></div>') == f"<p>{much.strip()}</p>"
    assert clean('<p hidden="until-found" aria-hidden="true">a</p>') == "<p>a</p>"


def test_what_runs_or_is_filled_in_goes_and_its_text_stays():
    html = """<script>x</script><style>x</style><template>x</template><iframe src=x>x</iframe><object data=x>x</object>
    <embed src=x><form action=x><label>Name</label><input value=x><select><option>x</select><textarea>x</textarea>
    <button onclick=x>Open</button></form><svg><script>x</script><text>x</text></svg><canvas>x</canvas><video>x</video>
    <meta http-equiv=refresh content="0;url=x"><link rel=x href=x><noscript>Kept</noscript><!-- x --><dialog>x</dialog>"""
    assert clean(html) == "<p>Name Open</p><p>Kept</p>"


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p><math><msup><mi>x</mi><mn>2</mn></msup></math></p>", '<p><math alttext="x^{2}"><msup><mi>x</mi><mn>2</mn></msup></math></p>'),
        ('<math display="block"><semantics><mi>a</mi><annotation encoding="application/x-tex">\\alpha</annotation></semantics></math>',
         '<p><math display="block" alttext="\\alpha"><semantics><mi>a</mi></semantics></math></p>'),
        ('<p><span class="katex"><span class="katex-mathml"><math><semantics><mi>x</mi><annotation encoding="application/x-tex">x_1</annotation></semantics></math></span><span class="katex-html" aria-hidden="true">x1</span></span></p>',
         '<p><math alttext="x_1"><semantics><mi>x</mi></semantics></math></p>'),
        ('<p><span class="MathJax_Preview">x</span><span class="MathJax"><math><mi>x</mi></math></span><script type="math/tex; mode=display">\\frac12</script></p>',
         '<p><math display="block" alttext="\\frac12"><mtext>\\frac12</mtext></math></p>'),
        ('<p><mjx-container display="true"><mjx-math>junk</mjx-math><mjx-assistive-mml><math><mn>1</mn></math></mjx-assistive-mml></mjx-container></p>',
         '<p><math display="block" alttext="1"><mn>1</mn></math></p>'),
        ('<p><span class="mwe-math-element"><span style="display:none"><math alttext="{\\displaystyle E=mc^{2}}"><mi>E</mi></math></span><img src="/r.svg" alt="E"></span></p>',
         '<p><math alttext="E=mc^{2}"><mi>E</mi></math></p>'),
        ("<p><math><mi>x<script>y</script></mi><annotation-xml encoding='text/html'><img src=x onerror=y></annotation-xml></math></p>",
         '<p><math alttext="x"><mi>x</mi></math></p>'),
    ],
)  # fmt: skip
def test_formulas_carry_their_tex(html, expected):
    assert clean(html) == expected


def test_tex_in_text_counts_where_a_script_typesets_it():
    script = '<head><script src="https://cdn.example/MathJax.js"></script></head>'
    text = "<p>Let \\(x^2\\) and $$y$$, not $5.</p>"
    assert clean(script + text) == (
        '<p>Let <math alttext="x^2"><mtext>x^2</mtext></math> and <math display="block" alttext="y"><mtext>y</mtext></math>,'
        " not $5.</p>"
    )
    assert clean(text) == text


def test_whitespace_of_a_text_of_megabytes():
    assert clean("<p>" + " \n a\tb  c \u00a0d\n" * 150_000) == "<p>" + " ".join(["a b c d"] * 150_000) + "</p>"


@pytest.mark.parametrize(("texts", "expected"), [([""], ""), (["a", "", "b"], "<p>a b</p>"), (["", "a"], "<p>a</p>")])
def test_texts_without_characters_mean_nothing(texts, expected):
    root = Element("body", children=[Element("p", children=[Text(text) for text in texts])])
    assert cleaned_html.serialize(cleaned_html.clean(root, "")) == expected
