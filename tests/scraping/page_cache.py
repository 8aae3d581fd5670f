"""A page cache for one process."""

from __future__ import annotations

import time

from pagemill.scraping.page_cache import CachedPage


class MemoryPageCache:
    """See `pagemill.scraping.page_cache.PageCache`."""

    def __init__(self):
        self.pages = {}
        self.held = set()

    async def find(self, key):
        kept = self.pages.get(key)
        if kept is None:
            return None
        page, fetched_with, extractor, bodies, moment = kept
        validators = (page.headers.get("etag"), page.headers.get("last-modified"))
        age = time.monotonic() - moment
        answer = (page.final_url, page.status_code, page.content_type, *validators)
        return CachedPage(*answer, extractor, age, fetched_with, frozenset(bodies))

    async def bodies(self, key, formats):
        return {name: self.pages[key][3][name] for name in formats if name in self.pages[key][3]}

    async def raw(self, key):
        return self.pages[key][0].body if key in self.pages else None

    async def lock(self, key):
        if key in self.held:
            return False
        self.held.add(key)
        return True

    async def unlock(self, key):
        self.held.discard(key)

    async def keep(self, key, page, fetched_with, extractor, bodies):
        self.pages[key] = (page, str(fetched_with), extractor, dict(bodies), time.monotonic())
        self.held.discard(key)

    async def keep_bodies(self, key, extractor, bodies):
        page, fetched_with, _, known, moment = self.pages[key]
        self.pages[key] = (page, fetched_with, extractor, known | dict(bodies), moment)

    async def renew(self, key):
        page, fetched_with, extractor, bodies, _ = self.pages[key]
        self.pages[key] = (page, fetched_with, extractor, bodies, time.monotonic())
        self.held.discard(key)
