"""PDF: text in reading order, headings by font size, tables by their ruling lines.

A PDF has the position of each character but no paragraphs. Words are grouped into lines, and lines into paragraphs by
their distance. Two columns with a gutter between them are read one after the other. Lines at the same position on most
pages (running headers, page numbers) are omitted. Pages beyond `MAX_LAYOUT_PAGES` are read as plain text, which is
fifty times faster.
"""

from __future__ import annotations

import re
import unicodedata
import warnings
from collections import Counter
from dataclasses import dataclass
from io import BytesIO
from itertools import pairwise, zip_longest
from typing import TYPE_CHECKING, Any

from turbohtml import escape, parse_fragment

from pagemill.errors import DocumentWithoutTextError, EncryptedDocumentError, InvalidDocumentError
from pagemill.extraction.metadata import dates, media
from pagemill.extraction.reading import line_breaks
from pagemill.extraction.writing import cleaned_html, markdown
from pagemill.model import Content, Metadata

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MAX_LAYOUT_PAGES = 40
"""The number of pages whose layout is analysed."""
_MIN_HEADING_SCALE = 1.15
"""The smallest font size of a heading, relative to the body text."""
_MAX_HEADING_LENGTH = 200
_MAX_HEADING_LEVELS = 4
_MARGIN = 0.08
"""The share of a page's height at its top and bottom that can contain running headers."""
_BULLET = re.compile(r"^[•‣▪●○◦–·]\s*")
_MIN_PARAGRAPH_GAP = 0.5
_MIN_LINE_OVERLAP = 0.4
"""The smallest vertical overlap of two words on one line, relative to the height of the smaller one."""
_MIN_SPACE_WIDTH = 0.15
"""The smallest space between words, relative to the font size; justified lines have narrow spaces."""
_MIN_INDENT = 0.8
"""The smallest indent of a paragraph's first line, relative to its font size."""
_SENTENCE_ENDS = ".!?:。！？："
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_LETTERS = {code: unicodedata.normalize("NFKC", chr(code)) for code in (*range(0x2F00, 0x2FD6), *range(0xFB00, 0xFB07))}
_UNKNOWN_GLYPH = re.compile(r"\(cid:\d+\)")
_DOT_LEADER = re.compile(r"(?:\s?[.·…]){5,}\s*")
"""The dots between an entry of a table of contents and its page number."""
_CONTENTS_ENTRY = re.compile(r" … \S{1,8}$")

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Line:
    """Words on one line. Coordinates are in points from the top left of the page."""

    text: str
    left: float
    right: float
    top: float
    bottom: float
    size: float
    bold: bool


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells, and their top and bottom on the page in points."""

    rows: list[list[str]]
    top: float
    bottom: float


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


def _read(body: bytes) -> tuple[list[list[Line | Table]], dict[str, Any]]:
    import pdfplumber
    import pypdfium2
    from pdfminer.pdfdocument import PDFPasswordIncorrect
    from pdfplumber.utils.exceptions import PdfminerException

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with pdfplumber.open(BytesIO(body), unicode_norm="NFC") as document:
                pages = [_page(page) for page in document.pages[:MAX_LAYOUT_PAGES]]
                about, count = dict(document.metadata), len(document.pages)
            if count > MAX_LAYOUT_PAGES:
                with pypdfium2.PdfDocument(body) as rest:
                    pages += [
                        _plain_lines(rest[number].get_textpage().get_text_range())
                        for number in range(MAX_LAYOUT_PAGES, count)
                    ]
    except PdfminerException as error:
        if error.args and isinstance(error.args[0], PDFPasswordIncorrect):
            raise EncryptedDocumentError("The document is protected by a password.") from error
        raise InvalidDocumentError("The document is broken: it cannot be read as a PDF.") from error
    except MemoryError:
        raise
    except Exception as error:  # hostile files make the parser raise any kind of exception
        raise InvalidDocumentError("The document is broken: it cannot be read as a PDF.") from error
    if not pages:
        raise InvalidDocumentError("The document is broken: it has no pages.")
    return pages, about


def _page(page: Any) -> list[Line | Table]:
    """The lines and tables of a page in reading order."""
    tables, boxes = _tables(page)
    words = page.extract_words(
        extra_attrs=["size", "fontname"], use_text_flow=False, x_tolerance_ratio=_MIN_SPACE_WIDTH
    )
    words = [word for word in words if not any(_inside(word, box) for box in boxes)]
    lines = _lines(words)
    gutter = _gutter(lines, page.width)
    found: list[Line | Table] = []
    spanning: list[Line | Table] = [*tables, *(line for line in lines if _spans(line, gutter))]
    spanning.sort(key=lambda item: item.top)
    rest = [line for line in lines if not _spans(line, gutter)]
    start = float("-inf")
    for item in [*spanning, None]:
        end = item.top if item else float("inf")
        between = [line for line in rest if start <= line.top < end]
        found += [line for line in between if gutter is None or line.right <= gutter]
        found += [line for line in between if gutter is not None and line.right > gutter]
        if item:
            found.append(item)
        start = end
    page.close()
    return found


def _tables(page: Any) -> tuple[list[Table], list[Box]]:
    tables, boxes = [], []
    for table in page.find_tables():
        rows = [[(cell or "").strip() for cell in row] for row in table.extract()]
        if len(rows) > 1 and len(rows[0]) > 1 and sum(bool(cell) for row in rows for cell in row) > len(rows):
            tables.append(Table(rows, table.bbox[1], table.bbox[3]))
            boxes.append(table.bbox)
    return tables, boxes


def _inside(word: dict[str, Any], box: Box) -> bool:
    middle, centre = (word["x0"] + word["x1"]) / 2, (word["top"] + word["bottom"]) / 2
    return bool(box[0] <= middle <= box[2] and box[1] <= centre <= box[3])


def _lines(words: Sequence[dict[str, Any]]) -> list[Line]:
    """Group words into lines: on one baseline, and closer together than columns are."""
    lines: list[list[dict[str, Any]]] = []
    for row in _rows(words):
        last = None
        for word in sorted(row, key=lambda word: word["x0"]):
            if last is not None and -last["size"] < word["x0"] - last["x1"] < 1.2 * last["size"]:
                lines[-1].append(word)
            else:
                lines.append([word])
            last = word
    return [_line(line) for line in lines]


def _rows(words: Sequence[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Group words that overlap vertically into rows, from the top. Other fonts and subscripts are a little off."""
    rows: list[list[dict[str, Any]]] = []
    tallest: dict[str, Any] = {}
    for word in sorted(words, key=lambda word: word["bottom"]):
        if rows and _overlap(word, tallest) > _MIN_LINE_OVERLAP:
            rows[-1].append(word)
            tallest = max(tallest, word, key=_height)
        else:
            rows.append([word])
            tallest = word
    return rows


def _overlap(word: dict[str, Any], other: dict[str, Any]) -> float:
    """The vertical overlap of two words relative to the height of the smaller one, from 0 to 1."""
    common = min(word["bottom"], other["bottom"]) - max(word["top"], other["top"])
    return float(common / (min(_height(word), _height(other)) or 1))


def _height(word: dict[str, Any]) -> float:
    return float(word["bottom"] - word["top"])


def _line(words: list[dict[str, Any]]) -> Line:
    letters: Counter[float] = Counter()
    for word in words:
        letters[round(word["size"] * 2) / 2] += len(word["text"])
    text = words[0]["text"]
    for before, word in pairwise(words):  # pdfplumber splits a word with two fonts
        text += (" " if word["x0"] - before["x1"] >= _MIN_SPACE_WIDTH * before["size"] else "") + word["text"]
    return Line(
        text=_DOT_LEADER.sub(" … ", _plain(text)).strip(),
        left=words[0]["x0"],
        right=words[-1]["x1"],
        top=min(word["top"] for word in words),
        bottom=max(word["bottom"] for word in words),
        size=letters.most_common(1)[0][0],
        bold=all("bold" in word["fontname"].lower() for word in words),
    )


def _plain(text: str) -> str:
    """The text without control characters and pdfminer's codes for unknown glyphs. Ligatures, and radicals that some
    fonts use in place of ideographs, become ordinary characters.
    """
    return _UNKNOWN_GLYPH.sub("", _CONTROL.sub("", text).translate(_LETTERS))


def _gutter(lines: Sequence[Line], width: float) -> float | None:
    """The horizontal position of the gutter between two columns, or None. Both columns have enough of the lines."""
    for step in range(30, 71):
        x = width * step / 100
        left = sum(line.right <= x for line in lines)
        right = sum(line.left >= x for line in lines)
        if min(left, right) > 4 and min(left, right) > 0.25 * len(lines) and left + right >= 0.85 * len(lines):
            return x
    return None


def _spans(line: Line, gutter: float | None) -> bool:
    return gutter is not None and line.left < gutter < line.right


def _plain_lines(text: str) -> list[Line | Table]:
    lines = [line.strip() for line in _plain(text.replace("\r", "")).split("\n")]
    return [Line(line, 0, 0, 12 * number, 12 * number + 10, 0, False) for number, line in enumerate(lines) if line]


def _without_running_headers(pages: list[list[Line | Table]]) -> list[list[Line | Table]]:
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


def _margin_lines(page: Iterable[Line | Table]) -> list[Line]:
    lines = [item for item in page if isinstance(item, Line)]
    if not lines:
        return []
    top, bottom = min(line.top for line in lines), max(line.bottom for line in lines)
    margin = _MARGIN * (bottom - top)
    return [line for line in lines if line.bottom < top + margin or line.top > bottom - margin]


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
        if before.bold != line.bold or not (before.size == line.size or _are_flush(before, line)):
            return False
        if _BULLET.match(line.text) or _CONTENTS_ENTRY.search(before.text):
            return False
        if line.top < before.top:  # another column or page: the paragraph continues if a sentence does
            begin = line.text[:1]
            return before.text[-1:] not in _SENTENCE_ENDS and (begin.islower() or line_breaks.is_unspaced(begin))
        return _gap(before, line) < (self.gap if self.text in (before.size, line.size) else _MIN_PARAGRAPH_GAP)

    def level(self, first: Line, text: str) -> int | None:
        """The level of a heading, from 1; None for other paragraphs."""
        if len(text) > _MAX_HEADING_LENGTH or _BULLET.match(text):
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


def _html(pages: list[list[Line | Table]], sizes: _Sizes) -> str:
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


def _begins_paragraph(paragraph: Sequence[Line], line: Line, following: Line | Table | None) -> bool:
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
    if _BULLET.match(text):
        return f"<ul><li>{escape(_BULLET.sub('', text), quote=False)}</li></ul>"
    return f"<p>{escape(text, quote=False)}</p>"


def _table(table: Table) -> str:
    head, *rows = table.rows
    cells = "".join(f"<th>{_cell(cell)}</th>" for cell in head)
    lines = "".join(f"<tr>{''.join(f'<td>{_cell(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{cells}</tr></thead><tbody>{lines}</tbody></table>"


def _cell(text: str) -> str:
    return escape(line_breaks.join(_plain(text).split("\n")), quote=False)


def _metadata(about: dict[str, Any]) -> Metadata:
    def text(name: str) -> str | None:
        value = about.get(name)
        return _CONTROL.sub("", value).strip() or None if isinstance(value, str) else None

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
