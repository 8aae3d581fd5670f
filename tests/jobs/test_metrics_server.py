from __future__ import annotations

import httpx
import pytest
from tests.service.running import free_port

from pagemill.errors import OperatorError
from pagemill.jobs.keys.keys import Keys
from pagemill.jobs.metrics_server import MetricsServer
from pagemill.observability import instruments, metrics


@pytest.fixture
def settings(settings, monkeypatch):
    monkeypatch.delenv(instruments.FOLDER_VARIABLE, raising=False)
    metrics.turn_on(settings, "test")
    yield settings.changed(metrics_port=free_port())
    instruments.turn_off()


def address(settings):
    return f"http://127.0.0.1:{settings.observability.metrics_port}"


async def test_a_worker_serves_its_metrics_to_an_operators_key(settings, database):
    keys = Keys(database)
    _, operator = await keys.create("operator", operator=True)
    _, other = await keys.create("other")
    async with MetricsServer(settings, supervised=False), httpx.AsyncClient(base_url=address(settings)) as client:
        answer = await client.get("/metrics", headers={"Authorization": f"Bearer {operator}"})
        assert answer.status_code == 200
        assert "pagemill_pages_rescued_total 0.0" in answer.text
        assert "pagemill_database_up 1.0" in answer.text
        assert (await client.get("/metrics", headers={"X-API-Key": operator})).status_code == 200
        assert (await client.get("/metrics", headers={"X-API-Key": other})).status_code == 401
        assert (await client.get("/metrics")).status_code == 401
        assert (await client.get("/")).status_code == 404
    async with httpx.AsyncClient() as client:
        with pytest.raises(httpx.ConnectError):
            await client.get(f"{address(settings)}/metrics")


async def test_the_same_machine_needs_no_key_where_a_setting_says_so(settings):
    opened = settings.changed(metrics_auth=False)
    async with MetricsServer(opened, supervised=False), httpx.AsyncClient() as client:
        assert (await client.get(f"{address(opened)}/metrics")).status_code == 200


@pytest.mark.parametrize("changes", [{"metrics_port": 0}, {"metrics": False}, {}])
async def test_nothing_is_served_that_is_not_asked_for(settings, changes):
    changed = settings.changed(**changes)
    port = settings.observability.metrics_port
    async with MetricsServer(changed, supervised=not changes), httpx.AsyncClient() as client:
        with pytest.raises(httpx.ConnectError):
            await client.get(f"http://127.0.0.1:{port}/metrics")


async def test_a_port_that_is_taken_is_told_in_one_line(settings):
    async with MetricsServer(settings, supervised=False):
        with pytest.raises(OperatorError, match=r"Metrics cannot be served on 127\.0\.0\.1 port"):
            async with MetricsServer(settings, supervised=False):
                pass
