"""A well-behaved HTTP/1.1 server: routes to answers, keep-alive, and a record of what was asked."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING

from tests.web.listener import Listener

if TYPE_CHECKING:
    import asyncio
    import ssl


@dataclass(frozen=True, slots=True)
class Request:
    """What a client asked."""

    method: str
    target: str
    """The request target as it came: path and query."""
    headers: dict[str, str]
    """By name in lower case."""
    body: bytes
    connection: int
    """The number of the connection that it came on, from 1."""

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]


@dataclass(frozen=True, slots=True)
class Response:
    """What the server answers. Content-Length is added."""

    body: bytes = b""
    status: int = 200
    content_type: str | None = "text/html; charset=utf-8"
    headers: tuple[tuple[str, str], ...] = field(default=())

    def encoded(self) -> bytes:
        lines = [f"HTTP/1.1 {self.status} {HTTPStatus(self.status).phrase}"]
        if self.content_type is not None:
            lines.append(f"Content-Type: {self.content_type}")
        lines += [f"{name}: {value}" for name, value in self.headers]
        lines.append(f"Content-Length: {len(self.body)}")
        return "\r\n".join([*lines, "", ""]).encode() + self.body


def redirect(location: str, status: int = 302, *headers: tuple[str, str]) -> Response:
    """An answer that sends the client elsewhere."""
    return Response(b"moved", status, headers=(("Location", location), *headers))


Handler = Callable[[Request], Response | Awaitable[Response]]


class HttpServer(Listener):
    """Answers by path. A path without a route is a 404; `fallback` may answer instead.

    async with HttpServer({"/": Response(b"<p>hello</p>")}) as server:
        server.url("/")
    """

    def __init__(
        self,
        routes: dict[str, Response | Handler] | None = None,
        host: str = "127.0.0.1",
        tls: ssl.SSLContext | None = None,
        port: int = 0,
    ) -> None:
        super().__init__(host, tls, port)
        self.routes: dict[str, Response | Handler] = routes or {}
        self.fallback: Handler = lambda _: Response(b"nothing here", 404)
        self.requests: list[Request] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, connection: int) -> None:
        while True:
            request = await _read(reader, connection)
            self.requests.append(request)
            answer = self.routes.get(request.path, self.fallback)
            response = answer if isinstance(answer, Response) else answer(request)
            if inspect.isawaitable(response):
                response = await response
            writer.write(response.encoded())
            await writer.drain()


async def _read(reader: asyncio.StreamReader, connection: int) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.splitlines()
    method, target, _ = first.split(" ", 2)
    headers = {}
    for line in filter(None, lines):
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Request(method, target, headers, body, connection)
