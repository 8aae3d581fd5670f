"""PDF: text in reading order, headings by the size of their letters, tables by their lines.

A PDF knows where each letter stands and nothing of paragraphs. Words make lines, lines make paragraphs by their
distance; two columns are read one after the other where a gutter runs between them; what stands at the same place of
most pages (running titles, page numbers) is left out. Pages beyond `LAID_OUT` are read as bare text, which is fifty
times quicker.
"""

from __future__ import annotations

import re
import unicodedata
import warnings
from collections import Counter
from dataclasses import dataclass
from io import BytesIO
from itertools import pairwise
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
"""How many pages are laid out."""
_MIN_HEADING_SCALE = 1.15
"""How much larger than the text a heading's letters are, at least."""
_MAX_HEADING_LENGTH = 200
_MAX_HEADING_LEVELS = 4
_MARGIN = 0.08
"""The share of a page's height at its top and bottom where running titles stand."""
_BULLET = re.compile(r"^[•‣▪●○◦–·]\s*")
_MIN_PARAGRAPH_GAP = 0.5
_MIN_LINE_OVERLAP = 0.4
"""How much of the lower of two words stands beside the other, at least, on one line."""
_MIN_SPACE_WIDTH = 0.15
"""How wide a space between words is at least, in sizes of letters; justified lines have narrow ones."""
_MIN_INDENT = 0.8
"""How far the first line of a paragraph is indented at least, in sizes of its letters."""
_SENTENCE_ENDS = ".!?:。！？："
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_LETTERS = {code: unicodedata.normalize("NFKC", chr(code)) for code in (*range(0x2F00, 0x2FD6), *range(0xFB00, 0xFB07))}
_UNKNOWN_GLYPH = re.compile(r"\(cid:\d+\)")
_DOT_LEADER = re.compile(r"(?:\s?[.·…]){5,}\s*")
"""The dots that lead from an entry of a table of contents to its page."""
_CONTENTS_ENTRY = re.compile(r" … \S{1,8}$")

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Line:
    """Words that stand beside each other. Coordinates in points, from the page's top left."""

    text: str
    left: float
    right: float
    top: float
    bottom: float
    size: float
    bold: bool


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells, and where they begin and end on the page."""

    rows: list[list[str]]
    top: float
    bottom: float


def extract(body: bytes, url: str) -> Content:
    """Make content of a PDF.

    Raises `EncryptedDocumentError`, `InvalidDocumentError`, and `DocumentWithoutTextError` for pictures of text.
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
        markdown=markdown.render(tree),  # uses the tree up
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
    except Exception as error:  # the parser's own faults on hostile files are of every kind
        raise InvalidDocumentError("The document is broken: it cannot be read as a PDF.") from error
    if not pages:
        raise InvalidDocumentError("The document is broken: it has no pages.")
    return pages, about


def _page(page: Any) -> list[Line | Table]:
    """What stands on a page, in reading order."""
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
    """Words as lines: on one level, and no further apart than a gap between columns would be."""
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
    """Words on one level, from the top: those of other fonts, and what is raised or lowered, stand a little off it."""
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
    """How much of the lower of two words stands beside the other, from 0 to 1."""
    common = min(word["bottom"], other["bottom"]) - max(word["top"], other["top"])
    return float(common / (min(_height(word), _height(other)) or 1))


def _height(word: dict[str, Any]) -> float:
    return float(word["bottom"] - word["top"])


def _line(words: list[dict[str, Any]]) -> Line:
    letters: Counter[float] = Counter()
    for word in words:
        letters[round(word["size"] * 2) / 2] += len(word["text"])
    text = words[0]["text"]
    for before, word in pairwise(words):  # a word of two fonts comes as two
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
    """A text without control characters, ligatures, the radicals that some fonts have in place of ideographs, and what
    pdfminer puts for a glyph that is not known to be any character.
    """
    return _UNKNOWN_GLYPH.sub("", _CONTROL.sub("", text).translate(_LETTERS))


def _gutter(lines: Sequence[Line], width: float) -> float | None:
    """Where a gap runs down the middle of the page, with about as much on its left as on its right."""
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
    """The pages without the lines that stand at the same place on most of them, whatever their numbers."""
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
    """The size of the text, and those of headings, largest first."""

    text: float
    headings: tuple[float, ...]
    gap: float
    """The distance between lines of one paragraph, at most, in heights of a line."""

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
        """Whether a line belongs to the paragraph of the one before it."""
        if before.bold != line.bold or not (before.size == line.size or _are_flush(before, line)):
            return False
        if _BULLET.match(line.text) or _CONTENTS_ENTRY.search(before.text):
            return False
        if line.top < before.top:  # another column or page: goes on where a sentence was cut
            begin = line.text[:1]
            return before.text[-1:] not in _SENTENCE_ENDS and (begin.islower() or line_breaks.is_unspaced(begin))
        return _gap(before, line) < (self.gap if self.text in (before.size, line.size) else _MIN_PARAGRAPH_GAP)

    def level(self, first: Line, text: str) -> int | None:
        """The level of a heading, from 1; None for what is none."""
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
        for item, following in zip(page, [*page[1:], None], strict=True):
            if isinstance(item, Table):
                end()
                parts.append(_table(item))
            else:
                if paragraph and (
                    not sizes.continues(paragraph[-1], item) or _begins_paragraph(paragraph, item, following)
                ):
                    end()
                paragraph.append(item)
        if paragraph and paragraph[-1].text[-1:] in _SENTENCE_ENDS:  # a sentence may go on over the page
            end()
    end()
    return re.sub(r"</ul>\s*<ul>", "", "\n".join(parts))


def _begins_paragraph(paragraph: Sequence[Line], line: Line, following: Line | Table | None) -> bool:
    """Whether a line begins a paragraph by where it begins, as in books and papers, where nothing else sets them apart:
    to the right of the line before, or in lists of references to its left. That line ends a sentence, and falls short
    of the margin unless the paragraph began with an indent, too.
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
    """Whether lines of two sizes are of one text, with much of another font in it: nearly alike, and begin alike."""
    smaller, larger = sorted((before.size, line.size))
    return larger < _MIN_HEADING_SCALE * smaller and abs(line.left - before.left) < _MIN_INDENT * smaller


def _gap(before: Line, line: Line) -> float:
    """The distance of two lines, in heights of the second."""
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
    """A date as PDF writes it, `D:20240131120000+01'00'` (ISO 32000-1, 7.9.4), in ISO 8601."""
    match = re.match(r"D:(\d{4})(\d\d)?(\d\d)?", text or "")
    return dates.parse("-".join(part for part in match.groups() if part)) if match else None
