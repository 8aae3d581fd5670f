"""The egress guard: nothing leaves for an address that is not public, unless a setting opens its network.

Everything that connects on behalf of a page asks the guard first, for each redirect anew, and connects to exactly the
addresses that it gave. A name of which any address is refused is refused whole: half-public names are how a name is
made to point inside.
"""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING, Self

from pagemill.errors import BlockedAddressError
from pagemill.fetching.egress.addresses import special_use
from pagemill.fetching.egress.dns import Resolver, is_localhost
from pagemill.fetching.egress.own_addresses import is_own
from pagemill.fetching.egress.ports import BAD_PORTS
from pagemill.fetching.url import IPAddress, Url, host_name, parse_url
from pagemill.observability.metrics import EGRESS_REFUSALS

if TYPE_CHECKING:
    from pagemill.settings import Settings


class EgressGuard:
    """Says where requests may go. `async with` or `close()` gives its sockets back."""

    def __init__(self, settings: Settings) -> None:
        self._allowed = settings.egress.allowed_networks
        self._api_port = settings.service.port
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
        """Parse a URL, relative to `base` where there is one, and check what can be checked without a look-up.

        Raises `UnfetchableUrlError`, or `BlockedAddressError` for an address or a port that is refused.
        """
        url = parse_url(text, base)
        self._check_port(url.port)
        if url.address is not None:
            self.check_address(url.address, port=url.port)
        return url

    def check_address(self, address: IPAddress | str, host: str | None = None, port: int | None = None) -> IPAddress:
        """The address, when requests may go to it and the port; raises `BlockedAddressError` otherwise.

        `host` is for the message, which does not tell what a name leads to. A zone (`fe80::1%eth0`) does not change the
        answer. Raises `ValueError` for a string that is no address.
        """
        if isinstance(address, str):
            address = ip_address(address)
        if port is not None and port == self._api_port and is_own(address):
            EGRESS_REFUSALS.add("own_service")
            raise BlockedAddressError(f"Port {port} of {host or address} may not be fetched from.")
        if special_use(address) is None or self._allows(address, port):
            return address
        if host in (None, str(address)):
            kind, what = "address", f"The address {address} is not a public one ({special_use(address)})"
        else:
            kind, what = "name", f"The host {host} has an address that is not a public one"
        EGRESS_REFUSALS.add(kind)
        raise BlockedAddressError(
            f"{what}, and may not be fetched from unless PAGEMILL_ALLOWED_NETWORKS opens its network."
        )

    def _allows(self, address: IPAddress, port: int | None) -> bool:
        return any(network.allows(address, port) for network in self._allowed)

    async def resolve(self, host: str, port: int) -> list[IPAddress]:
        """The addresses that a connection to `host` may be made to, at least one, all checked, IPv4 first.

        `host` is a name, or an address without brackets. Raises `BlockedAddressError`, `DnsError`, and
        `UnfetchableUrlError` for a name that cannot be one.
        """
        self._check_port(port)
        literal = _literal(host)
        if literal is not None:
            return [self.check_address(literal, port=port)]
        name = host_name(host.lower())
        addresses = await self._resolver.resolve(name)
        if is_localhost(name):
            addresses = self._open_localhost(addresses, port)
        return [self.check_address(address, name, port) for address in addresses]

    def _open_localhost(self, addresses: tuple[IPAddress, ...], port: int) -> tuple[IPAddress, ...]:
        # These addresses come from a rule, not from somebody's answer: who opens 127.0.0.0/8 alone means localhost too.
        return tuple(address for address in addresses if self._allows(address, port)) or addresses

    @staticmethod
    def _check_port(port: int) -> None:
        if not 0 < port < 65536 or port in BAD_PORTS:
            EGRESS_REFUSALS.add("port")
            raise BlockedAddressError(f"Port {port} is not one that pages are fetched from.")


def _literal(host: str) -> IPAddress | None:
    """The address that a host is, in any spelling: a name whose last label begins with a digit is none (RFC 3696)."""
    try:
        return ip_address(host)
    except ValueError:
        name = host_name(host.lower())
    return parse_url(f"http://{name}/").address if name.rpartition(".")[2][0].isdigit() else None
