"""Answers that lie, never end, or are not what they seem."""

from __future__ import annotations

import asyncio
import gzip
import re
import time
import zlib
from ipaddress import ip_network
from typing import TYPE_CHECKING

import brotli  # type: ignore[import-untyped]
import psutil
import pytest
import zstandard
from tests.fetching.conftest import make_settings
from tests.web.hostile import OK, HostileServer, Script, bomb, compressed, drips, floods, resets, sends, stays_silent
from tests.web.http_server import HttpServer, Response

from pagemill.errors import (
    BodyTooLargeError,
    ConnectionResetByHostError,
    FetchTimeoutError,
    HeadersTooLargeError,
    HttpStatusError,
    InvalidResponseError,
    UnsupportedContentTypeError,
)
from pagemill.fetching.http.fetcher import HttpFetcher
from pagemill.fetching.http.request_options import RequestFields

if TYPE_CHECKING:
    from collections.abc import Callable

MEBIBYTE = 1024 * 1024


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
async def test_content_codings(fetcher: HttpFetcher, coding: str) -> None:
    body = b"<p>hello</p>" * 1000
    answer = Response(compressed(body, coding), headers=(("Content-Encoding", coding),))
    async with HttpServer({"/": answer}) as server:
        assert (await fetcher.fetch(server.url())).body == body


async def memory_growth(fetcher: HttpFetcher, url: str) -> int:
    """Fetch a bomb; gives by how many bytes memory grew at most."""
    process = psutil.Process()
    before = most = process.memory_info().rss

    async def watch() -> None:
        nonlocal most
        while True:
            most = max(most, process.memory_info().rss)
            await asyncio.sleep(0.001)

    watching = asyncio.create_task(watch())
    with pytest.raises(BodyTooLargeError, match=str(4 * MEBIBYTE)):
        await fetcher.fetch(url)
    watching.cancel()
    return most - before


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
async def test_a_bomb_is_an_error_and_does_not_fill_memory(coding: str) -> None:
    answer = bomb(coding, 64)
    assert len(answer) < MEBIBYTE
    settings = make_settings(max_body_bytes=4 * MEBIBYTE)
    async with HostileServer(sends(answer)) as server, HttpFetcher(settings) as fetcher:
        assert await memory_growth(fetcher, server.url()) < 32 * MEBIBYTE


async def test_a_bomb_that_yields_nothing() -> None:
    """Empty deflate blocks: they cost time to read, and no byte ever comes out."""
    stream = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03"
    script = floods(OK + b"Content-Encoding: gzip\r\n\r\n" + stream, b"\x00\x00\x00\xff\xff" * 10_000)
    settings = make_settings(max_body_bytes=MEBIBYTE)
    async with HostileServer(script) as server, HttpFetcher(settings) as fetcher:
        with pytest.raises(BodyTooLargeError):
            await fetcher.fetch(server.url())


@pytest.mark.parametrize("coding", [None, "gzip"])
async def test_of_a_file_whose_first_part_is_enough_the_rest_is_not_read(coding: str | None) -> None:
    """Said to be longer than the limit, or much longer than it seems."""
    body = b"line\n" * MEBIBYTE
    answer = Response(compressed(body, coding), headers=(("Content-Encoding", coding),)) if coding else Response(body)
    settings = make_settings(max_body_bytes=MEBIBYTE)
    async with HttpServer({"/": answer}) as server, HttpFetcher(settings) as fetcher:
        page = await fetcher.fetch(server.url(), fields=RequestFields(enough=1000))
        assert 1000 <= len(page.body) < MEBIBYTE
        assert body.startswith(page.body)
        with pytest.raises(BodyTooLargeError):
            await fetcher.fetch(server.url())


async def test_a_body_compressed_twice_is_refused(fetcher: HttpFetcher) -> None:
    body = gzip.compress(gzip.compress(b"<p>" * 100))
    headers = b"Content-Encoding: gzip, gzip\r\nContent-Length: " + str(len(body)).encode() + b"\r\n\r\n"
    async with HostileServer(sends(OK + headers + body)) as server:
        with pytest.raises(InvalidResponseError):
            await fetcher.fetch(server.url())
    headers = headers.replace(b"gzip, gzip", b"gzip\r\nContent-Encoding: gzip")
    async with HostileServer(sends(OK + headers + body)) as server:
        with pytest.raises(InvalidResponseError):
            await fetcher.fetch(server.url())


async def test_a_transfer_coding_counts_too(fetcher: HttpFetcher) -> None:
    head = b"Content-Encoding: gzip\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"
    async with HostileServer(sends(OK + head + b"0\r\n\r\n")) as server:
        with pytest.raises(InvalidResponseError):
            await fetcher.fetch(server.url())


async def test_compressed_garbage(fetcher: HttpFetcher) -> None:
    answer = OK + b"Content-Encoding: gzip\r\nContent-Length: 8\r\n\r\nnot gzip"
    async with HostileServer(sends(answer)) as server:
        with pytest.raises(InvalidResponseError):
            await fetcher.fetch(server.url())


async def test_an_unknown_coding_is_taken_for_none(fetcher: HttpFetcher) -> None:
    answer = OK + b"Content-Encoding: utf-8\r\nContent-Length: 12\r\n\r\n<p>hello</p>"
    async with HostileServer(sends(answer)) as server:
        assert (await fetcher.fetch(server.url())).body == b"<p>hello</p>"


@pytest.mark.parametrize(
    "script",
    [
        floods(OK + b"\r\n", b"x" * 65536),
        floods(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"4000\r\n" + b"x" * 0x4000 + b"\r\n"),
        sends(OK + b"Content-Length: 99999999999\r\n\r\n"),
        sends(OK + b"Content-Length: 99999999999999999999999999\r\n\r\n"),
    ],
    ids=["endless", "endless-chunks", "announced", "announced-beyond-64-bits"],
)
async def test_bodies_over_the_limit(script: Script) -> None:
    async with HostileServer(script) as server, HttpFetcher(make_settings(max_body_bytes=MEBIBYTE)) as fetcher:
        with pytest.raises((BodyTooLargeError, InvalidResponseError)):
            await fetcher.fetch(server.url())


async def test_a_body_of_exactly_the_limit() -> None:
    async with (
        HttpServer({"/": Response(b"x" * 5000), "/more": Response(b"x" * 5001)}) as server,
        HttpFetcher(make_settings(max_body_bytes=5000)) as fetcher,
    ):
        assert len((await fetcher.fetch(server.url())).body) == 5000
        with pytest.raises(BodyTooLargeError):
            await fetcher.fetch(server.url("/more"))


@pytest.mark.parametrize(
    "script",
    [
        stays_silent,
        drips(OK + b"\r\n", b"x", 0.05),
        drips(b"HTTP/1.1 200 OK\r\n", b"X-Drip: 1\r\n", 0.05),
        drips(b"HTTP/1.1 200", b" ", 0.05),
        drips(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n", 0.05),
        floods(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    ],
    ids=["silent", "body", "headers", "status-line", "interim", "endless-interim"],
)
async def test_slow_answers_time_out(script: Script) -> None:
    async with HostileServer(script) as server, HttpFetcher(make_settings(fetch_timeout=0.4)) as fetcher:
        started = time.monotonic()
        with pytest.raises((FetchTimeoutError, HeadersTooLargeError)):
            await fetcher.fetch(server.url())
        assert time.monotonic() - started < 2


@pytest.mark.parametrize(
    "script",
    [
        resets(b""),
        resets(OK),
        resets(OK + b"Content-Length: 1000\r\n\r\n<p>half"),
        sends(b""),
        sends(OK + b"Content-Length: 1000\r\n\r\n<p>half"),
        sends(OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"),
        sends(OK + b"Transfer-Encoding: chunked\r\n\r\nzzz\r\nnot a size\r\n"),
        sends(OK),
    ],
    ids=[
        "rst-at-once",
        "rst-in-headers",
        "rst-in-body",
        "empty",
        "truncated",
        "truncated-chunks",
        "bad-chunks",
        "cut-headers",
    ],
)
async def test_broken_answers(fetcher: HttpFetcher, script: Script) -> None:
    async with HostileServer(script) as server:
        with pytest.raises((ConnectionResetByHostError, InvalidResponseError)) as caught:
            await fetcher.fetch(server.url())
    assert "127.0.0.1" in caught.value.message


@pytest.mark.parametrize(
    "answer",
    [b"\x00\x01\x02\x03garbage\r\n\r\n", b"<html>no headers</html>", b"SSH-2.0-OpenSSH_9.6\r\n", b"220 smtp ready\r\n",
     b"HTTP/9.9 200 OK\r\n\r\n", b"HTTP/1.1 abc OK\r\n\r\n", b"HTTP/1.1 99 Low\r\n\r\nx", b"HTTP/1.1\r\n\r\n",
     OK + b"no colon\r\n\r\n", OK + b"X: \x00\r\n\r\n", b"ICY 200 OK\r\n\r\nradio",
     OK + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
     OK + b"Content-Length: twelve\r\n\r\nhello", OK + b"Content-Length: -5\r\n\r\nhello"],
)  # fmt: skip
async def test_garbage_is_not_http(fetcher: HttpFetcher, answer: bytes) -> None:
    async with HostileServer(sends(answer)) as server:
        with pytest.raises(InvalidResponseError):
            await fetcher.fetch(server.url())


@pytest.mark.parametrize(
    "script",
    [
        floods(b"HTTP/1.1 200 OK\r\n", b"X-Flood: " + b"x" * 1000 + b"\r\n"),
        floods(b"HTTP/1.1 200 OK\r\nX-Long: ", b"x" * 10_000),
        floods(b"HTTP/1.1 200 OK\r\n", b"A:\r\n" * 100),
        sends(OK + b"X: " + b"y" * 400_000 + b"\r\n\r\n<p>"),
    ],
    ids=["endless-headers", "endless-line", "endless-empty", "huge-line"],
)
async def test_huge_headers(fetcher: HttpFetcher, script: Script) -> None:
    async with HostileServer(script) as server:
        with pytest.raises(HeadersTooLargeError):
            await fetcher.fetch(server.url())


async def test_many_cookies_are_no_harm(fetcher: HttpFetcher) -> None:
    cookies = tuple(("Set-Cookie", f"c{number}={'v' * 500}") for number in range(200))
    async with HttpServer({"/": Response(b"<p>hello</p>", headers=cookies)}) as server:
        for _ in range(3):
            assert (await fetcher.fetch(server.url())).body == b"<p>hello</p>"
        assert "cookie" not in server.requests[-1].headers


async def test_interim_answers_and_trailers_are_passed_over(fetcher: HttpFetcher) -> None:
    answer = (
        b"HTTP/1.1 103 Early Hints\r\nContent-Type: image/png\r\n\r\n"
        + OK
        + b"Transfer-Encoding: chunked\r\nTrailer: Content-Type\r\n\r\n"
        + b"5\r\nhello\r\n0\r\nContent-Type: image/png\r\n\r\n"
    )
    async with HostileServer(sends(answer)) as server:
        page = await fetcher.fetch(server.url())
    assert (page.content_type, page.body) == ("text/html", b"hello")


@pytest.mark.parametrize("content_type", ["image/png", "video/mp4", "font/woff2", "application/zip"])
async def test_other_types_are_refused_before_the_body(fetcher: HttpFetcher, content_type: str) -> None:
    start = f"HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nContent-Length: 9000000\r\n\r\n".encode()
    async with HostileServer(drips(start, b"x", 0.05)) as server:
        with pytest.raises(UnsupportedContentTypeError, match=re.escape(content_type)):
            await fetcher.fetch(server.url())


@pytest.mark.parametrize("content_type", [None, "application/octet-stream", "nonsense"])
async def test_an_unknown_type_is_read_off_the_first_bytes(fetcher: HttpFetcher, content_type: str | None) -> None:
    routes = {
        "/html": Response(b"\n<!DOCTYPE HTML><p>hello", content_type=content_type),
        "/text": Response(b"hello", content_type=content_type),
        "/empty": Response(b"", content_type=content_type),
        "/png": Response(b"\x89PNG\r\n\x1a\n\x00\x00", content_type=content_type),
        "/large": Response(b"\x00" * 200_000, content_type=content_type),
    }
    async with HttpServer(dict(routes)) as server:
        for path in ("/html", "/text", "/empty"):
            assert (await fetcher.fetch(server.url(path))).body == routes[path].body
        for path in ("/png", "/large"):
            with pytest.raises(UnsupportedContentTypeError):
                await fetcher.fetch(server.url(path))


async def test_the_body_of_an_error_page_is_cut_at_the_limit() -> None:
    start = b"HTTP/1.1 403 Forbidden\r\nContent-Type: text/html\r\n\r\n"
    async with (
        HostileServer(floods(start, b"x" * 10_000)) as server,
        HttpFetcher(make_settings(max_body_bytes=100_000)) as fetcher,
    ):
        with pytest.raises(HttpStatusError) as caught:
            await fetcher.fetch(server.url())
    assert caught.value.page is not None
    assert 80_000 < len(caught.value.page.body) <= 100_000


async def test_the_body_of_a_redirect_is_not_waited_for() -> None:
    start = b"HTTP/1.1 302 Found\r\nLocation: /next\r\n\r\n"
    async with HostileServer(floods(start, b"x" * 10_000), host="127.0.0.2") as server:
        settings = make_settings(allowed_networks=(ip_network("127.0.0.2/32"),), max_redirects=2)
        async with HttpFetcher(settings) as fetcher:
            with pytest.raises(Exception, match="redirected more than 2"):
                await fetcher.fetch(server.url())
        assert server.connections == 3


async def test_a_header_that_looks_like_a_status_line(fetcher: HttpFetcher) -> None:
    async with HostileServer(sends(OK + b"HTTP/1.1: abc\r\nContent-Length: 5\r\n\r\nhello")) as server:
        page = await fetcher.fetch(server.url())
    assert (page.status_code, page.body) == (200, b"hello")


async def test_a_204_is_an_empty_page(fetcher: HttpFetcher) -> None:
    async with HostileServer(sends(b"HTTP/1.1 204 No Content\r\n\r\n")) as server:
        page = await fetcher.fetch(server.url())
    assert (page.status_code, page.body) == (204, b"")


ARTICLE = b"<html><body>" + b"<p>hello</p>" * 50 + b"</body></html>"
COMPRESS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstandard.compress,
}


def length(count: int) -> bytes:
    return f"Content-Length: {count}\r\n".encode()


@pytest.mark.parametrize("coding", COMPRESS)
@pytest.mark.parametrize("more", [b"\0" * 9, b"\n", b"<!-- cached -->", gzip.compress(ARTICLE, mtime=0)], ids=range(4))
async def test_bytes_after_the_compressed_stream_do_not_count(fetcher: HttpFetcher, coding: str, more: bytes) -> None:
    body = COMPRESS[coding](ARTICLE) + more
    start = OK + f"Content-Encoding: {coding}\r\n".encode()
    for answer in (start + length(len(body)) + b"\r\n" + body, start + b"\r\n" + body):
        async with HostileServer(sends(answer)) as server:
            assert (await fetcher.fetch(server.url())).body == ARTICLE


@pytest.mark.parametrize("coding", COMPRESS)
@pytest.mark.parametrize("plain", [ARTICLE, b"just some words, and no end of a document. " * 20])
async def test_a_length_may_be_that_of_the_uncompressed_body(fetcher: HttpFetcher, coding: str, plain: bytes) -> None:
    start = OK + f"Content-Encoding: {coding}\r\n".encode() + length(len(plain))
    async with HostileServer(sends(start + b"\r\n" + COMPRESS[coding](plain))) as server:
        assert (await fetcher.fetch(server.url())).body == plain


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("text/html", ARTICLE),
        ("text/html", ARTICLE + b"\n<!-- made in 0.2 s -->\n"),
        ("application/rss+xml", b"<?xml version='1.0'?><rss><channel/></rss>\n"),
        ("application/json", b'{"a": [1, 2]}'),
    ],
)
@pytest.mark.parametrize("how", ["chunks without an end", "a length too long"])
async def test_a_body_that_ends_as_a_whole_one_is_whole(
    fetcher: HttpFetcher, how: str, content_type: str, body: bytes
) -> None:
    start = f"HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\n".encode()
    scripts = {
        "chunks without an end": start + f"Transfer-Encoding: chunked\r\n\r\n{len(body):x}\r\n".encode() + body,
        "a length too long": start + length(len(body) + 10) + b"\r\n" + body,
    }
    async with HostileServer(sends(scripts[how])) as server:
        page = await fetcher.fetch(server.url())
    assert page.body == body
    assert page.settled


async def test_a_whole_body_whose_connection_stays_open_comes_at_the_timeout_and_is_not_settled() -> None:
    async def script(writer: asyncio.StreamWriter) -> None:
        writer.write(OK + b"\r\n" + ARTICLE)
        await asyncio.sleep(60)

    async with HostileServer(script) as server, HttpFetcher(make_settings(fetch_timeout=0.5)) as fetcher:
        page = await fetcher.fetch(server.url())
    assert (page.body, page.settled) == (ARTICLE, False)


@pytest.mark.parametrize(
    "headers",
    [
        b"Content-Type: text/html, text/html; charset=utf-8\r\n",
        b"Content-Type: text/html; charset=utf-8, text/html\r\n",
        b"Content-Type: text/html\r\nContent-Type: text/html; charset=utf-8\r\n",
        b"Content-Type: text/plain, text/html; charset=utf-8\r\n",
        b"Content-Type: text/html; charset=utf-8, */*\r\n",
    ],
)
async def test_of_several_types_the_last_counts(fetcher: HttpFetcher, headers: bytes) -> None:
    answer = b"HTTP/1.1 200 OK\r\n" + headers + length(len(ARTICLE)) + b"\r\n" + ARTICLE
    async with HostileServer(sends(answer)) as server:
        assert (await fetcher.fetch(server.url())).content_type == "text/html; charset=utf-8"
