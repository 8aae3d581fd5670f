"""Known attacks on what cleans HTML, and on what renders Markdown: none may get through, in either output."""

from __future__ import annotations

import pytest
from turbohtml import parse, parse_fragment

from pagemill.extraction import extract
from tests.extraction.rendering import HTML_TAGS, body, faults, plainly_rendered, rendered

URL = "https://example.org/folder/page"
RENDERED_TAGS = HTML_TAGS | {"s", "span", "eq", "section"}
IMAGE = "<img src=x onerror=alert(1)>"
SCRIPT = "<script>alert(1)</script>"
ESCAPED = "&lt;img src=x onerror=alert(1)&gt;"

# Markup that means one thing where it is read first and another where what was written is read again (mXSS).
MUTATIONS = [
    f'<math><mtext><table><mglyph><style><!--</style><img title="--&gt;{ESCAPED}">',
    f"<form><math><mtext></form><form><mglyph><style></math>{IMAGE}",
    f'<svg></p><style><a id="</style>{IMAGE}">',
    f'<math><annotation-xml encoding="text/html"><style>{IMAGE}</style></annotation-xml></math>',
    f"<math><annotation-xml encoding='text/html'><svg><title></math>{IMAGE}",
    f'<noscript><p title="</noscript>{IMAGE}">x',
    f"<noscript><style></noscript>{IMAGE}</style></noscript>",
    f"<svg><foreignObject><p><style><!--</style>{IMAGE}",
    f'<svg><desc><noembed><a title="</noembed>{IMAGE}">x',
    f'<xmp><p title="</xmp>{IMAGE}">x',
    f'<textarea><p title="</textarea>{IMAGE}">x',
    f'<title><p title="</title>{IMAGE}">x',
    f'<iframe><p title="</iframe>{IMAGE}">x',
    f"<select><template>{IMAGE}</template><math><mi>{IMAGE}",
    f"<template><p>{IMAGE}{SCRIPT}</p></template>",
    f"<plaintext>{IMAGE}{SCRIPT}",
    f"<!-- --!>{IMAGE} -->",
    f"<!-->{IMAGE}-->",
    f"<![CDATA[>{IMAGE}]]>",
    f"<svg><![CDATA[</svg>{IMAGE}]]></svg>",
    f"<math><mi><![CDATA[</mi></math>{IMAGE}]]></mi></math>",
    f"<math><mtext>&lt;/mtext&gt;{ESCAPED}</mtext></math>",
    f"<math alttext='&lt;/math&gt;{ESCAPED}'><mi>x</mi></math>",
    f'<math><semantics><mi>x</mi><annotation encoding="application/x-tex">{ESCAPED}</annotation></semantics></math>',
    f"<p title='\"&gt;{ESCAPED}'><abbr title='\"&gt;{ESCAPED}'>x</abbr></p>",
    f"<img src=/a.png alt='\"&gt;{ESCAPED}' title='\"&gt;{ESCAPED}'>",
    f"<pre><code class='language-&quot;&gt;{ESCAPED}'>&lt;/code&gt;{ESCAPED}</code></pre>",
    f"<pre>\n\n<textarea>{IMAGE}</textarea>&lt;/pre&gt;{ESCAPED}</pre>",
    f"<table><tr><td>{SCRIPT}x<td>{ESCAPED}</table><table><caption>{IMAGE}</table>",
    "<svg><script>alert(1)</script><script href='data:text/javascript,alert(1)'/></svg>",
    "<svg onload=alert(1)><animate onbegin=alert(1) attributeName=x></svg>",
    "<svg><a xlink:href='javascript:alert(1)'><text>x</text></a></svg>",
    "<svg><use href='data:image/svg+xml,<svg onload=alert(1)>#x'/></svg>",
    "<math href='javascript:alert(1)'><mtext>x</mtext></math>",
    "<math><maction actiontype='statusline#x' xlink:href='javascript:alert(1)'><mi>x</mi></maction></math>",
    f'<iframe srcdoc="{SCRIPT}" src="javascript:alert(1)">x</iframe>',
    "<object data='javascript:alert(1)'>x</object><embed src='javascript:alert(1)'>",
    "<head><base href='javascript:/a/'></head><a href='alert(1)'>x</a><img src=alert(1)>",
    "<head><base href='data:text/html,'></head><a href='alert(1)'>x</a>",
    "<meta http-equiv=refresh content='0;url=javascript:alert(1)'><p>x",
    "<link rel=stylesheet href='javascript:alert(1)'><style>@import 'javascript:alert(1)';</style><p>x",
    "<form action=javascript:alert(1)><button formaction=javascript:alert(1)>x</button><input type=image src=x></form>",
    "<details open ontoggle=alert(1)><summary onfocus=alert(1) tabindex=1>x</summary>y</details>",
    "<body onload=alert(1)><p onclick=alert(1) style='background:url(javascript:alert(1))'>x",
    "<video><source onerror=alert(1)></video><audio src=x onerror=alert(1)>x</audio>",
    "<p><x-y onclick=alert(1) is=x>x</x-y></p>",
]

ADDRESSES = [
    *("javascript:alert(1)", "JaVaScRiPt:alert(1)", "  javascript:alert(1)", "\x01javascript:alert(1)"),
    *("java\tscript:alert(1)", "java\nscript:alert(1)", "java\r\nscript:alert(1)", "javascript\t:alert(1)"),
    *("java&Tab;script:alert(1)", "java&NewLine;script&colon;alert(1)", "&#x6A;avascript&#58;alert(1)"),
    *("&#0000106avascript:alert(1)", "javascript&#x3A;alert(1)", "javascript://example.org/%0aalert(1)"),
    *("data:text/html,<script>alert(1)</script>", "DATA:TEXT/HTML;base64,PHNjcmlwdD4=", " data:&Tab;text/html,x"),
    *("vbscript:msgbox(1)", "VB&NewLine;Script:x", "feed:javascript:alert(1)", "view-source:javascript:alert(1)"),
    *("blob:https://example.org/x", "filesystem:https://example.org/x", "file:///etc/passwd", "jar:x!/", "about:blank"),
    *("livescript:x", "mocha:x", "intent://x#Intent;end", "ms-its:x", "chrome://x", "javascript&colon;//%0aalert(1)"),
]

# Text that a renderer would read as markup, were it not escaped.
TEXTS = [
    *(ESCAPED, "&lt;script&gt;alert(1)&lt;/script&gt;", "&amp;lt;script&amp;gt;", "[x](javascript:alert(1))"),
    *("![x](javascript:alert(1))", "[x]: javascript:alert(1)\n\n[x]", "&lt;javascript:alert(1)&gt;", "[x][y]"),
    *("](javascript:alert(1))", '[a](https://e.org "x" onclick=y)', "`&lt;script&gt;`", "```html\n&lt;script&gt;"),
    *(
        "~~~\n&lt;script&gt;",
        "&lt;!-- x",
        "--&gt;",
        "&lt;![CDATA[x",
        "&lt;?php x ?&gt;",
        "&lt;!DOCTYPE x&gt;",
        "    &lt;b&gt;",
    ),
    *(
        "$&lt;img src=x onerror=alert(1)&gt;$",
        "$$&lt;/span&gt;&lt;script&gt;$$",
        "|a|b|\n|-|-|\n|&lt;b&gt;|",
        "&amp;#60;b&amp;#62;",
    ),
    *(
        "\\&lt;script&gt;",
        "\\\\&lt;script&gt;",
        "[^1]: &lt;b&gt;",
        "&lt;a href=javascript:alert(1)&gt;x&lt;/a&gt;",
        "&lt;a@b.c&gt;",
    ),
]

PLACES = {
    "paragraph": "<p>{}</p>",
    "link": '<p><a href="/x">{}</a></p>',
    "code": "<p><code>{}</code> x</p>",
    "block of code": "<pre><code class=language-html>{}</code></pre>",
    "cell": "<table><tr><th>{}</th><th>b</th></tr><tr><td>{}</td><td>{}</td></tr></table>",
    "heading": "<h2>{}</h2><p>x</p>",
    "item": "<ul><li>{}<ul><li>{}</li></ul></li></ul>",
    "quotation": "<blockquote><p>{}</p></blockquote>",
    "emphasis": "<p><b>{}</b><i>{}</i></p>",
    "caption": "<figure><img src=/x.png alt='x'><figcaption>{}</figcaption></figure>",
}


def check(html: str) -> None:
    """Fail where anything unsafe is in what becomes of a page, or in that read again, or in the Markdown rendered."""
    for only_main_content in (True, False):
        content = extract(
            html.encode(), URL, content_type="text/html; charset=utf-8", only_main_content=only_main_content
        )
        assert faults(parse_fragment(content.cleaned_html)) == []
        again = body(parse(content.cleaned_html))
        assert faults(again) == []
        assert again.inner_html == content.cleaned_html
        assert faults(rendered(content.markdown), RENDERED_TAGS) == []
        unknown = faults(plainly_rendered(content.markdown), RENDERED_TAGS)
        assert [fault for fault in unknown if "@href=%" not in fault] == []
        assert all(link.href.startswith(("https://", "http://")) for link in content.links)
        assert all(image.src.startswith(("https://", "http://")) for image in content.images)


@pytest.mark.parametrize("html", MUTATIONS)
def test_markup_that_changes_when_it_is_read_again(html):
    check(html)
    check(f"<article><h1>Words</h1><p>Some words before.</p>{html}</article>")


@pytest.mark.parametrize("address", ADDRESSES)
def test_addresses_that_run_something(address):
    for quote in "\"'":
        html = f"<a href={quote}{address}{quote}>text</a><a href={quote}{address}{quote}><h2>block</h2><p>text</p></a>"
        html += f"<p><img src={quote}{address}{quote} data-src={quote}{address}{quote} alt=x></p>"
        html += f"<img srcset={quote}{address} 2x{quote}><blockquote cite={quote}{address}{quote}>x</blockquote>"
        check(html)
    assert "href" not in extract(f"<a href='{address}'>text</a>".encode(), URL).cleaned_html


@pytest.mark.parametrize("place", PLACES)
def test_text_that_would_be_markup(place):
    for text in TEXTS:
        check(PLACES[place].replace("{}", text))


@pytest.mark.parametrize("attribute", ["alt", "title"])
def test_attributes_that_would_be_markup(attribute):
    for text in TEXTS:
        value = text.replace('"', "&quot;")
        check(f'<p>x <img src="/x.png" {attribute}="{value}"> <a href="/y" {attribute}="{value}">y</a></p>')


@pytest.mark.parametrize(
    "end",
    [")<script>alert(1)</script>", "> <b onclick=x>", ' "t" onclick=x', "&lt;b&gt;", "](javascript:x)", "\\", "|"],
)
def test_addresses_that_would_end_their_link(end):
    value = end.replace('"', "&quot;")
    check(f'<p><a href="https://e.org/{value}">x</a> <img src="https://e.org/{value}.png" alt="x"></p>')
    check(f'<table><tr><th>a<th>b<tr><td><a href="https://e.org/{value}">x</a><td>y</table>')
