"""One peer over all URLs: how long it took, and what it used."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

from bench.costs import processes
from bench.peers.process_tree import ProcessTree
from bench.service import BATCH, running_service

if TYPE_CHECKING:
    from collections.abc import Sequence

PROGRAMS = Path(__file__).with_name("programs")


@dataclass(frozen=True, slots=True)
class Run:
    """What one peer took for all URLs."""

    seconds: float
    cpu: float
    """Seconds of processor time, from the first request to the last page."""
    peak_memory: int
    """Bytes."""
    pages: int
    """How many gave text."""
    words: int


def run_program(python: Path, program: str, arguments: Sequence[str], urls: list[str]) -> Run:
    """Run a peer's program in a process for each core. What it takes to start and to warm up is not counted."""
    count = os.cpu_count() or 1
    command = [str(python), str(PROGRAMS / f"{program}.py"), *arguments]
    started = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(count)
    ]
    try:
        for number, process in enumerate(started):
            _send(process, json.dumps(urls[number::count]))
        for process in started:
            if _read(process) != "ready":
                raise SystemExit(f"{program} did not start.")
        with ProcessTree([process.pid for process in started]) as tree:
            began = time.perf_counter()
            for process in started:
                _send(process, "go")
            told = [json.loads(_read(process)) for process in started]
            took = time.perf_counter() - began
        return Run(
            took, tree.seconds, tree.peak, sum(part["pages"] for part in told), sum(part["words"] for part in told)
        )
    finally:
        for process in started:
            process.communicate()


def run_service(formats: Sequence[str], urls: list[str], warm_up: list[str]) -> Run:
    """Run the service, as `pagemill serve` does: submit in batches of 100, and read every result back.

    The client that does so is not counted.
    """
    with running_service() as (address, key):
        asyncio.run(_drain(address, key, formats, warm_up))
        (serve,) = (process.pid for process in processes.processes()["serve"])
        with ProcessTree([serve]) as tree:
            began = time.perf_counter()
            texts = asyncio.run(_drain(address, key, formats, urls))
            took = time.perf_counter() - began
    words = [len(text.split()) for text in texts]
    return Run(took, tree.seconds, tree.peak, sum(map(bool, words)), sum(words))


async def _drain(address: str, key: str, formats: Sequence[str], urls: list[str]) -> list[str]:
    headers = {"X-API-Key": key, "Accept-Encoding": "identity"}
    async with httpx.AsyncClient(base_url=address, headers=headers, timeout=90) as client:
        batches = [urls[start : start + BATCH] for start in range(0, len(urls), BATCH)]
        found = await asyncio.gather(*(_batch(client, formats, batch) for batch in batches))
    return [text for texts in found for text in texts]


async def _batch(client: httpx.AsyncClient, formats: Sequence[str], urls: list[str]) -> list[str]:
    request = {"urls": urls, "formats": list(formats), "forceFresh": True}
    answer = await client.post("/v1/url-scraper/batch", json=request)
    answer.raise_for_status()
    job: dict[str, Any] = answer.json()
    while job["status"] not in ("completed", "failed"):
        answer = await client.get(f"/v1/url-scraper/{job['id']}", params={"wait": 60})
        answer.raise_for_status()
        job = answer.json()
    return [page["markdown"] or "" for page in job["results"]]


def _send(process: subprocess.Popen[str], line: str) -> None:
    assert process.stdin is not None
    process.stdin.write(f"{line}\n")
    process.stdin.flush()


def _read(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise SystemExit(f"A peer ended by itself: {process.args!r}")
    return line.strip()
