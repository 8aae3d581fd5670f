"""A monitor of the whole service whose workers are killed in the middle of a run."""

from __future__ import annotations

import asyncio
import os
import signal

import orjson

from tests.jobs.monitors.conftest import page
from tests.service.running import RunningService
from tests.web.http_server import HttpServer, Response


async def test_a_run_whose_workers_are_killed_tells_of_its_change_once(scratch):
    """Both workers die with -9 while the page of the run is fetched. Others go on with it."""
    hangs, price = asyncio.Event(), [3]

    async def answer(_request):
        if hangs.is_set():
            await asyncio.sleep(60)
        return page(f"Rye costs {price[0]} euros.")

    service = RunningService(scratch / "monitors", PAGEMILL_WORKER_TIMEOUT="4")
    async with HttpServer({"/": answer, "/hook": Response(b"thanks")}) as web, service, service.client() as client:
        made = await client.post(
            "/v1/monitors", json={"url": web.url("/"), "intervalMinutes": 15, "alertWebhookUrl": web.url("/hook")}
        )
        path = f"/v1/monitors/{made.json()['id']}"

        async def idle(checked_after=""):
            async with asyncio.timeout(90):
                while True:
                    found = (await client.get(path)).json()
                    if "jobId" not in found and found.get("lastCheckedAt", "") > checked_after:
                        return found
                    await asyncio.sleep(0.1)

        first = await idle()
        hangs.set()
        price[0] = 4
        asked = len(web.requests)
        run = await client.post(f"{path}/run")
        assert run.status_code == 202
        async with asyncio.timeout(30):
            while len(web.requests) == asked:
                await asyncio.sleep(0.02)
        for worker in service.of("worker"):
            os.kill(worker.pid, signal.SIGKILL)
        hangs.clear()
        last = await idle(first["lastCheckedAt"])
        assert "lastError" not in last
        [change] = (await client.get(f"{path}/changes")).json()["changes"]
        assert change["jobId"] == run.json()["jobId"]
        async with asyncio.timeout(30):
            while not (alerts := [request for request in web.requests if request.path == "/hook"]):
                await asyncio.sleep(0.1)
        assert {orjson.loads(alert.body)["data"]["changes"][0]["id"] for alert in alerts} == {change["id"]}
