from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pagemill.extraction.documents import separated_values

URL = "http://example.com/data.csv"


def rows_of(body, content_type="text/csv", url=URL):
    lines = separated_values.extract(body, content_type, url).markdown.splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line and "---" not in line]


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_each_delimiter(mark):
    body = "\n".join(mark.join(row) for row in (["Name", "Price"], ["Flour", "2.50"], ["Bran", "1"]))
    assert rows_of(body.encode()) == [["Name", "Price"], ["Flour", "2.50"], ["Bran", "1"]]


def test_quotes_line_breaks_and_short_rows():
    body = b'Name,Note,Price\r\n"Flour, white","He said ""good""",2\r\nBran\r\n\r\n'
    assert rows_of(body) == [["Name", "Note", "Price"], ["Flour, white", 'He said "good"', "2"], ["Bran", "", ""]]


def test_cells_are_text_and_addresses_are_links():
    content = separated_values.extract(b"a,b\n<b>x</b>,http://example.com/x\n", "text/csv", URL)
    assert "<b>" not in content.cleaned_html
    assert [link.href for link in content.links] == ["http://example.com/x"]


def test_other_encodings():
    assert rows_of("Größe,Maß\nä,ö\n".encode("latin-1"), "text/csv; charset=iso-8859-1")[0] == ["Größe", "Maß"]


def test_one_column_is_no_table():
    assert separated_values.extract(b"a\nb\nc\n", "text/csv", URL) is None


def test_a_file_is_known_by_its_name_where_its_type_is_plain():
    assert separated_values.is_separated("text/plain", URL)
    assert separated_values.is_separated("text/tab-separated-values", "http://example.com/")
    assert not separated_values.is_separated("text/plain", "http://example.com/a.txt")
    assert not separated_values.is_separated("text/html", URL)


def test_rows_beyond_the_limit_are_counted(monkeypatch):
    monkeypatch.setattr(separated_values, "MAX_ROWS", 3)
    body = "\n".join(f"{number},x" for number in range(10)).encode()
    assert "and 6 more rows" in separated_values.extract(body, "text/csv", URL).markdown


@pytest.mark.parametrize("character", ["\x0b", "\x0c", "\x1c", "\x85", "\u2028"])
def test_only_line_breaks_end_a_row(character):
    assert len(rows_of(f"a,b\nx{character}y,z\n".encode())) == 2


def test_rows_that_are_not_shown_take_no_memory(monkeypatch):
    monkeypatch.setattr(separated_values, "MAX_ROWS", 10)
    body = b",".join([b"x"] * 200) + b"\n" + b"a,b\n" * 100_000
    tracemalloc.start()
    content = separated_values.extract(body, "text/csv", URL)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert "and 99990 more rows" in content.markdown
    assert most < 100 * len(body)


@given(st.binary(max_size=300))
def test_any_bytes_are_a_table_or_none(body):
    separated_values.extract(body, "text/csv", URL)
