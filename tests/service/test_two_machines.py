"""The API on one machine, a worker on another, PostgreSQL on a third: network namespaces, TCP with TLS and a password.

The worker's machine is cut off in the middle of its work and brought back; another worker, beside the API, ends what it
had in hand. Linux and root are needed.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
import pwd
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
import trustme

from pagemill.jobs.database.migrator import migrate
from pagemill.jobs.database.pool import Database
from pagemill.jobs.keys.keys import Keys
from tests.service.running import ended, submit

API, WORKER = "pagemill-a", "pagemill-w"
NETWORK = "10.231.77"  # of this test alone: no traffic leaves the machine
PORT = 54_391
PASSWORD = "of-this-test"

SERVER = """
import asyncio, sys
from tests.web.http_server import HttpServer, Response
PAGE = Response(b"<html><body><article><h1>Title</h1><p>Words of a page.</p></article></body></html>")
async def slow(_):
    await asyncio.sleep(1)
    return PAGE
async def serve():
    server = HttpServer(port=48181)
    server.fallback = slow
    async with server:
        print("ready", flush=True)
        await asyncio.Event().wait()
asyncio.run(serve())
"""


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


def remove() -> None:
    for name in (API, WORKER):
        subprocess.run(["ip", "netns", "delete", name], check=False, capture_output=True)
        subprocess.run(["ip", "link", "delete", name], check=False, capture_output=True)


@pytest.fixture
def namespaces():
    """Two namespaces, each with a cable to this one: 10.231.77.1 and .5 here, .2 and .6 there."""
    if shutil.which("ip") is None or os.geteuid() != 0:
        pytest.skip("network namespaces need root and iproute2")
    remove()
    try:
        for name, here, there in ((API, 1, 2), (WORKER, 5, 6)):
            ip("netns", "add", name)
            ip("link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", name)
            ip("address", "add", f"{NETWORK}.{here}/30", "dev", name)
            ip("link", "set", name, "up")
            ip("-n", name, "address", "add", f"{NETWORK}.{there}/30", "dev", "eth0")
            ip("-n", name, "link", "set", "eth0", "up")
            ip("-n", name, "link", "set", "lo", "up")
    except subprocess.CalledProcessError as error:
        remove()
        pytest.skip(f"network namespaces cannot be had: {error.stderr.decode().strip()}")
    yield
    remove()


@pytest.fixture
async def database_url(scratch):
    """A server that listens on TCP, takes TLS alone, and asks for a password. The embedded one is built without TLS."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not programs:
        pytest.skip("needs a PostgreSQL of the system, with TLS")
    user = next(entry for entry in map(_account, ("postgres", "nobody")) if entry)
    data, identity = scratch / "two-machines", {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    data.mkdir(mode=0o700)
    os.chown(data, user.pw_uid, user.pw_gid)
    options = ("-D", data, "-U", "pagemill", "--auth", "trust", "-E", "UTF8", "--locale", "C")
    start = functools.partial(subprocess.run, check=True, capture_output=True, cwd="/", **identity)
    await asyncio.to_thread(start, [programs[-1], *options])
    certificate = trustme.CA().issue_cert(f"{NETWORK}.1", f"{NETWORK}.5")
    files = {"server.key": certificate.private_key_pem, "server.crt": certificate.cert_chain_pems[0]}
    for name, pem in files.items():
        pem.write_to_path(str(data / name))
        os.chown(data / name, user.pw_uid, user.pw_gid)
        (data / name).chmod(0o600)
    rules = f"local all all trust\nhostssl all remote {NETWORK}.0/24 scram-sha-256\n"
    (data / "pg_hba.conf").write_text(rules)
    changes = ("ssl=on", f"listen_addresses={NETWORK}.1,{NETWORK}.5", f"port={PORT}", f"unix_socket_directories={data}")
    words = [word for change in changes for word in ("-c", change)]
    program = programs[-1].with_name("postgres")
    server = await asyncio.create_subprocess_exec(program, "-D", data, *words, cwd="/", **identity)
    try:
        local = f"postgresql://pagemill@/postgres?host={data}&port={PORT}"
        async with Database(local, connections=1, wait=30) as database:
            await database.rows(f"CREATE ROLE remote SUPERUSER LOGIN PASSWORD '{PASSWORD}'")
            await migrate(database)
        yield f"postgresql://remote:{PASSWORD}@{{host}}:{PORT}/postgres?sslmode=require"
    finally:
        server.send_signal(signal.SIGQUIT)
        await server.wait()


def _account(name):
    with contextlib.suppress(KeyError):
        return pwd.getpwnam(name)
    return None


@contextlib.asynccontextmanager
async def on(machine, *words, **settings):
    process = await asyncio.create_subprocess_exec(
        *("ip", "netns", "exec", machine, sys.executable, *words),
        env={**os.environ, "PAGEMILL_ALLOWED_NETWORKS": "127.0.0.0/8", "PAGEMILL_GRACE_PERIOD": "1", **settings},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


@pytest.mark.long
async def test_a_machine_that_is_cut_off_loses_nothing(namespaces, database_url):
    near, far = database_url.format(host=f"{NETWORK}.1"), database_url.format(host=f"{NETWORK}.5")
    impatient = {
        "PAGEMILL_WORKER_HEARTBEAT": "0.5",
        "PAGEMILL_WORKER_TIMEOUT": "3",
        "PAGEMILL_DATABASE_STATEMENT_TIMEOUT": "2",
        "PAGEMILL_WORKER_CONCURRENCY": "4",
    }
    async with Database(near, connections=1, wait=10) as database:
        [row] = await database.rows("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
        assert row["ssl"]
        _, secret = await Keys(database).create("tester")
        api = ("-m", "pagemill", "api", "--host", f"{NETWORK}.2", "--port", "8000")
        worker = ("-m", "pagemill", "worker")
        async with (
            on(API, "-c", SERVER) as one,
            on(WORKER, "-c", SERVER) as other,
            on(API, *api, PAGEMILL_DATABASE_URL=near, **impatient),
            on(WORKER, *worker, PAGEMILL_DATABASE_URL=far, **impatient),
            httpx.AsyncClient(base_url=f"http://{NETWORK}.2:8000", headers={"X-API-Key": secret}, timeout=30) as client,
        ):
            for server in (one, other):
                assert await server.stdout.readline() == b"ready\n"
            jobs = [await submit(client, [f"http://127.0.0.1:48181/{job}/{n}" for n in range(5)]) for job in range(6)]
            await until(database, "SELECT FROM pages WHERE worker_id IS NOT NULL")
            ip("link", "set", WORKER, "down")
            async with on(API, *worker, PAGEMILL_DATABASE_URL=near, **impatient):
                await until(database, "SELECT FROM pages WHERE crashes > 0")
                ip("link", "set", WORKER, "up")
                answers = [await ended(client, job["id"], 120) for job in jobs]
                assert {answer["status"] for answer in answers} == {"completed"}
                await until(database, "SELECT FROM workers HAVING count(*) = 2")
            # The one that was cut off works again, alone.
            job = await submit(client, ["http://127.0.0.1:48181/alone"])
            assert (await ended(client, job["id"], 60))["status"] == "completed"
            assert not await database.rows("SELECT FROM jobs WHERE pages_left <> 0")


async def until(database, statement):
    async with asyncio.timeout(60):
        while not await database.rows(statement):
            await asyncio.sleep(0.1)
