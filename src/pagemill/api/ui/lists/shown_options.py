"""The options of a job as they are shown: what differs from the defaults, without what may be secret."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from pagemill.jobs.queue.store import pack_options
from pagemill.redaction import mask_credentials

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pagemill.model import Action, Job

HIDDEN = "•••"
"""In place of a secret."""
_SHOWN_APART = ("headers", "cookies", "actions", "session", "output_schema", "markdown", "formats", "country")
_SECRET = ("sealed",)


def shown_options(job: Job) -> list[tuple[str, str]]:
    """Return the names of options with what they are set to."""
    options = job.options
    shown = [("formats", ", ".join(options.formats)), ("country", options.country)]
    for name, value in pack_options(options).items():
        if name not in (*_SHOWN_APART, *_SECRET):
            shown.append((_camel(name), _text(value)))
    shown += [(f"markdown.{_camel(name)}", _text(value)) for name, value in _changed(options.markdown).items()]
    shown += [(f"header {name}", HIDDEN) for name, _ in options.headers]
    shown += [(f"cookie {cookie.name}", f"{HIDDEN} for {cookie.domain or 'the host'}") for cookie in options.cookies]
    shown += [(f"action {number}", _action(action)) for number, action in enumerate(options.actions, 1)]
    if options.session:
        used = options.session
        shown += [
            (name, value)
            for name, value in (("session", used.name or used.id), ("session is saved as", used.save_as))
            if value
        ]
    if job.site:
        shown += [(_camel(name), _text(value)) for name, value in _changed(job.site).items()]
    if job.webhook_url:
        shown.append(("webhook", mask_credentials(job.webhook_url)))
    return [(name, mask_credentials(value)) for name, value in shown]


def _changed(value: Any) -> Mapping[str, Any]:
    """What of frozen data differs from its defaults."""
    standard = type(value)()
    return {
        name: getattr(value, name)
        for name in value.__dataclass_fields__
        if getattr(value, name) != getattr(standard, name)
    }


def _action(action: Action) -> str:
    """What an action does; what it writes may be a password."""
    parts: Iterable[str | None] = (
        action.type.value,
        action.selector,
        f"{action.milliseconds} ms" if action.milliseconds is not None else None,
        action.direction if action.type == "scroll" else None,
        HIDDEN if action.type == "write" else None,
        action.key or None,
    )
    return " ".join(part for part in parts if part)


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list | tuple):
        return ", ".join(map(_text, value))
    return orjson.dumps(value).decode()


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.title() for word in rest)
