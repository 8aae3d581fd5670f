"""`/v1/request`, as n8n and Zapier use it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pagemill.model import LinkStyle, MarkdownOptions, ScrapeOptions

if TYPE_CHECKING:
    from tests.api.conftest import Api, SimulatedWorker

URL = "https://example.com/"


@pytest.mark.parametrize("country", ["us", "uk", ""])
async def test_n8n_and_zapier_scrape_a_url(api: Api, worker: SimulatedWorker, country: str) -> None:
    body = {"job_type": "url_scraper", "url": URL, "country": country, "force_fresh": True}
    submitted = await api.client.post("/v1/request", json=body)
    assert submitted.status_code == 202, submitted.text
    assert "warnings" not in submitted.json()
    path = f"/v1/request/{submitted.json()['jobId']}"
    assert (await api.client.get(path)).json()["status"] == "pending"
    [page] = await worker.start_all()
    assert page.options.force_fresh
    await worker.complete(page)
    polled = (await api.client.get(path)).json()
    assert (polled["status"], polled["url"], polled["error"]) == ("completed", URL, None)
    assert polled["html"]
    assert polled["markdown"]


async def test_they_read_why_a_job_failed(api: Api, worker: SimulatedWorker) -> None:
    body = {"job_type": "url_scraper", "url": URL, "country": "us", "force_fresh": False}
    job_id = (await api.client.post("/v1/request", json=body)).json()["jobId"]
    [page] = await worker.start_all()
    await worker.fail(page)
    polled = (await api.client.get(f"/v1/request/{job_id}")).json()
    assert (polled["status"], polled["error"]) == ("failed", "The host refused. (connection_refused)")


async def test_a_batch(api: Api, worker: SimulatedWorker) -> None:
    body = {"job_type": "batch_url_scraper", "urls": [URL, f"{URL}b"], "only_main_content": False}
    submitted = (await api.client.post("/v1/request", json=body)).json()
    assert (submitted["jobType"], submitted["urls"]) == ("batch_url_scraper", body["urls"])
    pages = await worker.start_all()
    assert not any(page.options.only_main_content for page in pages)
    for page in pages:
        await worker.complete(page)
    polled = (await api.client.get(f"/v1/request/{submitted['jobId']}")).json()
    assert [result["status"] for result in polled["results"]] == ["completed", "completed"]


MARKDOWN_FIELDS = {"links": "reference", "images": False, "frontMatter": True, "maxTokens": 500}
MARKDOWN_OPTIONS = MarkdownOptions(LinkStyle.REFERENCE, images=False, front_matter=True, max_tokens=500)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/url-scraper", {"url": URL, "includeComments": True, **MARKDOWN_FIELDS}),
        ("/v1/url-scraper/batch", {"urls": [URL], "includeComments": True, **MARKDOWN_FIELDS}),
        ("/v1/request", {"job_type": "url_scraper", "url": URL, "includeComments": True, **MARKDOWN_FIELDS}),
        (
            "/v1/request",
            {
                "job_type": "batch_url_scraper",
                "urls": [URL],
                "include_comments": True,
                "links": "reference",
                "images": False,
                "front_matter": True,
                "max_tokens": 500,
            },
        ),
    ],
)
async def test_markdown_is_asked_for_in_another_way(
    api: Api, worker: SimulatedWorker, path: str, body: dict[str, Any]
) -> None:
    submitted = await api.client.post(path, json=body)
    assert submitted.status_code == 202, submitted.text
    assert "warnings" not in submitted.json()
    [page] = await worker.start_all()
    assert page.options.markdown == MARKDOWN_OPTIONS
    assert page.options.include_comments
    await worker.complete(
        page, {"markdown": "# Title\n", "markdown_truncated": True, "markdown_error": "Why.", "metadata": {}}
    )
    answer = (await api.client.get(f"/v1/url-scraper/{submitted.json()['id']}")).json()
    [result] = answer.get("results", [answer])
    assert (result["markdown"], result["markdownTruncated"], result["markdownError"]) == ("# Title\n", True, "Why.")


@pytest.mark.parametrize("fields", [dict.fromkeys([*MARKDOWN_FIELDS, "includeComments"]), {}])
async def test_null_and_nothing_mean_plain_markdown(api: Api, worker: SimulatedWorker, fields: dict[str, Any]) -> None:
    submitted = await api.client.post("/v1/url-scraper", json={"url": URL, **fields})
    [page] = await worker.start_all()
    assert page.options == ScrapeOptions()
    await worker.complete(page)
    answer = (await api.client.get(f"/v1/url-scraper/{submitted.json()['id']}")).json()
    assert "markdownTruncated" not in answer


async def test_the_same_request_at_both_paths_is_one_job(api: Api) -> None:
    headers = {"Idempotency-Key": "same"}
    plain = {"url": URL, "forceFresh": True}
    workflow = {"job_type": "url_scraper", "url": URL, "force_fresh": True}
    first = await api.client.post("/v1/url-scraper", json=plain, headers=headers)
    second = await api.client.post("/v1/request", json=workflow, headers=headers)
    assert second.json()["id"] == first.json()["id"]


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"url": URL}, "`job_type`"),
    ({"job_type": "map", "url": URL}, "`job_type`"),
    ({"job_type": "url_scraper"}, "`url`"),
    ({"job_type": "url_scraper", "urls": [URL]}, "`url`"),
    ({"job_type": "batch_url_scraper", "url": URL}, "`urls`"),
    ({"job_type": "batch_url_scraper", "urls": []}, "`urls`"),
    ({"job_type": "batch_url_scraper", "urls": [URL, "no"]}, "`urls[1]`"),
    ({"job_type": "url_scraper", "url": URL, "force_fresh": "yes"}, "`force_fresh`"),
    ({"job_type": "url_scraper", "url": URL, "forceFresh": "yes"}, "`forceFresh`"),
]


@pytest.mark.parametrize(("body", "name"), REFUSED)
async def test_a_field_that_is_wrong_is_named_as_it_was_sent(api: Api, body: dict[str, Any], name: str) -> None:
    answer = await api.client.post("/v1/request", json=body)
    assert answer.status_code == 400
    assert name in answer.json()["message"]
