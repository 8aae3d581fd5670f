"""A server that keeps its connections and answers nothing: SIGSTOP to the postmaster, its backends, or both."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal

import psutil
import pytest
from tests.api.conftest import serving

from pagemill.errors import UnavailableError
from pagemill.jobs.database.embedded import EmbeddedPostgres
from pagemill.jobs.database.migrator import migrate
from pagemill.jobs.database.pool import FOREVER, Database
from pagemill.jobs.keys.keys import Keys
from pagemill.jobs.queue.notifications import ENDED, Notifications


@pytest.fixture
async def server(scratch, request):
    """A server of the test's own, to be stopped."""
    server = EmbeddedPostgres(scratch / f"silent-{abs(hash(request.node.name))}")
    await server.start()
    try:
        async with Database(server.url, connections=1, wait=5) as database:
            await migrate(database)
        yield server
    finally:
        send(server, signal.SIGCONT, backends=True)
        await server.stop()


def send(server, signal_number, *, backends):
    postmaster = psutil.Process(server.pid)
    children = postmaster.children() if backends else []
    for process in (postmaster, *children):
        with contextlib.suppress(ProcessLookupError):  # a backend may end meanwhile
            os.kill(process.pid, signal_number)


def stop_backends_alone(server):
    """As a server does whose disk hangs: it takes connections, and the statements of open ones do not end."""
    for process in psutil.Process(server.pid).children():
        os.kill(process.pid, signal.SIGSTOP)


SILENCES = {
    "backends": stop_backends_alone,
    "everything": lambda server: send(server, signal.SIGSTOP, backends=True),
}


@pytest.mark.parametrize("silence", SILENCES)
async def test_the_api_answers_503_in_time_and_goes_on(server, settings, silence):
    async with Database(server.url, connections=1, wait=5) as database:
        key = await Keys(database).create("tester")
    patient = settings.changed(database_url=server.url, database_wait=1.0, database_connections=2)
    async with serving(patient, key) as api:
        job = (await api.client.post("/v1/url-scraper", json={"url": "http://example.com/"})).json()
        await asyncio.gather(*(api.client.get(f"/v1/url-scraper/{job['id']}") for _ in range(5)))
        SILENCES[silence](server)
        async with asyncio.timeout(20):  # far more than the second; without the limits it never comes
            while True:  # a backend that is new answers, where the postmaster runs
                asked = [api.client.post("/v1/url-scraper", json={"url": f"http://example.com/{n}"}) for n in range(6)]
                answers = await asyncio.gather(*asked, *(api.client.get(f"/v1/url-scraper/{job['id']}"),))
                assert {answer.status_code for answer in answers} <= {200, 202, 503}
                if silence == "backends" or all(answer.status_code == 503 for answer in answers):
                    break
            assert (await api.client.get("/health")).status_code == 200
        send(server, signal.SIGCONT, backends=True)
        async with asyncio.timeout(20):
            while (answer := await api.client.get(f"/v1/url-scraper/{job['id']}")).status_code == 503:
                await asyncio.sleep(0.05)
        assert answer.status_code == 200


async def test_who_waits_for_ever_is_answered_when_the_server_is_back(server):
    async with Database(server.url, connections=1, wait=FOREVER, statement_timeout=0.3) as database:
        await database.rows("SELECT 1")
        send(server, signal.SIGSTOP, backends=True)
        waiting = asyncio.create_task(database.rows("SELECT 2 AS two", lock=1))
        await asyncio.sleep(1.5)
        assert not waiting.done()
        send(server, signal.SIGCONT, backends=True)
        async with asyncio.timeout(20):
            assert (await waiting)[0]["two"] == 2


async def test_a_cancelled_statement_gives_its_connection_back(server):
    async with Database(server.url, connections=1, wait=2) as database:
        await database.rows("SELECT 1")
        stop_backends_alone(server)
        async with asyncio.timeout(20):
            for lock in (None, 1):
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(0.2):
                        await database.rows("SELECT pg_sleep(60)", lock=lock)
            assert (await database.rows("SELECT 1 AS one"))[0]["one"] == 1, "on a new connection"


async def test_a_statement_with_much_to_do_ends_by_being_given_more_time(server):
    async with Database(server.url, connections=1, wait=FOREVER, statement_timeout=0.2) as database:
        async with asyncio.timeout(30):
            await database.rows("SELECT pg_sleep(1)")


async def test_one_sending_has_an_end_too(server):
    async with Database(server.url, connections=1, wait=2, statement_timeout=0.3) as database:
        await database.rows("SELECT 1")
        send(server, signal.SIGSTOP, backends=True)
        async with asyncio.timeout(20):
            with pytest.raises(UnavailableError):
                await database.rows("SELECT 1", wait=0)


async def test_notices_come_again_after_a_silence(server):
    async with Database(
        server.url, connections=1, wait=FOREVER, connect_timeout=0.5, statement_timeout=0.5
    ) as database:
        send(server, signal.SIGSTOP, backends=True)
        async with Notifications(database, ENDED) as notifications, notifications.subscribed("job_1") as ended:
            await asyncio.sleep(1.2)
            send(server, signal.SIGCONT, backends=True)
            async with asyncio.timeout(20):
                while True:  # each connection that comes sets it too: what counts is that a notice does
                    ended.clear()
                    await database.rows("SELECT pg_notify('pagemill_ended', 'job_1')")
                    await asyncio.sleep(0.3)
                    if ended.is_set():
                        break
