from __future__ import annotations

from pagemill.sites import robots
from pagemill.sites.candidates import select
from pagemill.sites.entries import Entry
from pagemill.sites.patterns import Patterns
from pagemill.sites.scope import CrawlFilter, Scope

BASE = "https://www.example.com/start"


def wanted(*, subdomains=False, include=(), exclude=()):
    return CrawlFilter(Scope.of(BASE, subdomains=subdomains), Patterns(include), Patterns(exclude))


def urls(found):
    return [candidate.url for candidate in found.inside]


def entries(*addresses):
    return [Entry(address) for address in addresses]


def test_each_page_of_the_site_once():
    found = select(
        entries("/a", "https://example.com/a/", "/a#x", "b", "https://other.com/", "/picture.PNG", "mailto:x@y.z"),
        BASE,
        wanted(),
        limit=10,
        outside=10,
    )
    assert urls(found) == ["https://www.example.com/a", "https://www.example.com/b"]
    assert found.outside == ["https://other.com/"]


def test_subdomains_only_where_asked_for():
    addresses = entries("https://docs.example.com/", "https://badexample.com/", "https://example.com.evil.net/")
    assert urls(select(addresses, BASE, wanted(), limit=10)) == []
    assert urls(select(addresses, BASE, wanted(subdomains=True), limit=10)) == ["https://docs.example.com/"]


def test_an_address_has_no_subdomains():
    scope = Scope.of("http://127.0.0.1:8000/", subdomains=True)
    found = select(
        entries("http://9.127.0.0.1.example/"),
        "http://127.0.0.1:8000/",
        CrawlFilter(scope, Patterns(()), Patterns(())),
        limit=9,
    )
    assert found.inside == []


def test_patterns_and_robots_and_traps_leave_out():
    rules = robots.parse(b"User-agent: *\nDisallow: /private", "Pagemill")
    found = select(
        entries("/blog/1", "/blog/draft", "/shop", "/private/blog/1", "/blog/a/b/a/b/a/b"),
        BASE,
        wanted(include=("/blog/**", "/private/**"), exclude=("/blog/draft",)),
        rules,
        limit=10,
    )
    assert urls(found) == ["https://www.example.com/blog/1"]


def test_limits():
    found = select(entries(*(f"/{n}" for n in range(50))), BASE, wanted(), limit=7)
    assert len(found.inside) == 7
