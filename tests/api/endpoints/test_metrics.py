from __future__ import annotations

import httpx
import pytest
from tests.api.conftest import serving

from pagemill.jobs.keys.keys import Keys
from pagemill.observability import instruments, metrics


@pytest.fixture(autouse=True)
def _counting(monkeypatch, settings):
    monkeypatch.delenv(instruments.FOLDER_VARIABLE, raising=False)
    metrics.turn_on(settings, "test")
    yield
    instruments.turn_off()


@pytest.fixture
async def operator(database):
    return await Keys(database).create("operator", operator=True)


async def test_an_operators_key_reads_the_metrics(settings, operator):
    async with serving(settings, operator) as api:
        job_id = await api.submit("http://example.com/secret-path", useBrowser=False)
        await api.client.get(f"/v1/url-scraper/{job_id}")
        await api.client.head("/health/")
        await api.client.get("/no/such/path")
        text = (await api.client.get("/metrics", headers={"Authorization": f"Bearer {api.secret}"})).text
    assert 'pagemill_queue_pages{state="waiting"} 1.0' in text
    assert "pagemill_jobs_submitted_total 1.0" in text
    assert 'pagemill_build_info{python="' in text
    assert 'pagemill_api_requests_total{method="GET",route="/v1/url-scraper/{id}",status="200"} 1.0' in text
    assert 'pagemill_api_requests_total{method="HEAD",route="/health",status="200"} 1.0' in text
    assert 'pagemill_api_requests_total{method="GET",route="none",status="404"} 1.0' in text
    assert "secret-path" not in text
    assert job_id not in text


async def test_other_keys_and_nobody_are_refused(api):
    assert (await api.client.get("/metrics")).status_code == 403
    async with httpx.AsyncClient(base_url=api.url) as nobody:
        assert (await nobody.get("/metrics")).status_code == 401


async def test_the_same_machine_needs_no_key_where_a_setting_says_so(settings, key):
    async with serving(settings.changed(metrics_auth=False), key) as api:
        async with httpx.AsyncClient(base_url=api.url) as nobody:
            assert (await nobody.get("/metrics")).status_code == 200
            assert (await nobody.get("/v1/url-scraper")).status_code == 401
            through_proxy = await nobody.get("/metrics", headers={"Host": "pagemill.example.com"})
            assert through_proxy.status_code == 401
            from_a_page = await nobody.get("/metrics", headers={"Origin": "http://localhost:3000"})
            assert from_a_page.status_code == 401
        assert (await api.client.get("/metrics")).status_code == 403


async def test_metrics_that_are_off_are_not_found(settings, operator):
    async with serving(settings.changed(metrics=False), operator) as api:
        assert (await api.client.get("/metrics")).status_code == 404


async def test_without_the_database_the_queue_is_left_out(settings, operator, monkeypatch):
    async with serving(settings, operator) as api:
        monkeypatch.setattr(
            "pagemill.jobs.queue.statements.GET_QUEUE_STATE",
            "SELECT pg_sleep(60), $1::int, $2::interval",
        )
        api.server.app.state.resources.queue._patience = 0.1
        text = (await api.client.get("/metrics")).text
    assert "pagemill_database_up 0.0" in text
    assert "pagemill_queue_pages" not in text
