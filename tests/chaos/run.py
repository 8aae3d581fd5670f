"""One run: a service, pages, faults, and the checks."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import shutil
import subprocess
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, Self

import httpx

from pagemill.jobs.database.embedded import EmbeddedPostgres
from pagemill.jobs.database.pool import Database
from tests.chaos.checks import TRACK_ENDS, faults_found, untold
from tests.chaos.clock import Clock
from tests.chaos.faults import Faults
from tests.chaos.site import ChaosSite, Receiver
from tests.forking.processes import command_line, left_of
from tests.service.running import RunningService

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    import psutil

BATCH = 20
ENDED = ("completed", "failed")
_SUBMITTERS = 4
_UNENDED_JOBS = "SELECT id FROM jobs WHERE completed_at IS NULL AND id = ANY ($1::text[])"
_CANCELLED = "SELECT count(*) AS pages FROM pages WHERE error_code = 'cancelled' AND job_id = ANY ($1::text[])"
_DISK_SIZE = "1500m"
_SETTINGS = {
    "PAGEMILL_WORKER_HEARTBEAT": "0.5",
    "PAGEMILL_WORKER_TIMEOUT": "4",
    "PAGEMILL_DATABASE_STATEMENT_TIMEOUT": "5",
    "PAGEMILL_FETCH_TIMEOUT": "8",
    "PAGEMILL_MAX_CRASHES": "10",  # whoever is killed again and again at random is no killer
    "PAGEMILL_EXTRACTION_TIMEOUT": "60",  # the machine may be slow; what hangs is found out all the same
    "PAGEMILL_EXTRACTION_MEMORY": str(400 << 20),
    "PAGEMILL_WEBHOOK_RETRY_DELAYS": ",".join(["0.5"] * 100),
    "PAGEMILL_WEBHOOK_TIMEOUT": "2",
    "PAGEMILL_GRACE_PERIOD": "3",
    "PAGEMILL_LOG_LEVEL": "info",
}


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run does. With `kills`, so many processes are killed and nothing else happens."""

    seed: int
    pages: int
    seconds: float
    kills: int | None = None


@dataclass(slots=True)
class Report:
    """How it went: `wrong` is empty where nothing was."""

    plan: Plan
    jobs: int = 0
    pages: int = 0
    """Pages that were accepted."""
    cancelled: int = 0
    """Pages that had not begun when the time was up."""
    seconds: float = 0.0
    faults: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        """In a few lines."""
        faults = ", ".join(f"{name} {count}" for name, count in sorted(self.faults.items()))
        result = "nothing lost" if not self.wrong else "\n  ".join([f"{len(self.wrong)} FAULTS", *self.wrong[:20]])
        pages = f"{self.pages} pages, {self.cancelled} of them cancelled as the time was up"
        return f"seed {self.plan.seed}: {pages}, {self.seconds:.0f} s; {faults}\n  {result}"


class Chaos:
    """A service with its pages and its receiver, on a small disk of its own where the system lets us make one."""

    def __init__(self) -> None:
        self._stack = contextlib.AsyncExitStack()
        self._seen: set[psutil.Process] = set()
        self.log = Path()

    async def __aenter__(self) -> Self:
        try:
            await self._start()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def _start(self) -> None:
        folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="pagemill-chaos-")))
        folder.chmod(0o755)
        self._disk = self._stack.enter_context(_small_disk(folder / "disk"))
        self._clock = Clock(folder)
        data_dir = (self._disk or folder) / "data"
        self._site = await self._stack.enter_async_context(ChaosSite())
        self._receiver = await self._stack.enter_async_context(Receiver())
        self.service = RunningService(data_dir, **_SETTINGS, **self._clock.environment)
        self.log = self.service.log = folder / "service.log"
        self.service.start_timeout = 180  # the machine may be slow
        self._stack.push_async_callback(self._end)
        await self.service.start()
        url = EmbeddedPostgres(data_dir).url
        self._database = await self._stack.enter_async_context(Database(url, connections=2, wait=120))
        for statement in TRACK_ENDS:
            await self._database.rows(statement)
        async with self.service.client() as client:
            answer = await client.post("/v1/webhooks", json={"url": self._receiver.url("/hook")})
            answer.raise_for_status()
        watching = asyncio.create_task(self._watch())
        self._stack.callback(watching.cancel)

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def _end(self) -> None:
        """Stop the service; raise AssertionError for processes that are left of it, and end them."""
        await self.service.stop()
        left = await left_of(self._seen)
        described = [f"{process.pid} {command_line(process)[:80]}" for process in left]
        for process in left:
            process.kill()
        assert not left, f"orphans: {described}"

    async def _watch(self) -> None:
        """Remember every process that there was."""
        while True:
            self._seen.update(self.service.processes())
            await asyncio.sleep(0.2)

    async def run(self, plan: Plan) -> Report:
        """Carry out a plan, and check."""
        random, report, began = Random(plan.seed), Report(plan), time.monotonic()
        urls = self._site.urls(plan.pages, random)
        batches = [urls[start : start + BATCH] for start in range(0, len(urls), BATCH)]
        faults = Faults(self.service, self._site, random, clock=self._clock, disk=self._disk)
        jobs: dict[str, list[str]] = {}
        async with self.service.client() as client:
            submitting = asyncio.gather(*(self._submit(client, batches, jobs) for _ in range(_SUBMITTERS)))
            await self._hurt(plan, faults, random, submitting, jobs)
            await faults.heal()
            batches.clear()  # what is under way is submitted to the end, through whatever comes
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(max(10.0, plan.seconds * 0.85 - (time.monotonic() - began))):
                    await submitting
                    await self._until_ended(client, jobs)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(90):
                    await submitting
                    report.cancelled = await self._cancel(client, jobs)
                    await self._until_ended(client, jobs)
                    await _until(lambda: not untold(jobs, self._receiver))
        submitting.cancel()
        report.faults, report.jobs, report.pages = faults.done, len(jobs), sum(map(len, jobs.values()))
        report.wrong += await faults_found(self._database, jobs, self._receiver, cancelled=report.cancelled)
        report.seconds = time.monotonic() - began
        return report

    async def _hurt(
        self,
        plan: Plan,
        faults: Faults,
        random: Random,
        submitting: asyncio.Future[list[None]],
        jobs: dict[str, list[str]],
    ) -> None:
        """Inflict what is planned, for six tenths of the time. What has begun is not cut off: a killed supervisor is
        started again, however slow that is."""
        deadline = time.monotonic() + plan.seconds * 0.6
        if plan.kills is not None:
            for _ in range(plan.kills):
                await asyncio.sleep(random.uniform(0, 2))
                await faults.kill()
            await asyncio.wait((submitting,), timeout=max(0.0, deadline - time.monotonic()))
            return
        while time.monotonic() < deadline and not (submitting.done() and await self._all_ended(jobs)):
            await asyncio.sleep(random.expovariate(1 / 1.5))
            await faults.inflict()

    async def _all_ended(self, jobs: dict[str, list[str]]) -> bool:
        return not await self._database.rows(_UNENDED_JOBS, list(jobs))

    async def _submit(self, client: httpx.AsyncClient, batches: list[list[str]], jobs: dict[str, list[str]]) -> None:
        """Submit as clients do: again with the same key, until an answer comes."""
        while batches:
            urls, key = batches.pop(), secrets.token_hex(8)
            while True:
                with contextlib.suppress(httpx.TransportError):
                    answer = await client.post(
                        "/v1/url-scraper/batch",
                        json={"urls": urls, "forceFresh": True},
                        headers={"Idempotency-Key": key},
                        timeout=10,
                    )
                    if answer.status_code == 202:
                        jobs[answer.json()["id"]] = urls
                        break
                    assert answer.status_code in (429, 503), answer.text
                await asyncio.sleep(0.3)

    async def _until_ended(self, client: httpx.AsyncClient, jobs: Iterable[str]) -> None:
        for job in jobs:
            while await self._ask(client, "GET", job, params={"wait": 5, "fields": "status"}) not in ENDED:
                await asyncio.sleep(0.1)

    async def _cancel(self, client: httpx.AsyncClient, jobs: Iterable[str]) -> int:
        """Cancel what has not ended, where the time is up, and return how many pages had not begun."""
        left = await self._database.rows(_UNENDED_JOBS, list(jobs))
        for row in left:
            await self._ask(client, "DELETE", row["id"])
        [row] = await self._database.rows(_CANCELLED, list(jobs))
        return int(row["pages"])

    async def _ask(self, client: httpx.AsyncClient, method: str, job: str, **options: Any) -> str | None:
        """Return the job's status, or None where no answer came."""
        with contextlib.suppress(httpx.TransportError):
            answer = await client.request(method, f"/v1/url-scraper/{job}", timeout=15, **options)
            assert answer.status_code in (200, 503), answer.text
            if answer.status_code == 200:
                return str(answer.json().get("status"))
        return None


async def _until(true: Callable[[], bool]) -> None:
    while not true():
        await asyncio.sleep(0.1)


@contextlib.contextmanager
def _small_disk(folder: Path) -> Iterator[Path | None]:
    """Mount a small disk in memory and yield its folder; None where the system does not let us."""
    folder.mkdir()
    mount = shutil.which("mount")
    options = ["-t", "tmpfs", "-o", f"size={_DISK_SIZE},mode=0755", "pagemill-chaos", str(folder)]
    if os.geteuid() != 0 or mount is None or subprocess.run([mount, *options], check=False).returncode:
        yield None
        return
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)
