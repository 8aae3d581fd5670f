"""The formats of a request, in this service's terms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pagemill.api.firecrawl.requests.refusals import refuse_unserved
from pagemill.errors import NotSupportedError, RequestError
from pagemill.model import Format

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pagemill.api.firecrawl.requests.fields import FormatFields
    from pagemill.model import JsonObject

FULL_PAGE_SCREENSHOT = "screenshot@fullPage"
SERVED: Mapping[str, Format] = {
    "markdown": Format.MARKDOWN,
    "html": Format.CLEANED_HTML,
    "rawHtml": Format.HTML,
    "links": Format.LINKS,
    "images": Format.IMAGES,
    "summary": Format.SUMMARY,
    "json": Format.JSON,
    "screenshot": Format.SCREENSHOT,
    FULL_PAGE_SCREENSHOT: Format.SCREENSHOT_FULL_PAGE,
}
NOT_SERVED = frozenset(
    {"attributes", "audio", "branding", "changeTracking", "highlights", "menu", "product", "query", "question"}
    | {"rawBase64", "video"}
)


@dataclass(frozen=True, slots=True)
class AskedFormats:
    """The formats, and the schema of the JSON where there is one."""

    formats: tuple[Format, ...]
    schema: JsonObject | None
    warnings: tuple[str, ...]


def asked_formats(fields: Sequence[FormatFields] | None, place: str = "") -> AskedFormats:
    """Return the formats that are asked for; Markdown where none are. Raises errors.RequestError."""
    if not fields:
        return AskedFormats((Format.MARKDOWN,), None, ())
    formats: dict[Format, FormatFields] = {}
    warnings: list[str] = []
    for index, asked in enumerate(fields):
        name = f"{place}formats[{index}]"
        found = _format(asked, name)
        if found is Format.JSON and found in formats:
            raise NotSupportedError(f"The field `{name}` is not supported: one format `json` is made of a page.")
        refuse_unserved(asked, served=("prompt",), place=f"{name}.")
        formats[found] = asked
        if asked.quality is not None or asked.viewport is not None:
            warnings.append(f"In `{name}`, `quality` and `viewport` are ignored: screenshots are PNG, of one width.")
    described = formats.get(Format.JSON)
    schema = schema_of(described.schema_, described.prompt) if described else None
    return AskedFormats(tuple(formats), schema, tuple(warnings))


def schema_of(schema: JsonObject | None, prompt: str | None) -> JsonObject | None:
    """Return a schema with a prompt as its description, which the language model reads too."""
    if not prompt:
        return schema
    whole: dict[str, Any] = dict(schema or {"type": "object"})
    description = whole.get("description")
    whole["description"] = f"{description}\n\n{prompt}" if isinstance(description, str) and description else prompt
    return whole


def _format(asked: FormatFields, name: str) -> Format:
    found = SERVED.get(asked.type)
    if found is None and asked.type in NOT_SERVED:
        raise NotSupportedError(f"The format `{asked.type}` in `{name}` is not supported by this service.")
    if found is None:
        raise RequestError(f"The field `{name}` is not valid: there is no such format. There are {', '.join(SERVED)}.")
    return Format.SCREENSHOT_FULL_PAGE if found is Format.SCREENSHOT and asked.full_page else found
