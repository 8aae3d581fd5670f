"""What is fuzzed: for each part that reads hostile bytes, inputs and a function that fails only by a fault."""

from __future__ import annotations

import warnings
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import orjson
from hypothesis import strategies as st

from pagemill.allowed_network import parse_allowed_network
from pagemill.comparison import text_diff
from pagemill.comparison.json_diff import JsonDiff
from pagemill.errors import DocumentError, InvalidSchemaError, ModelAnswerError, PageError
from pagemill.extraction import extract
from pagemill.extraction.documents import link_lists, pdf, plain_text, separated_values
from pagemill.fetching.egress.addresses import special_use
from pagemill.fetching.egress.guard import EgressGuard
from pagemill.settings import Settings
from pagemill.structuring.model.answers import read_json, read_text
from pagemill.structuring.schemas import schema
from pagemill.structuring.schemas.schema import Schema
from tests.fuzz import archives
from tests.fuzz.mutations import JSON, mutated, mutated_text

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of reportlab's own
    from tests.web import documents
    from tests.web import odd_documents as odd

if TYPE_CHECKING:
    from collections.abc import Callable

URL = "https://example.org/a"
PAGE = b"""<!doctype html><html lang=en><head><meta charset=utf-8><title>T</title><base href="/b/">
<script type="application/ld+json">{"@type":"Article","headline":"T","datePublished":"2024-01-31"}</script></head>
<body><nav><a href=/>Home</a></nav><article><h1>T</h1><p>Words <b>of</b> a <a href="x?y#z">page</a> that says much.</p>
<table><tr><th colspan=2>a<td rowspan=3>b<tr><td>c</table><pre><code class=language-py>x = 1</code></pre>
<ul><li>one<ol><li value=3>two</ol></ul><picture><source srcset="a.jpg 1x"><img src=b.jpg alt=c></picture>
<math><mi>x</mi><annotation encoding="application/x-tex">x^2</annotation></math><svg><title>s</title></svg>
<blockquote><p>q</blockquote><details><summary>s</summary>d</details></article><footer>f</footer></body></html>"""
FEED = b"""<?xml version="1.0"?><rss version="2.0"><channel><title>F</title><item><title><![CDATA[a &amp; b]]></title>
<link>https://example.org/1</link><pubDate>Wed, 31 Jan 2024 12:00:00 GMT</pubDate><description>&lt;p&gt;x</description>
</item></channel></rss>"""
SITEMAP = b'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><url><loc>https://a.org/</loc></url></urlset>'
JSON_FEED = b'{"version":"https://jsonfeed.org/version/1.1","title":"F","items":[{"id":"1","url":"https://a.org/1"}]}'
TABLE = b'name;price\n"a ""b""";1,5\nc;2\n'
URLS = [
    "https://user:pw@example.org:8443/a?b#c",
    "http://[::ffff:10.0.0.1]/",
    "http://0x7f.1/",
    "//example.org",
    "http:\\\\ⓔxample.org",
]
SCHEMA = b"""{"type":"object","properties":{"a":{"$ref":"#/$defs/x"},"b":{"type":"array","items":{"enum":[1,"x"]}}},
"$defs":{"x":{"pattern":"^a+$"}}}"""
ANSWERS = [
    '<think>{"a":1}</think>```json\n{"a": [1, 2,], // c\n"b": "x"}\n```',
    '{"a": "b\nc", \'d\': None}',
    "[THINK] x",
]
DAY = date(2026, 3, 2)
TEXTS = [
    "# News\n\nMonday, March 2, 2026, 12:52 pm\n\n- Tea. 5 minutes ago\n- [a](https://x.org/?utm_source=a&id=1)\n",
    "# News\n\nStand: 02.03.2026, 9:05 Uhr\n\n| a | b |\n|---|---|\n| 1 | vor 3 Stunden |\n",
]
HTML_TOKENS = (
    b"<table>",
    b"</p>",
    b"<svg><style>",
    b"<!--",
    b"]]>",
    b"<template>",
    b"&#x110000;",
    b"\0",
    b"<a href=javascript:",
)


@dataclass(frozen=True)
class Target:
    """Inputs, and what reads them."""

    inputs: st.SearchStrategy[Any]
    read: Callable[[Any], object]


def _page(body: bytes) -> None:
    content = extract(body, URL)
    content.markdown.encode()
    content.cleaned_html.encode()


def _pdf(body: bytes) -> None:
    with suppress(DocumentError):
        pdf.extract(body, URL).markdown.encode()


def _list(body: bytes) -> None:
    for content_type in ("application/xml", "application/json"):
        with suppress(DocumentError):
            found = link_lists.extract(body, content_type, URL) or plain_text.extract(body, content_type, URL)
            found.markdown.encode()


def _table(body: bytes) -> None:
    separated_values.extract(body, "text/csv", URL)


def _url(text: str) -> None:
    guard = EgressGuard(Settings(allowed_networks=()))
    with suppress(PageError):
        url = guard.check_url(text)
        if url.address is not None:
            assert special_use(guard.check_address(url.address, url.host, url.port)) is None
    with suppress(PageError, ValueError):
        guard.check_address(text)
    with suppress(ValueError):
        parse_allowed_network(text)


def _schema(value: Any) -> None:
    with suppress(InvalidSchemaError):
        schema.check_size(value, 65536)
        found = Schema(value)
        found.resolve(value)
        found.violations({"a": "b"})
        schema.relaxed(value)


def _schema_of(body: bytes) -> Any:
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return value if isinstance(value, dict) else {"anyOf": [value]}


def _answer(text: str) -> None:
    with suppress(ModelAnswerError):
        orjson.dumps(read_json(text))
    with suppress(ModelAnswerError):
        read_text(text).encode()


def _comparison(versions: tuple[str, str]) -> None:
    old, new = (text_diff.Version(text, DAY) for text in versions)
    found = text_diff.compare(old, new, 1000)
    found.diff.encode()
    assert bool(found) == bool(text_diff.compare(old, new, 1000, align=False))
    assert not text_diff.compare(old, old, 1000)


def _json_comparison(values: tuple[Any, Any]) -> None:
    orjson.dumps(JsonDiff().compare(*values))
    assert not JsonDiff().compare(values[0], values[0])


_PDFS = [
    documents.table_pdf(), documents.pages_pdf(["one", "two"]), odd.form_pdf(), odd.bullets_pdf(), odd.nested_pdf(2, 3),
]  # fmt: skip
_PDF_TOKENS = (
    b" Do ",
    b" 1 0 R",
    b"<<",
    b">>",
    b"endstream",
    b"/Kids [2 0 R]",
    b"/Rotate 45",
    b"/MediaBox [0 0 0 0]",
    b"nan",
)
_SCHEMA_TOKENS = (b'"$ref":"#"', b"{", b"-1", b"null", b'"\\\\p{L}"')
_KEYWORDS = ("type", "properties", "items", "$ref", "enum", "allOf", "pattern", "required", "const")
_SCHEMAS = st.dictionaries(st.sampled_from(_KEYWORDS), JSON, max_size=4)
_ANSWER_TOKENS = ("```", "</think>", "{", "[" * 200, '"', "\\u0000", "<|channel|>final<|message|>", "1e999")

_TEXT_TOKENS = ("\n", "2 March 2026", "?utm_a=", "12:", "ago", "vor ", "\u2028", "\0")
_TEXTS = mutated_text(TEXTS, _TEXT_TOKENS) | st.text()

TARGETS = {
    "pages": Target(mutated([PAGE], HTML_TOKENS), _page),
    "PDFs": Target(mutated(_PDFS, _PDF_TOKENS), _pdf),
    "feeds": Target(mutated([FEED, SITEMAP, JSON_FEED], (b"<![CDATA[", b"]]>", b"&amp;", b'"items":', b"null")), _list),
    "tables": Target(mutated([TABLE], (b'"', b";", b"\r", b"\0")), _table),
    "archives": Target(archives.INPUTS, archives.read),
    "URLs": Target(mutated_text(URLS, ("@", "[", "::1", "%00", "127.0.0.1", "\t", "。")) | st.text(), _url),
    "schemas": Target(mutated([SCHEMA], _SCHEMA_TOKENS).map(_schema_of) | _SCHEMAS, _schema),
    "answers": Target(mutated_text(ANSWERS, _ANSWER_TOKENS), _answer),
    "comparisons": Target(st.tuples(_TEXTS, _TEXTS), _comparison),
    "JSON comparisons": Target(st.tuples(JSON, JSON), _json_comparison),
}
