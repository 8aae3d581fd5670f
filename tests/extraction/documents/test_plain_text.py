# ruff: noqa: E501 — cases read best one to a line
from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.extraction.rendering import rendered

from pagemill.extraction.documents import plain_text
from pagemill.model import Link

URL = "https://example.org/file"


def extract(body, kind):
    return plain_text.extract(body, kind, URL)


@pytest.mark.parametrize(
    ("body", "kind", "text"),
    [
        (b"\xef\xbb\xbfna\xc3\xafve", "text/plain", "naïve"),
        ("\ufeffnaïve".encode("utf-16-le"), "text/plain", "naïve"),
        ("\ufeffnaïve".encode("utf-16-be"), "text/plain; charset=utf-8", "naïve"),
        (b"na\xefve", "text/plain; charset=ISO-8859-1", "naïve"),
        ("Привет, мир! Как дела сегодня?".encode("windows-1251"), 'text/plain; charset="windows-1251"', "Привет, мир! Как дела сегодня?"),
        ("Это довольно длинный русский текст, который легко узнать.".encode("windows-1251"), "text/plain", "Это довольно длинный русский текст, который легко узнать."),
        ("日本語のテキストです。".encode("shift_jis"), "text/plain; charset=shift_jis", "日本語のテキストです。"),
        (b"x\xffy", "text/plain; charset=utf-8", "x\ufffdy"),
        (b"plain", "text/plain; charset=nonsense", "plain"),
        ("already text", "text/plain", "already text"),
        (b"", "text/plain", ""),
    ],
)  # fmt: skip
def test_encodings(body, kind, text):
    content = extract(body, kind)
    assert content.html == text
    assert content.markdown == (f"{text}\n" if text else "")


def test_text_becomes_paragraphs_and_never_markup():
    content = extract(
        b"Title\n=====\n\n# no heading\n* no item\n\n<b>no bold</b> [no](javascript:link)\n", "text/plain"
    )
    assert content.cleaned_html == (
        "<p>Title<br>=====</p><p># no heading<br>* no item</p><p>&lt;b&gt;no bold&lt;/b&gt; [no](javascript:link)</p>"
    )
    shown = rendered(content.markdown)
    assert {element.tag for element in shown.iter_elements()} == {"p", "br"}


def test_comments_without_a_feed_are_text():
    text = "<!---->" * 200 + "no feed"
    assert extract(text, "text/plain").html == text


def test_deep_json_is_not_many_times_as_long():
    text = "[" * 1000 + "1," * 10_000 + "1" + "]" * 1000
    assert len(extract(text, "application/json").markdown) < 50 * len(text)


def test_wrapped_lines_are_joined_and_columns_are_kept():
    wrapped = [
        "These lines were broken by an editor at some width,",
        "because that is how mail and letters used to look,",
        "once.",
    ]
    assert extract("\n".join(wrapped), "text/plain").markdown == " ".join(wrapped) + "\n"
    wide = ["磨坊坐落在河边，三百年来一直为山谷里的人磨面，至今", "磨面粉。"]
    assert extract("\n".join(wide), "text/plain").markdown == "".join(wide) + "\n"
    assert extract("short\nlines\nstay", "text/plain").markdown == "short  \nlines  \nstay\n"
    table = "name    size\nfoo       12\nbar        3\n"
    assert extract(table, "text/plain").markdown == f"```\n{table}```\n"


def test_addresses_in_text_are_links():
    content = extract(b"see https://a.example/b(c) and http://d.example/e.", "text/plain")
    assert content.links == (
        Link("https://a.example/b", "https://a.example/b"),
        Link("http://d.example/e", "http://d.example/e"),
    )


def test_json_is_indented_and_exact():
    content = extract(
        b'{"a":[1,2.50,{}],"big":12345678901234567890,"b":{"c":"x\\"y, [z]"},"e":[],"u":"\\u00e9<script>"}',
        "application/json; charset=utf-8",
    )
    assert content.markdown == "\n".join([
        "```json", "{", '  "a": [', "    1,", "    2.50,", "    {}", "  ],", '  "big": 12345678901234567890,', '  "b": {',
        '    "c": "x\\"y, [z]"', "  },", '  "e": [],', '  "u": "\\u00e9<script>"', "}", "```", "",
    ])  # fmt: skip
    assert "<script>" not in content.cleaned_html


@given(
    st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(-(2**53), 2**53), st.text(max_size=5)),
        lambda v: st.one_of(st.lists(v, max_size=3), st.dictionaries(st.text(max_size=3), v, max_size=3)),
        max_leaves=8,
    )
)
def test_indented_json_is_the_same_json(value):
    text = extract(json.dumps(value).encode(), "application/ld+json").markdown
    assert json.loads(text.removeprefix("```json\n").rstrip("`\n")) == value


@pytest.mark.parametrize("text", ["{bad", '{"a":1}\n{"a":2}', "callback({})", "[" * 5000])
def test_what_is_no_json_is_kept_as_it_is(text):
    assert extract(text.encode(), "application/json").markdown == f"```json\n{text}\n```\n"


def test_markdown_is_read_and_made_safe():
    text = b"# T\n\nSome *text*, [ok](/a), [bad](javascript:x).\n\n<script>alert(1)</script>\n\n- a\n  - b\n\n| c | d |\n|--|--|\n| e | f |\n"
    content = extract(text, "text/markdown")
    assert content.markdown == "\n".join([
        "# T", "", "Some *text*, [ok](https://example.org/a), \\[bad\\](javascript:x).", "", "- a", "  - b", "",
        "| c | d |", "| --- | --- |", "| e | f |", "",
    ])  # fmt: skip
    assert plain_text.extract(b"# T", "text/plain", "https://example.org/README.md?x=1").markdown == "# T\n"
    assert plain_text.extract(b"# T", "text/plain", "https://example.org/readme.txt").markdown == "\\# T\n"


def test_xml_and_source_code_are_code():
    assert (
        extract(b"<?xml version='1.0'?><a>\n <b/>\n</a>", "text/xml").markdown
        == "```xml\n<?xml version='1.0'?><a>\n <b/>\n</a>\n```\n"
    )
    assert extract(b"a { b: c }", "text/css").markdown == "```css\na { b: c }\n```\n"
    assert extract(b"<broken", "application/soap+xml").markdown == "```xml\n<broken\n```\n"


def test_feeds_become_their_entries():
    feed = b"""<?xml version="1.0"?><rss version="2.0"><channel><title>News &amp; more</title><link>https://n.example/</link>
    <description>All of it</description><item><title>One</title><link>https://n.example/1</link>
    <pubDate>Mon, 06 Sep 2021 00:01:00 +0000</pubDate>
    <description><![CDATA[<p>Hi <b>you</b><script>alert(1)</script><img src=/i.png></p>]]></description></item></channel></rss>"""
    content = extract(feed, "application/rss+xml")
    assert content.metadata.title == "News & more"
    assert content.markdown == "\n".join([
        "# [News & more](https://n.example/)", "", "All of it", "", "## [One](https://n.example/1)", "", "2021-09-06", "",
        "Hi **you**![](https://example.org/i.png)", "",
    ])  # fmt: skip
    assert [link.href for link in content.links] == ["https://n.example/", "https://n.example/1"]
    assert "script" not in content.cleaned_html
