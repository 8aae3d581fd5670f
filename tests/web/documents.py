"""PDFs made for the tests: text with headings, a table, two columns, a scan, a locked one."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.lib.styles import ParagraphStyle, getSampleStyleSheet
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    Frame,
    ListFlowable,
    PageTemplate,
    Paragraph,
    SimpleDocTemplate,
    Spacer,
    Table,
    TableStyle,
)

STYLES = getSampleStyleSheet()
SENTENCE = "The quick brown fox jumps over the lazy dog while the river runs quietly past the old mill. "


def text_pdf(**settings: Any) -> bytes:
    """A title, two chapters with two paragraphs each, a list, and metadata."""
    story: list[Any] = [Paragraph("The Old Mill", STYLES["Title"])]
    for chapter in ("Of Water", "Of Grain"):
        story.append(Paragraph(chapter, STYLES["Heading2"]))
        story += [Paragraph(f"{chapter} {part}. {SENTENCE * 3}", STYLES["BodyText"]) for part in ("begins", "ends")]
    items = [Paragraph(item, STYLES["BodyText"]) for item in ("first item", "second item")]
    story.append(ListFlowable(items, bulletType="bullet", start="•"))
    return _built(story, title="The Old Mill", author="A. Miller", **settings)


def fonts_pdf() -> bytes:
    """Lines with words and letters in other fonts, sizes and on other levels, narrow spaces, and a leader of dots."""
    style = ParagraphStyle("fonts", fontName="Times-Roman", fontSize=10, leading=12)
    narrow = ParagraphStyle("narrow", parent=style, wordSpace=-0.8)
    return _built(
        [
            Paragraph('See the <font face="Courier" size="12">mill.asn</font> file of E = mc<super>2</super>.', style),
            Paragraph("<b>W</b>ater (<i>cold</i>) runs.", ParagraphStyle("apart", parent=style, spaceBefore=20)),
            Paragraph("Set in a hurry, and close.", ParagraphStyle("close", parent=narrow, spaceBefore=20)),
            Paragraph("Of Water " + ". " * 30 + "12", ParagraphStyle("leader", parent=style, spaceBefore=20)),
            Paragraph("Of Grain " + "." * 40 + " 14", style),
        ]
    )


def indented_pdf() -> bytes:
    """Paragraphs that only an indent of their first lines sets apart; references of which all other lines have one."""
    body = ParagraphStyle("indented", fontName="Times-Roman", fontSize=10, leading=12, firstLineIndent=15, alignment=4)
    entry = ParagraphStyle("hanging", parent=body, firstLineIndent=-15, leftIndent=15)
    story: list[Any] = [Paragraph(f"Part {number}. {SENTENCE * 3}", body) for number in range(5)]
    story.append(Paragraph("References", STYLES["Heading2"]))
    story += [Paragraph(f"Miller {number}. {SENTENCE * 2}", entry) for number in range(5)]
    return _built(story)


def chinese_pdf(text: str) -> bytes:
    """A paragraph of several lines in Chinese."""
    pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
    style = ParagraphStyle("chinese", fontName="STSong-Light", fontSize=11, leading=14, wordWrap="CJK")
    return _built([Paragraph(text, style)])


def table_pdf() -> bytes:
    """A ruled table between two paragraphs."""
    table = Table([["Name", "Price"], ["Flour", "2.50"], ["Bran | oats", "1.25"]])
    table.setStyle(TableStyle([("GRID", (0, 0), (-1, -1), 1, colors.black)]))
    before, after = Paragraph("Before. " + SENTENCE, STYLES["BodyText"]), Paragraph("After.", STYLES["BodyText"])
    return _built([before, Spacer(1, 12), table, Spacer(1, 12), after])


def columns_pdf() -> bytes:
    """A title across the page, over two columns of numbered paragraphs."""
    buffer = BytesIO()
    document = BaseDocTemplate(buffer, pagesize=A4)
    width, height = document.width / 2 - 12, document.height - 60
    frames = [
        Frame(document.leftMargin, document.bottomMargin, width, height),
        Frame(document.leftMargin + width + 24, document.bottomMargin, width, height),
    ]

    def head(canvas: Canvas, _: Any) -> None:
        canvas.setFont("Helvetica-Bold", 20)
        canvas.drawString(document.leftMargin, A4[1] - 90, "A Title Across Both of the Columns")

    document.addPageTemplates(PageTemplate(frames=frames, onPage=head))
    document.build([Paragraph(f"Part {number}. {SENTENCE * 3}", STYLES["BodyText"]) for number in range(1, 15)])
    return buffer.getvalue()


def running_titles_pdf() -> bytes:
    """Four pages, each with the same line above and its number below."""
    buffer = BytesIO()
    canvas = Canvas(buffer, pagesize=A4)
    for number in range(1, 5):
        canvas.setFont("Helvetica", 9)
        canvas.drawString(72, A4[1] - 30, "Journal of Mills")
        canvas.drawString(300, 30, f"Page {number}")
        canvas.setFont("Helvetica", 11)
        for line in range(20):
            canvas.drawString(72, A4[1] - 100 - 14 * line, f"Words {number}-{line} of the text itself run on here.")
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def pages_pdf(pages: list[str]) -> bytes:
    """A page for each text; an empty text makes a page without any."""
    buffer = BytesIO()
    canvas = Canvas(buffer, pagesize=A4)
    for text in pages:
        if text:
            canvas.setFont("Helvetica", 11)
            canvas.drawString(72, 700, text)
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def scanned_pdf() -> bytes:
    """A page with a picture and nothing else."""
    buffer = BytesIO()
    canvas = Canvas(buffer, pagesize=A4)
    canvas.setFillColorRGB(0.8, 0.8, 0.8)
    canvas.rect(50, 50, 400, 600, fill=1)
    canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def locked_pdf() -> bytes:
    """One that asks for a password."""
    return text_pdf(encrypt=StandardEncryption("secret", ownerPassword="owner"))


def long_pdf(pages: int) -> bytes:
    """So many pages of text."""
    buffer = BytesIO()
    canvas = Canvas(buffer, pagesize=A4)
    for number in range(1, pages + 1):
        canvas.setFont("Helvetica", 11)
        for line in range(45):
            canvas.drawString(72, A4[1] - 60 - 15 * line, f"Sheet {number} line {line}: {SENTENCE[:60]}")
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def _built(story: list[Any], **settings: Any) -> bytes:
    buffer = BytesIO()
    SimpleDocTemplate(buffer, pagesize=A4, **settings).build(story)
    return buffer.getvalue()
