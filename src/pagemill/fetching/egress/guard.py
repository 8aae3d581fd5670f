"""The egress guard: nothing leaves for an address that is not public, unless a setting opens its network.

Everything that connects on behalf of a page asks the guard first, for each redirect anew, and connects to exactly the
addresses that it gave. A name of which any address is refused is refused whole: half-public names are how a name is
made to point inside.
"""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING, Self

from pagemill.fetching.egress.dns import Resolver
from pagemill.fetching.egress.rules import EgressRules
from pagemill.fetching.url import IPAddress, Url, host_name, parse_url

if TYPE_CHECKING:
    from pagemill.settings import Settings


class EgressGuard:
    """Says where requests may go. `async with` or `close()` gives its sockets back."""

    def __init__(self, settings: Settings) -> None:
        self._rules = EgressRules(settings)
        self._resolver = Resolver(settings)

    @property
    def resolver(self) -> Resolver:
        """Who looks names up, for names that the operator gave and that need no check."""
        return self._resolver

    async def __aenter__(self) -> Self:
        self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def open(self) -> None:
        """Get the resolver ready; without this the first look-up does. Raises `OperatorError` for a wrong setting."""
        self._resolver.open()

    async def close(self) -> None:
        """Give the resolver's sockets back."""
        await self._resolver.close()

    def check_url(self, text: str, base: Url | None = None) -> Url:
        """Parse a URL, and check what can be checked without a look-up, as `EgressRules.check_url` does."""
        return self._rules.check_url(text, base)

    def check_address(self, address: IPAddress | str, host: str | None = None, port: int | None = None) -> IPAddress:
        """Return the address, checked as `EgressRules.check_address` does."""
        return self._rules.check_address(address, host, port)

    async def resolve(self, host: str, port: int) -> list[IPAddress]:
        """The addresses that a connection to `host` may be made to, at least one, all checked, IPv4 first.

        `host` is a name, or an address without brackets. Raises `BlockedAddressError`, `DnsError`, and
        `UnfetchableUrlError` for a name that cannot be one.
        """
        self._rules.check_port(port)
        literal = _literal(host)
        if literal is not None:
            return [self.check_address(literal, port=port)]
        name = host_name(host.lower())
        return self._rules.check_addresses(await self._resolver.resolve(name), name, port)


def _literal(host: str) -> IPAddress | None:
    """The address that a host is, in any spelling: a name whose last label begins with a digit is none (RFC 3696)."""
    try:
        return ip_address(host)
    except ValueError:
        name = host_name(host.lower())
    return parse_url(f"http://{name}/").address if name.rpartition(".")[2][0].isdigit() else None
