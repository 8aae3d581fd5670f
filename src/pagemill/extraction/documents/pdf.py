"""PDF: text in reading order, headings by font size, tables by their lines or columns, filled form fields.

A PDF has the position of each character but no paragraphs. Words are grouped into lines, and lines into paragraphs by
their distance. Two columns with a gutter between them are read one after the other. Lines at the same position on most
pages (running headers, page numbers) and diagonal watermarks are omitted. Pages beyond `MAX_LAYOUT_PAGES`, and those
that draw the same forms very often, are read as plain text, which is fifty times faster.
"""

from __future__ import annotations

import re
import warnings
from collections import Counter
from dataclasses import dataclass
from io import BytesIO
from itertools import pairwise, zip_longest
from typing import TYPE_CHECKING, Any

from turbohtml import escape, parse_fragment

from pagemill.errors import DocumentWithoutTextError, EncryptedDocumentError, InvalidDocumentError
from pagemill.extraction.documents import pdf_lines, pdf_page
from pagemill.extraction.documents.pdf_budget import Budget
from pagemill.extraction.documents.pdf_lines import BULLET, CONTROL, Line
from pagemill.extraction.documents.pdf_tables import Table
from pagemill.extraction.metadata import dates, media
from pagemill.extraction.reading import line_breaks
from pagemill.extraction.writing import cleaned_html, markdown
from pagemill.model import Content, Metadata

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pagemill.extraction.documents.pdf_page import Item

MAX_LAYOUT_PAGES = 40
"""The number of pages whose layout is analysed."""
MAX_REPEATED_LAYOUT = 2_000_000
MAX_REPEATED_TEXT = 50_000_000
"""How much content may be drawn again and again in a document: see `pdf_budget`."""
_MIN_HEADING_SCALE = 1.15
"""The smallest font size of a heading, relative to the body text."""
_MAX_HEADING_LENGTH = 200
_MAX_HEADING_LEVELS = 4
_MARGIN = 0.08
"""The share of a page's height at its top and bottom that can contain running headers."""
_MIN_PARAGRAPH_GAP = 0.5
_MIN_INDENT = 0.8
"""The smallest indent of a paragraph's first line, relative to its font size."""
_SENTENCE_ENDS = ".!?:。！？："
_CONTENTS_ENTRY = re.compile(r" … \S{1,8}$")


def extract(body: bytes, url: str) -> Content:
    """Extract a PDF.

    Raises `EncryptedDocumentError`, `InvalidDocumentError`, and `DocumentWithoutTextError` for a PDF of images only.
    """
    pages, about = _read(body)
    lines = [line for page in pages for line in page if isinstance(line, Line)]
    if not any(pages):
        raise DocumentWithoutTextError("The document holds no text, only pictures, as a scanned one does.")
    html = _html(_without_running_headers(pages), _Sizes.of(lines))
    tree = cleaned_html.clean(parse_fragment(html, positions=False), url)
    return Content(
        html=html,
        cleaned_html=cleaned_html.serialize(tree),
        links=media.links(tree, url),
        markdown=markdown.render(tree),  # consumes the tree
        metadata=_metadata(about),
    )


def _read(body: bytes) -> tuple[list[list[Item]], dict[str, Any]]:
    from pdfminer.pdfdocument import PDFPasswordIncorrect
    from pdfplumber.utils.exceptions import PdfminerException

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            pages, about = _pages(body)
    except PdfminerException as error:
        if error.args and isinstance(error.args[0], PDFPasswordIncorrect):
            raise EncryptedDocumentError("The document is protected by a password.") from error
        raise InvalidDocumentError("The document is broken: it cannot be read as a PDF.") from error
    except (InvalidDocumentError, MemoryError):
        raise
    except Exception as error:  # hostile files make the parser raise any kind of exception
        raise InvalidDocumentError("The document is broken: it cannot be read as a PDF.") from error
    if not pages:
        raise InvalidDocumentError("The document is broken: it has no pages.")
    return pages, about


def _pages(body: bytes) -> tuple[list[list[Item]], dict[str, Any]]:
    """The pages, and what the document says of itself. Those without layout are read by the faster library."""
    import pdfplumber
    import pypdfium2

    budget = Budget(MAX_REPEATED_LAYOUT, MAX_REPEATED_TEXT)
    pages: list[list[Item]] = []
    plain: list[int] = []
    refused = 0
    with pdfplumber.open(BytesIO(body), unicode_norm="NFC") as document:
        for number, page in enumerate(document.pages):
            if number < MAX_LAYOUT_PAGES and budget.affords_layout(page.page_obj):
                pages.append(pdf_page.read(page))
                continue
            pages.append([])
            if budget.is_within_text_budget(page.page_obj):
                plain.append(number)
            else:
                refused += 1
        about = dict(document.metadata)
    if plain:
        with pypdfium2.PdfDocument(body) as rest:
            for number in plain:
                pages[number] += pdf_lines.plain_lines(rest[number].get_textpage().get_text_range())
    if refused and not any(pages):
        raise InvalidDocumentError("The document draws its parts so often that reading it would take too long.")
    return pages, about


def _without_running_headers(pages: list[list[Item]]) -> list[list[Item]]:
    """The pages without the lines that are at the same position on most of them, apart from numbers in them."""
    if len(pages) < 3:
        return pages
    places = Counter(place for page in pages for place in {_place(item) for item in _margin_lines(page)})
    running = {place for place, count in places.items() if count >= max(3, len(pages) / 2)}
    kept = []
    for page in pages:
        edge = {id(item) for item in _margin_lines(page) if _place(item) in running}
        kept.append([item for item in page if id(item) not in edge])
    return kept


def _margin_lines(page: Iterable[Item]) -> list[Line]:
    lines = [item for item in page if isinstance(item, Line)]
    if not lines:
        return []
    level = [line for line in lines if not line.sideways] or lines
    top, bottom = min(line.top for line in level), max(line.bottom for line in level)
    margin = _MARGIN * (bottom - top)
    return [line for line in lines if line.sideways or line.bottom < top + margin or line.top > bottom - margin]


def _place(line: Line) -> tuple[str, int]:
    return re.sub(r"\d+", "#", line.text), round(line.top / 4)


@dataclass(frozen=True, slots=True)
class _Sizes:
    """The font size of the body text, and those of headings, largest first."""

    text: float
    headings: tuple[float, ...]
    gap: float
    """The largest distance between lines of one paragraph, relative to the line height."""

    @classmethod
    def of(cls, lines: Sequence[Line]) -> _Sizes:
        letters: Counter[float] = Counter()
        for line in lines:
            letters[line.size] += len(line.text)
        text = letters.most_common(1)[0][0] if letters else 0.0
        larger = sorted((size for size in letters if text and size > _MIN_HEADING_SCALE * text), reverse=True)
        gaps = Counter(round(_gap(*two), 1) for two in pairwise(lines) if two[0].size == two[1].size == text)
        usual = max((gap for gap in gaps if 0 <= gap < 2), key=lambda gap: gaps[gap], default=0.0)
        return cls(text, tuple(larger[:_MAX_HEADING_LEVELS]), max(_MIN_PARAGRAPH_GAP, 1.35 * usual))

    def continues(self, before: Line, line: Line) -> bool:
        """Whether a line belongs to the same paragraph as the line before it."""
        if (
            before.bold != line.bold
            or before.sideways != line.sideways
            or not (before.size == line.size or _are_flush(before, line))
        ):
            return False
        if BULLET.match(line.text) or _CONTENTS_ENTRY.search(before.text):
            return False
        if line.top < before.top:  # another column or page: the paragraph continues if a sentence does
            begin = line.text[:1]
            return before.text[-1:] not in _SENTENCE_ENDS and (begin.islower() or line_breaks.is_unspaced(begin))
        return _gap(before, line) < (self.gap if self.text in (before.size, line.size) else _MIN_PARAGRAPH_GAP)

    def level(self, first: Line, text: str) -> int | None:
        """The level of a heading, from 1; None for other paragraphs."""
        if len(text) > _MAX_HEADING_LENGTH or BULLET.match(text):
            return None
        if first.size in self.headings:
            return self.headings.index(first.size) + 1
        if (
            first.bold
            and first.size >= self.text > 0
            and len(text) < _MAX_HEADING_LENGTH / 2
            and text[-1] not in ".,;:"
        ):
            return len(self.headings) + 1
        return None


def _html(pages: list[list[Item]], sizes: _Sizes) -> str:
    parts: list[str] = []
    paragraph: list[Line] = []

    def end() -> None:
        if paragraph:
            parts.append(_paragraph(paragraph, sizes))
            paragraph.clear()

    for page in pages:
        for item, following in zip_longest(page, page[1:]):
            if isinstance(item, Table):
                end()
                parts.append(_table(item))
            else:
                if paragraph and (
                    not sizes.continues(paragraph[-1], item) or _begins_paragraph(paragraph, item, following)
                ):
                    end()
                paragraph.append(item)
        if paragraph and paragraph[-1].text[-1:] in _SENTENCE_ENDS:  # a sentence may continue on the next page
            end()
    end()
    return re.sub(r"</ul>\s*<ul>", "", "\n".join(parts))


def _begins_paragraph(paragraph: Sequence[Line], line: Line, following: Item | None) -> bool:
    """Whether a line begins a paragraph by its indent, as in books and papers, which have no gaps between paragraphs.

    It begins to the right of the line before, or in lists of references to its left. The line before ends a sentence,
    and is shorter than the margin unless its paragraph began with an indent too.
    """
    before, step = paragraph[-1], _MIN_INDENT * line.size
    if abs(line.left - before.left) < step or before.text[-1:] not in _SENTENCE_ENDS:
        return False
    margin = max(item.right for item in (*paragraph, line))
    if before.right < margin - step:
        return True
    returns = isinstance(following, Line) and following.left <= line.left - step
    return returns and line.left > before.left and paragraph[0].left >= before.left + step


def _are_flush(before: Line, line: Line) -> bool:
    """Whether lines of two font sizes belong to one text: the sizes and the left edges are nearly the same."""
    smaller, larger = sorted((before.size, line.size))
    return larger < _MIN_HEADING_SCALE * smaller and abs(line.left - before.left) < _MIN_INDENT * smaller


def _gap(before: Line, line: Line) -> float:
    """The distance of two lines, relative to the height of the second."""
    return (line.top - before.bottom) / ((line.bottom - line.top) or 1)


def _paragraph(lines: Sequence[Line], sizes: _Sizes) -> str:
    text = lines[0].text
    for before, line in pairwise(lines):
        cut = before.text.endswith("-") and len(before.text) > 1 and before.text[-2].islower()
        if cut and line.text[:1].islower():
            text = text[:-1] + line.text
        else:
            text += line_breaks.separator(text, line.text) + line.text
    level = sizes.level(lines[0], text) if text else None
    if level is not None:
        return f"<h{level}>{escape(text, quote=False)}</h{level}>"
    if BULLET.match(text):
        return f"<ul><li>{escape(BULLET.sub('', text), quote=False)}</li></ul>"
    return f"<p>{escape(text, quote=False)}</p>"


def _table(table: Table) -> str:
    head, *rows = table.rows
    cells = "".join(f"<th>{_cell(cell)}</th>" for cell in head)
    lines = "".join(f"<tr>{''.join(f'<td>{_cell(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{cells}</tr></thead><tbody>{lines}</tbody></table>"


def _cell(text: str) -> str:
    return escape(line_breaks.join(pdf_lines.plain(text).split("\n")), quote=False)


def _metadata(about: dict[str, Any]) -> Metadata:
    def text(name: str) -> str | None:
        value = about.get(name)
        return CONTROL.sub("", value).strip() or None if isinstance(value, str) else None

    return Metadata(
        title=text("Title"),
        author=text("Author"),
        description=text("Subject"),
        published=_date(text("CreationDate")),
        modified=_date(text("ModDate")),
    )


def _date(text: str | None) -> str | None:
    """Convert a PDF date, `D:20240131120000+01'00'` (ISO 32000-1, 7.9.4), to ISO 8601."""
    match = re.match(r"D:(\d{4})(\d\d)?(\d\d)?", text or "")
    return dates.parse("-".join(part for part in match.groups() if part)) if match else None
