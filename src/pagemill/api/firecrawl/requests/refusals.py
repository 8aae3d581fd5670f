"""What of a request is not served: refused, or named in the answer's `warning`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pagemill.api.submission.warnings import warnings_of
from pagemill.errors import NotSupportedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pydantic import BaseModel

_REFUSED = (
    "min_age",
    "zero_data_retention",
    "lockdown",
    "redact_pii",
    "check_prompt_injection",
    "threat_protection",
    "profile",
    "domain_tools",
    "append_to_id",
    "allow_external_links",
    "prompt",
    "robots_user_agent",
    "enable_web_search",
    "agent",
    "categories",
    "include_domains",
    "exclude_domains",
    "enterprise",
)
_CHANGED_LITTLE = {
    "mobile": (True, "the page is asked for as by a desktop browser"),
    "remove_base64_images": (False, "images that are part of the page are left out of Markdown and cleaned HTML"),
    "store_in_cache": (False, "the service's own settings decide what its cache keeps"),
}


def refuse_unserved(fields: BaseModel, *, served: Iterable[str] = (), place: str = "") -> None:
    """Raise errors.NotSupportedError for the first field that is asked for and refused; `served` are not."""
    for name in _REFUSED:
        if name not in served and getattr(fields, name, None):
            raise NotSupportedError(f"The field `{place}{alias_of(fields, name)}` is not supported by this service.")


def warnings_about(fields: BaseModel, place: str = "") -> list[str]:
    """Return a sentence for each field that changes less than it asks for, and for each that is not known."""
    unknown = warnings_of(fields).get("warnings", [])
    return [*_little(fields, place), *unknown]


def _little(fields: BaseModel, place: str) -> Iterator[str]:
    for name, (asked, instead) in _CHANGED_LITTLE.items():
        if getattr(fields, name, None) is asked:
            yield f"The field `{place}{alias_of(fields, name)}` is ignored: {instead}."
    for name in ("delay", "max_concurrency"):
        if getattr(fields, name, None):
            yield f"The field `{alias_of(fields, name)}` is ignored: the service keeps its own pace."
    for name in ("location", "country", "tbs"):
        if isinstance(getattr(fields, name, None), str):
            yield f"The field `{alias_of(fields, name)}` is ignored: the search service is asked for the query alone."
    if getattr(fields, "system_prompt", None):
        yield "The field `systemPrompt` is ignored: the schema and the prompt say what is wanted."
    if getattr(fields, "parsers", None) == []:
        yield f"The field `{place}parsers` is ignored: documents are always read."


def alias_of(fields: BaseModel, name: str) -> str:
    """Return what the wire calls a field."""
    return type(fields).model_fields[name].alias or name
