from __future__ import annotations

import gzip
import json

import pytest
import zstandard

from pagemill.client.upload import UploadBody

LINES = [{"url": f"https://example.com/{number}"} for number in range(3000)]
TEXT = "".join(f"{json.dumps(line)}\n" for line in LINES).encode()


def sent(source):
    body = UploadBody(source)
    assert list(body.parts()) == list(body.parts())  # the same again, where it is sent again
    return body.headers.get("Content-Encoding"), b"".join(body.parts())


def unpacked(data):
    return zstandard.ZstdDecompressor().decompressobj().decompress(data)


def test_lines_and_text_are_compressed(tmp_path):
    file = tmp_path / "urls.jsonl"
    file.write_bytes(TEXT)
    for source in (LINES, file, str(file)):
        coding, data = sent(source)
        assert (coding, unpacked(data)) == ("zstd", TEXT)
        assert len(data) < len(TEXT) / 4
    assert unpacked(sent([])[1]) == b""


@pytest.mark.parametrize(
    ("name", "content", "coding"),
    [
        ("urls.txt.gz", gzip.compress(TEXT), "gzip"),
        ("urls.jsonl.zst", zstandard.compress(TEXT), "zstd"),
        ("urls.parquet", b"PAR1", None),
    ],
)
def test_a_file_that_is_compressed_already_is_sent_as_it_is(tmp_path, name, content, coding):
    (tmp_path / name).write_bytes(content)
    assert sent(tmp_path / name) == (coding, content)
