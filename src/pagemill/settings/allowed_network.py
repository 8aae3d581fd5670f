"""A network that may be scraped though it is not public, as the operator writes it: `10.1.0.0/16`, `10.1.2.3:8000`."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

Network = IPv4Network | IPv6Network
IPAddress = IPv4Address | IPv6Address


@dataclass(frozen=True, slots=True)
class AllowedNetwork:
    """A network, and the only port that is open in it; None for all ports."""

    network: Network
    port: int | None = None

    def allows(self, address: IPAddress, port: int | None) -> bool:
        """Whether a connection may be made to an address and a port; None for a port that is not known."""
        if self.port is not None and self.port != port:
            return False
        return self.network.version == address.version and address in self.network


def parse_allowed_network(text: str) -> AllowedNetwork:
    """Read `network` or `network:port`; with a port, an IPv6 network stands in brackets. Raises `ValueError`."""
    network, port = text, ""
    if text.startswith("["):
        network, bracket, port = text[1:].partition("]")
        if not bracket or (port and not port.startswith(":")):
            raise ValueError(f"{text} is not a network")
        port = port[1:]
    elif text.count(":") == 1:
        network, _, port = text.partition(":")
        if not port:
            raise ValueError(f"{text} names no port")
    if port and not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise ValueError(f"{port} is not a port")
    return AllowedNetwork(ip_network(network, strict=False), int(port) if port else None)
