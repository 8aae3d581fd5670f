"""Answers with contents, as different clients read them."""

from __future__ import annotations

import asyncio
import json
import random
import shutil
import tracemalloc
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import urllib3
import zstandard
from urllib3.util.request import ACCEPT_ENCODING

if TYPE_CHECKING:
    from tests.api.conftest import Api, SimulatedWorker

BLOCK_HEADER, BLOCK = 3, 100_000  # the header of a frame's last block changes, and only that
CHECKSUM = 4  # bytes at the end of a frame, of that frame alone
TRICKY = 'quote " backslash \\ slash / tab \t line\n\u2028 nul \x00 é 漢字 😀 </script>'


def long_text(seed: int, characters: int = 400_000) -> str:
    """Text that neither repeats nor compresses to nothing."""
    words = random.Random(seed)
    return " ".join(f"{words.randrange(10**6):x}" for _ in range(characters // 6))


@pytest.fixture
async def batch(api: Api, worker: SimulatedWorker) -> tuple[str, list[dict[str, str]]]:
    """A batch of three: its id and its contents."""
    contents = [
        {"html": long_text(number), "cleanedHtml": TRICKY, "markdown": long_text(number + 10, 3000)}
        for number in range(3)
    ]
    job_id = await api.submit(*[f"https://example.com/{number}" for number in range(3)])
    for page, content in zip(await worker.start_all(), contents, strict=True):
        await worker.complete(page, content)
    return job_id, contents


def contents_of(job: dict[str, Any]) -> list[dict[str, str]]:
    return [{name: item[name] for name in ("html", "cleanedHtml", "markdown")} for item in job["results"]]


ENCODINGS = [
    ("gzip, deflate, br, zstd", "zstd"),
    ("gzip", "gzip"),
    ("identity", None),
    ("", None),
    ("zstd;q=0.1, gzip;q=0.5", "gzip"),
    ("zstd;q=0, gzip;q=0, *", None),
    ("*", "zstd"),
    ("br", None),
]


async def test_httpx_reads_every_encoding(api: Api, batch: tuple[str, list[dict[str, str]]]) -> None:
    job_id, contents = batch
    for accept, encoding in ENCODINGS:
        answer = await api.client.get(f"/v1/url-scraper/{job_id}", headers={"Accept-Encoding": accept})
        assert answer.headers.get("Content-Encoding") == encoding, accept
        assert answer.headers["Content-Type"] == "application/json"
        assert answer.headers["Vary"] == "Accept-Encoding"
        assert contents_of(answer.json()) == contents


@pytest.mark.parametrize("options", [["--compressed"], ["-H", "Accept-Encoding: zstd", "--compressed"], []])
async def test_curl_reads_it_whole(api: Api, batch: tuple[str, list[dict[str, str]]], options: list[str]) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    job_id, contents = batch
    url = f"{api.url}/v1/url-scraper/{job_id}"
    process = await asyncio.create_subprocess_exec(
        *("curl", "-sS", *options, "-H", f"X-API-Key: {api.secret}", url), stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate()
    assert process.returncode == 0
    assert contents_of(json.loads(output)) == contents


@pytest.mark.parametrize("accept", [name for name in ("zstd", "gzip") if name in str(ACCEPT_ENCODING)])
async def test_urllib3_reads_it_whole(api: Api, batch: tuple[str, list[dict[str, str]]], accept: str) -> None:
    job_id, contents = batch
    headers = {"X-API-Key": api.secret, "Accept-Encoding": accept}

    def read() -> Any:
        with urllib3.PoolManager() as pool:
            answer = pool.request("GET", f"{api.url}/v1/url-scraper/{job_id}", headers=headers)
            assert answer.headers["Content-Encoding"] == accept
            return answer.json()

    assert contents_of(await asyncio.to_thread(read)) == contents


async def test_stored_data_goes_out_as_it_is(api: Api, batch: tuple[str, list[dict[str, str]]]) -> None:
    job_id, _ = batch
    resources = api.server.app.state.resources
    pages = await resources.jobs.pages(job_id)
    async with api.client.stream("GET", f"/v1/url-scraper/{job_id}", headers={"Accept-Encoding": "zstd"}) as answer:
        raw = b"".join([chunk async for chunk in answer.aiter_raw()])
    for page in pages:
        for frame in (await resources.jobs.bodies(page.id)).values():
            blocks = frame[zstandard.frame_header_size(frame) + BLOCK_HEADER : -CHECKSUM]
            assert blocks in raw or len(frame) > BLOCK


@pytest.mark.parametrize("accept", ["zstd", "gzip", "identity"])
async def test_a_long_answer_is_never_whole_in_memory(api: Api, worker: SimulatedWorker, accept: str) -> None:
    job_id = await api.submit(*[f"https://example.com/{number}" for number in range(16)])
    page_text = long_text(1, 600_000)
    await worker.complete_all({"html": page_text, "cleanedHtml": page_text, "markdown": "m"})
    length = others = 0
    await api.client.get("/health")  # what its first answer loads is no part of a long one
    tracemalloc.start()
    try:
        url = f"/v1/url-scraper/{job_id}"
        async with api.client.stream("GET", url, headers={"Accept-Encoding": accept}) as answer:
            async for chunk in answer.aiter_raw():
                length += len(chunk)
                if length // 1_000_000 > others:  # others are served meanwhile
                    others += (await api.client.get("/health")).status_code == 200
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert length > 5_000_000
    assert others >= 5
    assert peak < 4_000_000, "more than a few pages were held"


async def test_a_single_job_keeps_any_text(api: Api, worker: SimulatedWorker) -> None:
    job_id = await api.submit("https://example.com/")
    await worker.complete_all({"html": TRICKY, "cleanedHtml": "", "markdown": "\ud800"})
    job = await api.job(job_id)
    assert (job["html"], job["cleanedHtml"], job["markdown"]) == (TRICKY, "", "\ufffd")


async def test_an_answer_that_breaks_off_is_seen_to_be_broken(
    api: Api, batch: tuple[str, list[dict[str, str]]], database: Any
) -> None:
    job_id, _ = batch
    await database.rows("UPDATE bodies SET body = '\\x00' WHERE page_id = (SELECT max(page_id) FROM bodies)")
    with pytest.raises(httpx.RemoteProtocolError):
        await api.client.get(f"/v1/url-scraper/{job_id}", headers={"Accept-Encoding": "identity"})
    assert (await api.client.get("/health")).status_code == 200


async def test_a_head_request_gets_the_head_alone(api: Api, batch: tuple[str, list[dict[str, str]]]) -> None:
    job_id, _ = batch
    answer = await api.client.head(f"/v1/url-scraper/{job_id}")
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["Content-Type"] == "application/json"
    assert (await api.client.get("/health")).status_code == 200
