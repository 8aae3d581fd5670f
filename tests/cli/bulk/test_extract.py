"""`pagemill extract`, from its arguments to its files."""

from __future__ import annotations

import asyncio
import json
import os
import resource
import signal
import sys

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pagemill import cli
from pagemill.bulk import extras
from pagemill.cli.bulk import command
from pagemill.errors import OperatorError, UsageError
from pagemill.settings import Settings
from tests.bulk.warc_file import article, compressed, response

SLOW = b"<p>" + b"some words <a href=x>and</a> " * 300_000
"""A page that takes seconds."""


@pytest.fixture
def warc(tmp_path):
    path = tmp_path / "pages.warc.gz"
    pages = [response(f"http://a/{number}", article(number)) for number in range(6)]
    pages += [response("http://a/again", article(3)), response("http://a/gone", b"<p>gone", status=404)]
    path.write_bytes(compressed(*pages))
    return path


async def extract(*words, **settings):
    arguments = cli._parser().parse_args(["extract", *map(str, words)])
    return await command.run(arguments, Settings(**settings))


def urls(rows):
    return sorted(row["url"] for row in rows)


ALL = sorted([*(f"http://a/{number}" for number in range(6)), "http://a/again", "http://a/gone"])


async def test_parquet(warc, tmp_path, capsys):
    output = tmp_path / "out.parquet"
    assert await extract(warc, "-o", output, "--columns", "all", "--processes", 2, bulk_part_bytes=2000) == 0
    table = pq.read_table(output)
    rows = {row["url"]: row for row in table.to_pylist()}
    assert urls(rows.values()) == ALL
    page = rows["http://a/2"]
    assert page["title"] == "Page 2"
    assert page["markdown"].startswith("# Page 2\n")
    assert page["cleaned_html"].startswith("<h1>Page 2</h1>")
    assert page["text"].splitlines()[0] == "Page 2"
    assert json.loads(page["metadata"])["title"] == "Page 2"
    assert 0 <= page["quality"] <= 1
    assert (page["links"], page["error"]) == ([], None)
    assert (rows["http://a/gone"]["error"], rows["http://a/gone"]["markdown"]) == ("http_error", None)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["out.parquet", "pages.warc.gz"]
    assert "8 pages" in capsys.readouterr().err
    assert await extract(warc, "-o", output, "--resume") == 0  # nothing is left to do
    assert pq.read_table(output).equals(table)


async def test_parquet_in_parts(warc, tmp_path):
    output = f"{tmp_path}/out.parquet/"
    await extract(warc, "-o", output, "--processes", 1, bulk_part_bytes=1)
    assert len(list((tmp_path / "out.parquet").iterdir())) > 2
    assert urls(pq.read_table(output).to_pylist()) == ALL


async def test_json_lines_are_filtered_ordered_and_marked(warc, tmp_path):
    output = tmp_path / "out.jsonl"
    words = ["--ordered", "--mark-duplicates", "--filter", "error is None and len(text) > 20", "--columns", "url,title"]
    assert await extract(warc, "-o", output, "--processes", 2, *words, bulk_part_bytes=1) == 0
    rows = [orjson.loads(line) for line in output.read_bytes().splitlines()]
    assert [row["url"] for row in rows] == [*(f"http://a/{number}" for number in range(6)), "http://a/again"]
    assert {row["url"]: row["duplicate_of"] for row in rows if row["duplicate_of"]} == {"http://a/again": "http://a/3"}
    assert set(rows[0]) == {"url", "title", "duplicate_of"}


async def test_a_folder_of_markdown(warc, tmp_path):
    output = tmp_path / "out"
    await extract(warc, "-o", output, "--processes", 1)
    files = sorted(output.rglob("*.md"))
    assert [file.relative_to(output).as_posix() for file in files][1] == "0000/000/000001-a-1.md"
    assert files[1].read_text().startswith('---\nurl: "http://a/1"\ntitle: "Page 1"\n')
    assert "\n# Page 1\n" in files[1].read_text()
    [error] = (output / "errors.jsonl").read_text().splitlines()
    assert json.loads(error)["error"] == "http_error"


async def test_a_damaged_input_is_a_row_and_the_others_go_on(warc, tmp_path):
    damaged = tmp_path / "damaged.warc.gz"
    damaged.write_bytes(warc.read_bytes()[:-30])
    output = tmp_path / "out.jsonl"
    assert await extract(damaged, warc, "-o", output, "--processes", 1, "--columns", "url,error") == 1
    rows = [orjson.loads(line) for line in output.read_bytes().splitlines()]
    assert [row["url"] for row in rows if row["error"] == "input_damaged"] == [str(damaged)]
    assert len(rows) == 8 + 8


async def test_what_does_not_fit_is_refused(warc, tmp_path, monkeypatch):
    for words in (["-o", "x.csv"], ["-o", "x.jsonl", "--columns", "size"], ["-o", "x.jsonl", "--processes", "0"]):
        with pytest.raises(UsageError):
            await extract(warc, *words)
    with pytest.raises(UsageError, match="markdown"):
        await extract(warc, "-o", tmp_path / "out", "--columns", "url")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(OperatorError, match=r"pagemill\[bulk\]"):
        extras.load("pyarrow", "Parquet")
    with pytest.raises(OperatorError, match="pyarrow: `make bulk`"):
        await extract(warc, "-o", tmp_path / "out.parquet")


@pytest.mark.parametrize("name", ["in.parquet", "in.jsonl"])
async def test_a_run_that_failed_before_it_wrote_anything_stands_in_no_ones_way(tmp_path, name):
    row = {"page": article(1).decode(), "url": "http://a/1"}
    if name.endswith(".parquet"):
        pq.write_table(pa.Table.from_pylist([row]), tmp_path / name)
    else:
        (tmp_path / name).write_bytes(orjson.dumps(row))
    words = (tmp_path / name, "-o", tmp_path / "out.jsonl", "--processes", 1)
    with pytest.raises(UsageError, match="--html-column: page, url"):
        await extract(*words)
    assert await extract(*words, "--html-column", "page") == 0
    assert urls([orjson.loads(line) for line in (tmp_path / "out.jsonl").read_bytes().splitlines()]) == ["http://a/1"]


async def start(*words, most=resource.RLIM_INFINITY, **environment):
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "pagemill", "extract", *map(str, words)),
        env={**os.environ, **environment},
        stderr=asyncio.subprocess.PIPE,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (most, most)),
    )


async def test_a_killed_run_goes_on_and_has_each_record_once(tmp_path):
    """A page that hangs keeps the run from ending; all others are written meanwhile."""
    warc, output = tmp_path / "pages.warc.gz", tmp_path / "out.parquet"
    pages = [response(f"http://a/{number}", article(number)) for number in range(12)]
    pages.insert(2, response("http://a/slow", SLOW))
    warc.write_bytes(compressed(*pages))
    words = [warc, "-o", output, "--processes", 2, "--mark-duplicates"]
    process = await start(*words, PAGEMILL_BULK_PART_BYTES="1", PAGEMILL_EXTRACTION_TIMEOUT="300")
    state = tmp_path / ".out.parquet.pagemill-extract" / "state.json"
    try:
        await until(lambda: state.exists() and written(state) >= 5)
    finally:
        os.kill(process.pid, signal.SIGKILL)
        await process.communicate()
    assert written(state) < 13
    with pytest.raises(UsageError, match="--resume"):
        await extract(*words)
    with pytest.raises(UsageError, match="other columns"):
        await extract(*words, "--resume", "--columns", "url,markdown")
    assert await extract(*words, "--resume", extraction_timeout=1.0) == 0
    expected = sorted(["http://a/slow", *(f"http://a/{number}" for number in range(12))])
    rows = pq.read_table(output).to_pylist()
    assert urls(rows) == expected
    [slow] = (row for row in rows if row["url"] == "http://a/slow")
    assert slow["error"] == "extraction_timeout"
    assert not state.exists()


def written(state):
    value = orjson.loads(state.read_bytes())["written"]
    return value["whole"] + sum(low + len(beyond) for _, low, beyond in value["open"])


async def until(condition):
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0.02)


async def test_a_full_disk_ends_the_run_which_goes_on_when_there_is_room(warc, tmp_path):
    """A limit on the size of files stands for a full disk: the system refuses the same call."""
    output = tmp_path / "out.jsonl"
    words = [warc, "-o", output, "--processes", 1]
    process = await start(*words, most=3000, PAGEMILL_BULK_PART_BYTES="1")
    _, errors = await process.communicate()
    assert process.returncode == 1
    assert b"cannot be written: File too large" in errors
    assert await extract(*words, "--resume") == 0
    assert urls([orjson.loads(line) for line in output.read_bytes().splitlines()]) == ALL


@pytest.mark.parametrize("name", ["out.jsonl", "out.parquet", "out.parquet/", "out"])
async def test_an_output_in_a_folder_that_is_read_is_no_input(warc, capsys, name):
    output = f"{warc.parent}/{name}"
    for _ in range(2):
        assert await extract(warc.parent, "-o", output, "--processes", 1) == 0
        assert capsys.readouterr().err.startswith("8 pages")


async def test_an_output_does_not_take_the_place_of_an_input(tmp_path):
    lines = tmp_path / "pages.jsonl"
    lines.write_text('{"html": "<p>text"}\n')
    (tmp_path / "link.jsonl").symlink_to(lines)
    for output in (lines, tmp_path / "link.jsonl"):
        with pytest.raises(UsageError, match="take its place"):
            await extract(lines, "-o", output)
    assert lines.read_text() == '{"html": "<p>text"}\n'
