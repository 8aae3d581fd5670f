"""Data folders that earlier versions made open under this code, and unfinished work goes on."""

from __future__ import annotations

import hashlib

import pytest

from pagemill.jobs.database.embedded import EmbeddedPostgres
from pagemill.jobs.database.migrator import all_migrations, migrate
from pagemill.jobs.database.pool import Database
from tests.jobs.database.rows import fill
from tests.service.running import RunningService, ended
from tests.web.http_server import HttpServer, Response

PAGE = Response(b"<html><title>T</title><body><article><h1>Title</h1><p>Words of a page.</p></article></body></html>")
SECRET = "pm_of_an_earlier_version"


@pytest.mark.parametrize("version", [1, len(all_migrations()) - 1, len(all_migrations())])
async def test_a_data_folder_of_an_earlier_version_opens_and_its_jobs_end(scratch, version):
    folder = scratch / f"upgraded-from-{version}"
    async with HttpServer({"/": PAGE}) as web:
        server = EmbeddedPostgres(folder)
        await server.start()
        async with Database(server.url, connections=1, wait=5) as database:
            await migrate(database, to=version)
            await fill(database, version)
            await database.rows(
                "UPDATE keys SET hash = $1 WHERE id = 'key_1'", hashlib.sha256(SECRET.encode()).digest()
            )
            await database.rows("UPDATE pages SET url = $1, attempt = 0 WHERE completed_at IS NULL", web.url("/"))
            await database.rows(
                "UPDATE pages SET worker_id = 'worker_1', status = 'processing' WHERE job_id = 'job_new'"
            )
            if version >= 2:  # nobody is there to be told
                await database.rows("DELETE FROM webhook_deliveries")
                await database.rows("UPDATE jobs SET webhook_url = NULL")
                await database.rows("DELETE FROM webhook_endpoints")
        await server.stop()
        (folder / "api-key").write_text(SECRET)
        async with RunningService(folder, workers=1) as service, service.client() as client:
            results = [await ended(client, job) for job in ("job_new", "batch_run")]
    assert [job["status"] for job in results] == ["completed", "completed"]
