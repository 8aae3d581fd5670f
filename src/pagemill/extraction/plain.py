"""Plain: content that is no HTML: text, JSON and XML."""

from __future__ import annotations

import json

from turbohtml.detect import detect

from pagemill.model import Content


def extract(body: str | bytes, content_type: str, url: str) -> Content:
    """Content of a text, JSON or XML answer."""
    text = body if isinstance(body, str) else body.decode(detect(body).codec or "utf-8", "replace")
    kind = content_type.partition(";")[0].strip().lower()
    if kind.endswith("json"):
        try:
            text = json.dumps(json.loads(text), indent=2, ensure_ascii=False)
        except ValueError:
            pass
        return Content(html=text, cleaned_html="", markdown=f"```json\n{text}\n```\n")
    return Content(html=text, cleaned_html="", markdown=text)
