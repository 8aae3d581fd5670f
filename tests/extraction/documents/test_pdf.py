from __future__ import annotations

import random
import warnings

import pytest

from pagemill.errors import DocumentError, DocumentWithoutTextError, EncryptedDocumentError, InvalidDocumentError
from pagemill.extraction.documents import pdf

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of reportlab's own
    from tests.web import documents

URL = "http://example.com/a.pdf"


def lines_of(body):
    return [line for line in pdf.extract(body, URL).markdown.splitlines() if line]


def test_headings_paragraphs_and_lists():
    lines = lines_of(documents.text_pdf())
    assert lines[:2] == ["# The Old Mill", "## Of Water"]
    assert "## Of Grain" in lines
    paragraphs = [line for line in lines if line.startswith("Of ")]
    assert [line.split(". ")[0] for line in paragraphs] == [
        "Of Water begins", "Of Water ends", "Of Grain begins", "Of Grain ends",
    ]  # fmt: skip
    assert paragraphs[0].endswith(documents.SENTENCE.strip())
    assert [line.lstrip("-* ") for line in lines if "item" in line] == ["first item", "second item"]
    assert "<h2>Of Water</h2>" in pdf.extract(documents.text_pdf(), URL).cleaned_html


def test_words_in_several_fonts_stay_in_order():
    assert lines_of(documents.fonts_pdf()) == [
        "See the mill.asn file of E = mc2.",
        "Water (cold) runs.",
        "Set in a hurry, and close.",
        "Of Water … 12",
        "Of Grain … 14",
    ]


def test_paragraphs_that_only_an_indent_sets_apart():
    lines = lines_of(documents.indented_pdf())
    assert lines == [
        *(f"Part {number}. {documents.SENTENCE * 3}".strip() for number in range(5)),
        "# References",
        *(f"Miller {number}. {documents.SENTENCE * 2}".strip() for number in range(5)),
    ]


def test_lines_of_a_script_without_spaces_are_joined_without_any():
    text = "磨坊坐落在河边三百年来一直为山谷里的人磨面粉。冬天水车会结冰所以磨坊主一家整夜在水闸旁边生一堆火。" * 4
    assert lines_of(documents.chinese_pdf(text)) == [text]


def test_metadata():
    metadata = pdf.extract(documents.text_pdf(), URL).metadata
    assert (metadata.title, metadata.author) == ("The Old Mill", "A. Miller")
    assert metadata.published is not None


def test_a_ruled_table_stands_between_its_paragraphs():
    lines = lines_of(documents.table_pdf())
    assert lines[0].startswith("Before.")
    assert [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[1:5] if "-" not in line] == [
        ["Name", "Price"], ["Flour", "2.50"], [r"Bran \| oats", "1.25"],
    ]  # fmt: skip
    assert lines[5:] == ["After."]


def test_two_columns_are_read_one_after_the_other():
    lines = lines_of(documents.columns_pdf())
    assert lines[0] == "# A Title Across Both of the Columns"
    numbers = [int(line.split()[1].rstrip(".")) for line in lines if line.startswith("Part ")]
    assert numbers == list(range(1, 15))
    whole = [line for line in lines if line.startswith("Part 3.")]
    assert whole == [f"Part 3. {documents.SENTENCE * 3}".strip()]


def test_running_titles_and_page_numbers_are_left_out():
    text = "\n".join(lines_of(documents.running_titles_pdf()))
    assert "Journal of Mills" not in text
    assert "Page " not in text
    assert all(f"Words {page}-{line} of" in text for page in range(1, 5) for line in range(20))


def test_pages_beyond_the_layout_limit_are_read_as_plain_text(monkeypatch):
    monkeypatch.setattr(pdf, "MAX_LAYOUT_PAGES", 2)
    text = "\n".join(lines_of(documents.long_pdf(4)))
    assert all(f"Sheet {page} line {line}:" in text for page in range(1, 5) for line in range(45))


def test_a_scan_is_told_as_such():
    with pytest.raises(DocumentWithoutTextError):
        pdf.extract(documents.scanned_pdf(), URL)


def test_a_locked_document_is_told_as_such():
    with pytest.raises(EncryptedDocumentError):
        pdf.extract(documents.locked_pdf(), URL)


@pytest.mark.parametrize("body", [b"%PDF-1.7\n", b"%PDF-1.4\nnothing of the kind", b"%PDF-1.7\n%%EOF\n" * 9])
def test_a_broken_document_is_told_as_such(body):
    with pytest.raises(InvalidDocumentError):
        pdf.extract(body, URL)


def test_damaged_documents_are_read_or_told_as_such():
    chance, whole = random.Random(5), documents.table_pdf()
    for _ in range(40):
        body = bytearray(whole[: chance.randrange(10, len(whole))] if chance.random() < 0.5 else whole)
        for _ in range(chance.randrange(1, 30)):
            body[chance.randrange(len(body))] = chance.randrange(256)
        try:
            pdf.extract(bytes(body), URL)
        except DocumentError:
            continue


@pytest.mark.parametrize("pages", [["", "One."], ["One.", "", "Two."], ["One.", ""], ["", "", "One.", ""]])
def test_a_page_without_text_loses_no_other(pages):
    assert lines_of(documents.pages_pdf(pages)) == [text for text in pages if text]
