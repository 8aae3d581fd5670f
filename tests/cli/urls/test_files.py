from __future__ import annotations

import gzip

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from pagemill.cli.urls.files import urls_of
from pagemill.errors import OperatorError

URLS = ["https://example.com/", "https://example.com/a,b"]
LINES = "\n".join(URLS)
TABLE = f'ID,"Url",note\n1,{URLS[0]},"a\nnote"\n\n2,"{URLS[1]}"\n3, ,x\n'


@pytest.mark.parametrize("suffix", ["", ".gz", ".zst"])
@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("txt", LINES),
        ("jsonl", f'"{URLS[0]}"\n{{"url": "{URLS[1]}"}}\n'),
        ("csv", TABLE),
        ("tsv", f"url\tid\n{URLS[0]}\t1\n{URLS[1]}\t2\n"),
    ],
)
def test_text_may_be_compressed(tmp_path, kind, text, suffix):
    pack = {"": bytes, ".gz": gzip.compress, ".zst": zstandard.ZstdCompressor().compress}[suffix]
    file = tmp_path / f"urls.{kind}{suffix}"
    file.write_bytes(pack(b"\xef\xbb\xbf" + text.encode()))
    assert list(urls_of(str(file))) == URLS


@pytest.mark.parametrize("column", [pa.array(URLS), pa.array(URLS).dictionary_encode(), pa.array(URLS, pa.binary())])
def test_a_column_may_have_any_type_of_text(tmp_path, column):
    pq.write_table(pa.table({"id": [1, 2], "url": column}), tmp_path / "urls.parquet")
    assert list(urls_of(str(tmp_path / "urls.parquet"))) == URLS


UNREADABLE = {
    "no column": ("urls.csv", b"link,id\nhttps://example.com/,1\n", "no column `url`"),
    "empty": ("urls.csv", b"", "no column `url`"),
    "no text": ("urls.csv", b"url\n\xff\n", "not UTF-8"),
    "broken off gzip": ("urls.txt.gz", gzip.compress(LINES.encode())[:-9], "damaged"),
    "no gzip": ("urls.txt.gz", LINES.encode(), "cannot be read"),
    "broken off zstd": ("urls.jsonl.zst", zstandard.ZstdCompressor().compress(LINES.encode())[:-3], "damaged"),
}


@pytest.mark.parametrize("case", UNREADABLE)
def test_what_cannot_be_read_is_named(tmp_path, case):
    name, content, said = UNREADABLE[case]
    file = tmp_path / name
    file.write_bytes(content)
    with pytest.raises(OperatorError, match=said) as raised:
        list(urls_of(str(file)))
    assert str(file) in raised.value.message
