"""The steps of the clients, without a service: what is sent again, and what is not."""

from __future__ import annotations

import json

import pytest

from pagemill.api.monitors.requests import MonitorRequest
from pagemill.api.sites.requests import CrawlRequest, MapRequest
from pagemill.api.wire.scrape_request import BatchRequest
from pagemill.client import flows
from pagemill.client.calls import Answer, Call
from pagemill.client.errors import ApiError, ServiceUnreachableError
from pagemill.client.flows import Pause
from pagemill.client.options import CrawlOptions, MapOptions, MonitorOptions, ScrapeOptions, to_fields


def played(flow, replies):
    """The steps of a flow that is sent these replies to its calls, and what it returns."""
    steps, reply = [], None
    replies = iter(replies)
    while True:
        try:
            steps.append(flow.send(reply))
        except StopIteration as end:
            return steps, end.value
        reply = next(replies) if isinstance(steps[-1], Call) else None


def answer(code=200, **value):
    return Answer(code, {}, json.dumps(value).encode())


GONE = ServiceUnreachableError("gone")


def test_a_submission_is_sent_again_as_the_same():
    replies = [GONE, answer(503), answer(202, id="job_1"), answer(url="u", status="completed")]
    steps, page = played(flows.scrape("u", {}, 3, None), replies)
    submissions = [step for step in steps if isinstance(step, Call) and step.method == "POST"]
    assert len(submissions) == 3
    assert len({step.headers["Idempotency-Key"] for step in submissions}) == 1
    assert [isinstance(step, Pause) for step in steps] == [False, True, False, True, False, False]
    assert page.is_completed


def test_any_call_may_be_sent_and_what_is_posted_is_sent_again_as_the_same():
    steps, value = played(flows.request(Call("POST", "/v1/x", {"a": 1}), 3), [GONE, answer(b=2)])
    assert value == {"b": 2}
    first, _, again = steps
    assert first == again
    assert first.headers["Idempotency-Key"]
    steps, _ = played(flows.request(Call("GET", "/v1/x"), 3), [answer()])
    assert steps[0].headers == {}


def test_it_is_given_up_after_so_many_times():
    with pytest.raises(ServiceUnreachableError):
        played(flows.call(Call("GET", "/"), 2), [GONE] * 3)


@pytest.mark.parametrize("reply", [answer(200, ok=True), Answer(200, {}, b"[]")])
@pytest.mark.parametrize(
    "begin",
    [
        lambda: flows.scrape("u", {}, 0, None),
        lambda: flows.site_map("u", {}, 0, None),
        lambda: flows.batch(["u"], {}, 0, None),
        lambda: flows.crawl_pages("crawl_1", 0, 0, None),
        lambda: flows.job("/v1/url-scraper", "job_1", 0, None),
    ],
)
def test_what_answers_and_is_no_service_is_named(begin, reply):
    with pytest.raises(ApiError) as caught:
        played(begin(), [reply])
    assert caught.value.code == "no_service"


@pytest.mark.parametrize("job_id", ["job_1", "batch_1", "map_1", "crawl_1"])
def test_every_job_is_cancelled_where_it_is(job_id):
    [step], _ = played(flows.cancel(job_id, 0), [answer(id=job_id)])
    paths = {"map_1": "/v1/map", "crawl_1": "/v1/crawl"}
    assert step == Call("DELETE", f"{paths.get(job_id, '/v1/url-scraper')}/{job_id}")


def test_names_are_those_of_the_api():
    options = {"use_browser": True, "webhook_url": "w", "max_tokens": 5, "include_tags": ["main"], "timeout": None}
    assert to_fields(options) == {"useBrowser": True, "webhook_url": "w", "maxTokens": 5, "includeTags": ["main"]}


def test_every_option_is_a_field_of_the_api():
    for options, request in (
        (ScrapeOptions, BatchRequest),
        (MapOptions, MapRequest),
        (CrawlOptions, CrawlRequest),
        (MonitorOptions, MonitorRequest),
    ):
        names = {field.alias or name for name, field in request.model_fields.items()}
        assert set(to_fields(dict.fromkeys(options.__annotations__, 1))) <= names
