from __future__ import annotations

from pagemill.bulk.run import Counts
from pagemill.cli.bulk.progress import Progress


def test_the_line_tells_pages_megabytes_and_errors_a_second():
    counts = Counts()
    progress = Progress(counts)
    progress.line(100.0)
    counts.records, counts.bytes, counts.errors = 50, 20_000_000, 5
    assert progress.line(110.0) == "5.0 pages/s   2.0 MB/s   0.5 errors/s   50 pages   5 errors"


def test_the_summary_names_what_is_not_in_the_output():
    counts = Counts(records=3, errors=2, left_out=1, duplicates=1, errors_by_code={"http_error": 2})
    summary = Progress(counts).summary()
    assert summary.startswith("3 pages, 0.0 MB in ")
    assert "2 errors (http_error 2), 1 left out by the filter, 1 duplicates." in summary
