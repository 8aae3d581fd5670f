"""Monitors: the list, one of them, what changed side by side, and what can be done."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.api.ui.browsing import Interface
    from tests.api.ui.visiting import Visiting

pytestmark = pytest.mark.asyncio(loop_scope="module")

CHANGE = "chg_0123456789abcdef01234567"


async def make(interface: Interface, url: str) -> str:
    answer = await interface.api.client.post("/v1/monitors", json={"url": url, "intervalMinutes": 60})
    assert answer.status_code == 201
    return str(answer.json()["id"])


async def test_monitors_are_listed_and_shown_to_their_key(
    interface: Interface, visitor: Visiting, stranger: Visiting
) -> None:
    empty = await stranger.page("/ui/monitors")
    assert "There are no monitors yet" in empty
    assert f"curl -X POST {interface.api.url}/v1/monitors" in empty
    monitor = await make(interface, "https://watched.test/")
    await interface.database.rows(
        "INSERT INTO monitor_changes (id, monitor_id, job_id, kind, url, summary, diff, diff_json) VALUES ($1, $2, "
        "'job_1', 'changed', 'https://watched.test/', 'One line differs.', $3, $4)",
        *(CHANGE, monitor, "@@ -1,2 +1,2 @@\n Prices\n-It costs 2 euros\n+It costs 3 euros\n"),
        {"changed": {"/price": {"before": 2, "after": 3}}},
    )
    await interface.database.rows(
        "INSERT INTO monitor_runs (monitor_id, job_id, started_at, outcome, pages, failed_pages, changes) "
        "VALUES ($1, 'job_1', now(), 'changed', 1, 0, 1)",
        monitor,
    )
    assert f"/ui/monitors/{monitor}" in await visitor.page("/ui/monitors")
    page = await visitor.page(f"/ui/monitors/{monitor}")
    assert "One line differs." in page
    assert '/ui/jobs/job_1"' in page
    change = await visitor.page(f"/ui/monitors/{monitor}/changes/{CHANGE}")
    assert "It costs <del>2</del> euros" in change
    assert "It costs <ins>3</ins> euros" in change
    assert "<code>/price</code>" in change
    for path in (f"/ui/monitors/{monitor}", f"/ui/monitors/{monitor}/changes/{CHANGE}"):
        await stranger.page(path, 404)
    await visitor.page(f"/ui/monitors/{monitor}/changes/chg_{0:024x}", 404)


async def test_a_monitor_is_paused_resumed_run_and_deleted(
    interface: Interface, visitor: Visiting, stranger: Visiting
) -> None:
    monitor = await make(interface, "https://acted.test/")
    path = f"/ui/monitors/{monitor}"
    for action in ("pause", "run", "delete"):
        assert (await stranger.send(f"{path}/{action}")).status_code == 404
    assert (await visitor.send(f"{path}/pause")).headers["location"] == path
    assert ">paused</span>" in await visitor.page(path)
    assert (await visitor.send(f"{path}/resume")).status_code == 303
    assert (await visitor.send(f"{path}/run")).status_code == 303
    assert ">running</span>" in await visitor.page(path)
    assert (await visitor.send(f"{path}/odd")).status_code == 404
    assert (await visitor.send(f"{path}/delete")).headers["location"] == "/ui/monitors"
    await visitor.page(path, 404)
