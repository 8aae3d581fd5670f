"""The addresses of the operator's proxies. They are the operator's word: they may be private."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING

from pagemill.errors import FetchError, ProxyError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pagemill.fetching.egress.dns import Resolver
    from pagemill.fetching.url import IPAddress
    from pagemill.proxies import Proxy


async def proxy_addresses(resolver: Resolver, proxy: Proxy) -> Sequence[IPAddress]:
    """The addresses of a proxy, which may be private. Raises `ProxyError` where it has none."""
    if is_address(proxy.host):
        return (ip_address(proxy.host),)
    try:
        return await resolver.resolve(proxy.host)
    except FetchError as error:
        raise ProxyError("The proxy to leave by could not be looked up.") from error


def is_address(host: str) -> bool:
    """Whether a host is written as an IP address rather than as a name."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
