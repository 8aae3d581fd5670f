"""A page of a job as the content view shows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pagemill.errors import ConflictError, NotFoundError, PageError
from pagemill.jobs.corrections.store import MAX_SAMPLE
from pagemill.model import BlockRole, Format, Status

if TYPE_CHECKING:
    from pagemill.api.resources import Resources
    from pagemill.model import Job, JsonObject, Page

LETTERS = {
    BlockRole.TITLE: "T",
    BlockRole.BODY: "B",
    BlockRole.CAPTION: "C",
    BlockRole.META: "M",
    BlockRole.COMMENTS: "R",
    BlockRole.JUNK: "J",
}
"""A letter for each role, so that colour is not the only sign. `extraction.annotation` has the same."""
NAMES = {
    BlockRole.TITLE: "Title",
    BlockRole.BODY: "Body",
    BlockRole.CAPTION: "Caption",
    BlockRole.META: "Byline and date",
    BlockRole.COMMENTS: "Readers’ comments",
    BlockRole.JUNK: "Junk",
}
RULES = {
    "markup": "left out for its markup",
    "site_name": "the site’s name",
    "correction": "corrected",
    "little_text": "rule: pages of little text",
    "small_lists": "rule: small lists and tables",
    "illustrations": "rule: illustrations",
    "headings": "rule: headings",
    "product_choices": "rule: choices of a product",
    "footnotes": "rule: footnotes",
    "code_panels": "rule: panels of code",
    "labels": "rule: labels",
    "links": "rule: links elsewhere",
    "page_links": "rule: contents and page links",
    "forms": "rule: forms",
    "entry_times": "rule: times of entries",
    "comments": "rule: comments",
    "author_box": "rule: boxes about the author",
}
"""What the rules are called, by their names in a record of the choice."""
CHOICES = {
    "model": "",
    "request": "The request chose what to keep, so the model was not asked. Nothing can be corrected here.",
    "discussion": "This is a discussion whose software is known: its posts are found by their markup. "
    "Nothing can be corrected here.",
    "too_large": "The page is too large to choose from. It is kept whole.",
    "embedded": "The page shows no text. What stands in its structured data was taken.",
    "empty": "The page shows no text.",
}


@dataclass(frozen=True, slots=True)
class ShownPage:
    """A page, its HTML (packed), and what was made of each of its blocks."""

    job: Job
    page: Page
    html: bytes
    annotated: JsonObject

    @property
    def url(self) -> str:
        """The address that answered."""
        return self.page.final_url or self.page.url

    @property
    def blocks(self) -> list[JsonObject]:
        """See `extraction.annotation.annotated_page.AnnotatedBlock`."""
        found: list[JsonObject] = self.annotated["blocks"]
        return found

    def block(self, number: int) -> JsonObject:
        """Return a block that can be corrected. Raises errors.NotFoundError for any other."""
        if not 0 <= number < len(self.blocks) or self.blocks[number]["path"] is None:
            raise NotFoundError("There is no such block, or it cannot be corrected.")
        return self.blocks[number]

    def segments(self) -> list[JsonObject]:
        """Return the Markdown in parts, in their order: `text`, and of pieces `block`, or None where it is of none."""
        markdown: str = self.annotated["markdown"]
        parts, position = [], 0
        for begin, end, block in self.annotated["pieces"]:
            parts += [{"text": markdown[position:begin], "gap": True}, _piece(markdown[begin:end], block, self.blocks)]
            position = end
        return [part for part in (*parts, {"text": markdown[position:], "gap": True}) if part["text"]]

    def facts(self) -> list[JsonObject]:
        """Return what the browser is told of each block."""
        return [
            {
                "role": block["role"],
                "text": " ".join(block["text"].split())[:MAX_SAMPLE],
                "chances": block["probabilities"],
                "rule": RULES.get(block["rule"], block["rule"]),
                "alike": block["alike"],
                "fixed": block["path"] is None,
                "corrected": block["correction"] is not None,
            }
            for block in self.blocks
        ]

    def counts(self) -> dict[BlockRole, int]:
        """Return how many blocks have each role."""
        roles = [block["role"] for block in self.blocks]
        return {role: roles.count(role) for role in BlockRole}


def _piece(text: str, block: int | None, blocks: list[JsonObject]) -> JsonObject:
    role = None if block is None else blocks[block]["role"]
    return {"text": text, "gap": False, "block": block, "role": role, "letter": role and LETTERS[BlockRole(role)]}


async def load(resources: Resources, key_id: str, job_id: str, index: int) -> ShownPage:
    """Return a page of this key's job, annotated with the key's corrections as they are now.

    Raises errors.NotFoundError where there is none, and errors.ConflictError where it cannot be shown.
    """
    found = await resources.jobs.get(job_id, key_id)
    listed = await resources.job_lists.pages(found.id, index - 1, 1) if found else []
    if found is None or not listed or listed[0].page.index != index:
        raise NotFoundError("There is no such page.")
    job, page = listed[0].job(found), listed[0].page
    if page.status is not Status.COMPLETED:
        raise ConflictError("This page has not been completed.")
    html = await _html(resources, page)
    version = await resources.corrections.version(key_id) or 0
    corrections = await resources.corrections.of_url(key_id, version, page.url) if version else ()
    try:
        annotated = await resources.annotator.annotate(
            key_id, page.final_url or page.url, html, job.options, corrections, remember_as=(page.id, version)
        )
    except PageError as error:
        raise ConflictError(f"The page could not be read again. {error.message}") from None
    if annotated is None:
        raise ConflictError("The page is too large to be shown here.")
    return ShownPage(job, page, html, annotated)


async def _html(resources: Resources, page: Page) -> bytes:
    place: Any = (await resources.jobs.body_places(page.id, [Format.HTML])).get(Format.HTML)
    if place is None:
        raise ConflictError("The HTML of this page was not kept: its job did not ask for the format `html`.")
    if place.size > resources.settings.corrections.content_view_max_bytes:
        raise ConflictError("The page is too large to be shown here.")
    return b"".join([part async for part in resources.jobs.body_parts(place)])
