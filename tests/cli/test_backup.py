"""`pagemill backup` and `pagemill restore`, of a service under load and of one that does not run."""

from __future__ import annotations

import asyncio
import contextlib
import stat

import pytest
import pytest_asyncio

from tests.service.running import RunningService, ended, submit
from tests.service.test_life import run_pagemill
from tests.web.http_server import HttpServer, Response

BATCH = 8


def page(number):
    text = (
        f"<html><title>T</title><body><article><h1>Title {number}</h1><p>Words of a page.</p></article></body></html>"
    )
    return Response(text.encode())


@pytest.fixture
def paths(scratch, request):
    folder = scratch / request.node.name
    folder.mkdir(mode=0o755)
    return folder / "old", folder / "new", folder / "file.backup"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stopped(scratch):
    """The data folder of a service that was started once and stopped."""
    folder = scratch / "backup-template"
    async with RunningService(folder, workers=1):
        pass
    return folder


async def copied(folder, to):
    """Copy a data folder with the owners of its files, which takes less than a first start."""
    copying = await asyncio.create_subprocess_exec("cp", "-a", str(folder), str(to))
    assert await copying.wait() == 0


async def test_what_was_acknowledged_before_a_backup_under_load_is_in_it_and_ends(paths):
    old, new, file = paths
    async with HttpServer({f"/{number}": page(number) for number in range(BATCH)}) as web:
        urls = [web.url(f"/{number}") for number in range(BATCH)]
        acknowledged = []

        async def load(client):
            while True:
                acknowledged.append(await submit(client, urls))
                await asyncio.sleep(0.02)  # so that what is left to do afterwards is bounded

        async with RunningService(old) as service, service.client() as client:
            busy = asyncio.create_task(load(client))
            while len(acknowledged) < 15:
                await asyncio.sleep(0.01)
            before = [job["id"] for job in acknowledged]
            code, output, errors = await run_pagemill("backup", str(file), "--data-dir", str(old))
            busy.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await busy
            key, secret = service.key, (old / "secret-key").read_text()
        assert (code, output.strip()) == (0, str(file))
        assert "secret key" in errors
        assert stat.S_IMODE(file.stat().st_mode) == 0o600

        code, _, errors = await run_pagemill("restore", str(file), "--data-dir", str(new))
        assert code == 0, errors
        assert (new / "secret-key").read_text() == secret
        assert {stat.S_IMODE((new / name).stat().st_mode) for name in ("secret-key", "api-key")} == {0o600}
        async with RunningService(new) as service, service.client() as client:
            assert service.key == key
            results = [await ended(client, job_id) for job_id in before]
    assert {job["status"] for job in results} == {"completed"}
    assert all([each["url"] for each in job["results"]] == urls for job in results)
    assert all(each["html"] for job in results for each in job["results"])


async def test_a_backup_says_that_bodies_in_object_storage_are_not_in_it(paths):
    old, new, file = paths
    bodies_url = (old.parent / "bodies").as_uri()
    async with HttpServer({"/": page(1)}) as web:
        async with (
            RunningService(old, workers=1, PAGEMILL_BODIES_URL=bodies_url) as service,
            service.client() as client,
        ):
            job = await submit(client, [web.url("/")])
            before = await ended(client, job["id"])
        _, _, errors = await run_pagemill("backup", str(file), "--data-dir", str(old))
        assert "Back up the bucket as well" in errors
        assert (await run_pagemill("restore", str(file), "--data-dir", str(new)))[0] == 0
        async with RunningService(new, workers=1) as service, service.client() as client:
            after = await ended(client, job["id"])
    assert before["results"][0]["html"]
    assert after == before


async def test_a_folder_with_data_is_not_restored_over(paths, stopped):
    old, _, file = paths
    await copied(stopped, old)
    assert (await run_pagemill("keys", "--data-dir", str(old), "create", "reader"))[0] == 0
    assert (await run_pagemill("backup", str(file), "--data-dir", str(old)))[0] == 0
    before = (await run_pagemill("keys", "--data-dir", str(old), "list"))[1]
    code, _, errors = await run_pagemill("restore", str(file), "--data-dir", str(old))
    assert (code, "holds data already" in errors) == (1, True)
    assert (await run_pagemill("keys", "--data-dir", str(old), "list"))[1] == before
    assert (await run_pagemill("backup", str(file), "--data-dir", str(old)))[0] == 1


async def test_a_restore_that_was_cut_off_is_started_over(paths, stopped):
    old, new, file = paths
    for folder in (old, new):
        await copied(stopped, folder)
    assert (await run_pagemill("keys", "--data-dir", str(old), "create", "reader"))[0] == 0
    assert (await run_pagemill("backup", str(file), "--data-dir", str(old)))[0] == 0
    assert (await run_pagemill("keys", "--data-dir", str(new), "create", "half"))[0] == 0
    (new / "restore-unfinished").touch(mode=0o600)
    code, _, errors = await run_pagemill("serve", "--port", "0", "--data-dir", str(new))
    assert (code, "did not end" in errors) == (1, True)
    assert (await run_pagemill("restore", str(file), "--data-dir", str(new)))[0] == 0
    listing = (await run_pagemill("keys", "--data-dir", str(new), "list"))[1]
    assert ("reader" in listing, "half" in listing) == (True, False)


async def test_a_damaged_file_is_refused_and_the_folder_is_not_used(paths):
    _, new, file = paths
    file.write_bytes(b"PK no archive")
    code, _, errors = await run_pagemill("restore", str(file), "--data-dir", str(new))
    assert (code, errors.count("\n"), "no backup" in errors) == (1, 1, True)
    assert not new.exists()


async def test_an_external_database_and_its_key(database_url, postgres_url, paths, tmp_path):
    old, new, file = paths
    source = {
        "PAGEMILL_DATABASE_URL": database_url,
        "PAGEMILL_DATA_DIR": str(old),
        "PAGEMILL_SECRET_KEY": "a" * 43 + "=",
    }
    assert (await run_pagemill("keys", "create", "reader", **source))[0] == 0
    assert (await run_pagemill("backup", str(file), **source))[0] == 0
    code, _, errors = await run_pagemill("restore", str(file), **source)
    assert (code, "holds data already" in errors) == (1, True)
    other = {**source, "PAGEMILL_SECRET_KEY": "b" * 43 + "="}
    code, _, errors = await run_pagemill("restore", str(file), **other)
    assert (code, "not the key of the backup" in errors) == (1, True)
    embedded = {"PAGEMILL_DATA_DIR": str(new)}
    assert (await run_pagemill("restore", str(file), **embedded))[0] == 0
    assert "reader" in (await run_pagemill("keys", "list", **embedded))[1]
    assert (new / "secret-key").read_text().strip() == source["PAGEMILL_SECRET_KEY"]


async def test_there_must_be_something_to_back_up(paths):
    old, _, file = paths
    code, _, errors = await run_pagemill("backup", str(file), "--data-dir", str(old))
    assert (code, "no service to back up" in errors) == (1, True)
    assert not old.exists()
