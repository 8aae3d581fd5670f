"""What the extraction process does for structuring: everything that reads what a page says, or takes time.

A request names its task, and comes with the page's HTML, Markdown and metadata as extraction made them; so pages out of
the cache are structured like fresh ones. Requests and answers are plain JSON values.

- `extract`: the data without a model where that can be done (`json`), else what a model is to be given (`model_input`);
  a summary without a model likewise.
- `ground`: a model's answers, one for each chunk of the page, read, merged, and checked against the schema and the
  page: `json`, else `violations`, and `unreadable` where an answer is no JSON. With `learn` also `data`, and
  `candidates`: selectors of the elements that hold each value. What does not fit the schema in the `last` answer is
  left out.
- `learn`: selectors out of the candidates, by the model's choice: `learned`, or nothing where they do not give the
  model's own answer again.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import orjson
import turbohtml

from pagemill.errors import ModelAnswerError
from pagemill.extraction.choosing import template
from pagemill.structuring import generated_json, summary
from pagemill.structuring.evidence import json_pointers
from pagemill.structuring.evidence.declared_values import DeclaredValues
from pagemill.structuring.evidence.evidence import Evidence
from pagemill.structuring.generated_json import Extraction, Source
from pagemill.structuring.markup import facts as markup
from pagemill.structuring.markup import filling, overview
from pagemill.structuring.model import answers, chunks, fitting, merging
from pagemill.structuring.schemas import schema
from pagemill.structuring.selectors import learning

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
_NO_MODEL = (
    "No language model is set up (PAGEMILL_LLM_BASE_URL and PAGEMILL_LLM_MODEL), so the JSON holds only what the "
    "page's markup declares."
)
_HINT_TOKENS = 1500
_OVERVIEW_INFERRED = ("/type",)


class Page:
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
        return Evidence(self.markdown, DeclaredValues.of([self.known, facts.items, facts.metas, facts.pairs, tables]))


def run(request: JsonObject, html: str, markdown: str, metadata: JsonObject) -> dict[str, Any]:
    """Do what a request asks, and return the answer's values by name."""
    page = Page(request["url"], html, markdown, metadata)
    return _TASKS[request["task"]](request, page)


def _extract(request: JsonObject, page: Page) -> dict[str, Any]:
    answer: dict[str, Any] = {}
    if request["summary"]:  # with a model: for the case that it fails
        result = summary.without_model(page.markdown, page.description)
        answer["summary"], answer["summary_source"] = result.text, result.source.value
    if request["json"]:
        found = _learned(request, page) if request["learned"] else None
        if found is None and not request["model"]:
            found = _from_markup(request, page)
        if found is not None:
            answer["json"] = found
    if request["model"] and (request["summary"] or (request["json"] and "json" not in answer)):
        answer["model_input"] = _model_input(request, page)
    return answer


def _from_markup(request: JsonObject, page: Page) -> JsonObject:
    text = request["schema"]
    if text is None:
        data = overview.of_markup(page.facts, page.known)
        inferred = [*_OVERVIEW_INFERRED, *(f"/lists/{number}/name" for number in range(len(data["lists"])))]
        found = Extraction(data, Source.MARKUP, inferred=inferred)
        lacking = not (data["fields"] or data["lists"] or data["tables"])
    else:
        filled = filling.fill(schema.of_text(text), page.facts, page.known, page.base_url)
        found = Extraction(filled.data, Source.MARKUP, filled.missing)
        lacking = bool(filled.missing)
    result = generated_json.success(found, page.evidence, strict=request["strict"])
    return {**result, "warning": _NO_MODEL} if lacking else result


def _learned(request: JsonObject, page: Page) -> JsonObject | None:
    """What learned selectors give, where they are this template's, and their data is valid and all on the page."""
    compiled = schema.of_text(request["schema"])
    signature = template.signature(page.tree)
    for learned in request["learned"]:
        if not template.is_similar(signature, learned["template"]):
            continue
        data = learning.apply(learned, page.tree, compiled, page.base_url)
        if data is None or not compiled.is_valid(data):
            continue
        result = generated_json.success(Extraction(data, Source.LEARNED), page.evidence, strict=request["strict"])
        if not result["unsupported"]:
            return result
    return None


def _model_input(request: JsonObject, page: Page) -> JsonObject:
    found, truncated = chunks.split(page.markdown, request["chunk_tokens"], request["max_chunks"])
    return {
        "chunks": found,
        "title": page.known.get("title"),
        "truncated": truncated,
        "hints": _hints(page),
        "template": template.signature(page.tree) if request["schema"] else [],
    }


def _hints(page: Page) -> str:
    """What the markup declares, as JSON; less of it where that is much."""
    known = overview.of_markup(page.facts, page.known)
    reductions: tuple[JsonObject, ...] = ({}, {"tables": []}, {"tables": [], "lists": []})
    for less in reductions:
        text = orjson.dumps({**known, **less}).decode()
        if chunks.estimate_tokens(text) <= _HINT_TOKENS:
            return text
    return ""


def _ground(request: JsonObject, page: Page) -> dict[str, Any]:
    text = request["schema"]
    compiled = schema.of_text(text) if text is not None else schema.Schema(overview.SCHEMA)
    values, error = _read_answers(request["answers"])
    if error is not None and not values:
        return {"violations": [["", error.message]], "unreadable": True}
    data = merging.merge(values) if len(values) > 1 else values[0]
    if text is None and isinstance(data, dict):
        data = {**overview.EMPTY, **data}
    given = orjson.dumps(data).decode()
    fitted = fitting.fit(compiled, data, page.base_url, drop_invalid=request["last"])
    if violations := fitted.violations or ([] if fitted.data else fitted.dropped):
        return {"violations": [[violation.pointer, violation.message] for violation in violations], "answer": given}
    extraction = Extraction(
        fitted.data, Source.MODEL, fitted.missing, inferred=_OVERVIEW_INFERRED if text is None else ()
    )
    result = generated_json.success(extraction, page.evidence, strict=request["strict"])
    answer: dict[str, Any] = {"json": result, "unreadable": error is not None}
    if request["learn"] and not result["unsupported"] and not fitted.missing:
        answer["data"] = fitted.data
        answer["candidates"] = _candidates(page, compiled, fitted.data)
    return answer


def _read_answers(texts: list[str]) -> tuple[list[Any], ModelAnswerError | None]:
    """The JSON of these answers, and the error of the last one that has none."""
    values, error = [], None
    for text in texts:
        try:
            values.append(answers.read_json(text))
        except ModelAnswerError as failure:
            error = failure
    return values, error


def _candidates(page: Page, compiled: schema.Schema, data: Any) -> JsonObject | None:
    try:
        return learning.candidates(page.tree, compiled, data, page.base_url)
    except Exception:  # noqa: BLE001 - the data is there; that nothing is learned from it must not lose it
        return None


def _learn(request: JsonObject, page: Page) -> dict[str, Any]:
    compiled = schema.of_text(request["schema"])
    try:
        choice = answers.read_json(request["choice"])
    except ModelAnswerError:
        choice = {}
    learned = learning.choose(request["candidates"], choice)
    if learned is None:
        return {}
    learned["template"] = template.signature(page.tree)
    data = learning.apply(learned, page.tree, compiled, page.base_url)
    wanted = {pointer: value for pointer, value in json_pointers.leaves(request["data"]) if value is not None}
    return {"learned": learned} if dict(json_pointers.leaves(data)) == wanted else {}


_TASKS = {"extract": _extract, "ground": _ground, "learn": _learn}
