"""How whole sites are mapped and crawled."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from pagemill.settings.group import Count, Seconds, SettingsGroup


class SiteSettings(SettingsGroup):
    """How whole sites are mapped and crawled."""

    map_max_links: Count = Field(5000, description="The most URLs that one map may ask for.")
    map_deadline: Seconds = Field(
        120.0, description="The longest a map, or the reading of a crawl's sitemaps, may take, in seconds."
    )
    map_max_sitemaps: Count = Field(200, description="The most sitemap files that are read of one site.")
    crawl_max_pages: Count = Field(10_000, description="The most pages that one crawl may ask for.")
    crawl_max_depth: Count = Field(20, description="The most links that a crawl may follow one after another.")
    crawl_max_urls: Count = Field(1_000_000, description="URLs that one crawl remembers; links to more are left out.")
    crawl_max_hosts: Count = Field(100, description="Hosts of one crawl, where it includes subdomains.")
    crawl_family_urls: Count = Field(
        100, description="URLs of one crawl or map that differ in dates or in several parameters alone."
    )
    crawl_pages_in_flight: Count = Field(16, description="Pages of one crawl that are queued or worked on at a time.")
    crawls_per_release: Count = Field(100, description="Crawls of which one statement puts URLs into the queue.")
    crawl_deadline: Seconds = Field(86_400.0, description="The longest a crawl may run, in seconds.")
    crawl_poll_interval: Seconds = Field(
        0.05, description="How often a worker looks for URLs of crawls whose host may be asked, in seconds."
    )
    host_interval: Annotated[float, Field(ge=0)] = Field(
        0.2, description="The shortest time between two requests of maps and crawls to one host, in seconds."
    )
    host_pages_in_flight: Count = Field(
        4, description="Pages of one host that crawls have in hand at a time, over all workers."
    )
    host_wait: Annotated[float, Field(ge=0)] = Field(
        1.0, description="How long a page of a crawl waits for its host in a worker before it goes back, in seconds."
    )
    host_max_interval: Seconds = Field(
        60.0, description="The longest time between two requests to one host that is slow or refuses, in seconds."
    )
    robots_user_agent: str = Field(
        "Pagemill", pattern=r"^[A-Za-z_-]+$", description="The name by which `robots.txt` is read."
    )
    robots_cache: Seconds = Field(86_400.0, description="How long a `robots.txt` is kept, in seconds.")
    robots_retry: Seconds = Field(
        300.0, description="After how long a `robots.txt` that could not be had is asked for again, in seconds."
    )
    robots_stale_days: Annotated[float, Field(gt=0)] = Field(
        30.0, description="Days that a `robots.txt` counts while it cannot be had any more."
    )
    robots_max_delay: Seconds = Field(60.0, description="The longest `Crawl-delay` that is kept, in seconds.")
    robots_may_be_ignored: bool = Field(
        False, description="Whether a map or a crawl may ask for `ignoreRobots`. Only for sites of your own."
    )
