"""Webhooks of the whole service: receivers and workers die and come back, and every job is told of."""

from __future__ import annotations

import asyncio
import os
import signal

import anakin
import orjson

from tests.service.running import RunningService, free_port, submit
from tests.web.http_server import HttpServer, Response

PAGE = Response(b"<html><body><article><h1>Title</h1><p>Words of a page.</p></article></body></html>")
JOBS = 30


async def test_a_receiver_killed_and_brought_back_and_workers_killed_lose_nothing(scratch):
    """Jobs end while the receiver is dead; both workers are killed with -9 while they send; then all arrives."""
    port = free_port()
    service = RunningService(
        scratch / "webhooks",
        PAGEMILL_WEBHOOK_RETRY_DELAYS=",".join(["0.5"] * 100),
        PAGEMILL_WEBHOOK_TIMEOUT="1",
        PAGEMILL_WORKER_TIMEOUT="4",
    )
    async with HttpServer({"/": PAGE}) as web, service, service.client() as client:
        endpoint = (await client.post("/v1/webhooks", json={"url": f"http://127.0.0.1:{port}/hook"})).json()
        jobs = [(await submit(client, [web.url("/")]))["id"] for _ in range(JOBS)]
        await _until(lambda: _count(client, "failed"), JOBS)
        async with HttpServer({"/hook": _hang}, port=port) as stuck:
            while len(stuck.requests) < 4:
                await asyncio.sleep(0.02)
            for worker in service.of("worker"):
                os.kill(worker.pid, signal.SIGKILL)
        async with HttpServer({"/hook": Response(b"thanks")}, port=port) as receiver:
            await _until(lambda: _count(client, "success"), JOBS)
            told = [orjson.loads(request.body) for request in receiver.requests]
            assert {message["jobId"] for message in told} == set(jobs)
            assert all(message["event"] == "batch.completed" for message in told)
            for request in receiver.requests:
                assert anakin.verify_webhook_signature(
                    request.body,
                    request.headers["x-anakin-signature"],
                    endpoint["secret"],
                    timestamp=request.headers["x-anakin-timestamp"],
                    tolerance=60,
                )
        bodies: dict[str, set[bytes]] = {}
        for request in (*stuck.requests, *receiver.requests):
            bodies.setdefault(orjson.loads(request.body)["id"], set()).add(request.body)
        assert len(bodies) == JOBS
        assert all(len(variants) == 1 for variants in bodies.values())


async def test_a_test_goes_through_a_worker(scratch):
    async with (
        HttpServer({"/hook": Response(b"", 204)}) as receiver,
        RunningService(scratch / "webhook-test", workers=1) as service,
        service.client() as client,
    ):
        endpoint = (await client.post("/v1/webhooks", json={"url": receiver.url("/hook")})).json()
        answer = (await client.post(f"/v1/webhooks/{endpoint['id']}/test")).json()
        assert (answer["success"], answer["httpStatus"]) == (True, 204)
        secret_key = service.data_dir / "secret-key"
        assert secret_key.stat().st_mode & 0o777 == 0o600


async def _hang(_request):
    await asyncio.sleep(60)
    return Response()


async def _count(client, status):
    return len((await client.get("/v1/webhooks/deliveries", params={"status": status, "limit": 500})).json())


async def _until(count, wanted, seconds=60):
    async with asyncio.timeout(seconds):
        while await count() < wanted:
            await asyncio.sleep(0.1)
