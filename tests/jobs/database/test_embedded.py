from __future__ import annotations

import asyncio
import os
import shutil
import signal
import stat
import sys
from pathlib import Path

import asyncpg
import psutil
import pytest

from pagemill.errors import OperatorError, UnavailableError
from pagemill.jobs.database.embedded import EmbeddedPostgres
from pagemill.jobs.database.pool import Database

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root's server runs as another user")


@pytest.fixture
async def server(scratch, request):
    server = EmbeddedPostgres(scratch / request.node.name)
    yield server
    await server.stop()


async def ask(url, statement="SELECT 1"):
    async with Database(url, connections=1, wait=5) as database:
        return await database.row(statement)


async def test_what_was_written_is_there_after_a_restart(server):
    await server.start()
    await ask(server.url, "CREATE TABLE kept AS SELECT 42 AS answer")
    await server.stop()
    assert server.pid is None
    await server.start()
    assert await ask(server.url, "SELECT answer FROM kept") == (42,)


async def test_it_listens_on_no_network_address(server):
    await server.start()
    connections = psutil.Process(server.pid).net_connections(kind="inet")
    assert [connection for connection in connections if connection.status == psutil.CONN_LISTEN] == []


async def test_its_folders_are_its_users_alone(server, scratch, request):
    await server.start()
    home = scratch / request.node.name / "postgres"
    for folder in (home, home / "data", home / "socket"):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


async def test_a_killed_server_comes_back_with_all_that_was_committed(server):
    await server.start()
    await ask(server.url, "CREATE TABLE kept AS SELECT 42 AS answer")
    os.kill(server.pid, signal.SIGKILL)
    await server.wait()
    await server.start()
    assert await ask(server.url, "SELECT answer FROM kept") == (42,)


async def test_the_server_of_a_dead_supervisor_is_replaced(server, scratch, request):
    """A program starts the server and is killed outright; whoever comes next gets the folder all the same."""
    program = (
        "import asyncio, pathlib, sys\n"
        "from pagemill.jobs.database.embedded import EmbeddedPostgres\n"
        "async def main():\n"
        "    await EmbeddedPostgres(pathlib.Path(sys.argv[1])).start()\n"
        "    print('started', flush=True)\n"
        "    await asyncio.sleep(60)\n"
        "asyncio.run(main())\n"
    )
    folder = scratch / request.node.name
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, str(folder), stdout=asyncio.subprocess.PIPE
    )
    assert await process.stdout.readline() == b"started\n"
    process.kill()
    await process.wait()
    await server.start()
    assert await ask(server.url) == (1,)


async def test_a_long_path_is_no_obstacle(scratch):
    server = EmbeddedPostgres(scratch / ("long-" * 30))
    await server.start()
    try:
        assert await ask(server.url) == (1,)
    finally:
        await server.stop()


@as_root
async def test_no_folder_outside_its_own_changes_its_mode(scratch):
    """PostgreSQL does not run as root; letting another user in must not open what was closed."""
    closed = scratch / "closed"
    closed.mkdir(mode=0o700)
    watched = [*Path(sys.prefix).parents, Path(sys.prefix), Path.home(), scratch, closed]
    before = [stat.S_IMODE(folder.stat().st_mode) for folder in watched]
    open_server = EmbeddedPostgres(scratch / "open")
    await open_server.start()
    await open_server.stop()
    with pytest.raises(OperatorError, match="Choose a data folder"):
        await EmbeddedPostgres(closed / "data").start()
    assert [stat.S_IMODE(folder.stat().st_mode) for folder in watched] == before


@as_root
async def test_programs_in_a_closed_folder_are_copied_to_where_they_may_run(scratch, monkeypatch):
    """Root's clone may stand in a home that nobody else may enter."""
    monkeypatch.setattr("pagemill.jobs.database.embedded._accessible", lambda path, _user: "pginstall" not in str(path))
    server = EmbeddedPostgres(scratch / "copied")
    await server.start()
    try:
        assert await ask(server.url) == (1,)
        executable = psutil.Process(server.pid).exe()
        copies = Path(executable).parents[3]
        assert copies.parent == scratch / "copied"
        owned = [copies, *copies.rglob("*")]
        assert {path.lstat().st_uid for path in owned} == {0}
        assert not any(path.stat().st_mode & 0o022 for path in owned if not path.is_symlink())
    finally:
        await server.stop()


@as_root
@pytest.mark.parametrize("trap", ["data folder", "socket", "log", "old binaries"])
async def test_root_follows_no_link_of_the_databases_user(scratch, monkeypatch, trap):
    """The server's user has its folder for itself, and puts links there to what it would like to have."""
    monkeypatch.setattr("pagemill.jobs.database.embedded._accessible", lambda path, _user: "pginstall" not in str(path))
    folder = scratch / f"trapped-{trap.replace(' ', '-')}"
    server = EmbeddedPostgres(folder)
    await server.start()
    await server.stop()
    secrets = scratch / f"secrets-{trap.replace(' ', '-')}"
    secrets.mkdir()
    (secrets / "file").write_text("root's")
    home = folder / "postgres"
    owner = home.stat().st_uid
    places = {"data folder": home, "socket": home / "socket", "log": home / "log", "old binaries": home / "binaries-1"}
    place = places[trap]
    if place.is_dir():
        shutil.rmtree(place)
    place.unlink(missing_ok=True)
    place.symlink_to(secrets / "file" if trap == "log" else secrets)
    try:
        await server.start()
    except OperatorError:
        assert trap != "old binaries"
    finally:
        await server.stop()
    assert owner != 0
    assert {path.stat().st_uid for path in (secrets, secrets / "file")} == {0}
    assert (secrets / "file").read_text() == "root's"


async def test_a_statement_outlives_a_restart_of_the_server(server):
    await server.start()
    async with Database(server.url, connections=2, wait=20) as database:
        await database.row("SELECT 1")
        backends = psutil.Process(server.pid).children(recursive=True)
        os.kill(server.pid, signal.SIGKILL)
        await server.wait()
        await asyncio.to_thread(psutil.wait_procs, backends, 10)  # until they notice, they go on answering
        waiting = asyncio.create_task(database.row("SELECT 2 AS answer"))
        await asyncio.sleep(0.2)
        assert not waiting.done()
        await server.start()
        assert await waiting == (2,)


async def test_a_database_that_stays_away_is_unavailable(server):
    await server.start()
    async with Database(server.url, connections=2, wait=0.3) as database:
        await database.row("SELECT 1")
        await server.stop()
        with pytest.raises(UnavailableError):
            await database.row("SELECT 1")


async def test_a_fault_in_a_statement_is_not_tried_again(server):
    await server.start()
    async with Database(server.url, connections=1, wait=60) as database:
        with pytest.raises(asyncpg.UndefinedTableError):
            async with asyncio.timeout(20):
                await database.row("SELECT * FROM nothing")
