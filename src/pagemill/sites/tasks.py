"""What the extraction process does for maps and crawls: everything that reads what a site says.

Requests and answers are plain JSON values. A request names its task, and comes with a body:

- `robots`: a robots.txt: its `rules`, `crawl_delay` and `sitemaps`.
- `sitemap`: a sitemap, an index or a feed: its `kind`; of an index `sitemaps`, of others `inside` and `outside`.
- `links`: the links of a page, packed: `inside` and `outside`.
"""

from __future__ import annotations

from dataclasses import asdict, astuple
from typing import TYPE_CHECKING, Any

from pagemill import bodies
from pagemill.sites import robots
from pagemill.sites.candidates import select
from pagemill.sites.entries import Entry, Kind
from pagemill.sites.patterns import Patterns
from pagemill.sites.robots import Robots, Rule
from pagemill.sites.scope import CrawlFilter, Scope

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pagemill.model import JsonObject

NAME = "site_task"
"""The field that marks a request as one of these."""


def run(request: JsonObject, body: bytes) -> JsonObject:
    """Carry out the task of a request."""
    match request[NAME]:
        case "robots":
            return pack_robots(robots.parse(body, request["crawler"]))
        case "sitemap":
            return _sitemap(request, body)
        case "links":
            found = (Entry(link["href"], link["text"]) for link in bodies.unpack(body))
            return _selected(found, request)
    raise ValueError(request[NAME])


def pack_robots(found: Robots) -> JsonObject:
    """Return what a robots.txt says, as JSON holds it."""
    return {
        "rules": [[rule.allows, rule.pattern] for rule in found.rules],
        "crawl_delay": found.crawl_delay,
        "sitemaps": list(found.sitemaps),
    }


def unpack_robots(value: JsonObject) -> Robots:
    """Return what `pack_robots` was given."""
    rules = tuple(Rule(allows, pattern) for allows, pattern in value["rules"])
    return Robots(rules, value["crawl_delay"], tuple(value["sitemaps"]))


def wanted_fields(wanted: CrawlFilter) -> JsonObject:
    """Return what a request says of what is wanted."""
    return {"scope": asdict(wanted.scope), "include": list(wanted.include.texts), "exclude": list(wanted.exclude.texts)}


def _wanted(request: JsonObject) -> CrawlFilter:
    return CrawlFilter(Scope(**request["scope"]), Patterns(request["include"]), Patterns(request["exclude"]))


def _sitemap(request: JsonObject, body: bytes) -> JsonObject:
    from pagemill.sites import sitemaps  # what it needs is not loaded in workers, which only ask for this

    kind, entries = sitemaps.read(body, request["content_type"], request["largest"])
    if kind is Kind.INDEX:
        return {"kind": kind, "sitemaps": [entry.url for entry in entries[: request["most_sitemaps"]]]}
    return {"kind": kind, **_selected(entries, request)}


def _selected(entries: Iterable[Entry], request: JsonObject) -> dict[str, Any]:
    found = select(
        entries,
        request["url"],
        _wanted(request),
        unpack_robots(request["robots"]) if request["robots"] else robots.ALLOW_ALL,
        limit=request["limit"],
        outside=request["outside"],
    )
    return {"inside": [astuple(candidate) for candidate in found.inside], "outside": found.outside}
