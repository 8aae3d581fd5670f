"""Answers have the shapes that they are said to have, whatever happened to the job."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter
from pydantic.alias_generators import to_snake
from tests.api.wire.packed import packed, unpacked

from pagemill.api.wire import answer_shapes, answers
from pagemill.api.wire.json_stream import Packed
from pagemill.api.wire.scrape_request import BatchRequest, ScrapeFields, ScrapeRequest
from pagemill.model import Failure, Format, Job, Page, ScrapeOptions, Status

LATER = timedelta(seconds=3.0007)
NOW = datetime(2026, 1, 2, 3, 4, 5, 678_912, UTC)
VALUES = {"html": "h", "cleanedHtml": "c", "markdown": "m", "links": [{"href": "a", "text": ""}], "images": []}
BODIES = {name: packed(value) for name, value in VALUES.items()}

# What a client with strict models does not take as null.
NEVER_NULL = {"id", "url", "status", "cached", "durationMs", "results", "urls", "createdAt", "completedAt", "index"}


def validate(shape: Any, fields: dict[str, Any]) -> dict[str, Any]:
    """Return the fields as a client sees them, having checked that they are those of the shape and no others."""
    seen = {name: unpacked(value) if isinstance(value, Packed) else value for name, value in fields.items()}
    seen = orjson.loads(orjson.dumps(seen))
    assert seen.keys() <= shape.__required_keys__ | shape.__optional_keys__
    TypeAdapter(shape).validate_python(seen, strict=True)
    assert not [name for name, value in seen.items() if value is None and name in NEVER_NULL]
    return dict(seen)


moments = st.one_of(st.none(), st.datetimes(timezones=st.just(UTC), min_value=datetime(2000, 1, 1)))  # noqa: DTZ001
options = st.builds(
    ScrapeOptions,
    formats=st.lists(
        st.sampled_from([Format.HTML, Format.CLEANED_HTML, Format.MARKDOWN, Format.LINKS, Format.IMAGES]),
        min_size=1,
        unique=True,
    ).map(tuple),
    country=st.just("de"),
)
failures = st.one_of(st.none(), st.builds(Failure, st.just("timeout"), st.text()))
pages = st.builds(
    Page,
    id=st.integers(1),
    job_id=st.just("job_1"),
    index=st.integers(0, 99),
    url=st.text(min_size=1),
    status=st.sampled_from(Status),
    failure=failures,
    cached=st.booleans(),
    created_at=st.just(NOW),
    started_at=moments,
    completed_at=moments,
)
jobs = st.builds(
    Job,
    id=st.just("job_1"),
    key_id=st.just("key_1"),
    batch=st.booleans(),
    status=st.sampled_from(Status),
    options=options,
    created_at=st.just(NOW),
    completed_at=moments,
)


@given(jobs, pages, st.sets(st.sampled_from(sorted(BODIES))))
def test_every_job_has_its_shape(job: Job, page: Page, stored: set[str]) -> None:
    kept = {name: BODIES[name] for name in stored}
    single = validate(answer_shapes.SingleJob, answers.single_job(job, page, kept))
    item = validate(answer_shapes.BatchResult, answers.batch_result(job, page, kept))
    validate(answer_shapes.BatchJob, {**answers.batch_job(job, [page]), "results": [item]})
    for shown, status in ((single, job.status), (item, page.status)):
        asked = {name for name in VALUES if name in job.options.formats}
        present = {name for name in VALUES if shown.get(name) is not None}
        assert present == (asked & stored if status is Status.COMPLETED else set())
        assert shown.keys() >= {"html", "cleanedHtml", "markdown", "error"}
        assert ("cached" in shown) == status.ended
        assert shown["error"] is None or status is Status.FAILED


def test_times_and_durations_are_whole_milliseconds() -> None:
    page = Page(1, "job_1", 0, "u", Status.COMPLETED, None, False, NOW, NOW + LATER / 2, NOW + LATER)
    job = Job("job_1", "k", False, Status.COMPLETED, ScrapeOptions(), NOW, NOW + LATER)
    single = answers.single_job(job, page, BODIES)
    assert (single["createdAt"], single["completedAt"]) == ("2026-01-02T03:04:05.678Z", "2026-01-02T03:04:08.679Z")
    assert single["durationMs"] == 3000
    assert answers.batch_result(job, page, BODIES)["durationMs"] == 1500


@pytest.mark.parametrize("model", [ScrapeRequest, BatchRequest])
def test_fields_are_in_camel_case_but_for_one(model: type[ScrapeFields]) -> None:
    for name, field in model.model_fields.items():
        alias = field.alias or name
        assert alias == "webhook_url" or to_snake(alias) == name
        assert alias == "webhook_url" or "_" not in alias
