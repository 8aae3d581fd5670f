"""URLs as browsers read them: the WHATWG URL Standard, through ada.

One parser serves the whole way of a URL, so that what the guard checks is what is connected to: decimal, octal, hex and
full-width spellings of an address, tabs, backslashes and percent-encoded hosts are all gone after parsing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

import ada_url

from pagemill.errors import UnfetchableUrlError

IPAddress = IPv4Address | IPv6Address

DEFAULT_PORTS = {"http": 80, "https": 443}
MAX_HOST_LENGTH = 253
# What DNS names are made of in practice. The standard's host syntax allows more (`*`, `,`, `;`), which no public name
# has and which would be misread by those who get the name after us.
_HOST_NAME = re.compile(r"[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*")
_ATTRIBUTES = ("href", "protocol", "username", "password", "hostname", "port", "host_type")


@dataclass(frozen=True, slots=True)
class Url:
    """An http or https URL, parsed and normalised."""

    href: str
    """The whole URL in ASCII, with user name, password and fragment where it has them."""
    public_href: str
    """The same without user name, password and fragment."""
    scheme: str
    """`http` or `https`."""
    host: str
    """A name in lower case and ASCII, without a trailing dot; or an address, without brackets."""
    port: int
    address: IPAddress | None
    """The host as an address, where it is one."""
    target: str
    """Path and query, exactly as a browser asks for them."""
    fragment: str = ""
    """What follows `#`, without a text directive (`:~:`), which scripts do not see."""

    @property
    def netloc(self) -> str:
        """The host, and its port where that is not the scheme's."""
        return self.public_href.split("/", 3)[2]

    @property
    def origin(self) -> str:
        """Scheme and `netloc`."""
        return f"{self.scheme}://{self.netloc}"

    @property
    def has_route(self) -> bool:
        """Whether the fragment names a page of an application (`#/boats`, `#!boats`) and not a place in this one."""
        return self.fragment.startswith(("/", "!"))


def parse_url(text: str, base: Url | None = None) -> Url:
    """Parse `text`, relative to `base` where there is one.

    Raises `UnfetchableUrlError` when it is no URL, or neither http nor https, or has no usable host.
    """
    try:
        parts = ada_url.parse_url(text if base is None else ada_url.join_url(base.href, text), _ATTRIBUTES)
    except ValueError as error:  # UnicodeEncodeError, for a lone surrogate, is one too
        raise UnfetchableUrlError("This is not a valid URL.") from error
    scheme = parts["protocol"].removesuffix(":")
    if scheme not in DEFAULT_PORTS:
        raise UnfetchableUrlError(f"Only http and https pages can be fetched, not {scheme}.")
    host, address = _host(parts["hostname"], parts["host_type"])
    netloc = f"[{host}]" if isinstance(address, IPv6Address) else host
    if parts["port"]:
        netloc = f"{netloc}:{parts['port']}"
    href, _, fragment = parts["href"].partition("#")
    fragment = fragment.partition(":~:")[0]
    target = href[href.index("/", len(f"{scheme}://")) :]
    credentials = _credentials(parts["username"], parts["password"])
    port = int(parts["port"]) if parts["port"] else DEFAULT_PORTS[scheme]
    public_href = f"{scheme}://{netloc}{target}"
    href = f"{scheme}://{credentials}{netloc}{target}" + (f"#{fragment}" if fragment else "")
    return Url(href, public_href, scheme, host, port, address, target, fragment)


def _credentials(username: str, password: str) -> str:
    if not username and not password:
        return ""
    return f"{username}:{password}@" if password else f"{username}@"


def _host(hostname: str, host_type: int) -> tuple[str, IPAddress | None]:
    if host_type == ada_url.HostType.IPV6:
        address = IPv6Address(hostname[1:-1])
        return hostname[1:-1], address
    if host_type == ada_url.HostType.IPV4:
        return hostname, IPv4Address(hostname)
    return host_name(hostname), None


def host_name(text: str) -> str:
    """The name without its trailing dot; raises `UnfetchableUrlError` where DNS could not hold it."""
    name = text.removesuffix(".")
    if len(name) > MAX_HOST_LENGTH or not _HOST_NAME.fullmatch(name):
        raise UnfetchableUrlError("The URL has no valid host name.")
    return name
