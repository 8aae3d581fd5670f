from __future__ import annotations

import asyncio
import json
import os
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pydantic import TypeAdapter

from pagemill.api.wire.answer_shapes import BatchResult
from tests.web.http_server import HttpServer, Response

PAGE = Response(
    b"<html><head><title>T</title></head><body><nav><a href='/x'>Home</a></nav>"
    b"<article><h1>Title</h1><p>Words of a page, enough of them to be its content.</p>"
    b"<p>And <a href='/more'>more words</a> of it in another paragraph.</p></article></body></html>"
)


async def scrape(*words, given=None, **environment):
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "pagemill", "scrape", *words),
        env={**os.environ, "PAGEMILL_ALLOWED_NETWORKS": "127.0.0.0/8", "PAGEMILL_RETRY_DELAY": "0.01", **environment},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await process.communicate(given.encode() if given else b"")
    return process.returncode, output.decode(), errors.decode()


@pytest.fixture
async def web():
    async with HttpServer({"/": PAGE, "/other": PAGE}) as web:
        yield web


async def test_markdown_goes_to_standard_output(web):
    code, output, errors = await scrape(web.url("/"))
    assert (code, errors) == (0, "")
    assert "# Title" in output
    assert f"[more words]({web.url('/more')})" in output


async def test_other_formats(web):
    _, html, _ = await scrape(web.url("/"), "--format", "html")
    assert html.rstrip("\n") == PAGE.body.decode()
    _, cleaned, _ = await scrape(web.url("/"), "--format", "cleaned-html")
    assert "<h1>Title</h1>" in cleaned
    assert "Home" not in cleaned
    _, record, _ = await scrape(web.url("/"), "--format", "json")
    assert json.loads(record)["metadata"]["title"]
    assert {"url", "finalUrl", "statusCode", "markdown", "links", "images"} <= set(json.loads(record))
    TypeAdapter(BatchResult).validate_python(json.loads(record))  # as the API gives it


async def test_a_failed_url_is_told_and_the_others_are_written(web):
    code, output, errors = await scrape(web.url("/missing"), web.url("/"), "ftp://example.com/", "http://10.1.2.3/")
    assert code == 1
    assert "# Title" in output
    lines = errors.splitlines()
    assert len(lines) == 3
    assert lines[0].startswith(web.url("/missing"))
    assert "404" in lines[0]
    assert lines[2].startswith("http://10.1.2.3/")
    assert "[blocked_address]" in lines[2]


async def test_urls_come_from_a_file_or_standard_input(web, tmp_path):
    file = tmp_path / "urls.txt"
    file.write_text(f"# a comment\n{web.url('/')}\n\n{web.url('/other')}\n")
    assert (await scrape("--file", str(file)))[1].count("# Title") == 2
    file.write_text(f"\ufeff{web.url('/')}\n", "utf-8")
    assert (await scrape("--file", str(file)))[0] == 0
    assert (await scrape("-", given=f"{web.url('/')}\n"))[1].count("# Title") == 1


@pytest.mark.parametrize("suffix", [".parquet", ".jsonl", ".ndjson"])
async def test_urls_come_from_tables(web, tmp_path, suffix):
    file, output = tmp_path / f"urls{suffix}", tmp_path / "pages.parquet"
    urls = [web.url("/"), web.url("/other")]
    if suffix == ".parquet":
        pq.write_table(pa.table({"id": [1, 2], "url": urls}), file)
    else:
        file.write_text(f'\ufeff"{urls[0]}"\n\n{{"url": "{urls[1]}", "id": 2}}\n', "utf-8")
    code, _, errors = await scrape("--file", str(file), "-o", str(output), "--host-interval", "0")
    assert (code, errors) == (0, "")
    assert pq.read_table(output)["url"].to_pylist() == urls


async def test_a_table_that_cannot_be_read_is_named(tmp_path):
    lines, table, other = tmp_path / "urls.jsonl", tmp_path / "urls.parquet", tmp_path / "other.parquet"
    lines.write_text('"https://example.com/"\n{"link": 1}\n')
    table.write_text("nothing")
    pq.write_table(pa.table({"link": ["x"]}), other)
    for file, said in ((lines, "line 2"), (table, "no Parquet"), (other, "no column `url`")):
        code, _, errors = await scrape("--file", str(file))
        assert code != 0
        assert str(file) in errors
        assert said in errors


async def test_a_run_of_a_file_that_is_killed_goes_on(tmp_path):
    """After kill -9 the same command with --resume scrapes what no part of the table holds."""
    paths = [f"/{number}" for number in range(40)]
    async with HttpServer(dict.fromkeys(paths, PAGE)) as web:
        file, output = tmp_path / "urls.parquet", tmp_path / "pages.parquet"
        pq.write_table(pa.table({"url": [web.url(path) for path in paths]}), file)
        words = ("--file", str(file), "-o", str(output), "--concurrency", "1", "--host-interval", "0.02")
        killed = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "pagemill", "scrape", *words),
            env={**os.environ, "PAGEMILL_ALLOWED_NETWORKS": "127.0.0.0/8", "PAGEMILL_BULK_PART_BYTES": "1"},
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        async with asyncio.timeout(30):
            while len(web.requests) < 8:
                await asyncio.sleep(0.01)
        killed.kill()
        await killed.wait()
        asked = len(web.requests)
        assert asked < 40
        assert (await scrape(*words, "--resume"))[0] == 0
        assert len(web.requests) < asked + 40  # it did not begin anew
    assert sorted(pq.read_table(output)["url"].to_pylist()) == sorted(web.url(path) for path in paths)


async def test_a_host_of_a_file_is_asked_in_turn(web, tmp_path):
    file = tmp_path / "urls.txt"
    file.write_text(f"{web.url('/')}\n" * 3)
    loop = asyncio.get_running_loop()
    began = loop.time()
    await scrape("--file", str(file), "--host-interval", "0.4")
    assert loop.time() - began >= 0.8  # two intervals; how much more says nothing


async def test_the_hosts_of_a_file_are_asked_what_they_allow(web, tmp_path):
    web.routes["/robots.txt"] = Response(b"User-agent: *\nDisallow: /other\nCrawl-delay: 0.3\n")
    file = tmp_path / "urls.txt"
    file.write_text("".join(f"{web.url(path)}\n" for path in ("/", "/other", "/?a", "/?b")))
    words = ("--file", str(file), "--format", "json", "--host-interval", "0.01")
    began = asyncio.get_running_loop().time()
    code, output, errors = await scrape(*words)
    assert asyncio.get_running_loop().time() - began >= 0.6  # two intervals; how much more says nothing
    assert (code, errors.count("[robots_disallowed]")) == (1, 1)
    assert [line["status"] for line in map(json.loads, output.splitlines())] == [
        *("completed", "failed", "completed", "completed")
    ]
    assert sorted(request.path for request in web.requests) == ["/", "/", "/", "/robots.txt"]
    assert (await scrape(web.url("/other")))[0] == 0  # who names a page wants it
    code, _, errors = await scrape(*words, "--ignore-robots")
    assert (code, "PAGEMILL_ROBOTS_MAY_BE_IGNORED" in errors) == (2, True)
    code, output, _ = await scrape(*words, "--ignore-robots", PAGEMILL_ROBOTS_MAY_BE_IGNORED="true")
    assert (code, output.count('"completed"')) == (0, 4)


async def test_a_host_that_cannot_say_what_it_allows_is_left_alone(web, tmp_path):
    web.routes["/robots.txt"] = Response(b"", status=503)
    file = tmp_path / "urls.txt"
    file.write_text(f"{web.url('/')}\n{web.url('/other')}\n")
    _, output, _ = await scrape("--file", str(file), "--format", "json", "--host-interval", "0.01")
    assert {line["error"][-19:] for line in map(json.loads, output.splitlines())} == {"(robots_disallowed)"}
    assert {request.path for request in web.requests} == {"/robots.txt"}


async def test_standard_input_is_resumed_too(web, tmp_path):
    words = ("--file", "-", "--format", "json", "-o", str(tmp_path / "pages.jsonl"), "--resume")
    given = f"{web.url('/')}\n{web.url('/other')}\n"
    assert (await scrape(*words, given=given))[0] == 0
    asked = len(web.requests)
    code, _, errors = await scrape(*words, given=given)
    assert (code, "2 of 2 were there already" in errors, len(web.requests)) == (0, True, asked)


async def test_output_goes_to_a_file_or_to_a_folder(web, tmp_path):
    await scrape(web.url("/"), "-o", str(tmp_path / "page.md"))
    assert "# Title" in (tmp_path / "page.md").read_text()
    await scrape(web.url("/"), web.url("/other"), "-o", str(tmp_path / "pages"))
    names = sorted(path.name for path in (tmp_path / "pages").iterdir())
    assert [name[:5] for name in names] == ["0001-", "0002-"]
    assert names[1].endswith("-other.md")


async def test_what_cannot_be_is_said(tmp_path):
    code, _, errors = await scrape()
    assert (code, "No URL" in errors) == (2, True)
    code, _, errors = await scrape("--file", str(tmp_path / "nothing"))
    assert (code, "cannot be read" in errors) == (1, True)


async def test_many_pages_keep_their_order(web):
    urls = [web.url(f"/?page={number}") for number in range(30)]
    _, output, _ = await scrape(*urls, "--format", "json")
    assert [json.loads(line)["url"] for line in output.splitlines()] == urls


async def test_several_pages_in_one_stream_say_which_they_are(web):
    _, output, _ = await scrape(web.url("/"), web.url("/other"))
    for path in ("/", "/other"):
        assert f'---\nurl: "{web.url(path)}"\ntitle: "T' in output
    assert "\n\n---\nurl:" in output
    _, output, _ = await scrape(web.url("/"), web.url("/other"), "--format", "cleaned-html")
    assert output.count("<!-- http") == 2


async def test_the_markdown_is_written_as_asked_for(web):
    words = ("--front-matter", "--links", "none", "--no-images", "--max-tokens", "1000", "--include-comments")
    _, output, errors = await scrape(web.url("/"), *words)
    assert errors == ""
    assert output.startswith('---\ntitle: "T')
    assert f'url: "{web.url("/")}"\n---\n\n# Title\n' in output
    assert "more words" in output
    assert "](" not in output
    _, output, _ = await scrape(web.url("/"), web.url("/other"), "--front-matter")
    assert output.count("---\ntitle:") == 2
    assert output.count('url: "http') == 2
    code, _, errors = await scrape(web.url("/"), "--max-tokens", "1")
    assert (code, "maxTokens" in errors) == (2, True)


async def test_one_page_has_no_front_matter(web):
    _, output, _ = await scrape(web.url("/"))
    assert output.startswith("# Title")


async def test_a_file_name_is_a_file_for_several_pages_too(web, tmp_path):
    await scrape(web.url("/"), web.url("/other"), "-o", str(tmp_path / "out.md"))
    assert (tmp_path / "out.md").read_text().count("# Title") == 2


async def test_a_failed_page_has_a_line_of_json_that_says_why(web):
    _, output, _ = await scrape(web.url("/missing"), web.url("/"), "--format", "json")
    failed, completed = map(json.loads, output.splitlines())
    assert (failed["index"], failed["status"], completed["status"]) == (0, "failed", "completed")
    assert failed["error"].endswith("(http_error)")


async def test_a_reader_who_has_enough_is_no_error(web):
    urls = [web.url(f"/?page={number}") for number in range(50)]
    command = " ".join((sys.executable, "-m", "pagemill", "scrape", "--file", "-", "--concurrency", "2"))
    process = await asyncio.create_subprocess_shell(
        f"{command} | head -n 1",
        env={**os.environ, "PAGEMILL_ALLOWED_NETWORKS": "127.0.0.0/8"},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await process.communicate("\n".join(urls).encode())
    assert (output, errors) == (b"---\n", b"")
    assert len(web.requests) < 50


async def test_options_reach_the_page(web, tmp_path):
    await scrape(
        *(web.url("/"), "--header", "X-Who: me", "--cookie", "a=b", "--user-agent", "Somebody/1", "--timeout", "20")
    )
    headers = web.requests[-1].headers
    assert (headers["x-who"], headers["cookie"], headers["user-agent"]) == ("me", "a=b", "Somebody/1")
    _, output, _ = await scrape(web.url("/"), "--whole-page", "--exclude-tag", "article")
    assert "Home" in output
    assert "Title" not in output
    (tmp_path / "schema.json").write_text(
        json.dumps({"type": "object", "properties": {"price": {"type": "number"}}, "required": ["price"]})
    )
    words = ("--format", "json", "--include", "markdown", "--schema", str(tmp_path / "schema.json"))
    _, output, errors = await scrape(web.url("/"), *words)
    assert "links" not in json.loads(output)
    assert json.loads(output)["generatedJson"]["missing"] == ["/price"]
    assert "/price" in errors
    assert "No language model" in errors


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("--header", "nothing"), "--header"),
        (("--schema", "/no/such/file"), "--schema"),
        (("--generate-json",), "--format json"),
        (("--country", "zz"), "country"),
        (("--resume",), "--output"),
        (("--concurrency", "0"), "--concurrency"),
        (("--host-interval", "inf"), "--host-interval"),
        (("--host-interval", "nan"), "--host-interval"),
        (("--exclude-tag", "["), "excludeTags"),
    ],
)
async def test_a_wrong_option_is_said_in_one_line(words, complaint):
    code, output, errors = await scrape("http://example.com/", *words)
    assert (code, output, errors.count("\n")) == (2, "", 1)
    assert complaint in errors


@pytest.mark.parametrize("output", ["pages", "pages.jsonl", "pages.parquet"])
async def test_a_run_goes_on_where_the_last_one_ended(web, tmp_path, output):
    web.routes["/late"] = Response(b"", status=404)
    words = (web.url("/"), web.url("/late"), "--format", "json", "-o", str(tmp_path / output), "--resume")
    assert (await scrape(*words))[0] == 1
    web.routes["/late"] = PAGE
    asked = len(web.requests)
    code, _, errors = await scrape(*words)
    assert (code, [request.path for request in web.requests[asked:]]) == (0, ["/late"])
    assert "1 of 2 were there already" in errors
    assert (await scrape(*words))[0] == 0


async def test_each_page_has_one_line_however_often_a_run_goes_on(web, tmp_path):
    """One that failed before is not there twice, and a URL that is named twice is."""
    file = tmp_path / "pages.jsonl"
    earlier = [(web.url("/missing"), "failed"), (web.url("/"), "completed"), ("http://example.com/", "failed")]
    file.write_text("".join(json.dumps({"url": url, "status": status}) + "\n" for url, status in earlier))
    words = (web.url("/missing"), web.url("/"), web.url("/"), "--format", "json", "-o", str(file), "--resume")
    for _ in range(2):
        code, _, errors = await scrape(*words)
        assert (code, "404" in errors) == (1, True)
        found = sorted((line["url"], line["status"]) for line in map(json.loads, file.read_text().splitlines()))
        assert found == sorted([*earlier, (web.url("/"), "completed")])
    assert len(web.requests) == 3


async def test_a_parquet_file_has_each_page_once(web, tmp_path):
    file = tmp_path / "pages.parquet"
    words = (web.url("/"), web.url("/late"), web.url("/"), "-o", str(file), "--resume")
    web.routes["/late"] = Response(b"", status=404)
    assert (await scrape(*words))[0] == 1
    rows = pq.read_table(file).to_pylist()
    assert [row["url"] for row in rows] == [web.url("/"), web.url("/late"), web.url("/")]
    assert (rows[0]["title"], rows[0]["status_code"], rows[0]["error"]) == ("T", 200, None)
    assert "# Title" in rows[0]["markdown"]
    assert "(http_error)" in rows[1]["error"]
    web.routes["/late"] = PAGE
    assert (await scrape(*words))[0] == 0
    rows = pq.read_table(file).to_pylist()
    assert [(row["url"], row["error"]) for row in rows] == [(web.url(path), None) for path in ("/", "/", "/late")]
    assert [path.name for path in tmp_path.iterdir()] == ["pages.parquet"]


async def test_a_file_that_cannot_be_written_loses_nothing(web, tmp_path):
    folder = tmp_path / "full"
    folder.mkdir()
    file = folder / "pages.jsonl"
    file.write_text(json.dumps({"url": web.url("/"), "status": "failed"}) + "\n")
    before = file.read_bytes()
    (folder / ".pages.jsonl.part").mkdir()
    code, _, errors = await scrape(web.url("/"), "--format", "json", "-o", str(file), "--resume")
    assert (code, errors.count("\n"), "cannot be written" in errors) == (1, 1, True)
    assert file.read_bytes() == before


async def test_a_cut_off_line_is_scraped_again(web, tmp_path):
    file = tmp_path / "pages.jsonl"
    file.write_text(json.dumps({"url": web.url("/"), "status": "completed"}) + '\n{"url": "' + web.url("/other"))
    await scrape(web.url("/"), web.url("/other"), "--format", "json", "-o", str(file), "--resume")
    assert [json.loads(line)["url"] for line in file.read_text().splitlines()] == [web.url("/"), web.url("/other")]


async def test_no_link_is_followed_and_no_name_is_too_long(web, tmp_path):
    precious = tmp_path / "precious"
    precious.write_text("mine")
    folder = tmp_path / "pages"
    folder.mkdir()
    name = f"0001-127.0.0.1-{web.port}.md"
    (folder / name).symlink_to(precious)
    long = web.url("/?" + "%C3%A4" * 400 + "ä" * 300)
    code, _, _ = await scrape(web.url("/"), long, "-o", str(folder))
    assert code == 0
    assert precious.read_text() == "mine"
    assert len(list(folder.iterdir())) == 2


async def test_what_a_host_sends_does_not_reach_the_terminal_as_it_is(web):
    web.routes["/odd"] = Response(b"\x00\x01\x02" * 50, headers={"Content-Type": "application/\x1b[31mx"})
    _, _, errors = await scrape(web.url("/odd"))
    assert errors
    assert "\x1b" not in errors


async def test_secrets_in_urls_do_not_reach_the_terminal(web):
    _, _, errors = await scrape(web.url("/missing?token=s3cret#t0ken").replace("//", "//me:pa55word@"))
    assert "/missing" in errors
    assert not [secret for secret in ("s3cret", "t0ken", "pa55word") if secret in errors]


async def test_a_url_that_is_too_long_ends_no_run(web):
    code, output, errors = await scrape(web.url("/" + "a" * 100_000), web.url("/"))
    assert (code, errors.count("\n")) == (1, 1)
    assert len(errors) < 1000
    assert "# Title" in output


async def test_a_blocked_address_names_the_setting_that_opens_it():
    _, _, errors = await scrape("http://10.1.2.3/")
    assert "PAGEMILL_ALLOWED_NETWORKS" in errors


async def test_a_pipe_is_read_once_and_resumed(web, tmp_path):
    pipe, output = tmp_path / "urls", tmp_path / "pages.jsonl"
    os.mkfifo(pipe)
    for _ in range(2):
        words = ("--file", str(pipe), "--format", "json", "-o", str(output), "--resume", "--host-interval", "0")
        running = asyncio.create_task(scrape(*words))
        await asyncio.to_thread(pipe.write_text, f"{web.url('/')}\n{web.url('/other')}\n")
        async with asyncio.timeout(30):
            assert (await running)[0] == 0
    assert len(output.read_text().splitlines()) == 2


async def test_the_file_of_urls_is_not_written_to(web, tmp_path):
    urls, link = tmp_path / "urls.jsonl", tmp_path / "link.jsonl"
    urls.write_text(f'"{web.url("/")}"\n')
    link.symlink_to(urls)
    code, _, errors = await scrape("--file", str(urls), "--format", "json", "-o", str(link))
    assert (code, "written too" in errors, urls.read_text()) == (2, True, f'"{web.url("/")}"\n')


@pytest.mark.parametrize("suffix", ["txt", "jsonl"])
async def test_a_line_of_urls_without_end_is_not_held(tmp_path, suffix):
    file = tmp_path / f"urls.{suffix}"
    file.write_bytes(b"http://example.com/\n" * (suffix == "txt") + b"0" * 9_000_000)
    code, _, errors = await scrape("--file", str(file))
    assert (code, errors.count("\n"), "bytes" in errors) == (1, 1, True)


async def test_a_url_that_is_no_text_is_said():
    code, output, errors = await scrape(os.fsdecode(b"http://example.com/\xff"), "--format", "json")
    assert (code, output, errors) == (2, "", "pagemill: A URL is not UTF-8.\n")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("notes.jsonl", b"notes without an end of line"),
        ("notes.jsonl", b'{"url": 5, "status": "completed"}\n'),
        ("notes.jsonl", b'{"url": ["x"], "status": "failed"}\n'),
        ("notes.parquet", b"notes"),
        ("notes.parquet", None),
    ],
)
async def test_a_file_of_something_else_is_not_resumed_and_stays(tmp_path, name, content):
    file = tmp_path / name
    if content is None:
        pq.write_table(pa.table({"url": ["http://a/"], "note": ["mine"]}), file)
    else:
        file.write_bytes(content)
    before = file.read_bytes()
    words = ("http://example.com/", "http://example.com/b", "-o", str(file), "--resume", "--format", "json")
    code, _, errors = await scrape(*words)
    assert (code, errors.count("\n"), "cannot be resumed" in errors) == (2, 1, True)
    assert file.read_bytes() == before
