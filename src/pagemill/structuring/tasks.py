"""What the extraction process does for structuring: everything that reads what a page says, or takes time.

A request names its task, and comes with the page's HTML, Markdown and metadata as extraction made them; so pages out of
the cache are structured like fresh ones. Requests and answers are plain JSON values.

- `read`: the data without a model where that can be done (`json`), else what a model is to be given (`material`);
  a summary without a model likewise.
- `ground`: the data that a model gave, checked against the schema and the page: `faults`, or `json`, and with `learn`
  `candidates`: where on the page each value stands.
- `learn`: from candidates and the model's choice among them to selectors that give the model's own answer: `learned`,
  or nothing where they do not.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import orjson
import turbohtml

from pagemill.structuring import generated_json, schema, summary
from pagemill.structuring.evidence import json_pointers
from pagemill.structuring.evidence.declared_values import Declared
from pagemill.structuring.evidence.evidence import Evidence
from pagemill.structuring.generated_json import Draft, Source
from pagemill.structuring.markup import facts as markup
from pagemill.structuring.markup import filling, overview
from pagemill.structuring.model import chunks
from pagemill.structuring.selectors import learning, template

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pagemill.model import JsonObject
    from pagemill.structuring.markup.facts import Facts

KIND = "structure"
"""What marks a request as one of these."""

_PAGE_NAMES = {
    "title": "title",
    "author": "author",
    "published": "datePublished",
    "modified": "dateModified",
    "description": "description",
    "language": "inLanguage",
    "canonical_url": "url",
    "site_name": "publisher",
}
_HINT_TOKENS = 1500
_OVERVIEW_JUDGED = ("/type",)


class PageAtHand:
    """One page; each view of it is made when first needed."""

    def __init__(self, url: str, html: str, markdown: str, metadata: Mapping[str, Any]) -> None:
        self.url = url
        self.markdown = markdown
        self.description: str | None = metadata.get("description")
        self.known = {name: metadata[key] for key, name in _PAGE_NAMES.items() if metadata.get(key)}
        self._html = html

    @cached_property
    def tree(self) -> turbohtml.Document:
        """The whole page."""
        return turbohtml.parse(self._html)

    @cached_property
    def base_url(self) -> str:
        """What relative addresses are resolved against."""
        return self.tree.base_url(self.url)

    @cached_property
    def facts(self) -> Facts:
        """What the page declares."""
        return markup.read(self.tree, self.base_url)

    @cached_property
    def evidence(self) -> Evidence:
        """Looks for values on the page."""
        facts = self.facts
        tables = [table.rows for table in facts.tables]
        return Evidence(self.markdown, Declared.of([self.known, facts.items, facts.metas, facts.pairs, tables]))


def carry_out(request: JsonObject, html: str, markdown: str, metadata: JsonObject) -> dict[str, Any]:
    """Do what a request asks, and return the answer's values by name."""
    page = PageAtHand(request["url"], html, markdown, metadata)
    return _TASKS[request["task"]](request, page)


def _read(request: JsonObject, page: PageAtHand) -> dict[str, Any]:
    answer: dict[str, Any] = {}
    if request["summary"]:  # with a model: for the case that it fails
        made = summary.without_model(page.markdown, page.description)
        answer["summary"], answer["summary_source"] = made.text, made.source.value
    if request["json"]:
        found = _learned(request, page) if request["learned"] else None
        if found is None and not request["model"]:
            found = _from_markup(request, page)
        if found is not None:
            answer["json"] = found
    if request["model"] and (request["summary"] or (request["json"] and "json" not in answer)):
        answer["material"] = _material(request, page)
    return answer


def _from_markup(request: JsonObject, page: PageAtHand) -> JsonObject:
    text = request["schema"]
    if text is None:
        data = overview.of_markup(page.facts, page.known)
        judged = [*_OVERVIEW_JUDGED, *(f"/lists/{number}/name" for number in range(len(data["lists"])))]
        return generated_json.success(
            Draft(data, Source.MARKUP, judged=judged), page.evidence, strict=request["strict"]
        )
    filled = filling.fill(schema.of_text(text), page.facts, page.known, page.base_url)
    return generated_json.success(
        Draft(filled.data, Source.MARKUP, filled.missing), page.evidence, strict=request["strict"]
    )


def _learned(request: JsonObject, page: PageAtHand) -> JsonObject | None:
    """What learnt selectors give, where they are this template's, and their data is valid and all on the page."""
    compiled = schema.of_text(request["schema"])
    signature = template.signature(page.tree)
    for learned in request["learned"]:
        if not template.alike(signature, learned["template"]):
            continue
        data = learning.apply(learned, page.tree, compiled, page.base_url)
        if data is None or not compiled.fits(data):
            continue
        made = generated_json.success(Draft(data, Source.LEARNED), page.evidence, strict=request["strict"])
        if not made["unsupported"]:
            return made
    return None


def _material(request: JsonObject, page: PageAtHand) -> JsonObject:
    found, cut = chunks.cut(page.markdown, request["part_tokens"], request["max_parts"])
    return {
        "parts": found,
        "title": page.known.get("title"),
        "cut": cut,
        "hints": _hints(page),
        "template": template.signature(page.tree) if request["schema"] else [],
    }


def _hints(page: PageAtHand) -> str:
    """What the markup declares, as JSON; less of it where that is much."""
    known = overview.of_markup(page.facts, page.known)
    leavings: tuple[JsonObject, ...] = ({}, {"tables": []}, {"tables": [], "lists": []})
    for less in leavings:
        text = orjson.dumps({**known, **less}).decode()
        if chunks.tokens_of(text) <= _HINT_TOKENS:
            return text
    return ""


def _ground(request: JsonObject, page: PageAtHand) -> dict[str, Any]:
    text, data = request["schema"], request["data"]
    compiled = schema.of_text(text) if text is not None else schema.Schema(overview.SCHEMA)
    faults = compiled.faults(data)
    if faults:
        return {"faults": [[fault.pointer, fault.message] for fault in faults]}
    judged = _OVERVIEW_JUDGED if text is None else ()
    made = generated_json.success(Draft(data, Source.MODEL, judged=judged), page.evidence, strict=request["strict"])
    answer: dict[str, Any] = {"json": made}
    if request["learn"] and not made["unsupported"]:
        found = learning.candidates(page.tree, compiled, data, page.base_url)
        if found is not None:
            answer["candidates"] = found
    return answer


def _learn(request: JsonObject, page: PageAtHand) -> dict[str, Any]:
    compiled = schema.of_text(request["schema"])
    learned = learning.choose(request["candidates"], request["choice"])
    if learned is None:
        return {}
    learned["template"] = template.signature(page.tree)
    data = learning.apply(learned, page.tree, compiled, page.base_url)
    wanted = {pointer: value for pointer, value in json_pointers.leaves(request["data"]) if value is not None}
    return {"learned": learned} if dict(json_pointers.leaves(data)) == wanted else {}


_TASKS = {"read": _read, "ground": _ground, "learn": _learn}
