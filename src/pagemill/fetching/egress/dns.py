"""Names to addresses, asynchronously, through c-ares.

Nobody but this module looks names up, so that every address passes the egress guard. System servers and the hosts file
serve by default. Answers are kept for a short time here; c-ares itself remembers them too, no longer than their TTL.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from ipaddress import ip_address
from typing import TYPE_CHECKING

import aiodns
import pycares

from pagemill.errors import DnsError, HostNotFoundError, OperatorError
from pagemill.fetching.egress.rules import LOCALHOST, is_localhost

if TYPE_CHECKING:
    from pagemill.fetching.url import IPAddress
    from pagemill.settings import Settings

CACHE_SIZE = 4096
TRIES = 2
_NO_SUCH_NAME = frozenset(
    {aiodns.error.ARES_ENOTFOUND, aiodns.error.ARES_ENODATA, aiodns.error.ARES_ENONAME, aiodns.error.ARES_EBADNAME}
)
# c-ares would sort the addresses by trying a route to each; the connection's own race between them does that better.
_UNSORTED = 1 << 7


class Resolver:
    """Looks names up. Its resolver's sockets belong to the event loop of the first look-up."""

    def __init__(self, settings: Settings) -> None:
        self._servers = settings.egress.dns_servers
        self._timeout = settings.egress.dns_timeout
        self._cache_time = settings.egress.dns_cache_time
        self._cache: OrderedDict[str, tuple[float, tuple[IPAddress, ...]]] = OrderedDict()
        self._resolver: aiodns.DNSResolver | None = None

    async def resolve(self, name: str) -> tuple[IPAddress, ...]:
        """All addresses of `name`, at least one, IPv4 first.

        Raises `HostNotFoundError` when there is no such name or it has no address, `DnsError` when nobody could say.
        """
        if is_localhost(name):  # RFC 6761, section 6.3: never asked of a server
            return LOCALHOST
        now = asyncio.get_running_loop().time()
        cached = self._cache.get(name)
        if cached is not None and cached[0] > now:
            return cached[1]
        addresses = await self._ask(name)
        self._remember(name, now + self._cache_time, addresses)
        return addresses

    def open(self) -> None:
        """Get ready now instead of at the first look-up. Raises `OperatorError` for servers that are none."""
        self._channel()

    async def close(self) -> None:
        """Give the sockets back. Look-ups under way fail."""
        if self._resolver is not None:
            await self._resolver.close()
            self._resolver = None

    async def _ask(self, name: str) -> tuple[IPAddress, ...]:
        try:
            async with asyncio.timeout(self._timeout):
                result = await self._channel().getaddrinfo(name, flags=_UNSORTED)
        except TimeoutError as error:
            raise DnsError(f"The name {name} could not be looked up within {self._timeout:g} seconds.") from error
        except aiodns.error.DNSError as error:
            if error.args[0] in _NO_SUCH_NAME:
                raise HostNotFoundError(f"There is no host with the name {name}.") from error
            raise DnsError(f"The name {name} could not be looked up.") from error
        found = {ip_address(node.addr[0].decode()) for node in result.nodes}
        if not found:
            raise HostNotFoundError(f"There is no address for the name {name}.")
        return tuple(sorted(found, key=lambda address: (address.version, int(address))))

    def _channel(self) -> aiodns.DNSResolver:
        if self._resolver is None:
            try:
                self._resolver = self._new_resolver()
            except pycares.AresError as error:
                servers = ", ".join(self._servers)
                raise OperatorError(
                    f"These are not addresses of DNS servers: {servers} (PAGEMILL_DNS_SERVERS)."
                ) from error
        return self._resolver

    def _new_resolver(self) -> aiodns.DNSResolver:
        return aiodns.DNSResolver(
            nameservers=self._servers or None,
            loop=asyncio.get_running_loop(),
            timeout=self._timeout / TRIES,
            tries=TRIES,
            flags=pycares.ARES_FLAG_NOSEARCH,  # names in URLs are whole
        )

    def _remember(self, name: str, until: float, addresses: tuple[IPAddress, ...]) -> None:
        if self._cache_time <= 0:
            return
        self._cache[name] = (until, addresses)
        self._cache.move_to_end(name)
        if len(self._cache) > CACHE_SIZE:
            self._cache.popitem(last=False)
