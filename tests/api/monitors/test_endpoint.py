"""Monitors over HTTP."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from tests.api.conftest import serving

from pagemill.jobs.keys.keys import Keys
from pagemill.jobs.monitors.store import MonitorStore
from pagemill.jobs.sessions.store import SessionStore
from pagemill.model import SessionState, SessionUse

if TYPE_CHECKING:
    from tests.api.conftest import Api

    from pagemill.jobs.database.pool import Database
    from pagemill.settings import Settings

URL = "https://example.com/prices"
UNKNOWN = "mon_" + "0" * 24
SCHEMA = {"type": "object", "properties": {"price": {"type": ["number", "null"], "default": None}}}


async def create(api: Api, **fields: Any) -> dict[str, Any]:
    answer = await api.client.post("/v1/monitors", json={"url": URL, "intervalMinutes": 60, **fields})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def refused(api: Api, **fields: Any) -> str:
    answer = await api.client.post("/v1/monitors", json={"url": URL, "intervalMinutes": 60, **fields})
    assert answer.status_code == 400, answer.text
    return f"{answer.json()['code']}: {answer.json()['message']}"


async def test_a_monitor_of_a_page(api: Api) -> None:
    made = await create(api)
    assert made == {
        "id": made["id"],
        "url": URL,
        "scope": "page",
        "watchMode": "full_page",
        "watchFormat": "markdown",
        "intervalMinutes": 60,
        "useBrowser": False,
        "country": "us",
        "includePatterns": [],
        "excludePatterns": [],
        "isActive": True,
        "expired": False,
        "nextRunAt": made["createdAt"],
        "createdAt": made["createdAt"],
        "updatedAt": made["createdAt"],
    }
    assert (await api.client.get(f"/v1/monitors/{made['id']}")).json() == made


async def test_a_monitor_of_a_site(api: Api) -> None:
    wanted = {
        "scope": "site",
        "watchMode": "specific_data",
        "outputSchema": SCHEMA,
        "maxPages": 20,
        "maxDepth": 3,
        "includePatterns": ["/docs/**"],
        "excludePatterns": ["*.pdf"],
        "alertWebhookUrl": "https://receiver.example/hook",
        "expiresAt": "2999-01-31",
        "useBrowser": True,
        "isActive": False,
    }
    made = await create(api, **wanted, colour="red")
    assert {name: made[name] for name in wanted} == wanted | {"expiresAt": "2999-02-01T00:00:00.000Z"}
    assert "nextRunAt" not in made
    assert made["alertWebhookSecret"].startswith("whsec_")
    assert made["warnings"] == ["The field `colour` is not known, and was ignored."]
    shown = (await api.client.get(f"/v1/monitors/{made['id']}")).json()
    assert "alertWebhookSecret" not in shown


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"intervalMinutes": 14}, "invalid_request: The field `intervalMinutes` is not valid: at least 15"),
        ({"intervalMinutes": "60"}, "invalid_request: The field `intervalMinutes`"),
        ({"url": "ftp://example.com/"}, "invalid_url: The field `url`"),
        ({"scope": "wire"}, "invalid_request: The field `scope`"),
        ({"scope": "site", "maxPages": 501}, "invalid_request: The field `maxPages` is not valid: at most 500"),
        ({"scope": "site", "includePatterns": ["/[/"]}, "invalid_request: The field `includePatterns"),
        ({"excludePatterns": ["/a/", "/[/"]}, "invalid_request: The field `excludePatterns[1]`"),
        ({"watchMode": "specific_data"}, "invalid_request: The field `outputSchema` is required"),
        ({"outputSchema": {"type": "nonsense"}}, "invalid_request: The field `outputSchema` is not valid"),
        ({"alertWebhookUrl": "nowhere"}, "invalid_url: The field `alertWebhookUrl`"),
        ({"expiresAt": "soon"}, "invalid_request: The field `expiresAt` is not valid: it is neither"),
        ({"expiresAt": "2020-01-01"}, "invalid_request: The field `expiresAt` is not valid: it has passed"),
        ({"expiresAt": "9999-12-31"}, "invalid_request: The field `expiresAt` is not valid: it is neither"),
        ({"aiMode": True}, "not_supported: The field `aiMode`"),
        ({"alertEmails": "a@example.com"}, "not_supported: The field `alertEmails`"),
    ],
)
async def test_what_cannot_be_watched_is_refused_by_name(api: Api, fields: dict[str, Any], message: str) -> None:
    assert (await refused(api, **fields)).startswith(message)


async def test_a_monitor_begins_with_a_session_of_its_key(api: Api, database: Database, settings: Settings) -> None:
    state = SessionState(b'{"cookies": [], "origins": []}')
    session_id = await SessionStore(database, settings).save(api.key_id, "shop", state, URL)
    made = await create(api, scope="site", sessionName="shop")
    assert made["sessionName"] == "shop"
    found = await MonitorStore(database).get(api.key_id, made["id"])
    assert found is not None
    assert found.definition.options.session == SessionUse(name="shop")
    changes = {"sessionName": "", "sessionId": session_id}
    changed = (await api.client.patch(f"/v1/monitors/{made['id']}", json=changes)).json()
    assert (changed["sessionId"], "sessionName" in changed) == (session_id, False)
    gone = await api.client.patch(f"/v1/monitors/{made['id']}", json={"sessionId": "sess_0"})
    assert (gone.status_code, gone.json()["code"]) == (404, "not_found")


async def test_a_list_is_read_in_parts_and_holds_only_the_keys_own(api: Api, database: Database) -> None:
    ids = [(await create(api, url=f"{URL}/{number}"))["id"] for number in range(5)]
    _, secret = await Keys(database).create("other")
    other = {"X-API-Key": secret}
    assert (await api.client.get("/v1/monitors", headers=other)).json() == {"monitors": []}
    for method, path in (("GET", ""), ("DELETE", ""), ("POST", "/run"), ("GET", "/changes"), ("POST", "/pause")):
        answer = await api.client.request(method, f"/v1/monitors/{ids[0]}{path}", headers=other)
        unknown = await api.client.request(method, f"/v1/monitors/{UNKNOWN}{path}")
        assert (answer.status_code, answer.json()) == (404, unknown.json())
    found: list[str] = []
    part: dict[str, Any] = {"next": None}
    while "next" in part:
        before = {"before": part["next"]} if part["next"] else {}
        part = (await api.client.get("/v1/monitors", params={"limit": 2, **before})).json()
        found += [monitor["id"] for monitor in part["monitors"]]
    assert found == ids[::-1]
    assert (await api.client.get("/v1/monitors", params={"before": UNKNOWN})).status_code == 400


async def test_a_patch_changes_what_is_given(api: Api) -> None:
    made = await create(api, expiresAt="2999-01-31", outputSchema=SCHEMA, alertWebhookUrl="https://a.example/")
    path = f"/v1/monitors/{made['id']}"
    changed = (await api.client.patch(path, json={"intervalMinutes": 30, "url": None})).json()
    assert (changed["intervalMinutes"], changed["url"]) == (30, URL)
    assert (changed["expiresAt"], changed["outputSchema"]) == (made["expiresAt"], SCHEMA)
    removed = (await api.client.patch(path, json={"alertWebhookUrl": "", "expiresAt": ""})).json()
    assert {"alertWebhookUrl", "expiresAt"}.isdisjoint(removed)
    answer = await api.client.patch(path, json={"intervalMinutes": 1})
    assert answer.status_code == 400
    assert (await api.client.get(path)).json()["intervalMinutes"] == 30


async def test_a_put_replaces_all(api: Api) -> None:
    made = await create(api, expiresAt="2999-01-31", scope="site", maxPages=20)
    path = f"/v1/monitors/{made['id']}"
    replaced = (await api.client.put(path, json={"url": URL, "intervalMinutes": 15})).json()
    assert (replaced["scope"], replaced["intervalMinutes"]) == ("page", 15)
    assert {"maxPages", "expiresAt"}.isdisjoint(replaced)
    assert (await api.client.put(path, json={"url": URL})).status_code == 400


async def test_changes_at_the_same_time_come_one_after_the_other(api: Api) -> None:
    path = f"/v1/monitors/{(await create(api))['id']}"
    answers = await asyncio.gather(
        api.client.patch(path, json={"intervalMinutes": 45}), api.client.patch(path, json={"maxPages": 7})
    )
    assert {answer.status_code for answer in answers} == {200}
    site = (await api.client.patch(path, json={"scope": "site"})).json()
    assert (site["intervalMinutes"], site["maxPages"]) == (45, 7)


async def test_pausing_and_resuming(api: Api, database: Database) -> None:
    path = f"/v1/monitors/{(await create(api))['id']}"
    paused = (await api.client.post(f"{path}/pause")).json()
    assert paused["isActive"] is False
    assert "nextRunAt" not in paused
    resumed = (await api.client.post(f"{path}/resume")).json()
    assert resumed["isActive"] is True
    assert resumed["nextRunAt"]
    await database.rows("UPDATE monitors SET expires_at = now() + interval '1 hour'")
    await database.rows("UPDATE monitors SET next_run_at = expires_at")
    assert "nextRunAt" not in (await api.client.get(path)).json()
    await database.rows("UPDATE monitors SET expires_at = now()")
    expired = (await api.client.get(path)).json()
    assert (expired["isActive"], expired["expired"]) == (False, True)
    assert (await api.client.post(f"{path}/run")).status_code == 409
    end = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    resumed = (await api.client.post(f"{path}/resume", json={"expiresAt": end})).json()
    assert (resumed["isActive"], resumed["expired"]) == (True, False)
    without_end = (await api.client.post(f"{path}/expiry", json={"expiresAt": None})).json()
    assert "expiresAt" not in without_end


async def test_one_that_could_not_be_made_any_more_can_be_paused(settings: Settings, key: tuple[str, str]) -> None:
    async with serving(settings, key) as api:
        path = f"/v1/monitors/{(await create(api))['id']}"
    async with serving(settings.changed(monitor_min_interval=120), key) as api:
        paused = await api.client.post(f"{path}/pause")
        assert (paused.status_code, paused.json()["isActive"]) == (200, False)
        assert (await api.client.post(f"{path}/resume")).json()["intervalMinutes"] == 60
        assert (await api.client.patch(path, json={"maxPages": 3})).status_code == 400


async def test_an_expired_one_needs_another_end(api: Api, database: Database) -> None:
    path = f"/v1/monitors/{(await create(api, expiresAt='2999-01-31'))['id']}"
    passed = {"expiresAt": "2020-01-01"}
    await database.rows("UPDATE monitors SET expires_at = now(), request = request || $1", passed)
    assert (await api.client.post(f"{path}/resume")).status_code == 409
    assert (await api.client.patch(path, json={"intervalMinutes": 20})).json()["expired"] is True


async def test_a_run_that_is_asked_for_is_a_job_of_the_key(api: Api, settings: Settings) -> None:
    made = await create(api)
    path = f"/v1/monitors/{made['id']}"
    first, second = [await api.client.post(f"{path}/run") for _ in range(2)]
    assert (first.status_code, second.status_code) == (202, 202)
    assert first.json()["success"] is True
    assert second.json()["jobId"] == first.json()["jobId"]
    job = await api.job(first.json()["jobId"])
    assert (job["url"], job["status"]) == (URL, "pending")
    assert (await api.client.get(path)).json()["jobId"] == job["id"]
    other = (await create(api, url="https://example.com/other"))["id"]
    async with serving(settings.changed(queued_pages_per_key=1), (api.key_id, api.secret)) as limited:
        full = await limited.client.post(f"/v1/monitors/{other}/run")
    assert (full.status_code, full.json()["code"]) == (429, "queue_full")
    assert int(full.headers["retry-after"]) > 0


async def test_changes_are_read_in_parts(api: Api, database: Database) -> None:
    monitor_id = (await create(api))["id"]
    await database.rows(
        "INSERT INTO monitor_changes (id, monitor_id, job_id, kind, url, summary, diff, diff_json, changed_at) "
        "SELECT 'chg_' || lpad(n::text, 24, '0'), $1, 'job_1', 'changed', 'https://example.com/', 'One line.', "
        "CASE WHEN n > 1 THEN '@@' END, CASE WHEN n > 1 THEN '{\"added\": {\"/a\": 1}}'::jsonb END, "
        "now() + n * interval '1 second' FROM generate_series(1, 5) n",
        monitor_id,
    )
    path = f"/v1/monitors/{monitor_id}/changes"
    first = (await api.client.get(path, params={"limit": 3})).json()
    rest = (await api.client.get(path, params={"limit": 3, "before": first["next"]})).json()
    assert "next" not in rest
    changes = first["changes"] + rest["changes"]
    assert [int(change["id"].removeprefix("chg_")) for change in changes] == [5, 4, 3, 2, 1]
    assert changes[0] | {"changedAt": "", "createdAt": ""} == {
        "id": changes[0]["id"],
        "monitorId": monitor_id,
        "jobId": "job_1",
        "kind": "changed",
        "url": "https://example.com/",
        "summary": "One line.",
        "diff": "@@",
        "diffJson": {"added": {"/a": 1}},
        "changedAt": "",
        "createdAt": "",
    }
    assert "diff" not in changes[-1]
    assert changes[-1]["diffJson"] == {}
    assert (await api.client.get(path, params={"before": "chg_1"})).status_code == 400


async def test_a_deleted_one_is_gone(api: Api) -> None:
    monitor_id = (await create(api))["id"]
    answer = await api.client.delete(f"/v1/monitors/{monitor_id}")
    assert answer.json() == {"id": monitor_id, "deleted": True}
    assert (await api.client.delete(f"/v1/monitors/{monitor_id}")).status_code == 404
    assert (await api.client.get(f"/v1/monitors/{monitor_id}")).status_code == 404


async def test_a_key_has_so_many_at_most(settings: Settings, key: tuple[str, str]) -> None:
    async with serving(settings.changed(monitors_per_key=1), key) as api:
        await create(api)
        answer = await api.client.post("/v1/monitors", json={"url": f"{URL}/2", "intervalMinutes": 60})
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")


async def test_what_is_sent_again_makes_one(settings: Settings, key: tuple[str, str]) -> None:
    async with serving(settings.changed(repeat_window=60.0), key) as api:
        assert (await create(api))["id"] == (await create(api))["id"]
        body, headers = {"url": f"{URL}/2", "intervalMinutes": 60}, {"Idempotency-Key": "a"}
        sent = [await api.client.post("/v1/monitors", json=body, headers=headers) for _ in range(2)]
        assert sent[0].json()["id"] == sent[1].json()["id"]


async def test_alerts_need_a_key_to_sign_with(settings: Settings, key: tuple[str, str], tmp_path: Any) -> None:
    async with serving(settings.changed(secret_key=None, data_dir=tmp_path), key) as api:
        assert "PAGEMILL_SECRET_KEY" in await refused(api, alertWebhookUrl="https://a.example/")
