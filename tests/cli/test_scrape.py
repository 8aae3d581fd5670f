from __future__ import annotations

import asyncio
import json
import os
import sys

import pytest

from tests.web.http_server import HttpServer, Response

PAGE = Response(
    b"<html><head><title>T</title></head><body><nav><a href='/x'>Home</a></nav>"
    b"<article><h1>Title</h1><p>Words of a page, enough of them to be its content.</p>"
    b"<p>And <a href='/more'>more words</a> of it in another paragraph.</p></article></body></html>"
)


async def scrape(*words, given=None):
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "pagemill", "scrape", *words),
        env={**os.environ, "PAGEMILL_ALLOWED_NETWORKS": "127.0.0.0/8", "PAGEMILL_RETRY_DELAY": "0.01"},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await process.communicate(given.encode() if given else b"")
    return process.returncode, output.decode(), errors.decode()


@pytest.fixture
async def web():
    async with HttpServer({"/": PAGE, "/other": PAGE}) as web:
        yield web


async def test_markdown_goes_to_standard_output(web):
    code, output, errors = await scrape(web.url("/"))
    assert (code, errors) == (0, "")
    assert "# Title" in output
    assert f"[more words]({web.url('/more')})" in output


async def test_other_formats(web):
    _, html, _ = await scrape(web.url("/"), "--format", "html")
    assert html.rstrip("\n") == PAGE.body.decode()
    _, cleaned, _ = await scrape(web.url("/"), "--format", "cleaned-html")
    assert "<h1>Title</h1>" in cleaned
    assert "Home" not in cleaned
    _, record, _ = await scrape(web.url("/"), "--format", "json")
    assert json.loads(record)["metadata"]["title"]
    assert {"url", "finalUrl", "statusCode", "markdown", "links", "images"} <= set(json.loads(record))


async def test_a_failed_url_is_told_and_the_others_are_written(web):
    code, output, errors = await scrape(web.url("/missing"), web.url("/"), "ftp://example.com/", "http://10.1.2.3/")
    assert code == 1
    assert "# Title" in output
    lines = errors.splitlines()
    assert len(lines) == 3
    assert lines[0].startswith(web.url("/missing"))
    assert "404" in lines[0]
    assert lines[2].startswith("http://10.1.2.3/")
    assert "[blocked_address]" in lines[2]


async def test_urls_come_from_a_file_or_standard_input(web, tmp_path):
    file = tmp_path / "urls.txt"
    file.write_text(f"# a comment\n{web.url('/')}\n\n{web.url('/other')}\n")
    assert (await scrape("--file", str(file)))[1].count("# Title") == 2
    assert (await scrape("-", given=f"{web.url('/')}\n"))[1].count("# Title") == 1


async def test_output_goes_to_a_file_or_to_a_folder(web, tmp_path):
    await scrape(web.url("/"), "-o", str(tmp_path / "page.md"))
    assert "# Title" in (tmp_path / "page.md").read_text()
    await scrape(web.url("/"), web.url("/other"), "-o", str(tmp_path / "pages"))
    names = sorted(path.name for path in (tmp_path / "pages").iterdir())
    assert [name[:5] for name in names] == ["0001-", "0002-"]
    assert names[1].endswith("-other.md")


async def test_what_cannot_be_is_said(tmp_path):
    code, _, errors = await scrape()
    assert (code, "No URL" in errors) == (1, True)
    code, _, errors = await scrape("--file", str(tmp_path / "nothing"))
    assert (code, "cannot be read" in errors) == (1, True)


async def test_many_pages_keep_their_order(web):
    urls = [web.url(f"/?page={number}") for number in range(30)]
    _, output, _ = await scrape(*urls, "--format", "json")
    assert [json.loads(line)["url"] for line in output.splitlines()] == urls
