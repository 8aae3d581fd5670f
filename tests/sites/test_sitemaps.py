from __future__ import annotations

import gzip

import pytest

from pagemill.errors import InvalidDocumentError
from pagemill.sites.entries import Entry, Kind
from pagemill.sites.sitemaps import read

SITEMAP = b"""<?xml version="1.0" encoding="UTF-8"?>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:news="http://n/">
<url><loc> https://e.com/a?x=1&amp;y=2 </loc><lastmod>2024-05-17</lastmod><priority>0.8</priority></url>
<url><loc><![CDATA[https://e.com/b]]></loc><news:news><news:title>Title</news:title></news:news></url>
<url><lastmod>2024-05-17</lastmod></url></urlset>"""
ENTRIES = [
    Entry("https://e.com/a?x=1&y=2", "", "2024-05-17", 0.8),
    Entry("https://e.com/b", "Title", None, None),
]


def test_a_sitemap():
    assert read(SITEMAP, "application/xml", 10**6) == (Kind.SITEMAP, ENTRIES)


def test_a_compressed_sitemap():
    assert read(gzip.compress(SITEMAP), "application/gzip", 10**6) == (Kind.SITEMAP, ENTRIES)


def test_one_that_decompresses_to_too_much_is_refused():
    with pytest.raises(InvalidDocumentError):
        read(gzip.compress(SITEMAP), "", 100)


def test_one_that_was_cut_off_is_read_as_far_as_it_goes():
    kind, entries = read(SITEMAP[: SITEMAP.index(b"<url><loc><![CDATA[")], "text/html", 10**6)
    assert (kind, entries) == (Kind.SITEMAP, ENTRIES[:1])


def test_an_index():
    body = b"<sitemapindex><sitemap><loc>https://e.com/1.xml.gz</loc></sitemap></sitemapindex>"
    assert read(body, "text/xml", 10**6) == (Kind.INDEX, [Entry("https://e.com/1.xml.gz")])


@pytest.mark.parametrize(
    "body",
    [
        (
            b"<rss version='2.0'><channel><item><title>One</title><link>https://e.com/1</link>"
            b"<pubDate>Fri, 17 May 2024 10:00:00 GMT</pubDate></item></channel></rss>"
        ),
        (
            b"<feed xmlns='http://www.w3.org/2005/Atom'><entry><title>One</title><link href='https://e.com/1'/>"
            b"<updated>2024-05-17T10:00:00Z</updated></entry></feed>"
        ),
        (
            b'{"version": "https://jsonfeed.org/version/1.1", "items": [{"url": "https://e.com/1", "title": "One", '
            b'"date_published": "2024-05-17T10:00:00Z"}]}'
        ),
    ],
)
def test_feeds(body):
    kind, [entry] = read(body, "", 10**6)
    assert (kind, entry.url, entry.title) == (Kind.FEED, "https://e.com/1", "One")
    assert entry.last_modified.startswith("2024-05-17")


def test_a_list_of_lines():
    assert read(b"https://e.com/1\nhttps://e.com/2\nrest", "text/plain", 10**6) == (
        Kind.SITEMAP,
        [Entry("https://e.com/1"), Entry("https://e.com/2")],
    )


@pytest.mark.parametrize(
    "body", [b"", b"<html><body>no</body></html>", b"{}", b"\0\1\2", b'{"version": "jsonfeed.org/version"']
)
def test_anything_else_names_nothing(body):
    assert read(body, "text/html", 10**6)[1] == []
