from __future__ import annotations

import platform

import psutil
import pytest

from pagemill.process_lifetime import return_free_memory


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc can")
def test_memory_between_what_is_in_use_goes_back_to_the_system():
    process = psutil.Process()
    kept = [bytes(4000) for _ in range(50_000)]
    del kept[1::2], kept[1::2], kept[1::2]
    before = process.memory_info().rss
    return_free_memory()
    assert before - process.memory_info().rss > 20e6
    assert len(kept) == 6250
