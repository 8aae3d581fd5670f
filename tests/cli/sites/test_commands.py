"""`pagemill map` and `pagemill crawl` against a real service, of a generated site."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys

import pytest

from tests.client.conftest import key, service, site

__all__ = ["key", "service", "site"]


@pytest.fixture
def pagemill(service, tmp_path):
    async def run(*words, interrupt_after=None, output=asyncio.subprocess.PIPE, **variables):
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "pagemill", *words),
            env={
                **{name: value for name, value in os.environ.items() if not name.startswith("PAGEMILL_")},
                "PAGEMILL_URL": service.url,
                "PAGEMILL_API_KEY": service.secret,
                "PAGEMILL_DATA_DIR": str(tmp_path / "none"),
                **variables,
            },
            stdout=output,
            stderr=asyncio.subprocess.PIPE,
        )
        if interrupt_after is not None:
            while not interrupt_after():
                await asyncio.sleep(0.02)
            process.send_signal(signal.SIGINT)
        written, errors = await process.communicate()
        return process.returncode, (written or b"").decode(), errors.decode()

    return run


async def test_a_map_is_a_url_a_line(pagemill, site):
    code, output, errors = await pagemill("map", site.url(), "--limit", "8")
    assert code == 0
    assert len(output.splitlines()) == 8
    assert all(line.startswith(site.url()) for line in output.splitlines())
    assert "8 URLs are the --limit; the site may have more" in errors
    _, output, _ = await pagemill("map", site.url(), "--limit", "3", "--json")
    assert {"url", "source", "depth"} <= json.loads(output.splitlines()[0]).keys()


async def test_a_reader_that_has_enough_ends_a_map_without_a_word(pagemill, site):
    reader, writer = os.pipe()
    os.close(reader)
    try:
        code, _, errors = await pagemill("map", site.url(), "--limit", "8", output=writer)
    finally:
        os.close(writer)
    assert code == 141
    assert "Error" not in errors


async def test_a_crawl_is_a_folder_with_a_file_for_each_page(pagemill, site, tmp_path):
    folder = tmp_path / "site"
    code, output, errors = await pagemill("crawl", site.url(), "-o", str(folder), "--max-pages", "12", "--depth", "3")
    assert (code, output) == (0, "")
    assert "crawl_" in errors
    files = sorted(file.relative_to(folder).as_posix() for file in folder.rglob("*.md"))
    assert "index.md" in files
    assert "docs/1.md" in files
    assert 10 <= len(files) <= 12  # page 3 fails
    text = (folder / "docs" / "1.md").read_text()
    assert text.startswith(f'---\nurl: "{site.url("/docs/1")}"') or f"url: {site.url('/docs/1')}" in text
    assert "\n# " in text


async def test_lines_of_json_and_what_failed(pagemill, site):
    code, output, errors = await pagemill(
        *("crawl", site.url("/docs/3"), "--format", "json", "--max-pages", "2", "--depth", "0")
    )
    assert code == 1, "no page completed"
    assert "(http_error)" in errors
    [record] = map(json.loads, output.splitlines())
    assert (record["number"], record["status"]) == (1, "failed")


async def test_an_interrupted_crawl_is_read_on(pagemill, site, tmp_path):
    site.slow = 0.3
    lines = tmp_path / "pages.jsonl"

    def has_some():
        return lines.exists() and lines.read_text().count("\n") >= 2

    words = ("crawl", site.url(), "-o", str(lines), "--format", "json")
    code, _, errors = await pagemill(*words, "--max-pages", "10", "--depth", "3", interrupt_after=has_some)
    assert code == 130
    assert "Traceback" not in errors
    first = lines.read_text()
    code, _, _ = await pagemill(*words, "--resume")
    assert code == 0
    assert lines.read_text().startswith(first)
    assert [json.loads(line)["number"] for line in lines.read_text().splitlines()] == list(range(1, 11))


async def test_a_service_that_is_not_there_is_told_of_at_once_and_how_to_start_it(pagemill, site, unused_tcp_port):
    for words in (("map", site.url()), ("sessions", "list")):
        code, _, errors = await pagemill(*words, PAGEMILL_URL=f"http://127.0.0.1:{unused_tcp_port}")
        first, last = errors.splitlines()
        assert (code, f"nothing listens at http://127.0.0.1:{unused_tcp_port} yet" in first) == (1, True)
        assert "[service_unreachable] `pagemill serve` starts one" in last


async def test_what_is_wrong_is_said_in_one_line(pagemill, site, tmp_path):
    for code, said, words, variables in (
        (2, "needs --output", ("crawl", site.url(), "--resume"), {}),
        (2, "no crawl to go on with", ("crawl", site.url(), "--resume", "-o", str(tmp_path / "x.jsonl")), {}),
        (1, "unauthorized", ("crawl", site.url()), {"PAGEMILL_API_KEY": "pm_wrong"}),
        (2, "`pagemill keys create NAME` makes one.\n", ("map", site.url()), {"PAGEMILL_API_KEY": ""}),
        (2, "set PAGEMILL_DATA_DIR", ("map", site.url()), {"PAGEMILL_API_KEY": "", "PAGEMILL_URL": ""}),
        (1, "invalid_url", ("map", "ftp://a.example/"), {}),
        (2, "address", ("map", site.url(), "--service", "http://[::1"), {}),
        (2, "address", ("crawl", site.url(), "--service", "127.0.0.1:8080"), {}),
    ):
        found, _, errors = await pagemill(*words, **variables)
        assert (found, errors.count("\n")) == (code, 1), errors
        assert said in errors
