from __future__ import annotations

import pyarrow as pa
import pytest
from tests.bulk.warc_file import article
from tests.web.http_server import HttpServer, Response

import pagemill
from pagemill.bulk import extract_batch
from pagemill.bulk.columns import COLUMNS, DEFAULT_COLUMNS
from pagemill.bulk.spark import schema
from pagemill.errors import UsageError

PAGE = (
    b"<html lang='en'><head><title>T</title><meta property='og:type' content='article'></head><body>"
    b"<nav><a href='/x'>Home</a></nav><article><h1>Title</h1><p>Words of a page, enough of them to be content.</p>"
    b"<p>And <a href='/more'>more w\xf6rds</a> of it in another paragraph, with <b>bold</b> ones.</p></article></body>"
)


def batch(*pages, **columns):
    urls = [f"http://a/{number}" for number in range(len(pages))]
    return pa.RecordBatch.from_pydict({"url": urls, "html": list(pages), **columns})


def test_each_row_becomes_a_row_in_its_place():
    given = batch(article(0), None, article(2), id=[7, 8, 9])
    made = extract_batch(given, keep=["id", "url"])
    assert made.schema.names == ["id", *DEFAULT_COLUMNS]
    rows = made.to_pylist()
    assert [(row["id"], row["url"], row["title"]) for row in rows] == [
        (7, "http://a/0", "Page 0"),
        (8, "http://a/1", None),
        (9, "http://a/2", "Page 2"),
    ]
    assert [row["error"] for row in rows] == [None, "record_invalid", None]
    assert extract_batch(given.slice(0, 0)).num_rows == 0
    assert extract_batch(given.slice(2, 1)).to_pylist()[0]["title"] == "Page 2"


def test_columns_that_there_are_not_are_refused():
    for options in ({"columns": ["size"]}, {"html_column": "page"}, {"keep": ["id"]}, {"columns": []}):
        with pytest.raises(UsageError):
            extract_batch(batch(b"<p>a"), **options)


async def test_a_page_is_to_the_byte_what_the_service_makes_of_it(monkeypatch):
    monkeypatch.setenv("PAGEMILL_ALLOWED_NETWORKS", "127.0.0.0/8")
    async with HttpServer({"/": Response(PAGE, content_type="text/html")}) as web:
        page = await pagemill.scrape_async(web.url("/"), formats=["markdown", "cleanedHtml", "links"])
        given = pa.RecordBatch.from_pydict({"url": [web.url("/")], "html": [PAGE]})
        [row] = extract_batch(given, columns=COLUMNS).to_pylist()
    assert row["markdown"].encode() == page.markdown.encode()
    assert row["cleaned_html"].encode() == page.cleaned_html.encode()
    assert row["links"] == page.raw["links"]
    assert (row["title"], row["language"], row["type"]) == ("T", "en", None)  # nothing tells the type of a few words
    assert row["text_language"] == "en"
    assert row["readability"] == pytest.approx(21 / 22, abs=0.001)  # all but the heading
    assert (
        row["text"] == "Title\n\nWords of a page, enough of them to be content.\n\nAnd more wörds of it in another "
        "paragraph, with bold ones."
    )


def test_the_schema_for_spark_has_every_column():
    assert schema(["url", "quality"]) == "`url` string, `quality` double"
    assert schema(COLUMNS).count("`") == 2 * len(COLUMNS)
