"""PDFs with turned text, tables without lines, forms, and drawings made to take long."""

from __future__ import annotations

import warnings

import pytest

from pagemill.errors import InvalidDocumentError
from pagemill.extraction.documents import pdf

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of reportlab's own
    from tests.web import documents
    from tests.web import odd_documents as odd

URL = "http://example.com/a.pdf"


def lines_of(body):
    return [line for line in pdf.extract(body, URL).markdown.splitlines() if line]


def cells_of(lines):
    rows = [line for line in lines if line.startswith("|") and set(line) - set("|- :")]
    return [[cell.strip() for cell in row.strip("|").split(" | ")] for row in rows]


@pytest.mark.parametrize("angle", [90, -90, 180])
def test_a_page_turned_as_a_whole_is_read_in_its_direction(angle):
    text = " ".join(lines_of(odd.sideways_pdf(angle)))
    places = [text.index(f"Line {line}: {documents.SENTENCE[:60].strip()}") for line in range(12)]
    assert places == sorted(places)


@pytest.mark.parametrize(("angle", "x"), [(90, 30), (-90, 570)])
def test_a_stamp_in_the_margin_is_one_readable_paragraph(angle, x):
    lines = lines_of(odd.drawn(lambda canvas: odd.turned(canvas, "arXiv:2301.00001v1 [cs.CL]", angle, x, 500)))
    assert lines[-1].replace("\\", "") == "arXiv:2301.00001v1 [cs.CL]"
    assert len(lines) == 2
    assert lines[0].startswith("Line 0: ")


def test_a_stamp_on_every_page_is_left_out():
    body = odd.drawn(lambda canvas: odd.turned(canvas, "Downloaded by somebody", 90, 30, 300), pages=4)
    assert "Downloaded" not in "\n".join(lines_of(body))


def test_a_diagonal_watermark_is_left_out():
    lines = lines_of(odd.drawn(lambda canvas: odd.turned(canvas, "CONFIDENTIAL", 45, 150, 450, 60)))
    assert len(lines) == 1
    assert lines[0].startswith("Line 0: ")
    assert "Line 11: " in lines[0]


@pytest.mark.parametrize(
    "rules",
    [
        (),
        (("LINEABOVE", (0, 0), (-1, 0)), ("LINEBELOW", (0, 0), (-1, 0)), ("LINEBELOW", (0, -1), (-1, -1))),
        (("LINEBELOW", (0, 0), (-1, -1)),),
    ],
)
def test_a_table_without_lines_between_its_columns(rules):
    lines = lines_of(odd.rows_pdf(odd.FLOUR, *rules))
    assert lines[0].startswith("Before.")
    assert lines[-1].startswith("After.")
    assert cells_of(lines) == odd.FLOUR


def test_columns_of_prose_are_no_table():
    assert not [line for line in lines_of(documents.columns_pdf()) if line.startswith("|")]


@pytest.mark.parametrize("offset", [0, 0.4])
def test_text_printed_twice_is_read_once(offset):
    def draw(canvas):
        for x in (90, 90 + offset):
            canvas.drawString(x, 450, "Fake bold, all of the little llamas.")

    lines = lines_of(odd.drawn(draw))
    assert lines[-1].lstrip("# ") == "Fake bold, all of the little llamas."


def test_what_is_filled_into_a_form_is_read_in_its_place():
    text = "\n".join(lines_of(odd.form_pdf()))
    for name, value in (("Name:", "Jane Miller"), ("Town:", "Zürich"), ("Mill:", "Wind"), ("☑", "Wheat"), ("☐", "Rye")):
        assert text.index(name) < text.index(value) < text.index(name) + 40
    assert "s3cret" not in text


def test_a_list_whose_bullets_say_nothing_is_a_list():
    items = [line for line in lines_of(odd.bullets_pdf()) if "item" in line]
    assert [item.lstrip("-* ") for item in items] == ["first item", "second item", "third item"]
    assert all(item[0] in "-*" for item in items)


@pytest.mark.parametrize("body", [odd.nested_pdf(8, 10), odd.nested_pdf(6, 10, cycle=True)])
def test_forms_in_forms_that_would_take_too_long_are_refused(body):
    assert len(body) < 4000
    with pytest.raises(InvalidDocumentError, match="so often"):
        pdf.extract(body, URL)


def test_a_page_that_would_take_too_long_costs_no_other_its_text():
    assert lines_of(odd.nested_pdf(8, 10, pages=3)) == ["Page 1 here.", "Page 2 here."]


def test_many_forms_are_read_without_layout(monkeypatch):
    body = odd.nested_pdf(4, 15)
    assert lines_of(body)[0].startswith("Page 0 here.")
    monkeypatch.setattr(pdf, "MAX_REPEATED_TEXT", 1_000_000)
    with pytest.raises(InvalidDocumentError, match="so often"):
        pdf.extract(body, URL)


def test_a_form_drawn_a_few_times_is_read_with_the_layout():
    lines = lines_of(odd.nested_pdf(2, 3))
    assert lines[0] == "Page 0 here."
    assert "deep" in lines[1]
