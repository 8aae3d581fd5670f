"""The egress proxy: an HTTP proxy in this process through which a page's whole traffic goes, checked by the guard.

It speaks what browsers speak to a proxy (RFC 9110, 9.3.6 and RFC 9112, 3.2.2): CONNECT for everything encrypted and
for websockets, and requests with an absolute URL for plain HTTP. Names are looked up here, checked here, and connected
to by the addresses that were checked, so that there is nothing left to rebind. Each browser page has a proxy of its
own, which thereby knows what the page waits for and what became of its connections.

A connection carries one plain request: the answer is marked `Connection: close`, and bytes beyond the request end it.
So no byte meant for one host is ever sent to another.
"""

from __future__ import annotations

import asyncio
import re
import socket
from typing import TYPE_CHECKING, Any, Self, cast

from pagemill.errors import (
    BlockedAddressError,
    ConnectionRefusedByHostError,
    ConnectTimeoutError,
    FetchError,
    HostUnreachableError,
    InvalidResponseError,
    ProxyError,
    UnfetchableUrlError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pagemill.fetching.egress.guard import EgressGuard
    from pagemill.fetching.proxies.tunnel import Tunnels
    from pagemill.fetching.url import IPAddress

MAX_HEAD_BYTES = 256 * 1024
"""The most that is read of the headers of a request or of an answer."""
SECOND_ADDRESS_AFTER = 3.0
"""Seconds that one of several addresses is tried before the next."""
PROXY_ERROR_STATUSES = frozenset({403, 502, 504})
"""What the proxy itself answers where a connection does not come about."""

_BACKLOG = 128
_ACCEPT_AGAIN_AFTER = 1.0
# Below this many bytes, what a browser sends in a tunnel is upkeep of TLS or HTTP/2 (settings, window updates, pings:
# at most 39 bytes encrypted), and nothing that an answer is waited for.
_PROTOCOL_OVERHEAD_BYTES = 64
_HEAD_END = b"\r\n\r\n"
_HOP_BY_HOP = frozenset({b"connection", b"proxy-connection", b"keep-alive", b"upgrade", b"proxy-authorization", b"te"})
_REQUEST_LINE = re.compile(rb"([A-Z]{1,20}) (\S+) HTTP/1\.[01]")
_STATUS_LINE = re.compile(rb"HTTP/1\.[01] (\d{3})(?: [^\r\n]*)?")
_AUTHORITY = re.compile(rb"(?:\[([0-9a-fA-F:.]+)\]|([^\[\]:/@\s]+)):(\d{1,5})")
_REASONS = {400: "Bad Request", 403: "Forbidden", 411: "Length Required", 502: "Bad Gateway", 504: "Gateway Timeout"}


class EgressProxy:
    """A proxy on a loopback port of its own, for one page. Used as `async with EgressProxy(guard, seconds) as proxy`.

    `connect_timeout` is in seconds. With `tunnels` every connection leaves through them.
    """

    def __init__(self, guard: EgressGuard, connect_timeout: float, tunnels: Tunnels | None = None) -> None:
        self._guard = guard
        self._tunnels = tunnels
        self._connect_timeout = connect_timeout
        self._listener: socket.socket | None = None
        self._accepted: set[asyncio.Task[Any]] = set()
        self._connections: set[_ClientConnection] = set()
        self._last_byte = float("-inf")
        self.failures: dict[tuple[str, int], FetchError] = {}
        """Why the last connection to a host and port did not come about; gone once one does."""
        self.last_failure: FetchError | None = None
        self.refused = 0
        """How many connections the guard did not let out."""

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def open(self) -> None:
        """Start listening."""
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=_BACKLOG)
        self._listener.setblocking(False)
        asyncio.get_running_loop().add_reader(self._listener, self._accept, self._listener)

    async def close(self) -> None:
        """Stop listening and cut all connections."""
        if self._listener is not None:
            asyncio.get_running_loop().remove_reader(self._listener)
            self._listener.close()
            self._listener = None
        for connection in list(self._connections):
            connection.abort()
        if self._accepted:
            await asyncio.wait(self._accepted)

    def _accept(self, listener: socket.socket) -> None:
        """Take one connection in. asyncio's servers lose those that they accept just as they close: they stay open."""
        loop = asyncio.get_running_loop()
        try:
            connection, _ = listener.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return
        except OSError:  # too many open files: whoever asks has to wait, as with asyncio's own
            loop.remove_reader(listener)
            loop.call_later(_ACCEPT_AGAIN_AFTER, self._accept_again, listener)
            return
        connection.setblocking(False)
        task = loop.create_task(loop.connect_accepted_socket(lambda: _ClientConnection(self), connection))
        self._accepted.add(task)
        task.add_done_callback(self._on_accepted)

    def _on_accepted(self, task: asyncio.Task[Any]) -> None:
        self._accepted.discard(task)
        if not task.cancelled():
            task.exception()  # who hangs up at once is no fault of ours

    def _accept_again(self, listener: socket.socket) -> None:
        if self._listener is listener:
            asyncio.get_running_loop().add_reader(listener, self._accept, listener)

    @property
    def url(self) -> str:
        """The address, as a browser's proxy setting takes it."""
        if self._listener is None:
            raise RuntimeError("the proxy is not open")
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    @property
    def open_connections(self) -> int:
        """How many connections there are now."""
        return len(self._connections)

    def quiet_for(self, request_timeout: float) -> float:
        """For how many seconds nothing moved; 0 while an answer is waited for.

        Who has not been answered for `request_timeout` seconds (a long poll, a beacon) is not waited for any more.
        """
        now = asyncio.get_running_loop().time()
        if any(now - connection.waiting_since < request_timeout for connection in self._connections):
            return 0.0
        return now - self._last_byte

    # What its connections call

    def opened(self, connection: _ClientConnection) -> None:
        """Take note of a new connection, or cut it where it was accepted just as the proxy closed."""
        if self._listener is None:
            connection.abort()
            return
        self._connections.add(connection)
        self.note_activity()

    def closed(self, connection: _ClientConnection) -> None:
        """Forget a connection."""
        self._connections.discard(connection)

    def note_activity(self) -> float:
        """Take note that bytes moved, and return the time."""
        self._last_byte = asyncio.get_running_loop().time()
        return self._last_byte

    async def connect(self, host: str, port: int, protocol: Callable[[], asyncio.Protocol]) -> None:
        """Connect to a host by addresses that the guard allows. Raises a subclass of `FetchError`, and keeps it."""
        try:
            addresses = await self._guard.resolve(host, port)
            await self._connect_any(host, port, addresses, protocol)
        except FetchError as error:
            self.failed(host, port, error)
            raise
        self.failures.pop((host, port), None)

    def failed(self, host: str, port: int, error: FetchError) -> None:
        """Keep why a connection did not come about."""
        self.failures[host, port] = error
        self._note(error)

    def _note(self, error: FetchError) -> None:
        self.refused += isinstance(error, BlockedAddressError)
        self.last_failure = error

    async def _connect_any(
        self, host: str, port: int, addresses: list[IPAddress], protocol: Callable[[], asyncio.Protocol]
    ) -> None:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._connect_timeout
        failure: FetchError = HostUnreachableError(f"No way leads to {host} from here.")
        for number, address in enumerate(addresses, 1):
            limit = deadline if number == len(addresses) else min(deadline, loop.time() + SECOND_ADDRESS_AFTER)
            try:
                async with asyncio.timeout_at(limit):
                    await self._open(protocol, address, port)
                return
            except ProxyError as error:
                failure = error
            except TimeoutError:
                failure = ConnectTimeoutError(f"No connection to {host} came about in time.")
            except ConnectionRefusedError:
                failure = ConnectionRefusedByHostError(f"The host {host} refused the connection.")
            except OSError:
                failure = HostUnreachableError(f"No way leads to {host} from here.")
        raise failure

    async def _open(self, protocol: Callable[[], asyncio.Protocol], address: IPAddress, port: int) -> None:
        if self._tunnels is not None:
            await self._tunnels.open(protocol, address, port)
        else:
            await asyncio.get_running_loop().create_connection(protocol, str(address), port)

    def target(self, method: bytes, text: bytes) -> tuple[str, int, bytes]:
        """Host, port, and the path to ask the host for, of a request's target. Raises a subclass of `FetchError`."""
        if method == b"CONNECT":
            match = _AUTHORITY.fullmatch(text)
            if match is None:
                raise UnfetchableUrlError("This is not the address of a host.")
            return (match[1] or match[2]).decode("latin-1"), int(match[3]), b""
        try:
            url = self._guard.check_url(text.decode("latin-1"))
        except FetchError as error:
            self._note(error)
            raise
        if url.scheme != "http":
            raise UnfetchableUrlError("Encrypted pages are asked for through a tunnel.")
        path = re.sub(rb"^[a-zA-Z]+://[^/?#]*", b"", text)
        return url.host, url.port, path if path.startswith(b"/") else b"/" + path


class _Endpoint(asyncio.Protocol):
    """One end of a connection through the proxy, which hands what it reads to the other end at its pace."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.other: _Endpoint | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # What create_server and create_connection give; that of uvloop is no subclass.
        self.transport = cast("asyncio.Transport", transport)

    def pause_writing(self) -> None:
        if self.other is not None and self.other.transport is not None:
            self.other.transport.pause_reading()

    def resume_writing(self) -> None:
        if self.other is not None and self.other.transport is not None:
            self.other.transport.resume_reading()

    def write(self, data: bytes) -> None:
        if self.transport is not None:
            self.transport.write(data)

    def abort(self) -> None:
        if self.transport is not None:
            self.transport.abort()


class _ClientConnection(_Endpoint):
    """The browser's end."""

    def __init__(self, proxy: EgressProxy) -> None:
        super().__init__()
        self.proxy = proxy
        self.waiting_since = float("-inf")
        """Since when an answer is waited for; minus infinity when none is."""
        self.asked_for_head = False
        self._head = b""
        self._body_left = 0
        self._tunnel = False
        self._early: list[bytes] = []
        self._connecting: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.proxy.opened(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        self.proxy.closed(self)
        if self._connecting is not None:
            self._connecting.cancel()
        if self.other is not None and self.other.transport is not None:
            self.other.transport.close()

    def eof_received(self) -> bool:
        return False  # closes; Chromium never half-closes while it waits for an answer

    def data_received(self, data: bytes) -> None:
        now = self.proxy.note_activity()
        if self._connecting is None:
            self._read_head(data)
            return
        if self._tunnel:
            if len(data) > _PROTOCOL_OVERHEAD_BYTES:
                self.waiting_since = now
        else:
            self._body_left -= len(data)
            if self._body_left < 0:
                self.abort()
                return
        if self.other is None:
            self._early.append(data)
            assert self.transport is not None  # noqa: S101
            self.transport.pause_reading()
        else:
            self.other.write(data)

    def answered(self) -> None:
        """The host sent something."""
        self.proxy.note_activity()
        if self._tunnel:
            self.waiting_since = float("-inf")

    def refuse(self, status: int, error: str) -> None:
        """Answer with an error of the proxy's own (RFC 9209 names the field), and end."""
        self.waiting_since = float("-inf")
        head = f"HTTP/1.1 {status} {_REASONS[status]}\r\nProxy-Status: pagemill; error={error}\r\n"
        self.write(f"{head}Content-Length: 0\r\nConnection: close\r\n\r\n".encode())
        if self.transport is not None:
            self.transport.close()

    def _read_head(self, data: bytes) -> None:
        self._head += data
        head, end, rest = self._head.partition(_HEAD_END)
        if not end:
            if len(self._head) > MAX_HEAD_BYTES:
                self.refuse(400, "http_request_error")
            return
        self._head = b""
        line, *fields = head.split(b"\r\n")
        match = _REQUEST_LINE.fullmatch(line)
        if match is None:
            self.refuse(400, "http_request_error")
            return
        self._tunnel = match[1] == b"CONNECT"
        self.asked_for_head = match[1] == b"HEAD"
        self.waiting_since = self.proxy.note_activity()
        if not self._tunnel and not self._measure_body(fields, rest):
            self.refuse(411, "http_request_error")
            return
        self._connecting = asyncio.ensure_future(self._connect(match[1], match[2], fields, rest))

    def _measure_body(self, fields: Iterable[bytes], rest: bytes) -> bool:
        """Whether it is known how long the request's body is, and what came of it is no longer."""
        length = b"0"
        for field in fields:
            name, _, value = field.partition(b":")
            if name.strip().lower() == b"transfer-encoding":
                return False
            if name.strip().lower() == b"content-length":
                length = value.strip()
        if not length.isdigit() or len(length) > 15:
            return False
        self._body_left = int(length) - len(rest)
        return self._body_left >= 0

    async def _connect(self, method: bytes, target: bytes, fields: list[bytes], rest: bytes) -> None:
        try:
            host, port, path = self.proxy.target(method, target)
            await self.proxy.connect(host, port, lambda: _HostConnection(self, plain=not self._tunnel))
        except (BlockedAddressError, UnfetchableUrlError):
            self.refuse(403, "destination_ip_prohibited")
        except ConnectTimeoutError:
            self.refuse(504, "connection_timeout")
        except FetchError:
            self.refuse(502, "destination_unavailable")
        else:
            self._connected(method, path, fields, rest)

    def _connected(self, method: bytes, path: bytes, fields: list[bytes], rest: bytes) -> None:
        if self.other is None or self.transport is None or self.transport.is_closing():
            return
        if self._tunnel:
            self.waiting_since = float("-inf")
            self.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            early = b"".join([rest, *self._early])
        else:
            kept = [field for field in fields if field.partition(b":")[0].strip().lower() not in _HOP_BY_HOP]
            head = b"\r\n".join([b"%s %s HTTP/1.1" % (method, path), *kept, b"Connection: close", b"", b""])
            early = b"".join([head, rest, *self._early])
        self._early.clear()
        if early:
            self.other.write(early)
        self.transport.resume_reading()


class _HostConnection(_Endpoint):
    """The host's end."""

    def __init__(self, client: _ClientConnection, *, plain: bool) -> None:
        super().__init__()
        self._client = client
        self._in_head = plain
        self._head = b""
        self._body_left: int | None = None
        """Bytes of the answer that are still to come; None where only its end, or the tunnel's, will tell."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.other = self._client
        self._client.other = self
        if self._client.transport is None or self._client.transport.is_closing():
            self.abort()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        if self._client.transport is not None:
            self._client.transport.close()

    def data_received(self, data: bytes) -> None:
        self._client.answered()
        if self._in_head:
            self._read_head(data)
        else:
            self._pass_on(data)

    def _pass_on(self, data: bytes) -> None:
        self._client.write(data)
        if self._body_left is not None:
            self._body_left -= len(data)
            if self._body_left <= 0:  # hosts need not close the connection themselves, even when asked to
                self.abort()
                if self._client.transport is not None:
                    self._client.transport.close()

    def _read_head(self, data: bytes) -> None:
        rest = self._head + data
        while _HEAD_END in rest:
            head, _, rest = rest.partition(_HEAD_END)
            try:
                status, head = _rewritten(head)
            except InvalidResponseError:
                self._client.abort()
                return
            self._client.write(head)
            if status >= 200:
                self._in_head = False
                self._body_left = 0 if self._client.asked_for_head else _body_length(status, head)
                self._pass_on(rest)
                return
        self._head = rest
        if len(rest) > MAX_HEAD_BYTES:
            self._client.abort()


def _rewritten(head: bytes) -> tuple[int, bytes]:
    """The status of an answer, and its head as it is sent on: the final one says that the connection ends."""
    line, *fields = head.split(b"\r\n")
    match = _STATUS_LINE.fullmatch(line)
    status = int(match[1]) if match else 101
    if status == 101:
        raise InvalidResponseError("The answer is not the one to an HTTP request.")
    if status < 200:
        return status, head + _HEAD_END
    kept = [field for field in fields if field.partition(b":")[0].strip().lower() not in _HOP_BY_HOP]
    kept = [field for field in kept if not field.lower().startswith(b"proxy-")]
    return status, b"\r\n".join([line, *kept, b"Connection: close", b"", b""])


def _body_length(status: int, head: bytes) -> int | None:
    """How long the body of an answer is (RFC 9112, 6.3); None where its head does not say."""
    if status in (204, 304):
        return 0
    lengths = set()
    for field in head.split(b"\r\n")[1:]:
        name, _, value = field.partition(b":")
        if name.strip().lower() == b"transfer-encoding":
            return None
        if name.strip().lower() == b"content-length":
            lengths.add(value.strip())
    length = lengths.pop() if len(lengths) == 1 else b""
    return int(length) if length.isdigit() and len(length) < 16 else None
