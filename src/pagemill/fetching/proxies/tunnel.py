"""A connection through a proxy for a protocol of asyncio: HTTP CONNECT (RFC 9110, 9.3.6) or SOCKS 5 (RFC 1928).

It is asked for by an address that the guard has checked, as in `route`, which does the same for libcurl.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from base64 import b64encode
from typing import TYPE_CHECKING

from pagemill.errors import ProxyError
from pagemill.fetching.egress.trust_store import trust_store
from pagemill.fetching.proxies.addresses import proxy_addresses

if TYPE_CHECKING:
    from collections.abc import Callable

    from pagemill.fetching.egress.dns import Resolver
    from pagemill.fetching.url import IPAddress
    from pagemill.proxies import Proxy
    from pagemill.settings import Settings

MAX_HEAD_BYTES = 64 * 1024
_ESTABLISHED = re.compile(rb"HTTP/1\.[01] 2\d\d[ \r]")
_NO_CONNECTION = "The proxy to leave by made no connection."
_WRONG_PASSWORD = "The proxy to leave by does not accept its user name and password."  # noqa: S105
_PROXY_AUTHENTICATION_REQUIRED = b" 407"


class Tunnels:
    """Opens connections through one proxy."""

    def __init__(self, proxy: Proxy, resolver: Resolver, settings: Settings) -> None:
        self._proxy = proxy
        self._resolver = resolver
        self._settings = settings

    async def open(self, protocol: Callable[[], asyncio.Protocol], address: IPAddress, port: int) -> None:
        """Connect `protocol` to an address that was checked. Raises `ProxyError`."""
        addresses = await proxy_addresses(self._resolver, self._proxy)
        loop = asyncio.get_running_loop()
        try:
            transport, channel = await loop.create_connection(
                _Channel,
                str(addresses[0]),
                self._proxy.port,
                ssl=self._ssl_context(),
                server_hostname=self._proxy.host if self._proxy.scheme == "https" else None,
            )
        except OSError as error:  # ssl.SSLError is one
            raise ProxyError("The proxy to leave by could not be reached.") from error
        try:
            await (_ask_socks if self._proxy.socks else _ask_http)(channel, transport, self._proxy, address, port)
        except BaseException:
            transport.abort()
            raise
        connected = protocol()
        transport.set_protocol(connected)
        connected.connection_made(transport)
        if channel.received:
            connected.data_received(bytes(channel.received))

    def _ssl_context(self) -> ssl.SSLContext | None:
        if self._proxy.scheme != "https":
            return None
        authorities = trust_store(self._settings.egress.ca_file)
        return ssl.create_default_context(cafile=authorities.file)


class _Channel(asyncio.Protocol):
    """Bytes as they come from the proxy, until the tunnel stands."""

    def __init__(self) -> None:
        self.received = bytearray()
        self._lost = False
        self._changed = asyncio.Event()

    def data_received(self, data: bytes) -> None:
        self.received += data
        self._changed.set()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        self._lost = True
        self._changed.set()

    async def exactly(self, count: int) -> bytes:
        while len(self.received) < count:
            await self._more()
        taken = bytes(self.received[:count])
        del self.received[:count]
        return taken

    async def until(self, mark: bytes) -> bytes:
        while mark not in self.received:
            if len(self.received) > MAX_HEAD_BYTES:
                raise ProxyError(_NO_CONNECTION)
            await self._more()
        return await self.exactly(self.received.index(mark) + len(mark))

    async def _more(self) -> None:
        if self._lost:
            raise ProxyError(_NO_CONNECTION)
        self._changed.clear()
        await self._changed.wait()


async def _ask_http(
    channel: _Channel, transport: asyncio.Transport, proxy: Proxy, address: IPAddress, port: int
) -> None:
    target = f"[{address}]:{port}" if address.version == 6 else f"{address}:{port}"
    lines = [f"CONNECT {target} HTTP/1.1", f"Host: {target}"]
    if proxy.username or proxy.password:
        lines.append(f"Proxy-Authorization: Basic {b64encode(f'{proxy.username}:{proxy.password}'.encode()).decode()}")
    transport.write("\r\n".join([*lines, "", ""]).encode())
    head = await channel.until(b"\r\n\r\n")
    if not _ESTABLISHED.match(head):
        raise ProxyError(_WRONG_PASSWORD if head[8:12] == _PROXY_AUTHENTICATION_REQUIRED else _NO_CONNECTION)


async def _ask_socks(
    channel: _Channel, transport: asyncio.Transport, proxy: Proxy, address: IPAddress, port: int
) -> None:
    user, password = proxy.username.encode()[:255], proxy.password.encode()[:255]
    transport.write(b"\x05\x02\x00\x02" if user else b"\x05\x01\x00")
    version, method = await channel.exactly(2)
    if version != 5 or method not in (0, 2) or (method == 2 and not user):
        raise ProxyError(_NO_CONNECTION)
    if method == 2:  # RFC 1929
        transport.write(b"\x01" + bytes([len(user)]) + user + bytes([len(password)]) + password)
        if (await channel.exactly(2))[1] != 0:
            raise ProxyError(_WRONG_PASSWORD)
    kind = b"\x01" if address.version == 4 else b"\x04"
    transport.write(b"\x05\x01\x00" + kind + address.packed + port.to_bytes(2))
    _, reply, _, bound = await channel.exactly(4)
    if reply != 0:
        raise ProxyError(_NO_CONNECTION)
    length = {1: 4, 4: 16}.get(bound) or (await channel.exactly(1))[0]
    await channel.exactly(length + 2)
