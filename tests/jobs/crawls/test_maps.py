from __future__ import annotations

import pytest
from tests.web.generated_site import GeneratedSite
from tests.web.http_server import Response

from pagemill.model import Status


def paths(site, found):
    return [url.removeprefix(site.url("")) for url in found["links"]]


async def test_a_site_with_sitemaps_is_mapped_from_them(sites):
    async with GeneratedSite(pages=5000) as site, sites.working():
        job, found = await sites.map(site.url(), limit=5000, depth=2)
        asked = len(site.server.requests)
    assert job.status is Status.COMPLETED
    assert paths(site, found)[:3] == ["/", "/docs/0", "/docs/1"]
    assert len(set(found["links"])) == len(found["links"]) == 5000
    assert found["complete"]
    assert found["pages"][1] == {
        "url": site.url("/docs/0"),
        "lastModified": "2024-05-17",
        "source": "sitemap",
        "depth": 1,
    }
    assert asked == 1 + 1 + 5  # robots.txt, the index, its files, and no page


async def test_a_site_without_sitemaps_is_mapped_by_its_links(sites):
    async with GeneratedSite(pages=300, sitemaps=False) as site, sites.working():
        _, found = await sites.map(site.url(), limit=100, depth=3)
    pages = {page["url"].removeprefix(site.url("")): page for page in found["pages"]}
    assert len(pages) == 100
    assert pages["/docs/7"] | {"url": ""} == {"url": "", "title": "Document 7", "source": "link", "depth": 1}
    assert pages["/docs/70"]["depth"] == 2
    assert pages["/"]["title"] == "Start"


async def test_depth_and_pages_of_a_level_are_limits(sites):
    async with GeneratedSite(pages=300, sitemaps=False) as site, sites.working():
        _, shallow = await sites.map(site.url(), limit=1000, depth=1)
        _, narrow = await sites.map(site.url(), limit=1000, depth=2, limit_per_level=2)
        _, closed = await sites.map(site.url(), limit=1000, depth=0)
    assert len(shallow["links"]) == 11
    assert len(narrow["links"]) == 11 + 10  # /docs/0 links to what is known
    assert paths(site, closed) == ["/"]


async def test_traps_are_bounded_and_what_robots_txt_closes_is_not_opened(sites):
    async with GeneratedSite(pages=20, traps=True, sitemaps=False) as site, sites.working(crawl_family_urls=10):
        _, found = await sites.map(site.url(), limit=1000, depth=5, external_links=True)
    listed = paths(site, found)
    for trap in ("/calendar/", "/shop"):
        assert 1 <= sum(path.startswith(trap) for path in listed) <= 10
    assert listed.count("/docs/1") + listed.count("/docs/1/") == 1
    assert not [target for target in site.asked if target.startswith("/private")]
    assert "/private/0" not in listed
    assert found["externalLinks"] == ["https://elsewhere.example/"]


async def test_search_puts_first_what_is_about_it(sites):
    async with GeneratedSite(pages=200) as site, sites.working():
        _, found = await sites.map(site.url(), limit=5, search="docs 117")
    assert paths(site, found)[0] == "/docs/117"
    assert len(found["links"]) == 5


async def test_a_site_that_is_away_fails_with_the_reason(sites, unused_port):
    async with sites.working():
        job, failure = await sites.map(f"http://127.0.0.1:{unused_port}/")
    assert job.status is Status.FAILED
    assert failure.code == "connection_refused"


async def test_a_first_page_that_fails_fails_the_map(sites):
    async with GeneratedSite(pages=1, robots=None, sitemaps=False) as site, sites.working():
        job, failure = await sites.map(site.url("/missing"))
    assert (job.status, failure.code) == (Status.FAILED, "http_error")


async def test_a_robots_txt_that_fails_closes_the_site_and_is_asked_for_again(sites):
    async with GeneratedSite(pages=5) as site, sites.working(robots_retry=0.01):
        answer = site.server.fallback
        site.server.routes["/robots.txt"] = Response(b"", 503)
        job, failure = await sites.map(site.url())
        assert (job.status, failure.code) == (Status.FAILED, "robots_disallowed")
        assert not site.asked_pages
        site.server.routes["/robots.txt"] = answer
        job, found = await sites.map(site.url())
    assert job.status is Status.COMPLETED
    assert len(found["links"]) == 6


async def test_a_robots_txt_that_fails_again_and_again_leaves_what_is_known(sites):
    async with GeneratedSite(pages=5) as site, sites.working(robots_retry=0.01, robots_cache=0.01):
        await sites.map(site.url())
        site.server.routes["/robots.txt"] = Response(b"", 503)
        for _ in range(2):
            job, found = await sites.map(site.url())
            assert job.status is Status.COMPLETED
            assert len(found["links"]) == 6
        job, failure = await sites.map(site.url("/private/0"), depth=1, sitemap=False)
    assert (job.status, failure.code) == (Status.FAILED, "robots_disallowed")


async def test_a_failure_of_our_own_tells_nobody_else_of_the_site(sites, database):
    """The egress guard of one worker lets nothing out; another one finds no rules that it made of that."""
    async with GeneratedSite(pages=5) as site:
        async with sites.working("closed", allowed_networks=()):
            job, failure = await sites.map(site.url())
            assert (job.status, failure.code) == (Status.FAILED, "blocked_address")
            assert "PAGEMILL_ALLOWED_NETWORKS" in failure.message
            _, [first] = await sites.crawl(site.url())
            assert first.page.failure.code == "blocked_address"
        assert not site.asked
        assert not await database.rows("SELECT FROM robots_files")
        async with sites.working("open"):
            job, found = await sites.map(site.url())
    assert job.status is Status.COMPLETED
    assert len(found["links"]) == 6


@pytest.mark.parametrize(("named", "read"), [(5, 5), (1000, 7)])
async def test_an_index_names_sitemaps_again_or_more_than_are_read(sites, named, read):
    index = "".join(f"<sitemap><loc>/part-{n % named}.xml</loc></sitemap>" for n in range(1000))
    async with GeneratedSite(pages=2, sitemaps=False) as site, sites.working(map_max_sitemaps=9):
        site.server.routes["/sitemap.xml"] = Response(
            f"<sitemapindex>{index}</sitemapindex>".replace("/part", site.url("/part")).encode(),
            content_type="application/xml",
        )
        await sites.map(site.url(), depth=0)
        parts = [target for target in site.asked if target.startswith("/part")]
    assert len(parts) == len(set(parts)) == read, "two others were looked for first"


async def test_a_map_that_takes_too_long_gives_what_it_found(sites):
    async with GeneratedSite(pages=1000, sitemaps=False, slow=0.2) as site, sites.working(map_deadline=10.0):
        job, found = await sites.map(site.url(), limit=1000, depth=5)
    assert job.status is Status.COMPLETED
    assert not found["complete"]
    assert 10 < len(found["links"]) < 1000
