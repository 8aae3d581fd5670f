from __future__ import annotations

import gzip

import pytest
import zstandard

from pagemill.bulk.outputs.json_lines import JsonLinesOutput
from pagemill.bulk.outputs.output import NumberedRow


def unpacked(path):
    if path.suffix == ".gz":
        return gzip.decompress(path.read_bytes())
    if path.suffix == ".zst":
        with zstandard.ZstdDecompressor().stream_reader(path.read_bytes(), read_across_frames=True) as reader:
            return reader.read()
    return path.read_bytes()


@pytest.mark.parametrize("name", ["out.jsonl", "out.jsonl.gz", "out.ndjson.zst"])
def test_a_file_is_cut_between_its_parts(tmp_path, name):
    path = tmp_path / name
    output = JsonLinesOutput(path)
    output.begin(None)
    place = output.write([NumberedRow(0, number, {"url": f"{number}"}) for number in range(2)])
    assert output.write([]) == place
    output.write([NumberedRow(0, 2, {"url": "never noted"})])
    again = JsonLinesOutput(path)
    assert again.is_there
    again.begin(place)
    again.write([NumberedRow(0, 2, {"url": "2"})])
    assert unpacked(path) == b'{"url":"0"}\n{"url":"1"}\n{"url":"2"}\n'
    again.begin(None)
    assert unpacked(path) == b""
