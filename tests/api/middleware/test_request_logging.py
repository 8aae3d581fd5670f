from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from structlog.testing import capture_logs

if TYPE_CHECKING:
    from tests.api.conftest import Api

SECRET = "s3cret-s3cret"


@pytest.mark.parametrize("sent", ["abc-123", "a" * 128, "urn:uuid:0/1_2.3+4=@"])
async def test_a_clients_own_request_id_is_kept(api: Api, sent: str) -> None:
    for path in ("/health", "/nothing", "/v1/countries"):
        assert (await api.client.get(path, headers={"X-Request-Id": sent})).headers["X-Request-Id"] == sent


async def test_any_other_is_replaced_by_a_new_one(api: Api) -> None:
    ids = set()
    for sent in (b"", b"a" * 129, b"two words", b"<script>", "é".encode()):
        answer = await api.client.get("/health", headers=[(b"X-Request-Id", sent)])
        ids.add(answer.headers["X-Request-Id"])
    ids.add((await api.client.get("/health")).headers["X-Request-Id"])
    assert len(ids) == 6
    assert all(id_.isalnum() for id_ in ids)


async def test_a_request_leaves_one_line_without_secrets(api: Api) -> None:
    headers = {"X-Request-Id": "mine", "Authorization": SECRET, "Idempotency-Key": SECRET}
    with capture_logs() as lines:
        url = f"https://user:{SECRET}@example.com/"
        await api.client.post(f"/v1/url-scraper?secret={SECRET}", json={"url": url}, headers=headers)
    (line,) = [line for line in lines if line["event"] == "request"]
    assert isinstance(line.pop("milliseconds"), int)
    assert line == {
        "event": "request",
        "log_level": "info",
        "method": "POST",
        "path": "/v1/url-scraper",
        "status": 202,
        "client": "127.0.0.1",
        "key": api.key_id,
    }
    assert SECRET not in str(lines)
    assert api.secret not in str(lines)


async def test_a_poll_is_told_at_debug_level_alone_unless_it_fails(api: Api) -> None:
    job_id = await api.submit("https://example.com/")
    with capture_logs() as lines:
        quiet = (f"/v1/url-scraper/{job_id}", f"/v1/request/{job_id}", "/ui/assets/style.css")
        for path in (*quiet, "/v1/jobs", "/v1/map/map_0"):
            await api.client.get(path)
        await api.client.delete(f"/v1/url-scraper/{job_id}")
    requests = [line for line in lines if line["event"] == "request"]
    assert [line["log_level"] for line in requests] == ["debug"] * 3 + ["info"] * 3


async def test_the_log_has_the_request_id(api: Api, capsys: pytest.CaptureFixture[str]) -> None:
    await api.client.post("/v1/url-scraper", json={"url": "https://example.com"}, headers={"X-Request-Id": "mine"})
    lines = [line for line in capsys.readouterr().out.splitlines() if "event=" in line]
    assert len([line for line in lines if "request_id='mine'" in line]) == 2, "the job's line and the request's"


async def test_a_failure_is_logged_whole(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_: object) -> Any:
        raise RuntimeError("the reason")

    monkeypatch.setattr(type(api.server.app.state.resources.jobs), "get", fail)
    with capture_logs() as lines:
        await api.client.get("/v1/url-scraper/job_0")
    assert [line["log_level"] for line in lines] == ["error", "info"]
    assert lines[0]["exc_info"]
    assert lines[1]["status"] == 500
