from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pagemill.api.wire.encodings.accept_encoding import wanted


@pytest.mark.parametrize(
    ("accept", "names"),
    [
        ("", []),
        ("gzip", ["gzip"]),
        ("zstd", ["zstd"]),
        ("gzip, zstd", ["zstd", "gzip"]),
        ("gzip, deflate, br, zstd", ["zstd", "gzip"]),
        ("gzip;q=1.0, zstd;q=0.5", ["gzip", "zstd"]),
        ("GZIP ; Q=0.4", ["gzip"]),
        ("zstd;q=0", []),
        ("*", ["zstd", "gzip"]),
        ("*;q=0.5, zstd;q=0", ["gzip"]),
        ("*;q=0", []),
        ("identity", []),
        ("identity, gzip;q=0.5", []),
        ("identity;q=0.5, gzip", ["gzip"]),
        ("identity;q=0", []),
        ("gzip;q=no", []),
        ("gzip;level=9", ["gzip"]),
    ],
)
def test_the_clients_ranking_is_kept(accept: str, names: list[str]) -> None:
    assert wanted(accept) == names


@given(st.text(alphabet="gzipstd*;q=0.15, identity", max_size=60))
def test_any_header_is_read(accept: str) -> None:
    assert set(wanted(accept)) <= {"zstd", "gzip"}
