"""Operations, keys, hosts, proxies and webhooks: an ordinary key sees its own, an operator's what concerns all."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from pagemill.jobs.keys.keys import Keys
from pagemill.jobs.queue.store import JobStore
from pagemill.model import ScrapeOptions

if TYPE_CHECKING:
    from tests.api.ui.browsing import Interface
    from tests.api.ui.visiting import Visiting

pytestmark = pytest.mark.asyncio(loop_scope="module")

COUNTED = {
    "pages_ended_total{code=,status=completed}": 12,
    "pages_ended_total{code=dns_error,status=failed}": 3,
    "stage_duration_seconds_bucket{le=0.5,stage=page}": 10,
    "stage_duration_seconds_bucket{le=+Inf,stage=page}": 12,
}
QUEUE = {"waiting": 4, "processing": 1, "deliveries": 0, "workers": 2, "oldest_age": 1.5, "monitor_lag": 0}


async def test_operators_see_the_service_over_time_and_others_do_not(
    interface: Interface, visitor: Visiting, operator: Visiting
) -> None:
    assert "There are no samples of this time yet" in await operator.page("/ui/operations")
    for number in range(1, 60):
        await interface.database.rows(
            "INSERT INTO metrics_history (source, number, taken_at, counted, gauges, queue) "
            "VALUES ('s', $1, $2, $3, $4, $5)",
            *(number, datetime.now(UTC) - timedelta(minutes=number), COUNTED, {"browser_pages": 3}, QUEUE),
        )
    page = await operator.page("/ui/operations")
    assert len(re.findall(r'<svg viewBox="0 0 480 170" role="img"', page)) >= 6
    assert len(re.findall(r"<summary>As a table</summary>", page)) == len(re.findall(r'role="img"', page))
    throughput = page[page.index('id="chart-throughput"') : page.index('id="chart-latency"')]
    assert re.findall(r'<td class="number">([\d.]+)</td><td class="number">([\d.]+)</td>', throughput)[5] == ("12", "3")
    for length in ("6h", "24h", "7d", "odd"):
        await operator.page(f"/ui/operations?range={length}")
    own = await visitor.page("/ui/operations")
    assert "is shown to operators" in own
    assert "chart-" not in own


async def test_numbers_of_others_are_an_operator_s(
    interface: Interface, visitor: Visiting, operator: Visiting, stranger: Visiting
) -> None:
    await JobStore(interface.database).submit(interface.api.key_id, ["https://own.test/"], ScrapeOptions(), batch=False)
    page = await stranger.page("/ui/keys")
    assert interface.api.key_id not in page
    assert page.count("<tr>") == 2
    assert interface.api.key_id in await visitor.page("/ui/keys")
    every = await operator.page("/ui/keys")
    assert all(key in every for key in (interface.api.key_id, interface.operator[0]))
    for path in ("/ui/hosts", "/ui/proxies"):
        await visitor.page(path, 403)
        await operator.page(path)
        assert f'href="{path}"' not in page
    await interface.worker.complete_all()


async def test_a_key_is_made_shown_once_and_revoked(
    interface: Interface, visitor: Visiting, operator: Visiting
) -> None:
    assert (await visitor.send("/ui/keys", name="mine")).status_code == 403
    assert (await operator.send("/ui/keys", name=" ")).status_code == 400
    answer = await operator.send("/ui/keys", name="<b>bold</b>")
    [secret] = re.findall(r'id="new-key">(pm_[\w-]+)<', answer.text)
    assert answer.headers["cache-control"] == "no-store"
    known = await Keys(interface.database).find(secret)
    assert known is not None
    assert not known.operator
    page = await operator.page("/ui/keys")
    assert secret not in page
    assert "&lt;b&gt;bold&lt;/b&gt;" in page
    assert (await visitor.send(f"/ui/keys/{known.id}/revoke")).status_code == 403
    assert (await operator.send(f"/ui/keys/{interface.operator[0]}/revoke")).status_code == 409
    assert (await operator.send("/ui/keys/key_none/revoke")).status_code == 404
    assert (await operator.send(f"/ui/keys/{known.id}/revoke")).status_code == 303
    assert await Keys(interface.database).find(secret) is None


async def test_what_was_learnt_of_a_host_is_forgotten(
    interface: Interface, visitor: Visiting, operator: Visiting
) -> None:
    for host in ("known.test", "known2.test"):
        await interface.database.rows(
            "INSERT INTO exit_scores (host, exit, successes, failures, seconds) VALUES ($1, 'http://proxy:1', 3, 1, 2)",
            host,
        )
    assert "known.test" in await operator.page("/ui/hosts?q=known")
    assert "http://proxy:1" in await operator.page("/ui/proxies")
    assert "No known host begins so" in await operator.page("/ui/hosts?q=other")
    assert (await visitor.send("/ui/hosts/forget", host="known.test")).status_code == 403
    answer = await operator.send("/ui/hosts/forget", host="known.test", q="known")
    assert answer.headers["location"] == "/ui/hosts?q=known"
    page = await operator.page("/ui/hosts?q=known")
    assert ("known.test" in page, "known2.test" in page) == (False, True)


async def test_webhooks_are_added_changed_and_sent_again(
    interface: Interface, visitor: Visiting, stranger: Visiting
) -> None:
    answer = await visitor.send("/ui/webhooks", url="http://127.0.0.1:9009/hook", event="job.failed")
    assert answer.status_code == 200, answer.text
    [secret] = re.findall(r'id="new-secret">(whsec_[^<]+)<', answer.text)
    page = await visitor.page("/ui/webhooks")
    assert (secret in page, "http://127.0.0.1:9009/hook" in page) == (False, True)
    [endpoint] = (await interface.api.client.get("/v1/webhooks")).json()
    assert endpoint["events"] == ["job.failed"]
    path = f"/ui/webhooks/{endpoint['id']}"
    assert (await stranger.send(f"{path}/delete")).status_code == 404
    assert endpoint["id"] not in await stranger.page("/ui/webhooks")
    await visitor.send(f"{path}/pause")
    assert ">paused</span>" in await visitor.page("/ui/webhooks")
    await visitor.send(f"{path}/resume")
    await visitor.send(f"{path}/test")
    [delivery] = (await interface.api.client.get("/v1/webhooks/deliveries")).json()
    await interface.database.rows(
        "UPDATE webhook_deliveries SET status = 'exhausted', next_attempt_at = NULL, attempts = 9, error = '<i>no</i>'"
    )
    page = await visitor.page("/ui/webhooks?status=exhausted")
    assert "&lt;i&gt;no&lt;/i&gt;" in page
    assert 'class="badge bad">given up</span>' in page
    assert (await stranger.send(f"/ui/deliveries/{delivery['id']}/resend")).status_code == 404
    assert (await visitor.send(f"/ui/deliveries/{delivery['id']}/resend")).status_code == 303
    [row] = await interface.database.rows("SELECT next_attempt_at IS NOT NULL AS due FROM webhook_deliveries")
    assert row["due"]
    assert (await visitor.send("/ui/webhooks", url="ftp://x")).status_code == 400
    assert (await visitor.send(f"{path}/odd")).status_code == 404
    assert (await visitor.send(f"{path}/delete")).status_code == 303
    assert "Nobody is told" in await visitor.page("/ui/webhooks")
