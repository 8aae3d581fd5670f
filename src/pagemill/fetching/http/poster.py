"""Sends bytes to a URL and looks at the status of the answer, past the same egress guard as pages.

No redirect is followed, nothing is tried again, and no more is read of an answer than its headers and a little.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from curl_cffi import CurlOpt

from pagemill.errors import FetchTimeoutError
from pagemill.fetching.http.curl_handle import plain_handle
from pagemill.fetching.http.fetcher import HttpFetcher
from pagemill.fetching.http.response_reader import MAX_DISCARDED_BYTES, ResponseReader
from pagemill.proxies import DIRECT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class Poster(HttpFetcher):
    """Sends POST requests. One for each process, used as `async with Poster(settings) as poster`."""

    async def post(self, url: str, body: bytes, headers: Mapping[str, str], *, seconds: float) -> int:
        """Send `body` and return the status of the answer, whatever it is.

        Raises subclasses of `FetchError` where there is no answer within so many seconds, look-up included.
        """
        target = self._guard.check_url(url)
        curl = plain_handle(self._settings)
        try:
            # libcurl sends a header without a value for `Name;`, and leaves it out for `Name:`.
            lines = [f"{name}: {value}" if value else f"{name};" for name, value in headers.items()]
            curl.setopt(CurlOpt.HTTPHEADER, [line.encode() for line in lines])
            curl.setopt(CurlOpt.POST, 1)
            curl.setopt(CurlOpt.POSTFIELDS, body)
            curl.setopt(CurlOpt.POSTFIELDSIZE_LARGE, len(body))
            async with asyncio.timeout(seconds):
                return (await self._exchange(curl, target, DIRECT, seconds)).status
        except TimeoutError:
            raise FetchTimeoutError(f"The answer of {target.host} took too long.") from None
        finally:
            curl.close()

    def _new_reader(self, host: str, connected: Callable[[], None], _: int | None) -> ResponseReader:
        return _Acknowledgement(host, MAX_DISCARDED_BYTES, connected)


class _Acknowledgement(ResponseReader):
    """An answer of which only the status counts."""

    __slots__ = ()

    @property
    def status_decides(self) -> bool:
        return True
