from __future__ import annotations

from pagemill.sites import tasks
from pagemill.sites.patterns import Patterns
from pagemill.sites.scope import CrawlFilter, Scope


def test_an_index_gives_no_more_sitemaps_than_are_asked_for():
    index = "".join(f"<sitemap><loc>https://a.example/{n}.xml</loc></sitemap>" for n in range(1000))
    request = {
        tasks.NAME: "sitemap",
        "url": "https://a.example/sitemap.xml",
        "content_type": "application/xml",
        "largest": 1_000_000,
        "most_sitemaps": 3,
        **tasks.wanted_fields(CrawlFilter(Scope("a.example"), Patterns(()), Patterns(()))),
    }
    found = tasks.run(request, f"<sitemapindex>{index}</sitemapindex>".encode())
    assert found["sitemaps"] == [f"https://a.example/{n}.xml" for n in range(3)]
