"""How much work the pages of a PDF are.

A page draws forms (form XObjects), which may draw forms themselves: a few of them, each drawing the next one ten times,
are a file of 3 KB and the work of hours. So the content that a page would have, were each form written out in its
place, is counted before it is read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from math import inf
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_DRAW = re.compile(rb"(?:/([^\s/\[\]<>(){}%]+)\s+)?(?<![A-Za-z])Do(?![A-Za-z])")
_FORM_COST = 1000
"""What drawing a form costs beside its content, in bytes of content."""
_MAX_DEPTH = 30


@dataclass
class Budget:
    """What is left of a document's budgets, in bytes of repeated content: for a page's layout, and for its text."""

    layout: float
    text: float
    _weights: dict[int, float] = field(default_factory=dict)

    def affords_layout(self, page: Any) -> bool:
        """Whether the layout of a page can be analysed, which is then paid for."""
        work = self._repeated(page)
        if work > self.layout:
            return False
        self.layout -= work
        return True

    def is_within_text_budget(self, page: Any) -> bool:
        """Whether the plain text of a page can be read, which takes a tenth of the time, and is then paid for."""
        work = self._repeated(page)
        if work > self.text:
            return False
        self.text -= work
        return True

    def _repeated(self, page: Any) -> float:
        from pdfminer.pdftypes import resolve1, stream_value

        resources = _mapping(page.resources)
        own = resolve1(page.contents)
        streams = [stream_value(part) for part in (own if isinstance(own, list) else [own] if own else [])]
        content = b"\n".join(stream.get_data() for stream in streams)
        self._weights.clear()  # a form without resources has those of the page
        return self._drawn(content, resources, 0)

    def _drawn(self, content: bytes, resources: Mapping[str, Any], depth: int) -> float:
        """The cost of the forms that a content draws."""
        names = [match[1] for match in _DRAW.finditer(content)]
        if not names:
            return 0
        if depth == _MAX_DEPTH:
            return inf
        objects = _mapping(resources.get("XObject"))
        weights = {name: self._weight(value, resources, depth) for name, value in objects.items()}
        heaviest = max(weights.values(), default=0)
        return sum(weights.get(name.decode("latin-1"), heaviest) if name else heaviest for name in names)

    def _weight(self, reference: Any, resources: Mapping[str, Any], depth: int) -> float:
        from pdfminer.pdftypes import PDFStream, resolve1

        form = resolve1(reference)
        if not isinstance(form, PDFStream) or getattr(resolve1(form.attrs.get("Subtype")), "name", "") != "Form":
            return 0
        number = id(form) if form.objid is None else form.objid
        if number not in self._weights:
            self._weights[number] = inf  # for a form that draws itself
            content = form.get_data()
            own = _mapping(form.attrs.get("Resources")) if "Resources" in form.attrs else resources
            self._weights[number] = _FORM_COST + len(content) + self._drawn(content, own, depth + 1)
        return self._weights[number]


def _mapping(value: Any) -> dict[str, Any]:
    from pdfminer.pdftypes import resolve1

    found = resolve1(value)
    return found if isinstance(found, dict) else {}
