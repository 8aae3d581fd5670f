"""What is filled into the form of a PDF's page: a reader sees it in its place, but it is no part of the page's text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pagemill.extraction.documents.pdf_lines import Word

_HIDDEN = 1 << 1
_PASSWORD = 1 << 13
_PUSH_BUTTON = 1 << 16
_MAX_PARENTS = 8
_MAX_VALUE = 100_000
_LEADING = 1.2
_CHECKED, _UNCHECKED = "☑", "☐"


def words(page: Any, size: float) -> list[Word]:
    """Return the values of a page's fields as words in their place, as large as the page's text."""
    try:
        widgets = [annotation for annotation in page.annots if _name(annotation["data"].get("Subtype")) == "Widget"]
        return [word for widget in widgets for word in _words(widget, size)]
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - a form that is broken loses its values alone
        return []


def _words(widget: dict[str, Any], size: float) -> Iterator[Word]:
    field = widget["data"]
    if _number(field, "F") & _HIDDEN:
        return
    lines = _text(field).split("\n")
    first = (widget["top"] + widget["bottom"] - len(lines) * size * _LEADING) / 2 if len(lines) == 1 else widget["top"]
    for number, line in enumerate(lines):
        left = widget["x0"]
        for text in line.split():
            right = left + len(text) * size / 2
            top = first + number * size * _LEADING
            yield {
                "text": text,
                "x0": left,
                "x1": right,
                "top": top,
                "bottom": top + size,
                "size": size,
                "fontname": "",
            }
            left = right + size / 4


def _text(field: dict[str, Any]) -> str:
    from pdfminer.pdftypes import PDFStream, resolve1
    from pdfminer.utils import decode_text

    kind, flags = _name(_inherited(field, "FT")), _number(field, "Ff")
    if kind == "Btn":
        if flags & _PUSH_BUTTON:
            return ""
        state = _name(resolve1(field.get("AS")) or _inherited(field, "V"))
        return _UNCHECKED if state in ("", "Off") else _CHECKED
    if kind not in ("Tx", "Ch") or flags & _PASSWORD:
        return ""
    value = _inherited(field, "V")
    parts = [resolve1(part) for part in (value if isinstance(value, list) else [value])]
    texts = []
    for part in parts:
        found = part.get_data() if isinstance(part, PDFStream) else part
        texts.append(decode_text(found) if isinstance(found, bytes) else found if isinstance(found, str) else "")
    return ", ".join(texts)[:_MAX_VALUE].replace("\r\n", "\n").replace("\r", "\n").strip()


def _inherited(field: dict[str, Any], name: str) -> Any:
    """A value of a field, or of the one that it is a part of."""
    from pdfminer.pdftypes import resolve1

    for _ in range(_MAX_PARENTS):
        if name in field:
            return resolve1(field[name])
        parent: Any = resolve1(field.get("Parent"))
        if not isinstance(parent, dict):
            break
        field = parent
    return None


def _number(field: dict[str, Any], name: str) -> int:
    value = _inherited(field, name)
    return value if isinstance(value, int) else 0


def _name(value: Any) -> str:
    name = getattr(value, "name", value)
    return name if isinstance(name, str) else name.decode("latin-1") if isinstance(name, bytes) else ""
