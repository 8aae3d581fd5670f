"""Markdown as a request asks for it, out of the cache or fresh; JSON is made of the plain one."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_network

import pytest
from tests.scraping.page_cache import MemoryPageCache
from tests.web.http_server import HttpServer, Response

from pagemill import bodies
from pagemill.extraction.postprocessing import token_estimate
from pagemill.jobs.queue.store import pack_options, unpack_options
from pagemill.model import Format, LinkStyle, MarkdownOptions, ScrapeOptions
from pagemill.scraping.scraper import Scraper
from pagemill.settings import Settings

SETTINGS = Settings(allowed_networks=(ip_network("127.0.0.2/32"),), fetch_attempts=1, cache_time=3600.0)
SENTENCE = "The kettle boils a litre of water in four minutes and keeps it warm for an hour. "
PAGE = f"""<!doctype html><html lang=en><head><title>A "kettle"</title><meta name=author content="Jane Roe">
<meta property="article:published_time" content="2026-01-02T03:04:05Z"></head><body><article><h1>A "kettle"</h1>
<p>{SENTENCE * 3}<a href="/more">More of it</a></p><p><img src="/kettle.png" alt="The kettle" width=600 height=400></p>
{f"<p>{SENTENCE * 2}</p>" * 20}<h2>The end</h2></article></body></html>"""
MARKDOWN = ScrapeOptions(formats=(Format.MARKDOWN,))


@pytest.fixture
async def web():
    files = {"/": Response(PAGE.encode()), "/a.txt": Response(SENTENCE.encode() * 200, content_type="text/plain")}
    async with HttpServer(files, "127.0.0.2") as web:
        yield web


@pytest.fixture
def cache():
    return MemoryPageCache()


@pytest.fixture
async def scraper(cache, tmp_path):
    async with Scraper(SETTINGS.changed(chromium=tmp_path / "none"), cache) as scraper:
        yield scraper


def wanting(**options):
    return replace(MARKDOWN, markdown=MarkdownOptions(**options))


def text(page):
    return bodies.unpack(page.bodies["markdown"])


async def test_the_cache_gives_each_request_its_own_markdown(scraper, cache, web):
    url = web.url("/")
    bare = text(await scraper.scrape(url, wanting(links=LinkStyle.NONE, images=False)))
    plain = text(await scraper.scrape(url, MARKDOWN))
    references = text(await scraper.scrape(url, wanting(links=LinkStyle.REFERENCE)))
    front = text(await scraper.scrape(url, wanting(front_matter=True)))
    cut = await scraper.scrape(url, wanting(max_tokens=100))
    assert f"[More of it]({web.url('/more')})" in plain
    assert "kettle.png" in plain
    assert "](" not in bare
    assert "More of it" in bare
    assert f"]: {web.url('/more')}" in references
    assert front.endswith(plain)
    assert front.startswith(f'---\ntitle: "A \\"kettle\\""\nurl: "{url}"\nauthor: "Jane Roe"\ndate: "2026-01-02')
    assert bodies.unpack(cut.bodies["markdown_truncated"]) is True
    assert token_estimate.tokens(text(cut)) <= 100
    assert text(await scraper.scrape(url, MARKDOWN)) == plain
    assert len(web.requests) == 1
    assert all(bodies.unpack(page[3]["markdown"]) == plain for page in cache.pages.values())


async def test_only_what_was_asked_for_is_returned(scraper, web):
    page = await scraper.scrape(web.url("/"), wanting(links=LinkStyle.NONE, max_tokens=10_000))
    assert set(page.bodies) == {"markdown", "metadata"}
    both = replace(wanting(images=False), formats=(Format.MARKDOWN, Format.CLEANED_HTML))
    assert set((await scraper.scrape(web.url("/"), both)).bodies) == {"markdown", "cleanedHtml", "metadata"}
    other = replace(wanting(images=False, max_tokens=50), formats=(Format.LINKS,))
    assert set((await scraper.scrape(web.url("/"), other)).bodies) == {"links", "metadata"}


async def test_front_matter_counts_and_gives_way(scraper, web):
    made = {}
    for limit in (50, 60, 100, 150):
        page = await scraper.scrape(web.url("/"), wanting(max_tokens=limit, front_matter=True))
        made[limit] = text(page)
        assert token_estimate.tokens(made[limit]) <= limit
        assert made[limit].rstrip().endswith("tokens.]")
    assert "author:" not in made[50]
    assert "author:" in made[150]


async def test_a_file_is_cut_too(scraper, web):
    page = await scraper.scrape(web.url("/a.txt"), wanting(max_tokens=200, front_matter=True, links=LinkStyle.NONE))
    assert "The kettle boils" in text(page)
    assert token_estimate.tokens(text(page)) <= 200


async def test_json_is_made_of_the_whole_page_and_its_quotes_have_no_offsets(scraper, web):
    formats = (Format.MARKDOWN, Format.JSON, Format.SUMMARY)
    schema = '{"type": "object", "properties": {"title": {"type": "string"}, "author": {"type": "string"}}}'
    options = replace(MARKDOWN, formats=formats, output_schema=schema)
    plain = await scraper.scrape(web.url("/"), options)
    cut = await scraper.scrape(web.url("/"), replace(options, markdown=MarkdownOptions(max_tokens=60)))
    assert "[Cut after" in text(cut)
    found, given = (bodies.unpack(page.bodies["json"]) for page in (plain, cut))
    assert given["data"] == found["data"]
    assert any("start" in quote for quote in found["evidence"].values())
    assert all("start" not in quote and "end" not in quote for quote in given["evidence"].values())
    assert bodies.unpack(cut.bodies["summary"]) == bodies.unpack(plain.bodies["summary"])
    assert "html" not in cut.bodies


async def test_comments_are_their_own_values_of_the_same_page(scraper, cache, web):
    plain = text(await scraper.scrape(web.url("/"), MARKDOWN))
    with_comments = replace(MARKDOWN, include_comments=True)
    assert 'A "kettle"' in text(await scraper.scrape(web.url("/"), with_comments))
    assert text(await scraper.scrape(web.url("/"), MARKDOWN)) == plain
    assert len(web.requests) == 1


def test_options_survive_the_database():
    options = ScrapeOptions(
        include_comments=True,
        markdown=MarkdownOptions(links=LinkStyle.REFERENCE, images=False, front_matter=True, max_tokens=500),
    )
    assert unpack_options(pack_options(options)) == options
    assert pack_options(MARKDOWN).keys() == {"formats"}
