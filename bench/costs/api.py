"""What a request costs the API process: polls of pending and ended jobs, in each encoding.

    python -m bench.costs.api [--requests N] [--write]

A service runs in a folder of its own. Over one connection a client submits a page that never ends, and a page of
average size that does, and polls each N times. The figure is the processor time of the API process for each request.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import socket
from typing import Any
from urllib.parse import urlsplit

from bench import pages as shared_pages
from bench.costs import processes
from bench.readme import write_section
from bench.service import ENVIRONMENT, running_service

HEAD = ("| request | ms of processor time | bytes |", "|---|--:|--:|")
ENCODINGS = ("identity", "zstd", "gzip")


class Client:
    """One connection to the API that is kept."""

    def __init__(self, address: str, key: str) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=90)
        self._key = key

    def send(self, path: str, body: Any = None, encoding: str = "identity", etag: str = "") -> tuple[bytes, str]:
        """Send a request, and return the body of its answer and its ETag. Fails where it was refused."""
        headers = {"X-API-Key": self._key, "Accept-Encoding": encoding, "If-None-Match": etag}
        text = None
        if body is not None:
            text, headers["Content-Type"] = json.dumps(body), "application/json"
        self._connection.request("GET" if body is None else "POST", path, text, headers)
        answer = self._connection.getresponse()
        content = answer.read()
        if answer.status >= 400:
            raise SystemExit(f"{path} was answered with {answer.status}: {content[:200]!r}")
        return content, answer.headers.get("ETag", "")


def main() -> None:
    """Measure, and print a table."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--requests", type=int, default=1000)
    arguments.add_argument("--write", action="store_true", help="write the table to bench/README.md")
    options = arguments.parse_args()
    os.environ.update(ENVIRONMENT)
    pages = sorted(shared_pages.load(300).items(), key=lambda page: len(page[1]))
    number, page = pages[len(pages) // 2]
    silent = socket.create_server(("127.0.0.1", 0), backlog=64)  # takes connections, and never answers
    with shared_pages.serving({number: page}) as base, running_service() as (address, key), silent:
        client = Client(address, key)
        ended = _submit(client, base + number)
        client.send(f"/v1/url-scraper/{ended}?wait=30")
        pending = _submit(client, f"http://127.0.0.1:{silent.getsockname()[1]}/")
        rows = [f"A page of {len(page) / 1024:.0f} KB. Each figure is of {options.requests} requests.\n", *HEAD]
        for name, path, encoding, etag in _requests(client, ended, pending):
            cost, size = _measure(client, path, encoding, etag, options.requests)
            rows.append(f"| {name} | {1000 * cost:.2f} | {size} |")
            print(rows[-1], flush=True)
    if options.write:
        write_section("api", "\n".join(rows))


def _submit(client: Client, url: str) -> str:
    return str(json.loads(client.send("/v1/url-scraper", {"url": url, "forceFresh": True})[0])["id"])


def _requests(client: Client, ended: str, pending: str) -> list[tuple[str, str, str, str]]:
    ended, pending = f"/v1/url-scraper/{ended}", f"/v1/url-scraper/{pending}"
    etag = client.send(ended)[1]
    return [
        ("health", "/health", "identity", ""),
        ("pending job", pending, "identity", ""),
        ("pending job, `fields=status`", f"{pending}?fields=status", "identity", ""),
        ("completed job, unchanged", ended, "identity", etag),
        *((f"completed job, {encoding}", ended, encoding, "") for encoding in ENCODINGS),
    ]


def _measure(client: Client, path: str, encoding: str, etag: str, requests: int) -> tuple[float, int]:
    for _ in range(20):  # connections, prepared statements
        client.send(path, encoding=encoding, etag=etag)
    content, _ = client.send(path, encoding=encoding, etag=etag)
    before = processes.seconds_by_kind()["api"]
    for _ in range(requests):
        client.send(path, encoding=encoding, etag=etag)
    return (processes.seconds_by_kind()["api"] - before) / requests, len(content)


if __name__ == "__main__":
    main()
