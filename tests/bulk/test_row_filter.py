from __future__ import annotations

import pytest

from pagemill.bulk.row_filter import RowFilter
from pagemill.errors import UsageError

ROW = {"url": "http://a.example/docs", "quality": 0.8, "language": "en", "text": "four", "links": [1, 2], "error": None}


@pytest.mark.parametrize(
    ("expression", "kept"),
    [
        ('quality > 0.7 and language == "en"', True),
        ("quality > 0.9 or 'docs' in url", True),
        ("not quality >= 0.8", False),
        ("language in ('de', 'fr')", False),
        ("language not in ['de']", True),
        ("error is None", True),
        ("error == None and title != None", False),
        ("0.5 < quality <= 0.8", True),
        ("len(text) == 4 and len(links) > 1 and len(title) == 0", True),
        ("quality > -1", True),
        ("title > 'a'", False),  # there is none
        ("'x' in title", False),
        ("quality > 'a'", False),
    ],
)
def test_rows_are_kept_by_an_expression(expression, kept):
    assert RowFilter(expression).keeps(ROW) is kept


def test_it_knows_the_columns_it_reads():
    assert RowFilter("quality > 0.5 and len(text) > 3").columns == {"quality", "text"}


@pytest.mark.parametrize(
    "expression",
    [
        *("", "quality >", "quality = 1", "a; b", "size > 1", "print(url)", "url.upper() == 'A'", "__import__('os')"),
        *("[x for x in url]", "url[0] == 'h'", "2 ** 9999999999 > 1", "lambda: 1", "f'{url}' == ''", "len(url, url)"),
        *("len(*url)", "url == b'x'", "(quality := 1)", "1 if url else 2", "-" * 1999 + "1", "(" * 500 + ")" * 500),
        *("quality\0", "x" * 3000),
    ],
)
def test_anything_else_is_refused(expression):
    with pytest.raises(UsageError, match="--filter"):
        RowFilter(expression)
