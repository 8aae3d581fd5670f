"""What public clients rely on, with the official client, synchronous and asynchronous, against the whole service."""

from __future__ import annotations

import asyncio
import functools
import inspect
import json
import os
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from datetime import UTC, date, datetime
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anakin
import anakin.errors
import httpx
import pytest
from tests.api.test_client import Site, pagemill_serve
from tests.searching.search_server import Found, SearchServer
from tests.web.http_server import HttpServer, Response
from tests.web.listener import Listener

from pagemill.errors import BrowserUnavailableError
from pagemill.fetching.browser.chromium import find_chromium
from pagemill.settings import Settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from tests.api.test_client import Service


def chromium_is_there() -> bool:
    try:
        find_chromium(Settings())
    except BrowserUnavailableError:
        return False
    return True


needs_chromium = pytest.mark.skipif(not chromium_is_there(), reason="there is no Chromium")
FORMATS = ["html", "cleanedHtml", "markdown", "links", "images"]


class Client:
    """The official client, of either kind, with one way to call it: `await client.scrape(…)`."""

    def __init__(self, kind: str, key: str | None, url: str, **options: Any) -> None:
        make = {"sync": anakin.Anakin, "async": anakin.AsyncAnakin}[kind]
        settings = {"poll_interval": 0.1, "poll_timeout": 30, "max_retries": 0, **options}
        self.client = make(key, base_url=f"{url}/v1", **settings)

    def __getattr__(self, name: str) -> Any:
        method: Any = self.client
        for part in name.split("__"):  # `webhooks__create` is `webhooks.create`
            method = getattr(method, part)

        async def call(*words: Any, **named: Any) -> Any:
            if inspect.iscoroutinefunction(method):
                return await method(*words, **named)
            return await asyncio.to_thread(method, *words, **named)

        return call


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    """A web site with one page, at every path but /missing…"""
    with ThreadingHTTPServer(("127.0.0.1", 0), Site) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


KINDS = ("sync", "async")


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def service(scratch: Path) -> Iterator[Service]:
    with pagemill_serve(scratch / "client-contract", PAGEMILL_REPEAT_WINDOW="5") as service:
        yield service


@pytest.fixture
async def connect_kind() -> AsyncIterator[Callable[..., Client]]:
    """Makes clients, `connect_kind(kind, key, url, …)`, and closes them."""
    clients: list[Client] = []

    def make(kind: str, key: str | None, url: str, **options: Any) -> Client:
        clients.append(Client(kind, key, url, **options))
        return clients[-1]

    yield make
    for client in clients:
        await client.close()


@pytest.fixture
def connect(connect_kind: Callable[..., Client], kind: str) -> Callable[..., Client]:
    """Makes clients of the one kind, `connect(key, url, …)`."""
    return functools.partial(connect_kind, kind)


@pytest.fixture
def client(connect: Callable[..., Client], service: Service) -> Client:
    return connect(service.key, service.url)


async def test_every_kept_format(client: Client, site: str, kind: str) -> None:
    document = await client.scrape(f"{site}/formats-{kind}", formats=FORMATS)
    assert document.status == "completed"
    assert "<nav>" in document.html
    assert "<nav>" not in document.cleaned_html
    assert "make bread" in document.markdown
    assert document.links
    assert document.images
    for name in FORMATS:
        single = await client.scrape(f"{site}/one-{name}-{kind}", formats=[name])
        contents = {
            "html": single.html,
            "cleanedHtml": single.cleaned_html,
            "markdown": single.markdown,
            "links": single.links,
            "images": single.images,
        }
        assert [other for other, content in contents.items() if content] == [name]


async def test_without_waiting_then_getting(client: Client, site: str, kind: str) -> None:
    submitted = await client.scrape(f"{site}/later-{kind}", wait=False)
    assert submitted.status == "pending"
    async with asyncio.timeout(20):
        while (document := await client.get_scrape(submitted.id)).status not in ("completed", "failed"):
            await asyncio.sleep(0.05)
    assert document.markdown


@pytest.mark.parametrize("count", [1, 10])
async def test_batches(client: Client, site: str, kind: str, count: int) -> None:
    urls = [f"{site}/{kind}-{count}-{number}" for number in range(count)]
    batch = await client.scrape_batch(urls)
    assert batch.status == "completed"
    assert [result.url for result in batch.results] == urls
    assert all(result.markdown for result in batch.results)
    assert await client.get_scrape_batch(batch.id) == batch


async def test_a_failed_job_raises(client: Client, site: str, kind: str) -> None:
    for inline in (False, True):
        with pytest.raises(anakin.errors.JobFailedError) as failure:
            await client.scrape(f"{site}/missing-{kind}-{inline}", inline=inline)
        assert "404" in failure.value.message


async def test_inline_with_a_key(client: Client, site: str, kind: str) -> None:
    document = await client.scrape(f"{site}/inline-{kind}", inline=True)
    assert document.status == "completed"
    assert document.id.startswith("job_")


async def test_inline_without_a_key(connect_kind: Callable[..., Client], site: str, scratch: Path) -> None:
    with pagemill_serve(scratch / "client-keyless", "--no-auth") as service:
        for kind in KINDS:
            document = await connect_kind(kind, None, service.url).scrape(f"{site}/inline")
            assert document.status == "completed"
            assert "make bread" in document.markdown


async def test_a_wrong_key_and_an_unknown_job(client: Client, service: Service, connect: Callable[..., Client]) -> None:
    stranger = connect("wrong", service.url)
    with pytest.raises(anakin.errors.AuthenticationError) as wrong:
        await stranger.scrape("https://example.com/")
    assert (wrong.value.status_code, wrong.value.code) == (401, "unauthorized")
    with pytest.raises(anakin.errors.NotFoundError) as unknown:
        await client.get_scrape("job_0123456789abcdef01234567")
    assert unknown.value.code == "not_found"


async def test_a_job_that_outlasts_the_clients_patience(
    connect: Callable[..., Client], kind: str, service: Service
) -> None:
    async def never(_request: object) -> Response:
        await asyncio.sleep(60)
        return Response()

    async with HttpServer({"/never": never}) as slow:
        hasty = connect(service.key, service.url, poll_timeout=0.5)
        with pytest.raises(anakin.errors.JobTimeoutError) as timeout:
            await hasty.scrape(slow.url(f"/never?{kind}"))
        assert timeout.value.job_id.startswith("job_")
        assert (await hasty.get_scrape(timeout.value.job_id)).status in ("pending", "processing")


async def test_a_rate_limit_raises_and_polling_is_free(
    connect: Callable[..., Client], kind: str, site: str, scratch: Path
) -> None:
    with pagemill_serve(scratch / f"client-limits-{kind}", PAGEMILL_SUBMITS_PER_MINUTE="2") as service:
        limited = connect(service.key, service.url)
        documents = [await limited.scrape(f"{site}/{number}") for number in range(2)]
        with pytest.raises(anakin.errors.RateLimitError) as refusal:
            await limited.scrape(f"{site}/3")
        assert refusal.value.retry_after in range(1, 61)
        assert refusal.value.code == "rate_limited"
        for _ in range(100):
            assert (await limited.get_scrape(documents[0].id)).status == "completed"


SCHEMA = {"type": "object", "properties": {"title": {"type": "string"}, "text": {"type": "string"}}}


async def test_structured_json_by_a_schema_alone(client: Client, site: str, kind: str) -> None:
    """The client sends `generateJson: false` with a schema, whose presence asks for the JSON."""
    document = await client.scrape(f"{site}/json-{kind}", output_schema=SCHEMA, generate_json=False)
    assert document.status == "completed"
    assert document.generated_json["data"]["title"] == "Bread"
    as_format = await client.scrape(f"{site}/json-format-{kind}", formats=["json", "markdown"])
    assert isinstance(as_format.generated_json["data"], dict)
    plain = await client.scrape(f"{site}/json-none-{kind}")
    assert plain.generated_json is None
    summed_up = await client.scrape(f"{site}/summary-{kind}", formats=["summary"])
    assert "make bread" in summed_up.summary


@needs_chromium
async def test_actions_and_pictures(client: Client, kind: str) -> None:
    form = (
        b"<!doctype html><title>Form</title><body style='height:3000px'><input autofocus id=name>"
        b"<button onclick=\"document.body.append('Hello ' + document.getElementById('name').value)\">Go</button></body>"
    )
    async with HttpServer({"/": Response(form)}) as web:
        document = await client.scrape(
            web.url(f"/?{kind}"),
            formats=["html", "screenshot", "screenshotFullPage"],
            actions=[
                {"type": "wait_for", "selector": "#name"},
                {"type": "click", "selector": "#name"},
                {"type": "write", "text": "baker"},
                {"type": "press", "key": "Tab"},
                {"type": "click", "selector": "button"},
                {"type": "scroll", "direction": "down"},
                {"type": "wait", "milliseconds": 50},
            ],
        )
    assert "Hello baker" in document.html
    assert document.screenshot_url
    assert document.full_page_screenshot_url
    viewport = await client.download_screenshot(document.id)
    full = await client.download_screenshot(document.id, full_page=True)
    assert viewport.startswith(b"\x89PNG\r\n\x1a\n")
    assert height(full) > height(viewport) > 0
    with pytest.raises(anakin.errors.NotFoundError):
        await client.download_screenshot("job_0123456789abcdef01234567")


def height(png: bytes) -> int:
    """The height in a PNG's header (RFC 2083, 4.1.1)."""
    return int.from_bytes(png[20:24], "big")


class AnswerLosing(Listener):
    """A proxy that passes requests on and breaks the connection instead of answering the first `losses` POSTs."""

    def __init__(self, target: int, losses: int) -> None:
        super().__init__()
        self.target = target
        self.losses = losses
        self.posts = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, _connection: int) -> None:
        upstream, to_upstream = await asyncio.open_connection("127.0.0.1", self.target)
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                await self._pass_on(head, reader, to_upstream)
                answer = await upstream.readuntil(b"\r\n\r\n")
                if head.startswith(b"POST"):
                    self.posts += 1
                    if self.posts <= self.losses:
                        return
                writer.write(answer)
                await self._pass_body(answer, upstream, writer)
        finally:
            to_upstream.close()

    async def _pass_on(self, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = head.replace(b"Accept-Encoding", b"X-Encoding").replace(b"accept-encoding", b"x-encoding")
        writer.write(head)
        await self._pass_body(head, reader, writer)

    async def _pass_body(self, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        lines = [line.partition(b":") for line in head.lower().splitlines()]
        lengths = [int(value) for name, _, value in lines if name == b"content-length"]
        if any(name == b"transfer-encoding" for name, _, _ in lines):
            chunk = b""
            while not chunk.endswith(b"0\r\n\r\n"):
                chunk = await reader.read(65536)
                writer.write(chunk)
        elif lengths:
            writer.write(await reader.readexactly(lengths[0]))
        await writer.drain()


async def test_a_submission_whose_answer_gets_lost_leaves_one_job(
    connect: Callable[..., Client], kind: str, service: Service, site: str
) -> None:
    port = int(service.url.rpartition(":")[2])
    async with AnswerLosing(port, losses=3) as proxy:
        client = connect(service.key, proxy.url("").rstrip("/"), max_retries=4)
        document = await client.scrape(f"{site}/lost-{kind}", force_fresh=True)
        batch = await client.scrape_batch([f"{site}/lost-batch-{kind}"])
        assert proxy.posts == 5
    async with httpx.AsyncClient(base_url=service.url, headers={"X-API-Key": service.key}) as plain:
        jobs = (await plain.get("/v1/jobs", params={"limit": 100})).json()["jobs"]
    urls = [job["url"] for job in jobs]
    assert urls.count(f"{site}/lost-{kind}") == 1
    assert urls.count(f"{site}/lost-batch-{kind}") == 1
    assert {document.id, batch.id} <= {job["id"] for job in jobs}


async def test_searching(connect_kind: Callable[..., Client], site: str, scratch: Path) -> None:
    async with SearchServer([Found(f"{site}/found-{number}") for number in range(30)]) as search:
        named = {"PAGEMILL_SEARCH_SERVICE": "searxng", "PAGEMILL_SEARCH_URL": search.url()}
        with pagemill_serve(scratch / "client-search", **named) as service:
            found = {
                kind: await connect_kind(kind, service.key, service.url).search("windmills", limit=20) for kind in KINDS
            }
    for each in found.values():
        assert each.id
        assert len(each.results) == 20
        first = each.results[0]
        assert (first.url, first.title) == (f"{site}/found-0", "Windmills")
        assert (first.snippet, first.date, first.last_updated) == ("The first windmills.", "2026-01-02", None)


async def test_searching_where_it_is_not_set_up(client: Client) -> None:
    with pytest.raises(anakin.errors.AnakinError) as refusal:
        await client.search("windmills")
    assert (refusal.value.status_code, refusal.value.code) == (501, "not_supported")


async def test_webhooks(client: Client, service: Service, site: str, kind: str) -> None:
    async with HttpServer({"/hook": Response(b"", 204)}) as receiver:
        endpoint = await client.webhooks__create(receiver.url("/hook"), description="ours", events=["job.completed"])
        assert endpoint.secret.startswith("whsec_")
        [listed] = await client.webhooks__list()
        assert (listed.id, listed.secret, listed.events, listed.is_active) == (endpoint.id, None, endpoint.events, True)
        tested = await client.webhooks__test(endpoint.id)
        assert (tested.success, tested.http_status) == (True, 204)
        own = await client.scrape(f"{site}/hook-{kind}", webhook_url=receiver.url(f"/hook?{kind}"))
        async with asyncio.timeout(20):
            while len(deliveries := await client.webhooks__deliveries(job_id=own.id, status="success")) < 2:
                await asyncio.sleep(0.05)
        assert {delivery.endpoint_id for delivery in deliveries} == {endpoint.id, None}
        assert all(delivery.http_status == 204 for delivery in deliveries)
        secrets = {"": endpoint.secret, f"?{kind}": await client.webhooks__signing_secret()}
        for request in receiver.requests:
            assert anakin.verify_webhook_signature(
                request.body,
                request.headers["x-anakin-signature"],
                secrets[request.target.removeprefix("/hook")],
                timestamp=request.headers["x-anakin-timestamp"],
                tolerance=60,
            )
        before = len(receiver.requests)
        await client.webhooks__resend(deliveries[0].id)
        async with asyncio.timeout(20):
            while len(receiver.requests) == before:
                await asyncio.sleep(0.05)
        assert receiver.requests[-1].body in [request.body for request in receiver.requests[:before]]
        changed = await client.webhooks__update(endpoint.id, is_active=False)
        assert changed.is_active is False
        assert await client.webhooks__rotate_signing_secret() != secrets[f"?{kind}"]
        assert {"job.completed", "job.failed", "batch.completed"} < set(await client.webhooks__events())
        await client.webhooks__delete(endpoint.id)
        assert await client.webhooks__list() == []


async def test_monitors(client: Client, service: Service, kind: str) -> None:
    def price(euros: int) -> Response:
        text = "Flour, water, salt and time make bread. " * 20
        return Response(f"<title>Bread</title><main><h1>Bread</h1><p>{text}</p><p>{euros} euros</p></main>".encode())

    async with HttpServer({"/": price(3), "/hook": Response(b"thanks")}) as web:
        made = await client.monitors__create(
            web.url(f"/?{kind}"),
            60,
            alert_webhook_url=web.url("/hook"),
            expires_at=date(2999, 1, 31),
            include_patterns=("/docs/**",),
        )
        assert (made.scope, made.watch_mode, made.is_active) == ("page", "full_page", True)
        assert made.expires_at == datetime(2999, 2, 1, tzinfo=UTC)

        async def checked(before: datetime | None) -> Any:
            async with asyncio.timeout(30):
                while (found := await client.monitors__get(made.id)).last_checked_at == before:
                    await asyncio.sleep(0.05)
            return found

        first = await checked(None)
        assert await client.monitors__changes(made.id) == []
        web.routes["/"] = price(4)
        run = await client.monitors__run_now(made.id)
        assert (run.success, run.job_id is not None) == (True, True)
        await checked(first.last_checked_at)
        [change] = await client.monitors__changes(made.id)
        assert (change.monitor_id, change.summary) == (made.id, "1 line added, 1 line removed")
        assert change.diff == {}
        async with asyncio.timeout(20):
            while not (alerts := [request for request in web.requests if request.path == "/hook"]):
                await asyncio.sleep(0.05)
        assert anakin.verify_webhook_signature(
            alerts[0].body, alerts[0].headers["x-anakin-signature"], made.alert_webhook_secret
        )
        assert (await client.monitors__pause(made.id)).is_active is False
        assert (await client.monitors__resume(made.id, expires_at="2999-03-01")).is_active is True
        assert (await client.monitors__set_expiry(made.id, None)).expires_at is None
        replaced = await client.monitors__update(made.id, web.url("/"), 30, scope="site", max_pages=3)
        assert (replaced.interval_minutes, replaced.scope, replaced.max_pages) == (30, "site", 3)
        assert made.id in [monitor.id for monitor in await client.monitors__list()]
        await client.monitors__delete(made.id)
        with pytest.raises(anakin.errors.NotFoundError):
            await client.monitors__get(made.id)


@contextmanager
def quickly(seconds: float) -> Iterator[None]:
    began = time.monotonic()
    yield
    assert time.monotonic() - began < seconds


@pytest.fixture
async def plain(service: Service) -> AsyncIterator[httpx.AsyncClient]:
    """A client of no framework's: plain HTTP, redirects not followed."""
    async with httpx.AsyncClient(base_url=service.url, headers={"X-API-Key": service.key}, timeout=30) as client:
        yield client


async def test_a_command_line_finds_its_job_and_polls_batches_at_the_single_path(
    plain: httpx.AsyncClient, site: str
) -> None:
    for path, body in (("", {"url": f"{site}/cli"}), ("/batch", {"urls": [f"{site}/cli-a", f"{site}/cli-b"]})):
        submitted = (await plain.post(f"/v1/url-scraper{path}", json=body)).json()
        job_id = submitted.get("jobId") or submitted.get("job_id") or submitted["id"]
        assert job_id == submitted["id"]
        async with asyncio.timeout(20):
            while (answer := await plain.get(f"/v1/url-scraper/{job_id}")).json()["status"] not in (
                "completed",
                "failed",
            ):
                assert answer.status_code == 200
                await asyncio.sleep(0.05)
        assert answer.json()["status"] == "completed"


async def test_agents_find_what_they_need_in_a_completed_job(plain: httpx.AsyncClient, site: str) -> None:
    with quickly(20):
        job = (
            await plain.post("/v1/url-scraper/scrape", json={"url": f"{site}/agent", "formats": ["markdown"]})
        ).json()
    assert job["status"] == "completed"
    assert isinstance(job["url"], str)
    assert isinstance(job["markdown"], str)
    assert isinstance(job["cached"], bool)
    assert type(job["durationMs"]) is int
    assert (await plain.delete(f"/v1/url-scraper/{job['id']}")).json()["status"] == "completed"


@pytest.fixture
def command_line(service: Service, tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs `anakin …` as a person would who set two environment variables."""
    program = Path(sys.executable).with_name("anakin")
    if not program.exists():
        pytest.skip("anakin-cli is not installed")
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "NO_COLOR": "1"}
    environment |= {"ANAKIN_API_URL": service.url, "ANAKIN_API_KEY": service.key}

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(program), *words], env=environment, capture_output=True, text=True, timeout=60, check=False
        )

    return run


def test_the_real_command_line(
    command_line: Callable[..., subprocess.CompletedProcess[str]], site: str, tmp_path: Path
) -> None:
    output = tmp_path / "page.md"
    scraped = command_line("scrape", f"{site}/command-line", "-o", str(output))
    assert scraped.returncode == 0, scraped.stderr
    assert "make bread" in output.read_text()
    raw = command_line("scrape", f"{site}/command-line-raw", "--format", "raw")
    assert raw.returncode == 0, raw.stderr
    assert json.loads(raw.stdout)["status"] == "completed"
    urls = [f"{site}/command-line-{name}" for name in "ab"]
    batch = command_line("scrape-batch", *urls)
    assert batch.returncode == 0, batch.stderr
    assert [result["url"] for result in json.loads(batch.stdout)["results"]] == urls
    failed = command_line("scrape", f"{site}/missing-command-line")
    assert failed.returncode != 0
    assert "404" in failed.stderr
