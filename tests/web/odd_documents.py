"""PDFs with what pages of prose have not: turned text, tables without lines, forms, nested drawings."""

from __future__ import annotations

import zlib
from io import BytesIO
from typing import TYPE_CHECKING

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from tests.web.documents import SENTENCE

if TYPE_CHECKING:
    from collections.abc import Callable

STYLES = getSampleStyleSheet()
FLOUR = [["Grain", "Price", "Weight"], ["Wheat", "2.50", "10 kg"], ["Rye", "1.25", "5 kg"], ["Oats", "3.10", "2 kg"]]


def drawn(draw: Callable[[Canvas], object], pages: int = 1) -> bytes:
    """Pages on which a function draws, over twelve lines of text."""
    buffer = BytesIO()
    canvas = Canvas(buffer, pagesize=A4)
    for _ in range(pages):
        canvas.setFont("Helvetica", 11)
        for line in range(12):
            canvas.drawString(90, 700 - 14 * line, f"Line {line}: {SENTENCE[:60]}")
        draw(canvas)
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def turned(canvas: Canvas, text: str, angle: float, x: float, y: float, size: float = 20) -> None:
    """Draw a text at an angle."""
    canvas.saveState()
    canvas.translate(x, y)
    canvas.rotate(angle)
    canvas.setFont("Helvetica", size)
    canvas.drawString(0, 0, text)
    canvas.restoreState()


def sideways_pdf(angle: float) -> bytes:
    """A page whose whole text is turned."""
    buffer = BytesIO()
    canvas = Canvas(buffer, pagesize=A4)
    canvas.translate(A4[0] / 2, A4[1] / 2)
    canvas.rotate(angle)
    canvas.setFont("Helvetica", 11)
    for line in range(12):
        canvas.drawString(-200, 100 - 14 * line, f"Line {line}: {SENTENCE[:60]}")
    canvas.save()
    return buffer.getvalue()


def rows_pdf(rows: list[list[str]], *rules: tuple[object, ...]) -> bytes:
    """A table between two paragraphs, with these lines."""
    buffer = BytesIO()
    table = Table(rows, colWidths=[120] * len(rows[0]))
    table.setStyle(TableStyle([(*rule, 1, colors.black) for rule in rules]))
    before, after = (Paragraph(f"{text} {SENTENCE * 3}", STYLES["BodyText"]) for text in ("Before.", "After."))
    SimpleDocTemplate(buffer, pagesize=A4).build([before, Spacer(1, 20), table, Spacer(1, 20), after])
    return buffer.getvalue()


def form_pdf() -> bytes:
    """A form that is filled in, with a password."""

    def draw(canvas: Canvas) -> None:
        form = canvas.acroForm
        for name, value, y in (("Name", "Jane Miller", 450), ("Town", "Zürich", 420)):
            canvas.drawString(90, y, f"{name}:")
            form.textfield(name=name, value=value, x=200, y=y - 5, width=200, height=18)
        canvas.drawString(90, 390, "Password:")
        form.textfield(name="p", value="s3cret", x=200, y=385, width=200, height=18, fieldFlags="password")
        for name, checked, y in (("Wheat", True, 360), ("Rye", False, 330)):
            canvas.drawString(120, y, name)
            form.checkbox(name=name, checked=checked, x=90, y=y - 5, size=15)
        canvas.drawString(90, 300, "Mill:")
        form.choice(name="mill", value="Wind", options=["Wind", "Water"], x=200, y=295, width=100, height=18)

    return drawn(draw)


def bullets_pdf() -> bytes:
    """A list whose bullets are glyphs of a font of pictures."""

    def draw(canvas: Canvas) -> None:
        for number, item in enumerate(("first item", "second item", "third item")):
            canvas.setFont("ZapfDingbats", 11)
            canvas.drawString(90, 450 - 20 * number, "\u25cf")
            canvas.setFont("Helvetica", 11)
            canvas.drawString(108, 450 - 20 * number, item)

    return drawn(draw)


def nested_pdf(depth: int, width: int, pages: int = 1, *, cycle: bool = False) -> bytes:
    """Forms that each draw the next one so many times; the last one draws a word, or the first form again."""
    last = f"/F{0 if cycle else depth} Do"
    streams = {level: f"/F{level + 1} Do " * width if level < depth - 1 else last for level in range(depth)}
    streams[depth] = "BT /H 8 Tf 10 10 Td (deep) Tj ET"
    first = 4 + 2 * pages
    names = " ".join(f"/F{level} {first + level} 0 R" for level in streams)
    resources = f"/Resources << /XObject << {names} >> /Font << /H 3 0 R >> >>"
    kids = " ".join(f"{4 + 2 * page} 0 R" for page in range(pages))
    page_head = f"/Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] {resources}"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {pages} >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for page in range(pages):
        text = f"BT /H 11 Tf 72 700 Td (Page {page} here.) Tj ET" + (" /F0 Do" if page == 0 else "")
        objects += [
            f"<< {page_head} /Contents {5 + 2 * page} 0 R >>".encode(),
            _stream("", text),
        ]
    head = f"/Type /XObject /Subtype /Form /BBox [0 0 595 842] {resources}"
    objects += [_stream(head, text) for text in streams.values()]
    return _file(objects)


def _stream(head: str, text: str) -> bytes:
    data = zlib.compress(text.encode())
    return f"<< {head} /Filter /FlateDecode /Length {len(data)} >>\nstream\n".encode() + data + b"\nendstream"


def _file(objects: list[bytes]) -> bytes:
    out, places = b"%PDF-1.5\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(out))
        out += f"{number} 0 obj\n".encode() + content + b"\nendobj\n"
    start = len(out)
    out += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode()
    out += b"".join(f"{place:010} 00000 n \n".encode() for place in places)
    return out + f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n".encode()
