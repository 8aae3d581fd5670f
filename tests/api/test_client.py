"""The official client against the whole service: real workers, a real page."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import anakin
import anakin.errors
import pytest
from tests.service import made_database

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PAGE = (
    "<!doctype html><html lang=en><title>Bread</title><body><nav><a href=/>home</a></nav><main><h1>Bread</h1><p>"
    + "Flour, water, salt and time make bread. " * 20
    + '<img src=/loaf.png alt="A loaf"> <a href="/more">More</a></p></main></body></html>'
).encode()


class Site(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        found = not self.path.startswith("/missing")
        self.send_response(200 if found else 404)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(PAGE)))
        self.end_headers()
        self.wfile.write(PAGE)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    """A web site with one page, at every path but /missing."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Site) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@dataclass(frozen=True, slots=True)
class Service:
    url: str
    key: str


@contextmanager
def pagemill_serve(data_dir: Path, *words: str, **settings: str) -> Iterator[Service]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PAGEMILL_", "ANAKIN_"))}
    environment |= {"PAGEMILL_ALLOWED_NETWORKS": "127.0.0.0/8", "PAGEMILL_LOG_LEVEL": "error", **settings}
    with ThreadPoolExecutor(1) as thread:  # ours may have an event loop that runs
        thread.submit(made_database.copy_to, data_dir).result()
    process = subprocess.Popen(
        (*(sys.executable, "-m", "pagemill", "serve"), "--port", "0", "--workers", "1", "--data-dir", data_dir, *words),
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout
        line = process.stdout.readline()
        ready = re.search(r"(http://\S+).*key, shown this once: (\S+)", line)
        assert ready, line
        yield Service(ready[1], ready[2])
    finally:
        process.terminate()
        process.communicate(timeout=30)


@pytest.fixture(scope="module")
def service(scratch: Path) -> Iterator[Service]:
    with pagemill_serve(scratch / "service-for-client") as service:
        yield service


@pytest.fixture
def client(service: Service) -> Iterator[anakin.Anakin]:
    with anakin.Anakin(
        service.key, base_url=f"{service.url}/v1", poll_interval=0.1, poll_timeout=30, max_retries=0
    ) as client:
        yield client


@pytest.mark.parametrize("inline", [False, True])
def test_scrape(client: anakin.Anakin, site: str, inline: bool) -> None:
    document = client.scrape(f"{site}/bread", formats=["markdown", "links", "images"], country="de", inline=inline)
    assert document.status == "completed"
    assert document.markdown
    assert "Flour, water, salt and time make bread." in document.markdown
    assert (document.html, document.cleaned_html, document.cached, document.error) == (None, None, False, None)
    assert (document.url, document.country, document.job_type) == (f"{site}/bread", "de", "url_scraper")
    assert document.links is not None
    assert f"{site}/more" in [link.href for link in document.links]
    assert [(image.src, image.alt) for image in document.images or ()] == [(f"{site}/loaf.png", "A loaf")]
    assert document.created_at
    assert document.completed_at
    assert document.created_at < document.completed_at
    assert document.duration_ms > 0
    assert client.get_scrape(document.id) == document


def test_a_batch_with_a_page_that_is_missing(client: anakin.Anakin, site: str, service: Service) -> None:
    batch = client.scrape_batch([f"{site}/a", f"{site}/missing", f"{site}/b"])
    assert batch.status == "completed"
    assert [item.status for item in batch.results] == ["completed", "failed", "completed"]
    assert [item.index for item in batch.results] == [0, 1, 2]
    assert all((item.html or "").startswith("<!doctype html>") for item in batch.results[::2])
    assert batch.results[1].error
    assert "404" in batch.results[1].error
    assert "(http_error)" in batch.results[1].error
    assert client.get_scrape_batch(batch.id) == batch


@pytest.mark.parametrize("inline", [False, True])
def test_a_job_that_fails(client: anakin.Anakin, site: str, inline: bool) -> None:
    with pytest.raises(anakin.errors.JobFailedError) as failure:
        client.scrape(f"{site}/missing", inline=inline)
    assert "404" in str(failure.value)


def test_submitting_without_waiting(client: anakin.Anakin, site: str) -> None:
    document = client.scrape(f"{site}/later", wait=False)
    assert document.status == "pending"
    assert document.id.startswith("job_")
    assert client.get_scrape(document.id).url == f"{site}/later"


async def test_the_asynchronous_client(service: Service, site: str) -> None:
    async with anakin.AsyncAnakin(service.key, base_url=f"{service.url}/v1", poll_interval=0.1) as client:
        document = await client.scrape(f"{site}/bread", formats=["html", "cleanedHtml"])
        assert document.html
        assert "<nav>" in document.html
        assert document.cleaned_html
        assert "<nav>" not in document.cleaned_html
        assert document.markdown is None


def test_errors_are_the_clients_own(client: anakin.Anakin, service: Service) -> None:
    with pytest.raises(anakin.errors.InvalidRequestError) as invalid:
        client.scrape("nonsense")
    assert (invalid.value.code, invalid.value.status_code) == ("invalid_url", 400)
    assert invalid.value.request_id
    with pytest.raises(anakin.errors.NotFoundError):
        client.get_scrape("job_0")
    with pytest.raises(anakin.errors.InvalidRequestError, match="outputSchema"):
        client.scrape("https://example.com", output_schema={"type": "objekt"})
    with (
        anakin.Anakin("wrong", base_url=f"{service.url}/v1", max_retries=0) as stranger,
        pytest.raises(anakin.errors.AuthenticationError),
    ):
        stranger.get_scrape("job_0")
