"""Documents over the whole way: fetched, known by their bytes, read in the extraction process."""

from __future__ import annotations

import gzip
import warnings

import pytest
from tests.web.http_server import HttpServer, Response

from pagemill import bodies
from pagemill.errors import (
    DocumentWithoutTextError,
    EncryptedDocumentError,
    InvalidDocumentError,
    InvalidResponseError,
    UnsupportedContentTypeError,
)
from pagemill.model import ScrapeOptions
from pagemill.scraping.scraper import Scraper

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from tests.web import documents

SITEMAP = b'<?xml version="1.0"?><urlset><url><loc>http://example.com/a</loc></url></urlset>'
RSS = b"""<?xml version="1.0"?><rss version="2.0"><channel><title>Mill</title><item><title>First</title>
<link>http://example.com/1</link><pubDate>Mon, 01 Jan 2024 00:00:00 GMT</pubDate></item></channel></rss>"""
ATOM = b"""<feed xmlns="http://www.w3.org/2005/Atom"><title>Mill</title><entry><title>First</title>
<link href="http://example.com/1"/><updated>2024-01-01T00:00:00Z</updated></entry></feed>"""
JSON_FEED = (
    b'{"version": "https://jsonfeed.org/version/1", "title": "Mill", "items": [{"url": "http://example.com/1"}]}'
)


@pytest.fixture
async def scraper(settings):
    async with Scraper(settings) as scraper:
        yield scraper


async def markdown(scraper, body, content_type, path="/"):
    async with HttpServer({path: Response(body, content_type=content_type)}) as web:
        page = await scraper.scrape(web.url(path), ScrapeOptions())
    return bodies.unpack(page.bodies["markdown"])


TYPES = ["application/pdf", "application/octet-stream", None, "text/html", "text/plain", "application/force-download"]


@pytest.mark.parametrize("content_type", TYPES)
async def test_a_pdf_is_one_whatever_its_type_says(scraper, content_type):
    text = await markdown(scraper, documents.text_pdf(), content_type)
    assert text.startswith("# The Old Mill")
    assert "## Of Grain" in text


@pytest.mark.parametrize(
    ("body", "content_type", "expected"),
    [
        (b"<html><body><p>an error page</p></body></html>", "application/pdf", "an error page"),
        (SITEMAP, "text/html", "<http://example.com/a>"),
        (SITEMAP, "application/xml", "<http://example.com/a>"),
        (SITEMAP, "text/plain", "http://example.com/a"),
        (RSS, "text/html; charset=utf-8", "[First](http://example.com/1)"),
        (RSS, "application/rss+xml", "2024-01-01"),
        (ATOM, "text/xml", "[First](http://example.com/1)"),
        (JSON_FEED, "application/feed+json", "<http://example.com/1>"),
        (JSON_FEED, "text/html", "<http://example.com/1>"),
        (b'{"a": [1]}', "text/html", '"a": ['),
        (b"Name,Price\nFlour,2\n", "text/csv", "| Flour | 2 |"),
        (b"plain words", "text/plain", "plain words"),
    ],
)
async def test_documents_are_known_by_their_bytes(scraper, body, content_type, expected):
    text = await markdown(scraper, body, content_type)
    assert " ".join(expected.split()) in " ".join(text.split())


@pytest.mark.parametrize(
    "content_type", ["application/gzip", "application/x-gzip", "application/octet-stream", "text/xml"]
)
async def test_a_compressed_sitemap_is_opened(scraper, content_type):
    text = await markdown(scraper, gzip.compress(SITEMAP), content_type, "/sitemap.xml.gz")
    assert "<http://example.com/a>" in text


@pytest.mark.parametrize(
    "body",
    [
        gzip.compress(SITEMAP)[:-12],
        b"\x1f\x8b\x08 and no more of it",
        gzip.compress(b"\0\1\2" * 100),
        gzip.compress(gzip.compress(SITEMAP)),
        gzip.compress(b" " * 30_000_000),
    ],
    ids=["broken off", "broken", "binary", "twice", "bomb"],
)
async def test_a_compressed_file_that_is_no_document_fails_by_name(scraper, body):
    with pytest.raises(InvalidDocumentError):
        await markdown(scraper, body, "application/gzip", "/file.gz")


async def test_separated_values_are_known_by_their_name(scraper):
    assert "| Flour | 2 |" in await markdown(scraper, b"Name,Price\nFlour,2\n", "text/plain", "/prices.csv")


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (documents.locked_pdf(), EncryptedDocumentError),
        (documents.scanned_pdf(), DocumentWithoutTextError),
        (b"%PDF-1.7\nbroken", InvalidDocumentError),
    ],
)
async def test_documents_that_cannot_be_read_fail_by_name(scraper, body, error):
    with pytest.raises(error):
        await markdown(scraper, body, "application/pdf")
    assert await markdown(scraper, b"<p>the process goes on</p>", "text/html") == "the process goes on\n"


async def test_pictures_are_not_supported(scraper):
    with pytest.raises(UnsupportedContentTypeError):
        await markdown(scraper, b"\x89PNG\r\n\x1a\n\0\0", "image/png")


CSV = b"name,size\nkettle,2\npan,3\n"


@pytest.mark.parametrize(
    ("path", "content_type", "headers"),
    [
        ("/list.csv", "application/octet-stream", ()),
        ("/list.csv", None, ()),
        ("/download", "application/octet-stream", (("Content-Disposition", 'attachment; filename="list.csv"'),)),
        ("/download", "text/plain", (("Content-Disposition", "attachment; filename*=UTF-8''list.csv"),)),
        ("/download", "text/x-csv", ()),
        ("/download", "application/vnd.ms-excel", ()),
        ("/download", "text/comma-separated-values; charset=utf-8", ()),
    ],
)
async def test_separated_values_are_a_table_by_whatever_tells_them(scraper, path, content_type, headers):
    async with HttpServer({path: Response(CSV, content_type=content_type, headers=headers)}) as web:
        page = await scraper.scrape(web.url(path), ScrapeOptions())
    assert "| kettle | 2 |" in bodies.unpack(page.bodies["markdown"])


@pytest.mark.parametrize("path", ["/llms.txt", "/docs/llms-full.txt"])
@pytest.mark.parametrize("content_type", ["text/plain", "text/plain; charset=utf-8", None])
async def test_llms_txt_is_markdown(scraper, path, content_type):
    text = await markdown(scraper, b"# Mill\n\n> A mill.\n\n- [Grain](https://example.com/grain)\n", content_type, path)
    assert "# Mill" in text
    assert "[Grain](https://example.com/grain)" in text


@pytest.mark.parametrize("content_type", ["application/javascript", "application/x-javascript", "application/yaml"])
async def test_source_code_is_a_code_block(scraper, content_type):
    assert (await markdown(scraper, b"let x = 1\n", content_type)).startswith("```")


async def test_an_archive_that_is_called_html_is_no_page(scraper):
    with pytest.raises(UnsupportedContentTypeError):
        await markdown(scraper, b"PK\x03\x04" + b"\x14\x00" * 2000, "text/html")


async def test_indented_json_that_is_called_html_is_json(scraper):
    assert (await markdown(scraper, b'{\n  "name": "Mill"\n}', "text/html")).startswith("```json")


async def test_several_types_are_the_last_of_them(scraper):
    text = await markdown(scraper, b"<h1>Mill</h1><p>Words.</p>", "text/html, text/html; charset=utf-8")
    assert "# Mill" in text


async def test_a_304_that_nobody_asked_for_is_no_page(scraper):
    async with HttpServer({"/": Response(b"", 304)}) as web:
        with pytest.raises(InvalidResponseError):
            await scraper.scrape(web.url("/"), ScrapeOptions())


async def test_a_client_cannot_ask_for_a_304(scraper):
    def answer(request):
        return Response(b"", 304) if "if-none-match" in request.headers else Response(b"<p>Some words.</p>")

    async with HttpServer({"/": answer}) as web:
        page = await scraper.scrape(web.url("/"), ScrapeOptions(headers=(("If-None-Match", '"1"'),)))
    assert "Some words" in bodies.unpack(page.bodies["markdown"])


BARE_SITEMAP = b"""<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><url><loc>http://example.com/a</loc></url>
<url><loc><![CDATA[http://example.com/b?c=1&d=2]]></loc></url></urlset>"""


@pytest.mark.parametrize("content_type", ["application/xml", "text/plain", "text/html", "application/octet-stream"])
async def test_a_sitemap_without_a_declaration_is_read(scraper, content_type):
    text = await markdown(scraper, BARE_SITEMAP, content_type, "/sitemap.xml")
    assert text == "- <http://example.com/a>\n- <http://example.com/b?c=1&d=2>\n"


ESCAPED_FEED = b"""<rss version="2.0"><channel><title>The &amp;#8220;Mill&amp;#8221;</title>
<item><title><![CDATA[Water &amp; <b>Grain</b>]]></title><link>http://example.com/1</link>
<description><![CDATA[<p>It&#8217;s ground.</p>]]></description></item></channel></rss>"""


@pytest.mark.parametrize("start", [b"", b'<?xml version="1.0"?>', b'\n  <?xml version="1.0"?>\n'])
@pytest.mark.parametrize("content_type", ["application/rss+xml", "text/xml", "text/plain"])
async def test_feeds_are_read_as_readers_of_feeds_do(scraper, start, content_type):
    text = await markdown(scraper, start + ESCAPED_FEED, content_type, "/feed")
    assert text == (
        "# The \N{LEFT DOUBLE QUOTATION MARK}Mill\N{RIGHT DOUBLE QUOTATION MARK}\n\n"
        "## [Water & Grain](http://example.com/1)\n\nIt\N{RIGHT SINGLE QUOTATION MARK}s ground.\n"
    )


async def test_one_url_a_line_stays_one_a_line(scraper):
    urls = [f"http://example.com/{'a-long-path-' * 5}{number}" for number in range(3)]
    text = await markdown(scraper, "\n".join(urls).encode(), "text/plain", "/urls.txt")
    assert [line.strip() for line in text.splitlines()] == urls


async def test_csv_and_markdown_are_known_by_their_names(scraper):
    assert await markdown(scraper, b"a,b\n1,2\n", "application/octet-stream", "/a.csv") == (
        "| a | b |\n| --- | --- |\n| 1 | 2 |\n"
    )
    assert await markdown(scraper, b"# Mill\n\n- [A](http://example.com/a)\n", "text/plain", "/llms.txt") == (
        "# Mill\n\n- [A](http://example.com/a)\n"
    )
