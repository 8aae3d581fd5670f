"""What of a request can be refused without looking a name up: by its address, its port, or as a name of loopback."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import TYPE_CHECKING

from pagemill.errors import BlockedAddressError
from pagemill.fetching.egress.addresses import special_use
from pagemill.fetching.egress.own_addresses import is_own
from pagemill.fetching.egress.ports import BAD_PORTS
from pagemill.fetching.url import IPAddress, Url, parse_url
from pagemill.observability.metrics import EGRESS_REFUSALS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pagemill.settings import Settings

LOCALHOST: tuple[IPAddress, ...] = (IPv4Address("127.0.0.1"), IPv6Address("::1"))


class EgressRules:
    """Says what may be connected to."""

    def __init__(self, settings: Settings) -> None:
        self._allowed = settings.egress.allowed_networks
        self._api_port = settings.service.port

    def check_url(self, text: str, base: Url | None = None) -> Url:
        """Parse a URL, relative to `base` where there is one, and check what can be checked without a look-up.

        Raises `UnfetchableUrlError`, or `BlockedAddressError` for an address, a port or localhost that is refused.
        """
        url = parse_url(text, base)
        self.check_port(url.port)
        if url.address is not None:
            self.check_address(url.address, port=url.port)
        elif is_localhost(url.host):
            self.check_addresses(LOCALHOST, url.host, url.port)
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

    def check_addresses(self, addresses: Sequence[IPAddress], name: str, port: int) -> list[IPAddress]:
        """Return the addresses that a connection to a name may be made to. Raises `BlockedAddressError`."""
        if is_localhost(name):
            # They come from a rule, not from somebody's answer: who opens 127.0.0.0/8 alone means localhost too.
            addresses = [address for address in addresses if self._allows(address, port)] or addresses
        return [self.check_address(address, name, port) for address in addresses]

    @staticmethod
    def check_port(port: int) -> None:
        """Raise `BlockedAddressError` for a port of another protocol."""
        if not 0 < port < 65536 or port in BAD_PORTS:
            EGRESS_REFUSALS.add("port")
            raise BlockedAddressError(f"Port {port} is not one that pages are fetched from.")

    def _allows(self, address: IPAddress, port: int | None) -> bool:
        return any(network.allows(address, port) for network in self._allowed)


def is_localhost(name: str) -> bool:
    """Whether RFC 6761 gives the name to loopback."""
    return name == "localhost" or name.endswith(".localhost")
