from __future__ import annotations

import pytest

URLS = ["https://example.com/a", "https://example.com/b", "https://example.com/c"]
SCHEMA = {"type": "object", "properties": {"name": {"type": "string"}, "prices": {"type": "array"}}}


async def submit(api, urls=URLS, **fields):
    answer = await api.client.post("/v2/extract", json={"urls": urls, **fields})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def read(api, extract_id):
    answer = await api.client.get(f"/v2/extract/{extract_id}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def made(data, **more):
    return {"json": {"status": "success", "data": data, **more}}


async def test_the_data_of_several_pages_is_one_value(api, worker):
    submitted = await submit(api, schema=SCHEMA, prompt="Mills", showSources=True)
    assert submitted["success"] is True
    assert "warning" not in submitted
    assert (await read(api, submitted["id"]))["status"] == "processing"
    first, second, third = await worker.start_all()
    assert first.options.formats == ("json",)
    assert '"description":"Mills"' in first.options.output_schema
    await worker.complete(first, made({"name": None, "prices": [1, 2], "place": {"town": "A"}}))
    await worker.complete(second, made({"name": "Mill", "prices": [2, 3], "place": {"town": "B", "zip": 7}}))
    await worker.fail(third)
    found = await read(api, submitted["id"])
    assert (found["success"], found["status"]) == (True, "completed")
    assert found["data"] == {"name": "Mill", "prices": [1, 2, 3], "place": {"town": "A", "zip": 7}}
    assert found["sources"] == {"name": URLS[1:2], "prices": URLS[:2], "place": URLS[:2]}
    assert "connection_refused" in found["warning"]


async def test_an_extraction_that_fails_says_why(api, worker):
    extract = (await submit(api, URLS[:1], prompt="Mills"))["id"]
    await worker.fail((await worker.start_all())[0])
    found = await read(api, extract)
    assert (found["success"], found["status"], found["data"]) == (False, "failed", {})
    assert "connection_refused" in found["error"]


async def test_other_batches_are_no_extractions(api):
    batch = await api.submit(*URLS)
    for job_id in (batch, "batch_0", "job_0"):
        assert (await api.client.get(f"/v2/extract/{job_id}")).status_code == 404


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"urls": ["https://example.com/*"], "prompt": "x"}, "urls[0]"),
        ({"urls": URLS, "prompt": "x", "enableWebSearch": True}, "enableWebSearch"),
        ({"urls": URLS, "prompt": "x", "agent": {"model": "FIRE-1"}}, "agent"),
        ({"urls": URLS, "schema": {"type": 7}}, "schema"),
        ({"urls": []}, "urls"),
        ({"prompt": "x"}, "urls"),
    ],
)
async def test_what_cannot_be_served_is_refused(api, fields, named):
    answer = await api.client.post("/v2/extract", json=fields)
    assert answer.status_code == 400
    assert answer.json()["success"] is False
    assert named in answer.json()["error"]
