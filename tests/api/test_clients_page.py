"""docs/clients.md: its examples run, and what it says of clients that are not installed is what those send."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
from tests.api.test_client import pagemill_serve
from tests.conftest import ROOT
from tests.web.http_server import HttpServer, Response

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.api.test_client import Service

TEXT = (ROOT / "docs" / "clients.md").read_text()
FENCED = re.findall(r"```(?:python|sh)\n(.*?)```", TEXT, re.DOTALL)
EXAMPLES = [example for example in FENCED if not example.startswith("pip install")]
PAGE = Response(b"<html><body><article><h1>Title</h1><p>Words of a page.</p></article></body></html>")


@pytest.fixture(scope="module")
def service(scratch: Path) -> Iterator[Service]:
    with pagemill_serve(scratch / "clients-page") as service:
        yield service


def run(service: Service, site: str, program: list[str], example: str, home: Path) -> str:
    """Run an example with the real address, key and site in place of its own, and return what it printed."""
    text = example.replace("http://127.0.0.1:8080", service.url).replace("pm_...", service.key)
    text = text.replace("https://example.com", site)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {"PATH": path, "HOME": str(home), "NO_COLOR": "1"}
    done = subprocess.run([*program, text], env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


async def test_the_examples_run(service: Service, tmp_path: Path) -> None:
    own, python, shell, firecrawl = (
        next(example for example in EXAMPLES if sign in example)
        for sign in ("from pagemill", "from anakin", "anakin scrape", "from firecrawl")
    )
    async with HttpServer({"/": PAGE, "/a": PAGE, "/b": PAGE}) as web:
        site = web.url("").rstrip("/")
        printed = await asyncio.to_thread(run, service, site, [sys.executable, "-c"], own, tmp_path)
        assert printed.count("Words of a page.") == 2
        assert f"{site}/b completed None" in printed
        assert "Progress(completed=1, failed=0, total=1)" in printed
        printed = await asyncio.to_thread(run, service, site, [sys.executable, "-c"], python, tmp_path)
        assert "Words of a page." in printed
        printed = await asyncio.to_thread(run, service, site, [sys.executable, "-c"], firecrawl, tmp_path)
        assert "Words of a page." in printed
        assert printed.splitlines()[-2:] == [f"{site}/a", f"{site}/b"]
        if not Path(sys.executable).with_name("anakin").exists():
            pytest.skip("anakin-cli is not installed")
        printed = await asyncio.to_thread(run, service, site, ["sh", "-ec"], shell, tmp_path)
        assert printed.count("Words of a page.") >= 3


async def test_requests_of_workflow_tools(service: Service) -> None:
    """n8n and Zapier: no /v1 in their base address; n8n tests credentials; `jobId`, `status` and `error` are read."""
    async with (
        HttpServer({"/": PAGE}) as web,
        httpx.AsyncClient(base_url=service.url, headers={"X-API-Key": service.key}, timeout=30) as client,
    ):
        assert (await client.get("/v1/health")).status_code == 200
        body = {"job_type": "url_scraper", "url": web.url("/"), "country": "us", "force_fresh": False}
        job_id = (await client.post("/v1/request", json=body)).json()["jobId"]
        async with asyncio.timeout(20):
            while (job := (await client.get(f"/v1/request/{job_id}")).json())["status"] != "completed":
                assert job["status"] != "failed", job["error"]
                await asyncio.sleep(0.05)
        assert "Words of a page." in job["markdown"]


async def test_requests_of_agents(service: Service) -> None:
    """The agents' server: it needs `jobId`, and these fields of a completed job, of these types."""
    async with (
        HttpServer({"/": PAGE}) as web,
        httpx.AsyncClient(base_url=service.url, headers={"X-API-Key": service.key}, timeout=30) as client,
    ):
        body = {
            "url": web.url("/agents"),
            "formats": ["markdown"],
            "country": "us",
            "useBrowser": False,
            "generateJson": False,
            "forceFresh": False,
        }
        web.routes["/agents"] = PAGE
        job_id = (await client.post("/v1/url-scraper", json=body)).json()["jobId"]
        job = (await client.get(f"/v1/url-scraper/{job_id}", params={"wait": 20})).json()
        types = {name: type(job[name]) for name in ("status", "url", "markdown", "cached", "durationMs")}
        assert types == {"status": str, "url": str, "markdown": str, "cached": bool, "durationMs": int}
        error = await client.post("/v1/search", json={"prompt": "mills", "limit": 1})
        assert (error.status_code, error.json()["error"]) == (501, "not_supported")
