"""Which addresses are this machine's own."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pagemill.fetching.url import IPAddress


def is_own(address: IPAddress) -> bool:
    """Whether a connection to the address comes out at this machine."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return address.is_loopback or address.is_unspecified or address in _interface_addresses()


def _interface_addresses() -> set[IPAddress]:
    import psutil  # only what asks for the API's own port needs it

    found: set[IPAddress] = set()
    for interface in psutil.net_if_addrs().values():
        for entry in interface:
            try:
                found.add(ip_address(entry.address))
            except ValueError:  # a hardware address
                continue
    return found
