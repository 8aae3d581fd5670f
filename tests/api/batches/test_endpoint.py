from __future__ import annotations

import asyncio
import contextlib
import gzip
import io
import json
from collections import Counter
from unittest.mock import ANY

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from tests.api.conftest import serving
from tests.api.endpoints.test_map import working
from tests.web.http_server import HttpServer, Response

from pagemill.api.batches.requests import LineReader
from pagemill.api.uploads.tables import TableProcesses
from pagemill.jobs.batches.store import BatchStore, Line
from pagemill.jobs.queue.store import JobStore


@pytest.fixture
def feed(database, settings):
    """Puts the URLs of batches into the queue, as a worker does."""
    store = BatchStore(database, JobStore(database), settings.changed(batch_queued_pages=4))
    return store.release


async def upload(api, body, status=202, *, key=None, **options):
    headers = {"X-Batch-Options": json.dumps(options)} if options else {}
    answer = await api.client.post(
        "/v1/batches", content=body, headers={**headers, **({"Idempotency-Key": key} if key else {})}
    )
    assert answer.status_code == status, answer.text
    return answer.json()


async def get(api, batch_id):
    answer = await api.client.get(f"/v1/batches/{batch_id}")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def results(api, batch_id, **parameters):
    answer = await api.client.get(f"/v1/batches/{batch_id}/results", params=parameters)
    assert answer.status_code == 200, answer.text
    return [json.loads(line) for line in answer.text.splitlines()], answer.headers


def urls(count):
    return "".join(f"https://example.com/{number}\n" for number in range(count))


async def stored_lines(database):
    return (await database.row("SELECT count(*) AS lines FROM batch_lines"))["lines"]


async def test_a_batch_passes_through_the_queue_part_by_part(api, worker, feed, database) -> None:
    body = '\ufeff"https://example.com/a"\r\n\nexample.com/b\n{"url": "https://example.com/c", "id": 7, "more": null}\n'
    submitted = await upload(api, body.encode() + urls(6).encode(), formats=["markdown"])
    assert (submitted["status"], submitted["jobType"], submitted["totalPages"]) == ("pending", "bulk_url_scraper", 9)
    batch_id = submitted["id"]
    assert await feed() == (4, 1)
    assert await feed() == (0, 1)
    pages = await worker.start_all()
    assert [page.url for page in pages] == [f"https://example.com/{name}" for name in "abc0"]
    await worker.fail(pages[2])
    await worker.complete(pages[0])
    first, headers = await results(api, batch_id)
    assert (headers["X-Next-Cursor"], headers["X-Batch-Status"]) == ("2", "processing")
    assert [(line["number"], line["index"], line.get("id"), line["status"]) for line in first] == [
        *((1, 2, "7", "failed"), (2, 0, None, "completed")),
    ]
    assert first[1]["markdown"]
    assert first[1]["html"] is None
    assert (await get(api, batch_id)).items() >= {
        "totalPages": 9,
        "completedPages": 1,
        "failedPages": 1,
        "notBegunPages": 5,
    }.items()
    await worker.complete(pages[1])
    await worker.complete(pages[3])
    for _ in range(3):
        await feed()
        await worker.complete_all()
    ended = await get(api, batch_id)
    assert (ended["status"], ended["completedPages"], ended["notBegunPages"]) == ("completed", 8, 0)
    rest, headers = await results(api, batch_id, cursor=2, limit=3)
    assert [line["number"] for line in rest] == [3, 4, 5]
    assert headers["X-Next-Cursor"] == "5"
    assert (await results(api, batch_id, cursor=9))[0] == []
    listed = (await api.client.get("/v1/jobs")).json()["jobs"][0]
    assert (listed["id"], listed["pages"], listed["pagesCompleted"], listed["pagesFailed"]) == (batch_id, 9, 8, 1)
    # Such a batch counts in no limit of the queue.
    counted = await database.row("SELECT coalesce(sum(pages), 0) AS pages FROM unended_pages")
    assert counted["pages"] == 0


async def test_a_line_has_options_of_its_own(api, worker, feed) -> None:
    lines = [
        {"url": "https://example.com/1", "options": {"formats": ["cleanedHtml"], "country": None}},
        {"url": "https://example.com/2", "options": '{"maxTokens": 100}'},
        {"url": "https://example.com/3"},
    ]
    submitted = await upload(api, "\n".join(map(json.dumps, lines)), formats=["html"], userAgent="Test")
    await feed()
    pages = await worker.start_all()
    assert [page.options.formats[0] for page in pages] == ["cleanedHtml", "html", "html"]
    assert [page.options.user_agent for page in pages] == ["Test"] * 3
    assert pages[1].options.markdown.max_tokens == 100
    await worker.complete_all()
    for page in pages:
        await worker.complete(page)
    found, _ = await results(api, submitted["id"])
    assert found[0]["cleanedHtml"]
    assert found[0]["html"] is None
    assert found[2]["html"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("ftp://example.com/", "only http and https"),
        ('{"url": 7}', "`url`"),
        ("[1]", "neither"),
        ('{"url"', "JSON"),
        ('{"url": "https://example.com/", "id": ""}', "`id`"),
        ('{"url": "https://example.com/", "options": []}', "`options`"),
        ('{"url": "https://example.com/", "options": {"formats": ["x"]}}', "`formats[0]`"),
        ('{"url": "https://example.com/", "options": {"sessionId": "x"}}', "whole batch"),
        ('{"url": "https://example.com/", "options": {"typo": 1}}', "`options.typo`"),
        (r'{"url": "https://example.com/", "id": "\u0000"}', "NUL"),
        (r'{"url": "https://example.com/", "options": "{\"includeTags\": [\"a\u005cu0000\"]}"}', "NUL"),
        ('{"url": "https://example.com/", "options": {"headers": %s}}' % ("[" * 300 + "]" * 300), "deeply"),
        (b"\xff", "UTF-8"),
    ],
)
async def test_a_bad_line_is_named_and_refuses_the_batch(api, database, line, said) -> None:
    line = line if isinstance(line, bytes) else line.encode()
    answer = await upload(api, b"https://example.com/\n\n" + line, 400)
    assert answer["message"].startswith("Line 3: ")
    assert said in answer["message"]
    assert await stored_lines(database) == 0


async def test_what_is_no_upload_is_refused(api, database, settings, key) -> None:
    assert "no URL" in (await upload(api, b"\n", 400))["message"]
    assert "`formats[0]`" in (await upload(api, urls(1), 400, formats=["x"]))["message"]
    bad = await api.client.post("/v1/batches", content=urls(1), headers={"X-Batch-Options": "{"})
    assert bad.status_code == 400
    limits = {"batch_upload_urls": 3, "batch_upload_bytes": 500, "batch_line_bytes": 100}
    async with serving(settings.changed(**limits), key) as small:
        assert "At most 3 URLs" in (await upload(small, urls(4), 413))["message"]
        assert "100 bytes" in (await upload(small, b"x" * 200, 413))["message"]
        assert (await upload(small, urls(100), 413))["code"] == "payload_too_large"
    assert await stored_lines(database) == 0
    assert (await database.row("SELECT count(*) AS jobs FROM jobs"))["jobs"] == 0


async def test_an_idempotency_key_makes_one_batch(api, database) -> None:
    first = await upload(api, urls(3), key="k")
    again = await upload(api, urls(3), key="k")
    assert first == again
    assert (await upload(api, urls(4), 409, key="k"))["code"] == "conflict"
    assert (await upload(api, urls(3), 409, key="k", formats=["html"]))["code"] == "conflict"
    at_once = await asyncio.gather(*(upload(api, urls(5), key="k2") for _ in range(2)))
    assert at_once[0] == at_once[1]
    assert await stored_lines(database) == 8


async def test_batches_have_limits_of_their_own(settings, key, worker, feed) -> None:
    limits = {"batches_per_key": 2, "batch_waiting_urls_per_key": 10, "batch_uploads_per_key": 1}
    async with serving(settings.changed(queued_pages_per_key=1, **limits), key) as api:
        await upload(api, urls(20))  # of any size where none waits
        refused = await api.client.post("/v1/batches", content=urls(1))
        assert (refused.status_code, refused.headers["Retry-After"]) == (429, "10")
        for _ in range(5):
            await feed()
            await worker.complete_all()
        await upload(api, urls(5))
        await upload(api, urls(5))
        assert "At most 2 batches" in (await upload(api, urls(1), 429))["message"]
        await feed()
        await api.submit("https://example.com/single")  # the queue's own limit knows nothing of batches


async def test_a_batch_is_cancelled(api, worker, feed) -> None:
    batch_id = (await upload(api, urls(20)))["id"]
    await feed()
    [page] = (await worker.start_all())[:1]
    answer = await api.client.delete(f"/v1/batches/{batch_id}")
    assert answer.json()["notBegunPages"] == 16
    assert (await feed()) == (0, 0)
    await worker.complete(page)


async def test_a_batch_that_waits_is_cancelled_at_once(api, feed) -> None:
    batch_id = (await upload(api, urls(20)))["id"]
    answer = (await api.client.delete(f"/v1/batches/{batch_id}")).json()
    assert (answer["status"], answer["notBegunPages"], answer["cancelledAt"] is not None) == ("failed", 20, True)
    assert await feed() == (0, 0)
    assert (await results(api, batch_id))[0] == []


async def test_secrets_of_lines_are_kept_encrypted(api, worker, feed, database) -> None:
    line = {"url": "https://example.com/", "options": {"headers": {"Authorization": "Bearer of-the-line"}}}
    await upload(api, json.dumps(line), cookies={"a": "of-the-batch"})
    await feed()
    [page] = await worker.start_all()
    assert page.options.sealed is not None
    stored = await database.rows(
        "SELECT options::text FROM jobs UNION ALL SELECT options::text FROM pages UNION ALL "
        "SELECT options::text FROM batch_lines"
    )
    assert not any("of-the-" in row["options"] for row in stored)


async def test_other_keys_see_no_batch(api, database, settings) -> None:
    from pagemill.jobs.keys.keys import Keys

    batch_id = (await upload(api, urls(1)))["id"]
    other = {"X-API-Key": (await Keys(database).create("other"))[1]}
    for method, path in (("GET", ""), ("GET", "/results"), ("DELETE", "")):
        answer = await api.client.request(method, f"/v1/batches/{batch_id}{path}", headers=other)
        assert answer.status_code == 404
    assert (await api.client.get(f"/v1/url-scraper/{batch_id}")).status_code == 404
    assert (await get(api, batch_id))["status"] == "pending"


async def test_parquet_in_and_out(api, worker, feed, database) -> None:
    table = pa.table(
        {
            "url": ["https://example.com/a", "example.com/b"],
            "id": [1, 2],
            "options": [{"maxTokens": None, "frontMatter": None}, {"maxTokens": 100, "frontMatter": None}],
            "other": [b"\xff", None],
        }
    )
    sink = io.BytesIO()
    pq.write_table(table, sink)
    batch_id = (await upload(api, sink.getvalue()))["id"]
    await feed()
    pages = await worker.start_all()
    assert [page.options.markdown.max_tokens for page in pages] == [None, 100]
    await worker.complete(pages[1])
    await worker.fail(pages[0])
    answer = await api.client.get(f"/v1/batches/{batch_id}/results", params={"format": "parquet"})
    assert answer.headers["Content-Type"] == "application/vnd.apache.parquet"
    rows = pq.read_table(io.BytesIO(answer.content)).to_pylist()
    assert [(row["number"], row["id"], row["url"], row["status"]) for row in rows] == [
        (1, "2", "https://example.com/b", "completed"),
        (2, "1", "https://example.com/a", "failed"),
    ]
    assert rows[0]["markdown"] == "Ünï\n"
    late = io.BytesIO()
    pq.write_table(pa.table({"url": ["https://example.com/"], "id": pa.array([2**55], pa.timestamp("ms"))}), late)
    for bad in (sink.getvalue()[:-40], b"PAR1" + bytes(100), late.getvalue()):
        said = (await upload(api, bad, 400))["message"]
        assert "Parquet" in said
        assert "Traceback" not in said
    assert await stored_lines(database) == 2


PACKED = {
    "gzip": lambda body: gzip.compress(body[:10]) + gzip.compress(body[10:], mtime=0),
    "zstd": lambda body: zstandard.compress(body[:10]) + zstandard.compress(body[10:]),
}


@pytest.mark.parametrize("coding", PACKED)
async def test_an_upload_may_be_compressed(api, database, coding) -> None:
    """The same bytes are the same request, however they are compressed."""
    sink = io.BytesIO()
    pq.write_table(pa.table({"url": ["https://example.com/a", "https://example.com/b"]}), sink)
    for number, body in enumerate((urls(3000).encode(), sink.getvalue())):
        packed, headers = PACKED[coding](body), {"Content-Encoding": coding, "Idempotency-Key": f"k{number}"}
        answers = [await api.client.post("/v1/batches", content=packed, headers=headers) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [202, 202], answers[0].text
        assert (await upload(api, body, key=f"k{number}"))["id"] == answers[0].json()["id"] == answers[1].json()["id"]
    assert await stored_lines(database) == 3002


@pytest.mark.parametrize("coding", PACKED)
async def test_an_upload_that_cannot_be_decompressed_is_refused(api, database, settings, key, coding) -> None:
    async def send(to, body, coding=coding):
        answer = await to.client.post("/v1/batches", content=body, headers={"Content-Encoding": coding})
        return answer.status_code, answer.json()["message"]

    packed = PACKED[coding](urls(3000).encode())
    assert await send(api, urls(3).encode()) == (400, ANY)
    status, said = await send(api, packed[:-5])
    assert (status, "breaks off" in said) == (400, True)
    assert "`gzip` or `zstd`" in (await send(api, packed, "br"))[1]
    async with serving(settings.changed(batch_upload_bytes=100_000), key) as small:
        status, said = await send(small, PACKED[coding](b"\n" * 50_000_000))
        assert (status, "100000 bytes, decompressed" in said) == (413, True)
    assert await stored_lines(database) == 0


async def test_zstd_that_looks_back_too_far_is_refused(api) -> None:
    far = zstandard.ZstdCompressionParameters.from_level(3, window_log=27)
    compressor = zstandard.ZstdCompressor(compression_params=far).compressobj()
    packed = compressor.compress(urls(9).encode()) + compressor.flush()
    answer = await api.client.post("/v1/batches", content=packed, headers={"Content-Encoding": "zstd"})
    assert (answer.status_code, "window" in answer.json()["message"]) == (400, True)


async def test_who_reads_tables_slowly_keeps_no_other_key_from_them(settings, tmp_path) -> None:
    pq.write_table(pa.table({"url": ["https://example.com/"]}), tmp_path / "urls.parquet")
    tables = TableProcesses(settings.changed(batch_table_processes=1))
    with (tmp_path / "urls.parquet").open("rb") as slow, (tmp_path / "urls.parquet").open("rb") as other:
        async with contextlib.aclosing(tables.lines_of("slow", slow)) as unread:
            assert b"example.com" in await anext(unread)
            async with asyncio.timeout(60):
                assert [b"example.com" in part async for part in tables.lines_of("other", other)] == [True]


async def test_who_goes_away_midway_leaves_nothing(api, database) -> None:
    reader, writer = await asyncio.open_connection(*api.url.removeprefix("http://").split(":"))
    head = f"POST /v1/batches HTTP/1.1\r\nHost: x\r\nX-API-Key: {api.secret}\r\nContent-Length: 10000000\r\n\r\n"
    writer.write(head.encode() + urls(5000).encode())
    await writer.drain()
    async with asyncio.timeout(60):
        while not await stored_lines(database):
            await asyncio.sleep(0.02)
        assert (await database.row("SELECT count(*) AS jobs FROM jobs"))["jobs"] == 0
        writer.close()
        while await stored_lines(database):
            await asyncio.sleep(0.02)
    assert (await database.row("SELECT count(*) AS jobs FROM jobs"))["jobs"] == 0
    del reader


@pytest.mark.usefixtures("deliverer")
async def test_the_callback_gets_the_manifest(api, worker, feed) -> None:
    async with HttpServer({"/hook": Response(b"")}) as receiver:
        batch_id = (await upload(api, urls(3), callback=receiver.url("/hook")))["id"]
        await feed()
        pages = await worker.start_all()
        await worker.fail(pages[0])
        for page in pages[1:]:
            await worker.complete(page)
        async with asyncio.timeout(60):
            while not receiver.requests:
                await asyncio.sleep(0.02)
    told = json.loads(receiver.requests[0].body)
    assert (told["event"], told["jobId"], told["status"]) == ("batch.completed", batch_id, "completed")
    assert told["url"].endswith(f"/v1/batches/{batch_id}")
    shown = await get(api, batch_id)
    del shown["jobId"]
    assert told["data"] == shown
    assert (shown["completedPages"], shown["failedPages"]) == (2, 1)


async def test_workers_feed_the_queue(api, settings) -> None:
    page = Response(b"<title>T</title><p>Some words of it.")
    async with HttpServer({"/": page}) as web, working(settings, batch_queued_pages=4, batch_poll_interval=0.02):
        batch_id = (await upload(api, f"{web.url('/')}\n" * 20, formats=["markdown"]))["id"]
        ended = (await api.client.get(f"/v1/batches/{batch_id}", params={"wait": 30})).json()
    assert (ended["status"], ended["completedPages"]) == ("completed", 20)
    assert len((await results(api, batch_id))[0]) == 20


async def test_many_short_lines_keep_no_other_request_waiting(settings, key, api, monkeypatch) -> None:
    turns = 0
    read_in_turn: Counter[int] = Counter()
    read = LineReader.read

    async def count_turns() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async def read_in(reader: LineReader, line: bytes) -> Line | None:
        read_in_turn[turns] += 1
        return await read(reader, line)

    monkeypatch.setattr(LineReader, "read", read_in)
    counting = asyncio.create_task(count_turns())
    assert "no URL" in (await upload(api, b"\n" * 50_000, 400))["message"]
    counting.cancel()
    assert read_in_turn.total() == 50_000
    assert max(read_in_turn.values()) <= 500
    async with serving(settings.changed(batch_upload_urls=3), key) as small:
        assert "blank lines" in (await upload(small, b"\n" * 7 + urls(1).encode(), 413))["message"]
        await upload(small, b"\n\n" + urls(1).encode())
