"""HTML and JSON as coloured text. Each character of the input is looked at a fixed number of times."""

from __future__ import annotations

import re
from html import escape

_ATTRIBUTE = re.compile(r"""([^\s=<>"'/]+)(\s*=\s*)?("[^"]*"|'[^']*'|[^\s>"']+)?""")
_NAME = re.compile(r"</?[^\s>/]*")
_JSON = re.compile(r'("(?:[^"\\]|\\.)*")(\s*:)?|\b(?:true|false|null)\b|-?\d[\d.eE+-]*')


def highlighted_html(text: str) -> str:
    """Return the source of an HTML page as HTML that shows it."""
    parts: list[str] = []
    position = 0
    while (start := text.find("<", position)) >= 0:
        parts.append(escape(text[position:start]))
        comment = text.startswith("<!--", start)
        end = text.find("-->" if comment else ">", start)
        position = len(text) if end < 0 else end + (3 if comment else 1)
        piece = text[start:position]
        parts.append(f'<span class="hl-faint">{escape(piece)}</span>' if comment else _tag(piece))
    parts.append(escape(text[position:]))
    return "".join(parts)


def _tag(piece: str) -> str:
    name = _NAME.match(piece)
    head = name.end() if name else 1
    parts = [f'<span class="hl-tag">{escape(piece[:head])}</span>']
    position = head
    for found in _ATTRIBUTE.finditer(piece, head):
        parts.extend((escape(piece[position : found.start()]), _attribute(found)))
        position = found.end()
    parts.append(f'<span class="hl-tag">{escape(piece[position:])}</span>')
    return "".join(parts)


def _attribute(found: re.Match[str]) -> str:
    name, equals, value = found.groups()
    if equals is None:
        return f'<span class="hl-key">{escape(found[0])}</span>'
    return f'<span class="hl-key">{escape(name)}</span>{equals}<span class="hl-text">{escape(value or "")}</span>'


def highlighted_json(text: str) -> str:
    """Return the text of a JSON value as HTML that shows it."""
    parts: list[str] = []
    position = 0
    for found in _JSON.finditer(text):
        parts.append(escape(text[position : found.start()]))
        string, colon = found[1], found[2]
        kind = "hl-key" if colon else "hl-text" if string else "hl-tag"
        parts.append(f'<span class="{kind}">{escape(string or found[0])}</span>{colon or ""}')
        position = found.end()
    parts.append(escape(text[position:]))
    return "".join(parts)
