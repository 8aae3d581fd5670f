"""The receivers in docs/webhooks.md run, take what is signed and refuse what is not."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shutil
import sys
from typing import TYPE_CHECKING

import httpx
import pytest
from tests.conftest import ROOT
from tests.service.running import free_port

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.api.conftest import Api, SimulatedWorker

TEXT = (ROOT / "docs" / "webhooks.md").read_text()
EXAMPLES = dict(re.findall(r"```(\w+)\n(.*?)```", TEXT, re.DOTALL))
PROGRAMS = {"python": sys.executable, "javascript": "node"}


@contextlib.asynccontextmanager
async def receiving(program: str, source: Path, secret: str) -> AsyncIterator[tuple[str, asyncio.StreamReader]]:
    """Run an example; gives its URL and what it prints."""
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        *(program, str(source)),
        env={**os.environ, "WEBHOOK_SECRET": secret, "PORT": str(port)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(20):
            while True:
                with contextlib.suppress(OSError):
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                    writer.close()
                    break
                await asyncio.sleep(0.05)
        assert process.stdout
        yield f"http://127.0.0.1:{port}/", process.stdout
    finally:
        process.kill()
        await process.communicate()


@pytest.mark.usefixtures("deliverer")
@pytest.mark.parametrize("language", PROGRAMS)
async def test_an_example_takes_what_is_signed_alone(
    api: Api, worker: SimulatedWorker, tmp_path: Path, language: str
) -> None:
    if shutil.which(PROGRAMS[language]) is None:
        pytest.skip(f"{PROGRAMS[language]} is not installed")
    source = tmp_path / {"python": "receiver.py", "javascript": "receiver.cjs"}[language]
    source.write_text(EXAMPLES[language])
    secret = (await api.client.get("/v1/webhooks/signing-secret")).json()["secret"]
    async with receiving(PROGRAMS[language], source, secret) as (url, printed):
        job_id = await api.submit("https://example.com/", webhook_url=url)
        await worker.complete_all()
        async with asyncio.timeout(60):
            assert (await printed.readline()).decode().split() == ["job.completed", job_id]
        async with httpx.AsyncClient() as client:
            for headers in ({}, {"X-Anakin-Signature": "sha256=" + "0" * 64}, {"X-Anakin-Signature": "x"}):
                assert (await client.post(url, content=b"{}", headers=headers)).status_code == 401


def test_every_event_and_status_is_documented() -> None:
    from pagemill.jobs.webhooks.endpoints import DeliveryStatus, Event

    assert set(re.findall(r"^\| `([\w.]+)` \|", TEXT, re.MULTILINE)) == set(Event)
    api_page = (ROOT / "docs" / "api.md").read_text()
    assert all(f"| `{status}` |" in api_page for status in DeliveryStatus)
