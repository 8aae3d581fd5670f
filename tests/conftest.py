"""What many tests need: the shared pages, a real PostgreSQL, settings that open loopback."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import os
import tempfile
from ipaddress import ip_network
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest
from pydantic import SecretStr

from pagemill.forking.fork_server import ForkServer, can_fork
from pagemill.jobs.database.embedded import EmbeddedPostgres
from pagemill.jobs.database.migrator import migrate
from pagemill.jobs.database.pool import Database
from pagemill.scraping.processes.extraction_starter import SERVER_TITLE
from pagemill.settings import Settings
from tests.forking.shared_fork_server import SharedForkServer
from tests.jobs.objects.s3_server import Relay, S3Server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence

# How long an example takes says more of the machine than of the code.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")

ROOT = Path(__file__).parent.parent
SHARED_PAGES = ROOT.parent / "shared" / "data" / "wcxb-dev"
LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))


@pytest.fixture(scope="session")
def shared_pages() -> Path:
    """The folder of the shared pages: `html/NNNN.html.gz` and `ground-truth/NNNN.json`."""
    if not SHARED_PAGES.is_dir():
        pytest.skip("needs ../shared/data/wcxb-dev, which is not here")
    return SHARED_PAGES


@pytest.fixture(scope="session")
def scratch() -> Iterator[Path]:
    """A folder that a database server running as another user can enter, unlike pytest's own."""
    with tempfile.TemporaryDirectory(prefix="pagemill-test-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture(scope="session")
def postgres_url(scratch: Path) -> Iterator[str]:
    """A real PostgreSQL server for the whole run; each test has a database of its own in it."""
    server = EmbeddedPostgres(scratch / "postgres-for-tests")
    with asyncio.Runner() as runner:
        runner.run(server.start())
        try:
            yield server.url
        finally:
            runner.run(server.stop())


_names = iter(range(1_000_000))


@pytest.fixture(scope="session")
def migrated_database(postgres_url: str) -> str:
    """The name of a migrated database to copy: a copy takes a tenth of the time of all migrations."""

    async def make() -> None:
        async with Database(postgres_url, connections=1, wait=30) as server:
            await server.rows("ALTER SYSTEM SET fsync = off")  # what a crash of the machine loses, no test looks for
            await server.rows("SELECT pg_reload_conf()")
            await server.rows("CREATE DATABASE migrated")
        async with Database(postgres_url.replace("/postgres?", "/migrated?"), connections=1, wait=30) as database:
            await migrate(database)

    asyncio.run(make())
    return "migrated"


@contextlib.asynccontextmanager
async def empty_database(postgres_url: str, migrated_database: str) -> AsyncIterator[str]:
    """Make an empty database, migrated, and yield its URL."""
    name = f"test_{os.getpid()}_{next(_names)}"
    async with Database(postgres_url, connections=1, wait=30) as server:
        # Copied as files it takes a tenth of the time that it takes through the log.
        await server.rows(f"CREATE DATABASE {name} TEMPLATE {migrated_database} STRATEGY FILE_COPY")
        yield postgres_url.replace("/postgres?", f"/{name}?")
        await server.rows(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def database_url(postgres_url: str, migrated_database: str) -> AsyncIterator[str]:
    """The URL of an empty database, migrated."""
    async with empty_database(postgres_url, migrated_database) as url:
        yield url


OWN = ("tests/forking", "tests/scraping/processes", "tests/supervisor", "tests/service", "tests/in_process",
       "tests/test_child_environment.py", "tests/scraping/test_extractor_pool.py")  # fmt: skip
"""Where pools start their own fork servers: what is there tests how they start and end."""


@pytest.fixture(scope="session")
def shared_fork_server() -> Iterator[SharedForkServer]:
    """Forks the fork servers of extraction pools."""
    server = SharedForkServer()
    yield server
    server.close()


@pytest.fixture(autouse=True)
def forked_extraction(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the extraction pools of a test share what is imported."""
    if not can_fork() or request.path.relative_to(ROOT).as_posix().startswith(OWN):
        return
    start = ForkServer.start

    async def start_shared(title: str, modules: Sequence[str], *, together: bool) -> ForkServer:
        if (title, together) != (SERVER_TITLE, True):
            return await start(title, modules, together=together)
        shared: SharedForkServer = request.getfixturevalue("shared_fork_server")
        return await shared.start()

    monkeypatch.setattr(ForkServer, "start", start_shared)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """A migrated database of the test's own."""
    async with Database(database_url, connections=5, wait=5) as database:
        yield database


@pytest.fixture(scope="session")
def s3_server() -> Iterator[S3Server]:
    """A server that speaks S3, with an empty bucket named `bodies`."""
    with S3Server() as server:
        yield server


@pytest.fixture
async def s3(s3_server: S3Server, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Relay]:
    """The way to that server, which can be cut. The environment has it and the credentials."""
    async with Relay(s3_server.port) as relay:
        monkeypatch.setenv("AWS_ENDPOINT_URL", relay.url(""))
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIATEST")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s3cret-of-storage")
        monkeypatch.setenv("AWS_REGION", "us-east-1")
        yield relay


@pytest.fixture
def settings(database_url: str, scratch: Path) -> Settings:
    """Settings for a service that may scrape loopback, on the test's own database."""
    return settings_for_tests(database_url, scratch)


def settings_for_tests(database_url: str, scratch: Path) -> Settings:
    """Return settings for a service that may scrape loopback, on this database."""
    return Settings(
        database_url=database_url,
        allowed_networks=LOOPBACK,
        data_dir=scratch / "data",
        retry_delay=0.01,
        worker_heartbeat=0.2,
        worker_timeout=2.0,
        poll_interval=0.2,
        cache_time=0.0,
        database_wait=30.0,  # a machine that others use may stall for seconds
        repeat_window=0,  # tests submit the same again and mean it
        secret_key=SecretStr(base64.b64encode(b"k" * 32).decode()),
    )
