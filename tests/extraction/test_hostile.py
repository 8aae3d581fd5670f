"""Hostile pages: whatever comes in, what goes out is safe and valid."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from turbohtml import parse, parse_fragment

from pagemill.extraction.documents import plain_text
from pagemill.extraction.metadata import media, page_metadata
from pagemill.extraction.writing import cleaned_html, markdown
from tests.extraction.rendering import (
    BASE,
    HTML_TAGS,
    body,
    clean,
    faults,
    mark,
    only,
    plainly_rendered,
    rendered,
    tree,
)

RENDERED_TAGS = HTML_TAGS | {"s", "span", "eq", "section"}

TAGS = [
    *(
        "p",
        "div",
        "span",
        "a",
        "b",
        "i",
        "em",
        "strong",
        "h1",
        "h2",
        "ul",
        "ol",
        "li",
        "table",
        "tr",
        "td",
        "th",
        "pre",
    ),
    *("code", "blockquote", "dl", "dt", "dd", "img", "br", "hr", "script", "style", "svg", "math", "mtext", "mglyph"),
    *(
        "annotation-xml",
        "foreignObject",
        "title",
        "noscript",
        "template",
        "iframe",
        "form",
        "input",
        "button",
        "textarea",
    ),
    *(
        "select",
        "option",
        "plaintext",
        "xmp",
        "listing",
        "noembed",
        "noframes",
        "figure",
        "figcaption",
        "details",
        "summary",
    ),
    *(
        "base",
        "link",
        "meta",
        "object",
        "embed",
        "video",
        "audio",
        "source",
        "picture",
        "frameset",
        "body",
        "html",
        "head",
    ),
    *(
        "caption",
        "colgroup",
        "col",
        "tbody",
        "thead",
        "sub",
        "sup",
        "q",
        "ruby",
        "rt",
        "rp",
        "time",
        "abbr",
        "x-y",
        "mi",
    ),
    *(
        "semantics",
        "annotation",
        "desc",
        "animate",
        "use",
        "marquee",
        "dialog",
        "label",
        "nobr",
        "font",
        "center",
        "tt",
    ),
]
ATTRIBUTES = [
    *(
        'href="javascript:alert(1)"',
        "href=JaVaScRiPt:alert(1)",
        'href="java&#9;script:alert(1)"',
        'href="&#1;javascript:x"',
    ),
    *(
        'href="java\nscript:x"',
        'href="&#106;avascript:x"',
        "href=vbscript:x",
        'href="data:text/html,<script>x</script>"',
    ),
    *(
        "onclick=x",
        "onerror=x",
        "ONLOAD=x",
        "on=x",
        'style="background:url(javascript:x)"',
        "srcdoc=<script>x</script>",
    ),
    *(
        'src="javascript:x"',
        "src=x.png",
        'srcset="javascript:x 1x"',
        'data-src="javascript:x//"',
        "formaction=javascript:x",
    ),
    *(
        'class="language-&quot;onload=x"',
        'title="&quot;><script>x</script>"',
        "alt='`\"><img src=x onerror=x>'",
        'alt="](x)"',
    ),
    *(
        'colspan="9999999"',
        'rowspan="-1"',
        'start="1e9"',
        'dir="rtl"',
        'lang="&quot;>"',
        "display=block",
        'alttext="<script>"',
    ),
    *(
        'alttext="$](javascript:x)"',
        'encoding="text/html"',
        'encoding="application/x-tex"',
        "xlink:href=javascript:x",
        "hidden",
    ),
    *(
        "href=https://e.org/a_b(c)*d*",
        "href='//e.org/\"><x>'",
        "href=#x",
        "http-equiv=refresh",
        "content='0;url=javascript:x'",
    ),
    *("type='math/tex'", 'datetime="2020-01-01"', 'datetime="&quot;>"', "href='tel:1 2'", "href='mailto:a@b?x=[y](z)'"),
]
TEXTS = [
    *(
        "x",
        "word",
        "bash",
        "Copy",
        " ",
        "\n",
        "\t",
        "&lt;script&gt;alert(1)&lt;/script&gt;",
        "&lt;img src=x onerror=x&gt;",
        "&amp;lt;",
        "]]>",
    ),
    *(
        "# h",
        "- l",
        "1. n",
        "> q",
        "```",
        "~~~",
        "***",
        "___",
        "===",
        "---",
        "| a | b |",
        "|--|--|",
        "[a](javascript:x)",
        "[",
    ),
    *(
        "![a](x)",
        "[a]: javascript:x",
        "&lt;javascript:x&gt;",
        "`",
        "``",
        "\\",
        "*",
        "**",
        "_",
        "__",
        "~~",
        "$",
        "$$",
        "$x$",
        "!",
    ),
    *(
        "\\(x\\)",
        "\\[&lt;script&gt;\\]",
        "\x00",
        "\ufdd0",
        "\ufdd00\ufdd1",
        "\ufdd2",
        "&#xFDD0;0&#xFDD1;",
        "&#0;",
        "&#13;",
        "\u202e",
    ),
    *(
        "中文。",
        "שלום",
        "👩‍👩‍👧",
        "<!--",
        "-->",
        "<![CDATA[",
        "]]&gt;",
        "</",
        "<",
        "&",
        "&#",
        "http://x.y/_a_",
        "www.x.y",
        "a@b.c",
    ),
    *(
        "+ x",
        "* x",
        "1) x",
        "&copy;",
        "[x] t",
        "[ ] t",
        "[^1]",
        "[^1]: f",
        "    code",
        "a  ",
        "a\\",
        "&nbsp;",
        "&shy;",
        "&#x2028;",
    ),
]

tokens = st.one_of(
    st.builds(
        lambda tag, attributes: f"<{' '.join([tag, *attributes])}>",
        st.sampled_from(TAGS),
        st.lists(st.sampled_from(ATTRIBUTES), max_size=3),
    ),
    st.sampled_from(TAGS).map(lambda tag: f"</{tag}>"),
    st.sampled_from(TEXTS),
    st.text(max_size=8),
)
nasty = st.lists(tokens, max_size=40).map("".join)


@settings(max_examples=200, deadline=None)
@given(nasty)
def test_nothing_unsafe_is_in_the_cleaned_html_however_often_it_is_read(html):
    once = clean(html)
    assert faults(parse_fragment(once)) == []
    again = body(parse(once))
    assert faults(again) == []
    assert again.inner_html == once


@settings(max_examples=200, deadline=None)
@given(nasty)
def test_nothing_unsafe_is_in_what_markdown_renders_to(html):
    text = mark(html)
    assert faults(rendered(text), RENDERED_TAGS) == []
    assert [fault for fault in faults(plainly_rendered(text), RENDERED_TAGS) if "@href=%" not in fault] == []


@settings(max_examples=100, deadline=None)
@given(nasty)
def test_cleaning_what_is_clean_changes_nothing(html):
    once = clean(html)
    assert clean(once) == once


@settings(max_examples=200, deadline=None)
@given(st.lists(st.one_of(st.sampled_from(TEXTS), st.text(max_size=6)), max_size=12).map("".join))
def test_text_never_becomes_markup(text):
    paragraph = parse_fragment("<p></p>")
    only(paragraph, "p").set_text(text)
    result = cleaned_html.clean(paragraph, BASE)
    expected = result.text.split()
    shown = rendered(markdown.render(result))
    assert {element.tag for element in shown.iter_elements()} <= {"p"}
    assert shown.text.split() == expected


@settings(max_examples=200, deadline=None)
@given(
    nasty, st.sampled_from(["text/plain", "application/json", "text/xml", "application/rss+xml", "text/css", "", "x"])
)
def test_files_that_are_no_html_are_as_safe(text, kind):
    content = plain_text.extract(text.encode("utf-8", "replace"), kind, BASE)
    assert faults(parse_fragment(content.cleaned_html)) == []
    assert faults(rendered(content.markdown), RENDERED_TAGS) == []


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_are_read(data):
    document = parse(data, detect_encoding=True)
    page_metadata.read(document, BASE)
    media.links(document, BASE)
    media.images(document, BASE)
    markdown.render(cleaned_html.clean(body(document), BASE))
    plain_text.extract(data, "text/plain", BASE)


@settings(max_examples=200, deadline=None)
@given(nasty)
def test_metadata_and_media_are_read_from_anything(html):
    document = parse(html)
    page_metadata.read(document, BASE)
    assert all(link.href.startswith(("http://", "https://")) for link in media.links(document, BASE))
    assert all(image.src.startswith(("http://", "https://")) for image in media.images(document, BASE))


def test_nul_and_broken_encodings():
    document = parse(b"<p>a\x00b\xff\xfe\xc3\x28 \xed\xa0\x80</p>", encoding="utf-8")
    text = cleaned_html.serialize(cleaned_html.clean(body(document), BASE))
    assert "\x00" not in text
    text.encode("utf-8")


def test_json_that_nests_without_end():
    text = "[" * 200_000
    assert plain_text.extract(text.encode(), "application/json", BASE).markdown.count("[") == 200_000
    document = parse(f'<script type="application/ld+json">{text}</script><p>x')
    assert page_metadata.read(document, BASE).title is None


def test_tree_with_only_a_root():
    assert mark("") == ""
    assert tree("").inner_html == ""
