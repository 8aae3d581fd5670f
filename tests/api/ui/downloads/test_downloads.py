"""Downloads of a job hold each page once, and no key gets another's."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pyarrow.parquet
import pytest
import pytest_asyncio

from pagemill.api.ui.downloads import parquet_file
from pagemill.api.ui.downloads.zip_file import file_name
from pagemill.bulk.outputs.parquet import schema_of
from pagemill.cli.output.parquet_pages import COLUMNS
from pagemill.jobs.batches.store import BatchStore
from pagemill.jobs.queue.store import JobStore
from pagemill.model import Format, Page, ScrapeOptions, Status
from pagemill.settings import Settings

if TYPE_CHECKING:
    from tests.api.ui.browsing import Interface
    from tests.api.ui.visiting import Visiting

pytestmark = pytest.mark.asyncio(loop_scope="module")

CONTENT = {
    "markdown": 'Ünï "quoted"\n\\ line\n' * 3,
    "html": "<p>Ünï</p>" * 40_000,
    "cleanedHtml": "<p>Ünï</p>",
    "links": [{"href": "https://a.test/", "text": "A"}],
    "metadata": {"title": "Tïtle", "open_graph": {"type": "article"}},
}
FORMATS = (Format.MARKDOWN, Format.HTML, Format.CLEANED_HTML, Format.LINKS)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def job(interface: Interface) -> str:
    """A batch of three: two completed, and the second failed."""
    urls = ["https://down.test/a/b?c=1", "https://down.test/bad", "https://u:a@secret@down.test/../../etc/passwd"]
    made = await JobStore(interface.database).submit(
        interface.api.key_id, urls, ScrapeOptions(formats=FORMATS), batch=True
    )
    worker = interface.worker
    for page in await worker.start_all():
        await (worker.fail(page) if page.url.endswith("/bad") else worker.complete(page, CONTENT))
    return made.id


async def test_json_lines_hold_each_page_as_the_api_gives_it(interface: Interface, visitor: Visiting, job: str) -> None:
    answer = await visitor.client.get(f"/ui/jobs/{job}/pages.jsonl")
    assert answer.headers["content-disposition"] == f'attachment; filename="{job}.jsonl"'
    assert [json.loads(line) for line in answer.text.splitlines()] == (await interface.api.job(job))["results"]


async def test_pages_of_an_upload_have_the_formats_of_their_lines(interface: Interface, visitor: Visiting) -> None:
    lines = [{"url": "https://lines.test/a"}, {"url": "https://lines.test/b", "options": {"formats": ["links"]}}]
    answer = await interface.api.client.post(
        "/v1/batches",
        content="\n".join(map(json.dumps, lines)).encode(),
        headers={"X-Batch-Options": json.dumps({"formats": ["markdown"]})},
    )
    batch_id = answer.json()["id"]
    await BatchStore(interface.database, JobStore(interface.database), Settings()).release()
    for page in await interface.worker.start_all():
        await interface.worker.complete(page, CONTENT)
    text = (await visitor.client.get(f"/ui/jobs/{batch_id}/pages.jsonl")).text
    first, second = map(json.loads, text.splitlines())
    assert (first["markdown"], first.get("links")) == (CONTENT["markdown"], None)
    assert (second["markdown"], second["links"]) == (None, CONTENT["links"])
    table = pyarrow.parquet.read_table(
        io.BytesIO((await visitor.client.get(f"/ui/jobs/{batch_id}/pages.parquet")).content)
    )
    assert [bool(value) for value in table["links"].to_pylist()] == [False, True]
    assert [bool(value) for value in table["markdown"].to_pylist()] == [True, False]


async def test_a_zip_holds_files_for_each_page(visitor: Visiting, job: str) -> None:
    answer = await visitor.client.get(f"/ui/jobs/{job}/pages.zip")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        first = "0001-down.test-a-b-c-1"
        assert archive.read(f"{first}.md").decode() == CONTENT["markdown"]
        assert archive.read(f"{first}.original.html").decode() == CONTENT["html"]
        assert json.loads(archive.read(f"{first}.links.json")) == CONTENT["links"]
        assert json.loads(archive.read(f"{first}.metadata.json"))["title"] == "Tïtle"
        index = [json.loads(line) for line in archive.read("pages.jsonl").splitlines()]
    assert [(entry["status"], entry["error"]) for entry in index] == [
        ("completed", None),
        ("failed", "connection_refused"),
        ("completed", None),
    ]
    assert not [name for name in names if "/" in name or "\\" in name or name.startswith(".") or "secret" in name]
    assert len(names) == len(set(names)) == 1 + 2 * 5
    assert "secret" not in str(index)


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://a.test/b/c.html", "0001-a.test-b-c"),
        ("https://a.test/c.HTM", "0001-a.test-c"),
        ("https://a.test/README.md", "0001-a.test-README"),
        ("https://a.test/c.html?d=1", "0001-a.test-c.html-d-1"),
        ("https://a.test/c.pdf", "0001-a.test-c.pdf"),
        ("https://a.test/.html", "0001-a.test"),
    ],
)
async def test_a_name_in_a_zip_does_not_end_twice(url: str, name: str) -> None:
    page = Page(1, "batch_0", 0, url, Status.COMPLETED, None, False, datetime.now(UTC), None, None)
    assert file_name(page) == name


async def test_parquet_has_the_columns_of_the_command(visitor: Visiting, job: str, monkeypatch) -> None:
    monkeypatch.setattr(parquet_file, "_GROUP_SIZE", 100_000)
    answer = await visitor.client.get(f"/ui/jobs/{job}/pages.parquet")
    file = pyarrow.parquet.ParquetFile(io.BytesIO(answer.content))
    assert file.schema_arrow.equals(schema_of(COLUMNS))
    assert file.num_row_groups == 2
    first, failed, last = file.read().to_pylist()
    assert (first["markdown"], first["title"], first["type"]) == (CONTENT["markdown"], "Tïtle", "article")
    assert first["links"] == CONTENT["links"]
    assert (failed["markdown"], "connection_refused" in failed["error"]) == (None, True)
    assert last["html"] == CONTENT["html"]


async def test_what_cannot_be_had_is_not_offered_and_says_why(
    interface: Interface, visitor: Visiting, job: str, monkeypatch
) -> None:
    assert f"/ui/jobs/{job}/pages.parquet" in await visitor.page(f"/ui/jobs/{job}")
    monkeypatch.setattr(parquet_file, "is_available", lambda: False)
    monkeypatch.setattr("pagemill.api.ui.downloads.endpoint.is_available", lambda: False)
    page = await visitor.page(f"/ui/jobs/{job}")
    assert f"/ui/jobs/{job}/pages.parquet" not in page
    assert "needs the package pyarrow" in page
    assert (await visitor.client.get(f"/ui/jobs/{job}/pages.parquet")).status_code == 400


async def test_downloads_are_their_key_s_own(visitor: Visiting, stranger: Visiting, job: str) -> None:
    for form in ("jsonl", "zip", "parquet"):
        await stranger.page(f"/ui/jobs/{job}/pages.{form}", 404)
    await visitor.page(f"/ui/jobs/{job}/pages.exe", 404)
