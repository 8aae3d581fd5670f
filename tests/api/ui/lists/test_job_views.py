"""The list of jobs and one job: what they show, what can be done, and that nobody sees another key's."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from pagemill.jobs.batches.store import BatchStore
from pagemill.jobs.crawls.store import CrawlStore
from pagemill.jobs.queue.store import JobStore, Site
from pagemill.model import (
    Action,
    ActionType,
    Cookie,
    Format,
    JobKind,
    ScrapeOptions,
    SessionUse,
    SiteOptions,
    Status,
)
from pagemill.settings import Settings

if TYPE_CHECKING:
    from tests.api.ui.browsing import Interface
    from tests.api.ui.visiting import Visiting

    from pagemill.model import Job

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def submit(interface: Interface, *urls: str, options: ScrapeOptions | None = None, **more: Any) -> Job:
    store = JobStore(interface.database)
    more.setdefault("batch", len(urls) > 1)
    return await store.submit(interface.api.key_id, urls, options or ScrapeOptions(), **more)


async def end(interface: Interface, **codes: str) -> None:
    """End all pages; those whose URL ends with a name fail with its code."""
    worker = interface.worker
    for page in await worker.start_all():
        code = codes.get(page.url.rsplit("/", 1)[-1])
        await (worker.fail(page, code, f"It failed: {page.url}") if code else worker.complete(page))


def rows(page: str) -> list[str]:
    """The jobs of a list, in its order."""
    return re.findall(r'class="break main"><a href="/ui/jobs/(\w+)"', page)


async def test_lists_show_what_their_filters_say(interface: Interface, visitor: Visiting, stranger: Visiting) -> None:
    single = await submit(interface, "https://filters.test/docs/a")
    batch = await submit(interface, "https://filters.test/x", "https://filters.test/late")
    await end(interface, late="timeout")
    assert rows(await visitor.page("/ui/jobs?q=filters.test")) == [batch.id, single.id]
    assert rows(await visitor.page("/ui/jobs?q=filters.test/docs")) == [single.id]
    assert rows(await visitor.page("/ui/jobs?q=filters.test&kind=batch")) == [batch.id]
    assert rows(await visitor.page("/ui/jobs?q=filters.test&error=timeout")) == [batch.id]
    assert rows(await visitor.page("/ui/jobs?q=filters.test&since=2020-01-01T10:00&until=2020-01-02T10:00")) == []
    odd = await visitor.page("/ui/jobs?q=filters.test&status=odd&kind=odd&since=odd&after=odd&error=")
    assert rows(odd) == [batch.id, single.id]
    assert "names no host" in await visitor.page("/ui/jobs?q=%2F%2F")
    assert "No job is like that" in await visitor.page("/ui/jobs?q=nothing.test")
    assert "There are no jobs yet" in await stranger.page("/ui/jobs")
    assert rows(await stranger.page("/ui/jobs?q=filters.test")) == []


async def test_a_bar_tells_completed_pages_from_failed_ones(interface: Interface, visitor: Visiting) -> None:
    job = await submit(interface, "https://bar.test/a", "https://bar.test/b", "https://bar.test/late")
    await end(interface, late="timeout")
    for page in (await visitor.page("/ui/jobs?q=bar.test"), await visitor.page(f"/ui/jobs/{job.id}")):
        assert 'aria-label="3 of 3 pages ended, 1 failed"' in page
        assert '<rect class="progress-completed" width="2" height="1"/>' in page
        assert '<rect class="progress-failed" x="2" width="1" height="1"/>' in page
    assert 'https://bar.test/a <span class="faint">and 2 more</span>' in page


async def test_a_job_that_was_cancelled_under_way_is_not_to_be_cancelled_again(
    interface: Interface, visitor: Visiting
) -> None:
    job = await submit(interface, "https://under-way.test/")
    assert "/cancel" in await visitor.page(f"/ui/jobs/{job.id}")
    [page] = await interface.worker.start_all()
    await visitor.send(f"/ui/jobs/{job.id}/cancel")
    shown = await visitor.page(f"/ui/jobs/{job.id}")
    assert ("/cancel" in shown, "what had begun still ends" in shown) == (False, True)
    await interface.worker.complete(page)
    assert "what had begun still ends" not in await visitor.page(f"/ui/jobs/{job.id}")


async def test_a_list_goes_on_with_older_jobs(interface: Interface, visitor: Visiting) -> None:
    jobs = [(await submit(interface, "https://paged.test/")).id for _ in range(53)]
    page = await visitor.page("/ui/jobs?q=paged.test")
    older = re.findall(r'<a href="(/ui/jobs\?[^"]*after=[^"]*)" rel="next"', page)[0].replace("&amp;", "&")
    rest = await visitor.page(older)
    assert rows(page) + rows(rest) == jobs[::-1]
    assert 'data-refresh="5"' in page
    assert "data-refresh" not in rest
    await end(interface)


async def test_a_job_is_shown_with_its_errors_explained(
    interface: Interface, visitor: Visiting, stranger: Visiting
) -> None:
    job = await submit(interface, "https://one.test/a", "https://one.test/b", "https://one.test/c")
    assert 'data-refresh="2"' in await visitor.page(f"/ui/jobs/{job.id}")
    await end(interface, b="dns_error")
    page = await visitor.page(f"/ui/jobs/{job.id}")
    assert 'data-refresh="2"' not in page
    assert "the host name does not exist, has no address" in page
    assert "Check the spelling of the host." in page
    assert f'href="/ui/playground/{job.id}"' in page
    assert f'href="/ui/playground/{job.id}?page=2"' in page
    assert f'href="/ui/playground/{job.id}?page=1"' not in page  # it failed
    assert "It failed: https://one.test/b" in page
    assert page.count("/ui/content/") == 3
    failed = await visitor.page(f"/ui/jobs/{job.id}?error=dns_error")
    assert ("https://one.test/b</a>" in failed, "https://one.test/c" in failed) == (False, False)
    assert "It failed: https://one.test/b" in failed
    await stranger.page(f"/ui/jobs/{job.id}", 404)
    await visitor.page("/ui/jobs/job_000000000000000000000000", 404)
    await visitor.page("/ui/jobs/odd", 404)


async def test_a_batch_by_upload_is_listed_looked_at_and_cancelled(
    interface: Interface, visitor: Visiting, stranger: Visiting
) -> None:
    body = "".join(f"https://upload.test/{number}\n" for number in range(3))
    answer = await interface.api.client.post("/v1/batches", content=body.encode())
    batch_id = answer.json()["id"]
    batches = BatchStore(interface.database, JobStore(interface.database), Settings(batch_queued_pages=2))
    for is_released in (False, True):
        if is_released:
            assert (await batches.release())[0] == 2
        assert batch_id in rows(await visitor.page("/ui/jobs"))
        assert rows(await visitor.page("/ui/jobs?kind=bulk")) == [batch_id]
        page = await visitor.page(f"/ui/jobs/{batch_id}")
        assert ("https://upload.test/0" in page) == is_released
        assert "0 of 3" in page
        assert f'href="/ui/playground/{batch_id}"' not in page  # it may have a million pages
    moved = await visitor.client.get(f"/ui/playground/{batch_id}")
    assert (moved.status_code, moved.headers["location"]) == (307, f"/ui/jobs/{batch_id}")
    assert (await stranger.send(f"/ui/jobs/{batch_id}/cancel")).status_code == 404
    assert (await visitor.send(f"/ui/jobs/{batch_id}/cancel")).status_code == 303
    job = await JobStore(interface.database).get(batch_id, interface.api.key_id)
    assert job is not None
    assert (job.status, job.cancelled_at is not None) == (Status.FAILED, True)
    assert "/retry" not in await visitor.page(f"/ui/jobs/{batch_id}")
    assert (await visitor.send(f"/ui/jobs/{batch_id}/retry")).status_code == 409


async def test_pages_of_a_job_are_shown_in_parts(interface: Interface, visitor: Visiting) -> None:
    job = await submit(interface, *(f"https://many.test/{number}" for number in range(60)))
    await end(interface, **{str(number): "timeout" for number in range(5, 58)})
    for query, count in (("", 60), ("?pages=failed", 53)):
        first = await visitor.page(f"/ui/jobs/{job.id}{query}")
        more = re.findall(r'<a href="(/ui/jobs/[^"]*after=[^"]*)" rel="next"', first)[0].replace("&amp;", "&")
        last = await visitor.page(more.partition("#")[0])
        numbers = re.findall(r'data-label="Page">(\d+)<', first + last)
        assert len(set(numbers)) == len(numbers) == count
        assert 'rel="next"' not in last


SECRETS = ScrapeOptions(
    formats=(Format.JSON,),
    headers=(("Authorization", "Bearer hidden-header"),),
    cookies=(Cookie("sid", "hidden-cookie", "one.test"),),
    actions=(Action(ActionType.CLICK, "#in"), Action(ActionType.WRITE, text="hidden-text")),
    session=SessionUse(name="shop"),
    sealed="hidden-sealed",
    output_schema='{"type": "object"}',
)


async def test_secrets_of_options_are_not_shown(interface: Interface, visitor: Visiting) -> None:
    job = await submit(
        interface,
        "https://user:hidden-password@one.test/",
        options=SECRETS,
        webhook_url="https://u:hidden-hook@h.test/",
    )
    page = await visitor.page(f"/ui/jobs/{job.id}") + await visitor.page("/ui/jobs")
    assert "hidden" not in re.sub(r'type="hidden"|aria-hidden|\bhidden>', "", page)
    assert all(name in page for name in ("Authorization", "sid", "click #in", "shop", "https://***@one.test/"))
    await end(interface)


async def test_a_job_is_run_again_with_its_options(interface: Interface, visitor: Visiting, stranger: Visiting) -> None:
    store, new = JobStore(interface.database), ""
    urls = ["https://again.test/a", "https://again.test/b"]
    made = await interface.api.submit(*urls, formats=["links"], headers={"X-A": "secret"})
    job = await store.get(made, interface.api.key_id)
    assert job is not None
    assert job.options.sealed
    assert (await visitor.send(f"/ui/jobs/{job.id}/retry")).status_code == 409
    await end(interface, b="timeout")
    assert (await stranger.send(f"/ui/jobs/{job.id}/retry")).status_code == 404
    for what, expected in (("all", urls), ("failed", urls[1:])):
        answer = await visitor.send(f"/ui/jobs/{job.id}/retry", what=what)
        assert answer.status_code == 303
        new = answer.headers["location"].removeprefix("/ui/jobs/")
        found = await store.get(new, interface.api.key_id)
        assert found is not None
        assert (found.options, [page.url for page in await store.pages(new)]) == (job.options, expected)
        assert f'<a href="/ui/jobs/{job.id}">' in await visitor.page(f"/ui/jobs/{new}")
        assert f'<a href="/ui/jobs/{new}">' in await visitor.page(f"/ui/jobs/{job.id}")
    await end(interface)
    assert (await visitor.send(f"/ui/jobs/{new}/retry", what="failed")).status_code == 409


async def test_a_job_with_more_urls_than_a_batch_may_have_is_not_run_again(
    interface: Interface, visitor: Visiting
) -> None:
    most = interface.settings.requests.max_batch_urls
    job = await submit(interface, *(f"https://large.test/{number}" for number in range(most + 1)))
    await end(interface, **{"1": "timeout"})
    assert (await visitor.send(f"/ui/jobs/{job.id}/retry")).status_code == 409
    assert (await visitor.send(f"/ui/jobs/{job.id}/retry", what="failed")).status_code == 303
    await end(interface)


async def test_a_crawl_shows_its_frontier_is_cancelled_and_run_again(interface: Interface, visitor: Visiting) -> None:
    site = Site(JobKind.CRAWL, SiteOptions("https://crawled.test/", limit=7), b"1", "crawled.test")
    job = await submit(interface, "https://crawled.test/", batch=True, site=site)
    page = await visitor.page(f"/ui/jobs/{job.id}")
    assert "within the limit of 7" in page
    assert rows(await visitor.page("/ui/crawls"))[0] == job.id
    assert (await visitor.send(f"/ui/jobs/{job.id}/cancel")).status_code == 303
    stopped = await JobStore(interface.database).get(job.id, interface.api.key_id)
    assert stopped is not None
    assert (stopped.status, bool(stopped.cancelled_at)) == (Status.FAILED, True)
    assert "cancelled</span>" in await visitor.page(f"/ui/jobs/{job.id}")
    answer = await visitor.send(f"/ui/jobs/{job.id}/retry", what="all")
    new = answer.headers["location"].removeprefix("/ui/jobs/")
    assert new.startswith("crawl_")
    found = await JobStore(interface.database).get(new, interface.api.key_id)
    assert found is not None
    assert found.site == site.options
    await CrawlStore(interface.database).stop(new, interface.api.key_id)


async def test_no_change_goes_without_its_token(interface: Interface, visitor: Visiting) -> None:
    job = await submit(interface, "https://forged.test/")
    for path in (f"/ui/jobs/{job.id}/cancel", f"/ui/jobs/{job.id}/retry", "/ui/monitors/mon_1/delete", "/ui/webhooks"):
        assert (await visitor.client.post(path, data={"csrf": "0" * 64})).status_code == 403
    found = await JobStore(interface.database).get(job.id, interface.api.key_id)
    assert found is not None
    assert found.status is Status.PENDING
    await end(interface)
