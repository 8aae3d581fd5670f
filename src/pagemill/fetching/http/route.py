"""Sets a libcurl handle on its way: straight to checked addresses, or through a proxy to one of them.

Through a proxy everything goes in a tunnel (HTTP CONNECT, or SOCKS 5) that is asked for by the checked address, never
by name: the proxy looks nothing up, and what was checked is what is connected to. The proxy's own address is the
operator's word and may be private; it is looked up here, and libcurl gets it as an address.
"""

from __future__ import annotations

import random
from contextlib import contextmanager
from ipaddress import IPv6Address
from typing import TYPE_CHECKING

from curl_cffi import CurlECode, CurlInfo, CurlOpt
from curl_cffi.curl import ffi, lib  # type: ignore[attr-defined]

from pagemill.errors import ProxyError
from pagemill.fetching.proxies.addresses import is_address

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from curl_cffi import Curl, CurlError

    from pagemill.fetching.url import IPAddress, Url
    from pagemill.proxies import Proxy

_PROXY_CODES = frozenset(
    {CurlECode.COULDNT_RESOLVE_PROXY, CurlECode.COULDNT_CONNECT, CurlECode.PROXY, CurlECode.UNSUPPORTED_PROTOCOL}
)
_UNREACHED_CODES = frozenset({CurlECode.COULDNT_RESOLVE_PROXY, CurlECode.COULDNT_CONNECT})
_BROKEN_CODES = frozenset({CurlECode.RECV_ERROR, CurlECode.SEND_ERROR, CurlECode.GOT_NOTHING})


@contextmanager
def direct_route(curl: Curl, url: Url, addresses: Sequence[IPAddress]) -> Iterator[None]:
    """Within, the handle connects to `url`'s host at one of these addresses."""
    curl.setopt(CurlOpt.PROXY, "")  # also keeps libcurl from the environment's proxies
    curl.setopt(CurlOpt.NOPROXY, "*")
    curl.setopt(CurlOpt.RESOLVE, [_pin(url.host, url.port, addresses)] if url.address is None else [])
    yield


@contextmanager
def proxy_route(
    curl: Curl, url: Url, addresses: Sequence[IPAddress], proxy: Proxy, proxy_ips: Sequence[IPAddress]
) -> Iterator[None]:
    """Within, the handle connects through the proxy, whose addresses are `proxy_ips`, to one address of the host."""
    versions = [address for address in addresses if address.version == addresses[0].version]
    target = random.choice(versions)  # noqa: S311 - spreads load, guards nothing
    to = f"{_bracketed(url.host)}:{url.port}:{_bracketed(target)}:{url.port}".encode()
    curl.setopt(CurlOpt.NOPROXY, "")
    curl.setopt(CurlOpt.HTTPPROXYTUNNEL, 1)
    curl.setopt(CurlOpt.SUPPRESS_CONNECT_HEADERS, 1)
    curl.setopt(CurlOpt.PROXYUSERNAME, proxy.username or ffi.NULL)
    curl.setopt(CurlOpt.PROXYPASSWORD, proxy.password or ffi.NULL)
    if proxy.scheme == "https":  # its certificate is checked by its name
        curl.setopt(CurlOpt.PROXY, f"https://{_bracketed(proxy.host)}:{proxy.port}")
        curl.setopt(CurlOpt.RESOLVE, [_pin(proxy.host, proxy.port, proxy_ips)] if not is_address(proxy.host) else [])
    else:
        scheme = "socks5" if proxy.socks else "http"
        curl.setopt(CurlOpt.PROXY, f"{scheme}://{_bracketed(proxy_ips[0])}:{proxy.port}")
        curl.setopt(CurlOpt.RESOLVE, [])
    entries = lib.curl_slist_append(ffi.NULL, to)
    try:
        curl.setopt(CurlOpt.CONNECT_TO, entries)
        yield
    finally:
        curl.setopt(CurlOpt.CONNECT_TO, ffi.NULL)
        lib.curl_slist_free_all(entries)
        curl.setopt(CurlOpt.HTTPPROXYTUNNEL, 0)
        curl.setopt(CurlOpt.PROXYUSERNAME, ffi.NULL)
        curl.setopt(CurlOpt.PROXYPASSWORD, ffi.NULL)


def proxy_failure(error: CurlError, curl: Curl, host: str) -> ProxyError | None:
    """The failure, where it is that of the proxy and not of the host behind it."""
    status = curl.getinfo(CurlInfo.HTTP_CONNECTCODE)
    unconnected = error.code in _BROKEN_CODES and curl.getinfo(CurlInfo.REQUEST_SIZE) == 0
    if error.code not in _PROXY_CODES and not unconnected:
        return None
    if status == 407:
        return ProxyError("The proxy to leave by does not accept its user name and password.")
    if error.code in _UNREACHED_CODES and not status:
        return ProxyError("The proxy to leave by could not be reached.")
    return ProxyError(f"The proxy to leave by made no connection to {host}.")


def _pin(host: str, port: int, addresses: Sequence[IPAddress]) -> str:
    """An entry of CURLOPT_RESOLVE: the only addresses for this host and port. The `+` lets it time out again."""
    return f"+{host}:{port}:{','.join(map(_bracketed, addresses))}"


def _bracketed(host: IPAddress | str) -> str:
    return f"[{host}]" if isinstance(host, IPv6Address) or ":" in str(host) else str(host)
