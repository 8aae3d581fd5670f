"""What a running service tells of itself: its metrics, and the dashboard and alerts that are made of them."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import signal
import stat
import subprocess

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.conftest import ROOT
from tests.service.running import RunningService, ended, submit
from tests.web.http_server import HttpServer, Response
from tests.web.model_server import ModelServer

PAGE = Response(b"<html><body><article><h1>Title</h1><p>Price: $9.99. Words of a page.</p></article></body></html>")
DASHBOARD = ROOT / "deploy" / "grafana" / "dashboard.json"
ALERTS = ROOT / "deploy" / "prometheus" / "alerts.yml"
PROMETHEUS = ROOT / "deploy" / "prometheus" / "prometheus.yml"
DOCUMENT = ROOT / "docs" / "monitoring.md"
_NAME = re.compile(r"\bpagemill_[a-z_]+")


async def read(client):
    """The values of `/metrics`, by name and labels."""
    answer = await client.get("/metrics")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/plain")
    return {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def value(metrics, name, **labels):
    return metrics.get((f"pagemill_{name}", *sorted(labels.items())), 0.0)


async def use(service, client, web, model):
    """Traffic of every kind: pages that end well and badly, from the cache, structured; webhooks; refusals."""
    hook = {"webhook_url": web.url("/hook")}
    schema = {"type": "object", "properties": {"price": {"type": "string"}}}
    for _ in range(2):
        job = (await client.post("/v1/url-scraper", json={"url": web.url("/"), **hook})).json()
        await ended(client, job["id"])
        await asyncio.sleep(0.1)
    batch = await submit(client, [web.url("/gone"), "http://10.0.0.1/", web.url("/other")])
    await ended(client, batch["id"])
    asked = {"url": web.url("/"), "formats": ["json"], "outputSchema": schema}
    job = (await client.post("/v1/url-scraper", json=asked)).json()
    await ended(client, job["id"])
    assert model.asked
    assert (await client.get("/v1/url-scraper/unknown")).status_code == 404


async def watch(client, web):
    """A monitor, which runs twice and finds a change."""
    made = await client.post("/v1/monitors", json={"url": web.url("/watched"), "intervalMinutes": 15})
    path, checked_at = f"/v1/monitors/{made.json()['id']}", ""
    for text in (b"$9.99", b"$8.88"):
        web.routes["/watched"] = Response(PAGE.body.replace(b"$9.99", text))
        if checked_at:
            await client.post(f"{path}/run")
        async with asyncio.timeout(30):
            while (found := (await client.get(path)).json()).get("lastCheckedAt", "") <= checked_at or "jobId" in found:
                await asyncio.sleep(0.05)
        checked_at = found["lastCheckedAt"]


@pytest.fixture(scope="module")
def service_metrics(scratch):
    """The metrics of a service after some traffic, and of the same one after a worker was killed."""
    return asyncio.run(_service_metrics(scratch))


async def _service_metrics(scratch):
    async with (
        HttpServer({"/": PAGE, "/other": PAGE, "/watched": PAGE, "/hook": Response(b"")}) as web,
        ModelServer() as model,
    ):
        service = RunningService(
            scratch / "metrics",
            workers=1,
            PAGEMILL_LLM_BASE_URL=model.base_url,
            PAGEMILL_LLM_MODEL="small",
            PAGEMILL_METRICS_HOSTS="5",
            PAGEMILL_METRICS_QUEUE_AGE="0.01",
            PAGEMILL_REPEAT_WINDOW="0",
        )
        async with service, service.client() as client:
            await use(service, client, web, model)
            await asyncio.sleep(1)
            before = await read(client)
            await watch(client, web)
            async with httpx.AsyncClient(base_url=service.address) as nobody:
                assert (await nobody.get("/metrics")).status_code == 401
            [worker] = service.of("worker")
            os.kill(worker.pid, signal.SIGKILL)
            await submit(client, [web.url("/other")])
            job = await submit(client, [web.url("/fresh")])
            await ended(client, job["id"])
            after = await read(client)
            folder = service.data_dir / "metrics"
            assert stat.S_IMODE(folder.stat().st_mode) == 0o700
            files = sorted(file.name for file in folder.iterdir())
        return before, after, files


def test_what_happened_is_counted(service_metrics):
    metrics, _, _ = service_metrics
    assert value(metrics, "jobs_submitted_total") == 4
    assert value(metrics, "pages_submitted_total") == 6
    assert value(metrics, "jobs_ended_total", status="completed") == 4
    assert value(metrics, "pages_ended_total", status="completed", code="") == 4
    assert value(metrics, "pages_ended_total", status="failed", code="blocked_address") == 1
    assert value(metrics, "pages_ended_total", status="failed", code="http_error") == 1
    assert value(metrics, "pages_completed_total", source="http") == 2
    assert value(metrics, "pages_completed_total", source="cache") == 2
    assert value(metrics, "cache_requests_total", outcome="hit") == 2
    assert value(metrics, "egress_refusals_total", kind="address") >= 1
    assert value(metrics, "webhook_attempts_total", outcome="success") == 2
    assert value(metrics, "model_requests_total", outcome="ok") >= 1
    assert value(metrics, "queue_pages", state="waiting") == 0
    assert value(metrics, "workers") == 1
    assert value(metrics, "database_up") == 1
    assert value(metrics, "extraction_processes") in (1, 2)
    for stage in ("queue_wait", "page"):
        assert value(metrics, "stage_duration_seconds_count", stage=stage) == 6
    for stage in ("http", "extraction", "structuring"):
        assert value(metrics, "stage_duration_seconds_count", stage=stage) >= 1
    submitted = {"method": "POST", "route": "/v1/url-scraper", "status": "202"}
    assert value(metrics, "api_requests_total", **submitted) == 3
    unknown = {"method": "GET", "route": "/v1/url-scraper/{id}", "status": "404"}
    assert value(metrics, "api_requests_total", **unknown) == 1
    assert not [key for key in metrics if key[0] == "pagemill_host_pages_ended_total" and ("host", "other") not in key]


def test_runs_of_monitors_are_counted(service_metrics):
    before, after, _ = service_metrics
    assert value(before, "monitor_runs_total", outcome="unchanged") == 0
    for outcome in ("unchanged", "changed"):
        assert value(after, "monitor_runs_total", outcome=outcome) == 1
    assert value(after, "monitor_changes_total", kind="changed") == 1
    assert value(after, "monitor_changes_total", kind="removed") == 0
    assert value(after, "monitors_due_lag_seconds") == 0


def test_counters_go_on_where_a_killed_worker_stopped(service_metrics):
    before, after, files = service_metrics
    assert value(after, "process_restarts_total", process="worker") == 1
    for name in ("pages_ended_total", "stage_duration_seconds_count", "cache_requests_total"):
        for key, count in before.items():
            if key[0] == f"pagemill_{name}":
                assert after[key] >= count
    assert value(after, "extraction_processes") in (1, 2)
    workers = [name for name in files if "worker" in name]
    assert workers == ["counter_worker-1.db", "gauge_livesum_worker-1.db", "histogram_worker-1.db"]


def _expressions(node):
    """Every query of a dashboard."""
    if isinstance(node, dict):
        if isinstance(node.get("expr"), str):
            yield node["expr"]
        for inner in node.values():
            yield from _expressions(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from _expressions(inner)


def test_the_dashboard_and_the_alerts_ask_for_metrics_that_there_are(service_metrics):
    served = {key[0] for key in service_metrics[1]}
    queries = [*_expressions(json.loads(DASHBOARD.read_text())), ALERTS.read_text()]
    asked = {name for query in queries for name in _NAME.findall(query)}
    assert len(asked) > 20
    assert asked - served == set()


def test_every_metric_is_documented_and_no_other(service_metrics):
    served = {re.sub(r"_(bucket|count|sum)$", "", key[0]) for key in service_metrics[1]}
    documented = set(re.findall(r"^\| `(pagemill_[a-z_]+)`", DOCUMENT.read_text(), re.MULTILINE))
    assert served == documented


def test_prometheus_takes_the_configuration_and_the_alerts(tmp_path):
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("needs promtool, which is not here")
    for words in (["check", "rules", str(ALERTS)], ["check", "config", "--syntax-only", str(PROMETHEUS)]):
        checked = subprocess.run([promtool, *words], capture_output=True, text=True, check=False)
        assert checked.returncode == 0, checked.stdout + checked.stderr
