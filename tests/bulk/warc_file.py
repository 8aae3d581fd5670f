"""WARC records, written by hand so that they can be wrong."""

from __future__ import annotations

import gzip


def response(url, body, content_type="text/html; charset=utf-8", status=200, **headers):
    """A record of an HTTP response."""
    fields = {"Content-Type": content_type, **{name.replace("_", "-"): value for name, value in headers.items()}}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items() if value)
    return record("response", url, f"HTTP/1.1 {status} Found\r\n{head}\r\n".encode() + body)


def record(kind, url, block, content_type="application/http; msgtype=response"):
    """A record of any kind."""
    return (
        (
            f"WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Target-URI: {url}\r\nWARC-Date: 2026-01-01T00:00:00Z\r\n"
            f"WARC-Record-ID: <urn:uuid:00000000-0000-0000-0000-000000000000>\r\nContent-Type: {content_type}\r\n"
            f"Content-Length: {len(block)}\r\n\r\n"
        ).encode()
        + block
        + b"\r\n\r\n"
    )


def compressed(*records):
    """Records compressed one by one, as WARC files are."""
    return b"".join(map(gzip.compress, records))


def article(number):
    """A page with some content of its own."""
    words = " ".join(f"word{number}x{index}" for index in range(80))
    head = f"<html><head><title>Page {number}</title></head>"
    return f"{head}<body><h1>Page {number}</h1><p>{words}.</p></body></html>".encode()
