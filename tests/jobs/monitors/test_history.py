"""What is kept of the runs of monitors, by real workers."""

from __future__ import annotations

import hashlib

from tests.jobs.monitors.conftest import page
from tests.web.http_server import Response

from pagemill import bodies
from pagemill.jobs.monitors.history import MonitorHistory


async def test_each_content_and_each_run_is_kept(monitors, web, database):
    history = MonitorHistory(database)
    monitor = await monitors.create(web.url("/"))
    async with monitors.working(monitor_snapshots_kept=2, monitor_runs_kept=4):
        await monitors.checked(monitor)
        await monitors.run(monitor)
        web.routes["/"] = Response(b"down", 500)
        await monitors.run(monitor)
        for price in (4, 5):
            web.routes["/"] = page(f"Rye costs {price} euros.")
            await monitors.run(monitor)
    runs = await history.runs(monitor.id, None, 9)
    assert [(run.outcome, run.pages, run.failed_pages, run.changes) for run in runs] == [
        ("changed", 1, 0, 1),
        ("changed", 1, 0, 1),
        ("failed", 1, 1, 0),
        ("unchanged", 1, 0, 0),
    ]
    assert runs[2].failure.code == "http_error"
    assert all(run.started_at < run.ended_at for run in runs)
    newer, older = await history.snapshots(monitor.id, None, 9)
    assert (newer.job_id, older.job_id) == (runs[0].job_id, runs[1].job_id)
    found = await history.snapshot(monitor.id, newer.id)
    text = bodies.unpack(found.content)
    assert "Rye costs 5 euros." in text
    assert (found.status_code, found.content_hash) == (200, hashlib.sha256(text.encode()).hexdigest())
    assert (await history.snapshot_of_content(monitor.id, older.content_hash)).id == older.id
    [known] = await history.pages(monitor.id, None, 9)
    assert (known.url, known.snapshot_id, known.content_hash) == (web.url("/"), newer.id, newer.content_hash)
    assert known.seen_at >= known.captured_at


async def test_a_content_from_before_snapshots_were_kept_is_kept_at_the_next_run(monitors, web, database):
    history = MonitorHistory(database)
    monitor = await monitors.create(web.url("/"))
    async with monitors.working():
        await monitors.checked(monitor)
        await database.rows("DELETE FROM monitor_snapshots")
        await monitors.run(monitor)
        await monitors.run(monitor)
    [kept] = await history.snapshots(monitor.id, None, 9)
    assert [run.outcome for run in await history.runs(monitor.id, None, 9)] == ["unchanged", "unchanged", "baseline"]
    assert (await history.pages(monitor.id, None, 9))[0].snapshot_id == kept.id


async def test_the_snapshots_of_a_page_go_with_it(monitors, web, database):
    history = MonitorHistory(database)
    web.routes |= {"/": page("Rye.", links=["/a", "/b"]), "/a": page("Page A."), "/b": page("Page B.")}
    monitor = await monitors.create(web.url("/"), site={"limit": 9, "depth": 1})
    async with monitors.working():
        await monitors.checked(monitor)
        assert [each.url for each in await history.pages(monitor.id, None, 9)] == [
            web.url(at) for at in ("/", "/a", "/b")
        ]
        web.routes["/b"] = Response(b"gone", 410)
        await monitors.run(monitor)
    assert {each.url for each in await history.snapshots(monitor.id, None, 9)} == {web.url("/"), web.url("/a")}
    last, first = await history.runs(monitor.id, None, 9)
    assert (first.outcome, first.pages, first.changes) == ("baseline", 3, 0)
    assert (last.outcome, last.pages, last.failed_pages, last.changes) == ("changed", 3, 1, 1)
