"""The API as a process on loopback, without a database: what it gets must be answered, and never with 500."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from contextlib import suppress
from typing import Self

from tests.fuzz.mutations import mutated

REQUESTS = [
    b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    b"GET /v1/url-scraper/job_a?wait=0 HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept-Encoding: zstd;q=0.5\r\n\r\n",
    *(
        b"POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
        % (path, len(body), body)
        for path, body in (
            (b"/v1/url-scraper", b'{"url":"https://example.org/","formats":["markdown"],"headers":{"A":"b"}}'),
            (
                b"/v1/url-scraper/batch",
                b'{"urls":["https://example.org/"],"outputSchema":{"type":"array"},"timeout":5}',
            ),
            (b"/v1/url-scraper", b'{"url":"https://a.org","actions":[{"type":"click","selector":"a"}],"cookies":[]}'),
            (b"/v1/request", b'{"job_type":"url_scraper","url":"https://a.org","country":"uk"}'),
            (b"/v1/webhooks", b'{"url":"https://example.org/","events":["job.completed"]}'),
        )
    ),
    b"POST /v1/url-scraper HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
]
TOKENS = (
    *(b"\r\n", b"\r\n\r\n", b"\0", b"\xff", b"null", b"[" * 50, b"1e999", b'"\\ud800"', b"-1"),
    b"Transfer-Encoding: chunked\r\n",
)
INPUTS = mutated(REQUESTS, TOKENS)


class FuzzedApi:
    """The process, and a client that sends bytes as they are."""

    def __enter__(self) -> Self:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        settings = {
            "PAGEMILL_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
            "PAGEMILL_DATABASE_WAIT": "0.01",
            "PAGEMILL_REQUEST_HEAD_TIMEOUT": "0.5",
            "PAGEMILL_REQUEST_BODY_TIMEOUT": "0.5",
            "PAGEMILL_LOG_LEVEL": "error",
        }
        words = ("-m", "pagemill", "api", "--no-auth", "--port", str(self._port))
        self._process = subprocess.Popen([sys.executable, *words], env={**os.environ, **settings})
        for _ in range(300):
            with suppress(OSError), socket.create_connection(("127.0.0.1", self._port), 1):
                return self
            time.sleep(0.1)
        raise RuntimeError("the API does not start")

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(20)

    def read(self, request: bytes) -> None:
        """Send bytes; fail for an answer that is none, or says that the service is at fault."""
        received = b""
        with socket.create_connection(("127.0.0.1", self._port), 20) as client:
            client.settimeout(20)
            with suppress(ConnectionError):
                client.sendall(request)
                client.shutdown(socket.SHUT_WR)
            with suppress(ConnectionError):
                while part := client.recv(65536):
                    received += part
        assert self._process.poll() is None, "the API ended"
        assert not received or received.startswith(b"HTTP/1.1 "), received[:100]
        assert not received.startswith(b"HTTP/1.1 500"), received[:1000]
