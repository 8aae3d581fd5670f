"""The OpenAPI document is true: what it says is what is served."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import sys
from typing import TYPE_CHECKING

import pytest
from tests.api.conftest import serving
from tests.searching.search_server import Found, SearchServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.api.conftest import Api, SimulatedWorker

    from pagemill.settings import Settings

CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,"
    "response_schema_conformance,negative_data_rejection,missing_required_header,unsupported_method,"
    "allow_header_conformance,ignored_auth"
)
SECONDS = 40
LINKS = [{"href": "https://example.com/", "text": "home"}]
IMAGES = [{"src": "https://example.com/a.png", "alt": ""}]
HELD = ("readUrl", "firecrawlScrape", "firecrawlMap")
"""What answers with why a page failed."""
CONTENT = {"html": "h", "cleanedHtml": "c", "markdown": "m", "links": LINKS, "images": IMAGES}


@contextlib.asynccontextmanager
async def working(worker: SimulatedWorker) -> AsyncIterator[None]:
    """End every page soon after it was submitted, some as failed."""

    async def work() -> None:
        for number in range(1_000_000):
            for page in await worker.start_all():
                await (worker.fail(page) if number % 3 == 0 else worker.complete(page, CONTENT))
            await asyncio.sleep(0.02)

    task = asyncio.create_task(work())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


@pytest.mark.timeout(180)
async def test_schemathesis_finds_no_lie(
    settings: Settings, key: tuple[str, str], worker: SimulatedWorker, tmp_path: Path
) -> None:
    async with (
        SearchServer([Found("https://example.com/")]) as search,
        serving(search.settings(settings, "searxng", inline_wait=0.1, webhook_timeout=0.1), key) as api,
        working(worker),
    ):
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "schemathesis.cli", "run", f"{api.url}/openapi.json"),
            *("--checks", CHECKS, "--max-time", str(SECONDS), "--max-examples", "40", "--seed", "1"),
            *("--header", f"X-API-Key: {api.secret}", "--suppress-health-check", "all", "--continue-on-failure"),
            *("--warnings", "off", "--request-timeout", "65"),
            cwd=tmp_path,
            env={**os.environ, "NO_COLOR": "1"},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await process.communicate()
        assert process.returncode == 0, output.decode()
    tested = re.search(r"(\d+) generated", output.decode())
    assert tested, output.decode()
    assert int(tested[1]) > 50, "too little was tested to say anything"


async def test_every_endpoint_says_how_it_fails(api: Api) -> None:
    document = (await api.client.get("/openapi.json")).json()
    assert document["components"]["securitySchemes"]["ApiKey"]["name"] == "X-API-Key"
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            statuses = operation["responses"].keys()
            assert "HTTPValidationError" not in str(operation["responses"])
            assert ("422" in statuses) == (operation["operationId"] in HELD)
            assert "500" in statuses
            if path.startswith(("/v1/", "/v2/")):
                assert operation["security"] == [{"ApiKey": []}, {"Bearer": []}], (method, path)
                assert statuses >= {"401", "503"}, (method, path)
            for status, response in operation["responses"].items():
                assert "X-Request-Id" in response["headers"]
                if int(status) >= 400:
                    (media_type,) = response["content"]
                    assert media_type == "application/json"
                    body = response["content"][media_type]
                    is_firecrawl = body["schema"] == {"$ref": "#/components/schemas/FirecrawlErrorBody"}
                    assert is_firecrawl == path.startswith("/v2/"), (method, path)
                    for code, example in body.get("examples", {}).items():
                        assert example["value"]["code"] == code
