"""A connection to a Chromium: commands and events as JSON, each ended by a zero byte, over a pair of pipes.

Chromium reads commands at its file descriptor 3 and writes answers and events to 4 (`--remote-debugging-pipe`). It ends
when the pipe does.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections import defaultdict
from typing import TYPE_CHECKING, Any, cast

import orjson
import structlog

if TYPE_CHECKING:
    from collections.abc import Callable

    Listener = Callable[[dict[str, Any]], object]

log = structlog.get_logger(__name__)

MAX_MESSAGE_BYTES = 256 * 1024 * 1024
"""The most that is read of one message; a longer one is lost. Events carry what pages like, such as addresses."""
_END = b"\0"


class DevToolsError(Exception):
    """Chromium refused a command, or its target or Chromium itself ended before it answered."""


class Session:
    """Commands to one target (a page, a frame, the browser) and its events. Made by `Connection.session`."""

    def __init__(self, connection: Connection, session_id: str | None) -> None:
        self._connection = connection
        self._id = session_id
        self._listeners: defaultdict[str, list[Listener]] = defaultdict(list)

    async def send(self, method: str, parameters: dict[str, Any] | None = None) -> dict[str, Any]:
        """Send a command, and return its result. Raises `DevToolsError`."""
        return await self._connection.send(method, parameters, self._id)

    def on(self, event: str, listener: Listener) -> None:
        """Call `listener` with the parameters of each such event."""
        self._listeners[event].append(listener)

    def emit(self, event: str, parameters: dict[str, Any]) -> None:
        """Tell the listeners of an event. One that fails keeps it from no other, of whatever page."""
        for listener in self._listeners.get(event, ()):
            try:
                listener(parameters)
            except Exception:
                log.exception("a listener of the browser failed", event_name=event)


class Connection(asyncio.Protocol):
    """The connection. Made by `open`; ended by `close`, or by Chromium's end."""

    def __init__(self, on_end: Callable[[], object]) -> None:
        self._on_end = on_end
        self._loop = asyncio.get_running_loop()
        self._writer: asyncio.WriteTransport | None = None
        self._reader: asyncio.ReadTransport | None = None
        self._parts: list[bytes] = []
        self._size = 0
        self._last = 0
        self._answers: dict[int, tuple[str | None, asyncio.Future[dict[str, Any]]]] = {}
        self.root = Session(self, None)
        """The browser itself."""
        self._sessions: dict[str | None, Session] = {None: self.root}
        self._ended = False

    @classmethod
    async def open(cls, read: int, write: int, on_end: Callable[[], object]) -> Connection:
        """Take over two file descriptors: of the pipe that Chromium writes to, and of the one that it reads.

        `on_end` is called once nothing more will come.
        """
        loop = asyncio.get_running_loop()
        connection = cls(on_end)
        writer, _ = await loop.connect_write_pipe(asyncio.BaseProtocol, os.fdopen(write, "wb", 0))
        connection._writer = writer
        reader, _ = await loop.connect_read_pipe(lambda: connection, os.fdopen(read, "rb", 0))
        connection._reader = reader
        return connection

    def session(self, session_id: str) -> Session:
        """The session of this identifier, until its target is detached."""
        return self._sessions.setdefault(session_id, Session(self, session_id))

    async def send(self, method: str, parameters: dict[str, Any] | None, session_id: str | None) -> dict[str, Any]:
        """Send a command, and return its result. Raises `DevToolsError`."""
        if self._writer is None or self._ended or session_id not in self._sessions:
            raise DevToolsError(f"{method} has no target any more")
        self._last += 1
        number = self._last
        message: dict[str, Any] = {"id": number, "method": method}
        if parameters:
            message["params"] = parameters
        if session_id is not None:
            message["sessionId"] = session_id
        encoded = orjson.dumps(message) + _END
        answer: asyncio.Future[dict[str, Any]] = self._loop.create_future()
        self._answers[number] = session_id, answer
        self._writer.write(encoded)
        try:
            return await answer
        finally:
            self._answers.pop(number, None)

    def close(self) -> None:
        """End the connection, and with it Chromium."""
        for transport in (self._reader, self._writer):
            if transport is not None:
                transport.close()
        self._end()

    # What the event loop calls

    def data_received(self, data: bytes) -> None:
        """Take in what Chromium wrote."""
        *whole, rest = data.split(_END)
        for part in whole:
            self._keep(part)
            message = b"".join(self._parts)
            self._parts.clear()
            self._size = 0
            if message:
                self._receive(message)
        self._keep(rest)

    def _keep(self, part: bytes) -> None:
        self._size += len(part)
        if self._size > MAX_MESSAGE_BYTES:
            self._parts.clear()
        elif part:
            self._parts.append(part)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """Chromium ended."""
        self.close()

    def _receive(self, data: bytes) -> None:
        message = _decoded(data)
        if message is None:
            log.warning("a message of the browser could not be read", size=len(data))
            return
        number = message.get("id")
        if number is None:
            self._tell(message.get("sessionId"), message["method"], message.get("params") or {})
            return
        _, answer = self._answers.pop(number, (None, None))
        if answer is None or answer.done():
            return
        if "error" in message:
            answer.set_exception(DevToolsError(message["error"].get("message", "")))
        else:
            answer.set_result(message.get("result") or {})

    def _tell(self, session_id: str | None, event: str, parameters: dict[str, Any]) -> None:
        session = self._sessions.get(session_id)
        if session is not None:
            session.emit(event, parameters)
        if event == "Target.detachedFromTarget":
            self._forget(parameters["sessionId"])

    def _forget(self, session_id: str) -> None:
        """A target is gone: what it was asked will not be answered."""
        self._sessions.pop(session_id, None)
        for asked, answer in list(self._answers.values()):
            if asked == session_id and not answer.done():
                answer.set_exception(DevToolsError("the target ended"))

    def _end(self) -> None:
        if self._ended:
            return
        self._ended = True
        self._on_end()
        for _, answer in list(self._answers.values()):
            if not answer.done():
                answer.set_exception(DevToolsError("the browser ended"))


def _decoded(data: bytes) -> dict[str, Any] | None:
    """Return a message, with U+FFFD in place of what is no Unicode; None where it cannot be read.

    Pages put lone surrogates wherever they put text (JavaScript's strings may have them, and names of functions too),
    and JSON has an escape for them. They are no reason to lose the message, or others that came with it.
    """
    try:
        return cast("dict[str, Any]", orjson.loads(data))
    except orjson.JSONDecodeError:
        pass
    try:
        return cast("dict[str, Any]", _well_formed(json.loads(data.decode("utf-8", "replace"))))
    except (ValueError, RecursionError):
        return None


def _well_formed(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    if isinstance(value, dict):
        return {_well_formed(name): _well_formed(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_well_formed(item) for item in value]
    return value
