from __future__ import annotations

import contextlib
import json
from pathlib import Path
from urllib.parse import urlsplit

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pagemill.cli.sites.output import CrawlOutput, Place, page_path
from pagemill.client import CrawlPage


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("https://a.example", "index.md"),
        ("https://a.example/", "index.md"),
        ("https://a.example/docs/intro", "docs/intro.md"),
        ("https://a.example/docs/intro/", "docs/intro/index.md"),
        ("https://a.example/docs/intro.html", "docs/intro.html.md"),
        ("https://b.a.example/docs", "b.a.example/docs.md"),
        ("https://a.example/docs/", "docs/index.md"),
    ],
)
def test_a_page_is_under_its_path(url, path):
    assert page_path(url, "a.example", ".md") == Path(path)


URLS = st.builds(
    "https://{}/{}{}".format,
    st.sampled_from(["a.example", "b.example:8080", "[::1]"]),
    st.text("abc./%~-_é \\\0:", max_size=40)
    | st.sampled_from(["x" * 5000, "\U0001d400" * 100])
    | st.just("y/" * 500)
    | st.sampled_from(["", "index", "a/", "a/index", "a//", "/a", "a"])
    | st.just("../../../etc/passwd"),
    st.sampled_from(["", "?a=b", "?a=/../.."]),
)


@given(st.lists(URLS, min_size=2, max_size=2, unique=True))
def test_pages_have_their_own_files_and_none_leaves_the_folder(urls):
    paths = [page_path(url, "a.example", ".md") for url in urls]
    for path in paths:
        assert not path.is_absolute()
        assert not any(part.startswith(".") for part in path.parts)
        assert all(len(part.encode()) < 255 for part in path.parts)
        assert len(path.parts) <= 14
        assert not any(character in str(path) for character in "\\\0:")
    if paths[0] == paths[1]:  # the start of a site, written in two ways
        assert {urlsplit(url).path for url in urls} == {"", "/"}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://a.example/a", "https://a.example/a.md/b"),
        ("https://a.example/docs/a", "https://a.example/docs/a.MD/b"),
        ("https://a.example/a.md-/b", "https://a.example/a.md/b"),
        ("https://a.example/b.a.example/c", "https://b.a.example/c"),
        ("https://a.example/b.a.example", "https://b.a.example/c"),
        ("https://a.example/www.a.example/", "https://www.a.example/"),
    ],
)
@pytest.mark.parametrize("turned", [False, True])
def test_no_folder_is_in_the_way_of_a_file_nor_of_another_host(output, tmp_path, one, other, turned):
    pages = [page(number, f"# {url}\n", url) for number, url in enumerate((one, other), 1)]
    opened = output(tmp_path, "markdown")
    for written in reversed(pages) if turned else pages:
        opened.write(written)
    texts = [file.read_text() for file in tmp_path.rglob("*.md") if file.is_file()]
    assert sorted(text.rpartition("# ")[2].strip() for text in texts) == sorted((one, other))


def test_a_host_whose_name_ends_like_a_file_has_a_folder(output, tmp_path):
    opened = output(tmp_path, "markdown", start="https://a.md/")
    opened.write(page(1, "# One\n", "https://a.md/b.a"))
    opened.write(page(2, "# Two\n", "https://b.a.md/c"))
    assert len([file for file in tmp_path.rglob("*.md") if file.is_file()]) == 2


def page(number, markdown, url=None):
    raw = {"url": url or f"https://a.example/{number}", "number": number, "markdown": markdown}
    return CrawlPage(raw["url"], "completed", markdown=markdown, number=number, raw=raw)


@pytest.fixture
def output():
    """Opens an output, and begins a crawl in it or goes on with one."""
    with contextlib.ExitStack() as stack:

        def output(path, form="json", *, resumes=False, start="https://a.example/"):
            opened = CrawlOutput(str(path), form, start=start)
            place = opened.place() if resumes else Place("crawl_1", 0, 0)
            opened.open()
            stack.callback(opened.close)
            opened.begin(place)
            return opened

        yield output


def test_what_a_crash_left_half_written_is_written_again(output, tmp_path):
    path = tmp_path / "pages.jsonl"
    first = output(path)
    for number in (1, 2):
        first.write(page(number, "text"))
        first.remember("crawl_1", number)
    whole = path.read_text()
    first.write(page(3, "text"))  # and not remembered
    path.write_text(path.read_text()[:-5])
    again = output(path, resumes=True)
    assert path.read_text() == whole
    assert again.place().after == 2
    again.write(page(3, "text"))
    assert [json.loads(line)["number"] for line in path.read_text().splitlines()] == [1, 2, 3]


def test_a_parquet_file_is_read_on_after_its_last_part(output, tmp_path, monkeypatch):
    path = tmp_path / "pages.parquet"

    def numbers():
        return [row["url"].rpartition("/")[2] for row in pq.read_table(path).to_pylist()]

    monkeypatch.setenv("PAGEMILL_BULK_PART_BYTES", "1")
    first = output(path)
    for number in (1, 2):
        first.write(page(number, "text"))
        first.remember("crawl_1", number)
    first.write(page(3, "text"))
    first._table.write()  # and killed before it was noted
    assert not path.exists()
    again = output(path, resumes=True)
    assert again.place().after == 2
    again.write(page(3, "text"))
    again.remember("crawl_1", 3)
    again.finish()
    assert numbers() == ["1", "2", "3"]
    later = output(path, resumes=True)
    later.write(page(4, "text"))
    later.remember("crawl_1", 4)
    later.finish()
    assert numbers() == ["1", "2", "3", "4"]
    assert sorted(file.name for file in tmp_path.iterdir()) == [".pages.parquet.pagemill-crawl.json", "pages.parquet"]
    CrawlOutput(str(path), "json", start="https://a.example/").finish()  # the service refuses the crawl
    assert numbers() == ["1", "2", "3", "4"]
    output(path).finish()
    assert numbers() == []


def test_a_crawl_that_did_not_begin_leaves_the_file_of_the_last_one(output, tmp_path):
    path = tmp_path / "pages.jsonl"
    output(path).write(page(1, "text"))
    kept = path.read_text()
    other = CrawlOutput(str(path), "json", start="https://a.example/")
    other.open()  # and the service refuses the crawl
    other.close()
    assert path.read_text() == kept
    output(path)
    assert path.read_text() == ""


def test_a_folder_that_is_there_is_a_folder_whatever_its_name(output, tmp_path):
    folder = tmp_path / "a.example"
    folder.mkdir()
    output(folder, "markdown").write(page(1, "text"))
    assert (folder / "1.md").is_file()


def test_markdown_that_begins_with_a_line_has_front_matter_all_the_same(output, tmp_path):
    output(tmp_path / "site", "markdown").write(page(1, "---\n\ntext"))
    assert (tmp_path / "site" / "1.md").read_text() == '---\nurl: "https://a.example/1"\n---\n\n---\n\ntext'
