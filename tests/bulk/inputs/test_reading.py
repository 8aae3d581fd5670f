from __future__ import annotations

import gzip
import io
import json
import os
import tarfile
import zipfile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from tests.bulk.warc_file import article, compressed, record, response

from pagemill.bulk.inputs.limits import ReadingLimits
from pagemill.bulk.inputs.reading import records_of
from pagemill.bulk.inputs.source import expand
from pagemill.errors import OperatorError, UsageError

LIMITS = ReadingLimits(largest=100_000)


def read(*paths, limits=LIMITS, base_url=None):
    return [found for source in expand(paths, base_url) for found in records_of(source, limits)]


def codes(records):
    return [found.failure.code if found.failure else None for found in records]


@pytest.fixture
def write(tmp_path):
    def write(name, content):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_bytes(content)
        return path

    return write


def test_pages_in_folders_have_urls_below_the_base(write, tmp_path):
    write("site/b.html", b"b")
    write("site/a/in dex.HTM", b"a")
    write("site/picture.png", b"x")
    write("site/more.zip", zipped({"c.html": b"c"}))
    found = read(tmp_path / "site", base_url="https://example.com/x/")
    assert [page.url for page in found] == [
        "https://example.com/x/a/in%20dex.HTM",
        "https://example.com/x/b.html",
        "https://example.com/x/more.zip/c.html",
    ]
    [page] = read(tmp_path / "site" / "b.html")
    assert (page.url, page.body, page.content_type) == ((tmp_path / "site/b.html").as_uri(), b"b", "text/html")


def test_what_is_no_input_is_refused(write, tmp_path):
    with pytest.raises(UsageError, match=r"\.parquet"):
        read(write("picture.png", b""))
    with pytest.raises(OperatorError, match="no file"):
        read(tmp_path / "missing.html")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError):
        read(tmp_path / "empty")


def zipped(files):
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return sink.getvalue()


def tarred(files, mode="w:gz"):
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode=mode) as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return sink.getvalue()


@pytest.mark.parametrize(("name", "pack"), [("x.zip", zipped), ("x.tar.gz", tarred)])
def test_archives_of_files(write, name, pack):
    files = {
        "a/b.html": b"<p>a",
        "../up.html": b"<p>u",
        "huge.html": b"0" * 200_000,
        "style.css": b"",
        "d.pdf": b"%PDF-",
    }
    found = read(write(name, pack(files)), base_url="http://s/r/")
    assert found[0].url == "http://s/r/a/b.html"
    assert [page.body for page in found] == [b"<p>a", b"<p>u", b"", b"%PDF-"]
    assert codes(found) == [None, None, "body_too_large", None]


@pytest.mark.parametrize("name", ["x.zip", "x.tar.gz", "x.wacz", "x.warc", "x.warc.gz", "x.parquet", "x.jsonl.gz"])
def test_a_file_of_other_bytes_is_damaged(write, name):
    path = write(name, b"\x1f\x8bnothing of the kind")
    [found] = read(path)
    assert (found.url, found.failure.code) == (str(path), "input_damaged")


def test_warc_gives_its_pages_and_nothing_else(write):
    records = [
        record("warcinfo", "", b"software: x\r\n", "application/warc-fields"),
        record("request", "http://a/", b"GET / HTTP/1.1\r\n\r\n", "application/http; msgtype=request"),
        response("http://a/", b"<p>a", ETag="x"),
        response("http://a/script.js", b"x=1", "text/javascript"),
        response("http://a/old", b"", status=301, Location="http://a/"),
        response("<http://a/missing>", b"<p>gone", status=404),
        response("http://a/untold", b"<html><p>b", ""),
        response("http://a/picture", b"\x89PNG\r\n\x1a\n", ""),
        record("resource", "http://a/r", b"<p>r", "text/html"),
    ]
    found = read(write("x.warc", b"".join(records)))
    assert [(page.url, page.status, page.body) for page in found] == [
        ("http://a/", 200, b"<p>a"),
        ("http://a/missing", 404, b"<p>gone"),
        ("http://a/untold", 200, b"<html><p>b"),
        ("http://a/r", 200, b"<p>r"),
    ]
    assert found[0].headers == {"content-type": "text/html; charset=utf-8", "etag": "x"}
    assert found == read(write("x.warc.gz", compressed(*records)))
    assert found == read(write("x.warc.zst", zstandard.compress(b"".join(records))))
    assert found == read(write("x.wacz", zipped({"archive/d.warc.gz": compressed(*records), "pages/pages.jsonl": b""})))


def chunked(body):
    return b"%x;x=y\r\n%s\r\n1\r\n!\r\n0\r\n\r\n" % (len(body), body)


BODY = b"<p>hello " + b"again " * 1000


@pytest.mark.parametrize(
    ("body", "headers", "expected"),
    [
        (gzip.compress(BODY), {"Content_Encoding": "gzip"}, BODY),
        (chunked(gzip.compress(BODY)), {"Content_Encoding": "x-gzip", "Transfer_Encoding": "chunked"}, None),
        (chunked(BODY), {"Transfer_Encoding": "chunked"}, BODY + b"!"),
        (zstandard.compress(BODY), {"Content_Encoding": "zstd"}, BODY),
        (BODY, {"Content_Encoding": "gzip", "Transfer_Encoding": "chunked"}, BODY),  # kept decoded
        (BODY, {"Content_Encoding": "br"}, BODY),
    ],
    ids=["gzip", "gzip in chunks", "chunks", "zstd", "neither", "no Brotli"],
)
def test_bodies_are_decoded_where_they_are_encoded(write, body, headers, expected):
    [page] = read(write("x.warc", response("http://a/", body, **headers)))
    assert page.failure is None
    assert page.body == (expected or BODY)


def test_brotli(write):
    import brotli  # type: ignore[import-untyped]

    bomb = brotli.compress(b"0" * 5_000_000)
    [page, huge] = read(
        write(
            "x.warc",
            response("http://a/", brotli.compress(BODY), Content_Encoding="br")
            + response("http://b/", bomb, Content_Encoding="br"),
        )
    )
    assert page.body == BODY
    assert huge.failure.code == "body_too_large"


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress])
def test_what_cannot_be_decoded_is_one_record(write, pack):
    coding = "gzip" if pack is gzip.compress else "zstd"
    broken = pack(bytes(range(256)) * 50)
    broken = broken[: len(broken) // 2] + bytes(40)
    bomb = pack(b"0" * 5_000_000)
    found = read(
        write(
            "x.warc.gz",
            compressed(
                response("http://a/", bomb, Content_Encoding=coding),
                response("http://b/", broken, Content_Encoding=coding),
                response("http://c/", b"<p>c"),
            ),
        )
    )
    assert codes(found)[0] == "body_too_large"
    assert codes(found)[1] in ("record_invalid", None)
    assert found[2].body == b"<p>c"


def test_a_large_record_is_passed_over(write):
    found = read(write("x.warc.gz", compressed(response("http://a/", b"0" * 200_000), response("http://b/", b"<p>b"))))
    assert codes(found) == ["body_too_large", None]


@pytest.mark.parametrize("cut", [1, 5, 40, 200])
@pytest.mark.parametrize("name", ["x.warc.gz", "x.warc"])
def test_a_file_that_breaks_off_is_damaged(write, name, cut):
    last = response("http://b/", article(1) * 3)
    whole = [response("http://a/", b"<p>a"), last]
    content = compressed(*whole) if name.endswith("gz") else b"".join(whole)[:-4]
    found = read(write(name, content[:-cut]))
    assert found[0].body == b"<p>a"
    assert codes(found)[-1] == "input_damaged"


@pytest.mark.parametrize(
    "damage", [lambda m: m[:-40], lambda m: m[:30] + bytes(40) + m[70:], lambda m: b"\x1f\x8b\x08" + m]
)
def test_what_follows_a_damaged_member_is_read(write, damage):
    """A record that is cut short, one with other bytes in it, and what only begins like one."""
    members = [gzip.compress(response(f"http://a/{number}", article(number) * 2)) for number in range(5)]
    members[1] = damage(members[1])
    found = read(write("x.warc.gz", b"".join(members)))
    assert codes(found).count("input_damaged") == 1
    pages = [record.url for record in found if record.failure is None]
    assert pages[0] == "http://a/0"
    assert pages[-3:] == ["http://a/2", "http://a/3", "http://a/4"]


def test_a_record_that_is_shorter_than_it_says_costs_itself_alone(write):
    short = response("http://b/", b"<p>b" * 50)
    members = [
        gzip.compress(each) for each in (response("http://a/", b"<p>a"), short[:-60], response("http://c/", b"<p>c"))
    ]
    members[1] = members[1][:-12]
    assert codes(read(write("x.warc.gz", b"".join(members)))) == [None, "input_damaged", None]


@pytest.mark.parametrize(
    ("damage", "is_lost"),
    [
        (lambda record: b"garbage\r\n\r\n", True),
        (lambda record: record[:-60] + b"\r\n\r\n", True),
        (lambda record: record[:100], True),
        (lambda record: record[:20] + bytes(300) + record[320:], True),
        (lambda record: record[100:], True),
        (lambda record: record.replace(b"Content-Length: 1", b"Content-Length: 91", 1), True),
        (lambda record: record.replace(b"Content-Length: 1", b"Content-Length: -1", 1), True),
        (lambda record: record + bytes(2_000_000), False),
    ],
)
def test_what_follows_a_damaged_record_is_read(write, damage, is_lost):
    """In a WARC file that is not compressed: garbage, records cut short, other bytes in a header, a wrong length."""
    records = [response(f"http://a/{number}", article(number) * 2) for number in range(5)]
    assert b"Content-Length: 1" in records[1]
    records[1] = damage(records[1])
    found = read(write("x.warc", b"".join(records)))
    assert codes(found).count("input_damaged") == 1
    lost = ["http://a/1"] if is_lost else []
    pages = [record.url for record in found if record.failure is None]
    assert pages == [record for number in range(5) if (record := f"http://a/{number}") not in lost]


def test_every_place_of_damage_costs_what_stands_there_alone(write):
    records = [response(f"http://a/{number}", article(number)) for number in range(40)]
    for number in range(1, 40, 3):
        records[number] = records[number][:-200]
    found = read(write("x.warc", b"".join(records)))
    pages = [record.url for record in found if record.failure is None]
    assert pages == [f"http://a/{number}" for number in range(40) if number % 3 != 1]
    assert codes(found).count("input_damaged") == 13


def test_records_may_be_parted_by_less_than_they_should_be(write):
    whole = b"".join(response(f"http://a/{number}", b"<p>a").rstrip(b"\r\n") + b"\n" for number in range(3))
    found = read(write("x.warc", whole))
    assert [(page.url, page.body) for page in found] == [(f"http://a/{number}", b"<p>a") for number in range(3)]


@pytest.mark.parametrize(
    ("name", "pack"), [("x.jsonl", bytes), ("x.jsonl.gz", gzip.compress), ("x.ndjson.zst", zstandard.compress)]
)
def test_json_lines(write, name, pack):
    rows = [
        {"page": "<p>ä", "at": "http://a/"},
        {"at": "http://b/"},
        {"page": "0" * 200_000},
        {"page": 7},
        {"page": "x"},
    ]
    text = "\n".join([*map(json.dumps, rows), "", "no json", "[]"]).encode("utf-8-sig")
    found = read(write(name, pack(text)), limits=ReadingLimits(100_000, "page", "at"))
    assert (found[0].url, found[0].body, found[0].content_type) == (
        "http://a/",
        "<p>ä".encode(),
        "text/html; charset=utf-8",
    )
    assert codes(found) == [None, "record_invalid", "body_too_large", "record_invalid", None, *["record_invalid"] * 2]


def test_a_line_without_end_is_not_held(write):
    found = read(write("x.jsonl", b'{"html": "' + b"0" * 3_000_000 + b'"}\n{"html": "<p>b"}\n'))
    assert codes(found) == ["body_too_large", None]


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.binary(), pa.string_view()])
def test_parquet(write, tmp_path, kind):
    pages = pa.array([b"<p>a", None, b"0" * 200_000], pa.binary())
    pages = pages if kind == pa.binary() else pages.cast(pa.string()).cast(kind)
    pq.write_table(pa.table({"url": ["http://a/", "http://b/", None], "html": pages}), tmp_path / "x.parquet")
    found = read(tmp_path / "x.parquet")
    assert [page.url for page in found] == ["http://a/", "http://b/", None]
    assert bytes(found[0].body) == b"<p>a"
    assert found[0].content_type == ("text/html" if kind == pa.binary() else "text/html; charset=utf-8")
    assert codes(found) == [None, "record_invalid", "body_too_large"]


def test_parquet_without_the_column_is_told(tmp_path):
    pq.write_table(pa.table({"url": ["http://a/"]}), tmp_path / "x.parquet")
    with pytest.raises(UsageError, match="--html-column: url"):
        read(tmp_path / "x.parquet")


def test_json_lines_without_the_column_are_told(write):
    rows = [{"url": "http://a/", "body": "<p>a"}, {"url": "http://b/", "text": "b"}]
    lines = "".join(f"{json.dumps(row)}\n" for row in rows).encode()
    for content in (lines, lines * 3000, b"no json\n" + lines):
        with pytest.raises(UsageError, match="--html-column: url, body, text"):
            read(write("x.jsonl", content))
    sparse = json.dumps({"url": "http://c/", "html": "<p>c"}).encode()
    assert codes(read(write("x.jsonl", lines * 100 + sparse))) == [*["record_invalid"] * 200, None]
    assert codes(read(write("x.jsonl", b"no json\n[]\n"))) == ["record_invalid"] * 2
    assert codes(read(write("x.jsonl", json.dumps({"html": None}).encode()))) == ["record_invalid"]


@pytest.mark.parametrize(("name", "mode"), [("x.tar", "w"), ("x.tar.gz", "w:gz"), ("x.tar.bz2", "w:bz2")])
def test_a_tar_file_that_breaks_off_is_damaged(write, name, mode):
    whole = tarred({f"{number}.html": os.urandom(2000) for number in range(5)}, mode)
    for share in (0.3, 0.5, 0.6):
        found = read(write(name, whole[: int(len(whole) * share)]))
        assert codes(found)[-1] == "input_damaged"
    [*pages, failure] = read(write("y.tar", tarred({"a.html": b"a", "b.html": b"b"}, "w")[:1024]))
    assert [page.body for page in pages] == [b"a"]
    assert failure.failure.code == "input_damaged"


def test_a_damaged_header_in_a_tar_file_is_told(write):
    content = bytearray(tarred({f"{number}.html": b"<p>a" for number in range(5)}, "w"))
    content[2 * 1024] ^= 1
    assert codes(read(write("x.tar", bytes(content)))) == [None, None, "input_damaged"]


@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME])
def test_a_header_in_a_tar_file_is_not_held_whatever_it_claims(write, kind):
    header = tarfile.TarInfo("x")
    header.type, header.size = kind, 2**30
    content = header.tobuf(tarfile.GNU_FORMAT) + bytes(2**21)
    [found] = read(write("x.tar", content))
    assert "more than" in found.failure.message


def test_a_damaged_page_in_a_zip_file_costs_itself_alone(write):
    content = zipped({"a.html": b"<p>one", "b.html": b"<p>two", "c.html": b"<p>three", "d.html": b"<p>four"})
    content = content.replace(b"<p>two", b"<p>2wo").replace(b"d.html", b"\0.html")
    found = read(write("x.zip", content), base_url="http://s/")
    assert codes(found) == [None, "record_invalid", None]
    assert found[1].url == "http://s/b.html"


def test_names_may_be_other_bytes_than_utf8(write, tmp_path):
    write("site/ok.html", b"a")
    (tmp_path / os.fsdecode(b"site/\xff.html")).write_bytes(b"b")
    write("site/x.tar", tarred({"\udcff.html": b"c", "d.html": b"d"}, "w"))
    (tmp_path / os.fsdecode(b"site/\xff.zip")).write_bytes(b"")
    found = read(tmp_path / "site", base_url="http://s/")
    assert [page.url for page in found if not page.failure] == [
        *("http://s/ok.html", "http://s/x.tar/%FF.html", "http://s/x.tar/d.html", "http://s/%FF.html"),
    ]
    assert [page.url.encode().endswith(rb"\xff.zip") for page in found if page.failure] == [True]


@pytest.mark.parametrize("cut", [1, 5, 100])
def test_json_lines_in_zstd_that_break_off_are_damaged(write, cut):
    lines = b"".join(json.dumps({"html": f"<p>{number}"}).encode() + b"\n" for number in range(2000))
    frame = zstandard.compress(lines)
    found = read(write("x.jsonl.zst", frame + frame[:-cut]))
    assert codes(found[:2000]) == [None] * 2000
    assert codes(found)[-1] == "input_damaged"


def test_warc_that_breaks_off_in_a_header_is_damaged(write):
    whole = response("http://a/", b"<p>a")
    for cut in (7, 20, 100):
        assert codes(read(write("x.warc", whole + whole[:cut]))) == [None, "input_damaged"]


def test_a_length_that_no_file_has_is_damage(write):
    record = response("http://a/", b"<p>a")
    start = record.index(b"Content-Length: ") + len(b"Content-Length: ")
    other = record[:start] + b"9" * 30 + record[start:]
    assert "input_damaged" in codes(read(write("x.warc", other)))
