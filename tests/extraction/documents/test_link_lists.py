from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from pagemill.extraction.documents import link_lists

URL = "http://example.com/sitemap.xml"
SITEMAP = b"""<?xml version="1.0" encoding="UTF-8"?>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">
<url><loc>http://example.com/a?x=1&amp;y=2</loc><lastmod>2024-01-31</lastmod></url>
<url><loc>http://example.com/b</loc><news:news><news:title>A &lt;b&gt; story</news:title></news:news></url>
<url><lastmod>2024-01-31</lastmod></url>
</urlset>"""
INDEX = b"""<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
<sitemap><loc>http://example.com/one.xml</loc><lastmod>2024-02-01T10:00:00+00:00</lastmod></sitemap>
<sitemap><loc>http://example.com/two.xml</loc></sitemap></sitemapindex>"""


def lines_of(body, content_type="application/xml"):
    return [line[2:] for line in link_lists.extract(body, content_type, URL).markdown.splitlines() if line[:2] == "- "]


def test_a_sitemap_is_a_list_of_links_with_titles_and_dates():
    content = link_lists.extract(SITEMAP, "application/xml", URL)
    assert [link.href for link in content.links] == ["http://example.com/a?x=1&y=2", "http://example.com/b"]
    assert content.links[1].text == "A <b> story"
    assert lines_of(SITEMAP)[0].endswith("(2024-01-31)")


def test_an_entry_without_an_end_is_no_part_of_the_next():
    assert lines_of(b"<urlset><url><url><loc>http://example.com/1</loc>") == ["<http://example.com/1>"]


def test_a_sitemap_index_lists_its_sitemaps():
    content = link_lists.extract(INDEX, "text/xml", URL)
    assert [link.href for link in content.links] == ["http://example.com/one.xml", "http://example.com/two.xml"]
    assert lines_of(INDEX)[0].endswith("(2024-02-01)")


def test_a_json_feed():
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "News of the Mill",
        "items": [
            {"id": "1", "url": "http://example.com/1", "title": "First", "date_published": "2024-03-01T08:00:00Z",
             "content_text": "Words\nof it."},
            {"id": "2", "external_url": "http://example.com/2", "title": 5},
            "nothing",
        ],
    }  # fmt: skip
    content = link_lists.extract(json.dumps(feed).encode(), "application/feed+json", URL)
    assert content.markdown.startswith("# News of the Mill")
    assert content.metadata.title == "News of the Mill"
    assert [link.href for link in content.links] == ["http://example.com/1", "http://example.com/2"]
    assert "(2024-03-01): Words of it." in content.markdown


def test_other_xml_and_json_are_neither():
    assert link_lists.extract(b"<note><url>x</url></note>", "application/xml", URL) is None
    assert link_lists.extract(b'{"items": []}', "application/json", URL) is None


@given(st.binary(max_size=200))
def test_any_bytes_are_read(body):
    link_lists.extract(b"<urlset>" + body, "application/xml", URL)
    link_lists.extract(b'{"version":"https://jsonfeed.org/version/1"' + body, "application/json", URL)
