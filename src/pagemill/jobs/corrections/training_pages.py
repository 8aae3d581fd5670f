"""Corrected pages in the form of the reading set, which `training/train.py` learns from.

`html/ID.html.gz` is a page; `ground-truth/ID.json.gz` has the role and the text of each of its blocks in the order of
the page (`blocks`), as the model and the corrections have them, and which of them a person gave (`checked`).
"""

from __future__ import annotations

import asyncio
import gzip
import zipfile
from typing import TYPE_CHECKING, NamedTuple

import orjson
import structlog

from pagemill import bodies
from pagemill.errors import DamagedResultError, PageError
from pagemill.model import ScrapeOptions
from pagemill.redaction import mask_credentials

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from pagemill.jobs.corrections.annotator import Annotator
    from pagemill.jobs.corrections.store import CorrectedPage, CorrectionStore
    from pagemill.model import JsonObject

log = structlog.get_logger(__name__)

_SURE = 0.8
"""How sure the roles are, from 0 to 1: most of them are the model's."""
_ANYTHING = ScrapeOptions(include_comments=False)


class TrainingFile(NamedTuple):
    """A file of the training pages."""

    name: str
    """Its path from their folder."""
    content: bytes


async def training_files(store: CorrectionStore, annotator: Annotator, key_id: str) -> AsyncIterator[TrainingFile]:
    """Yield the files of a key's corrected pages. A page that cannot be read any more is left out, and logged."""
    version = await store.version(key_id) or 0
    for page in await store.pages(key_id):
        html = await store.html(key_id, page)
        if html is None:
            continue
        corrections = await store.of_url(key_id, version, page.url)
        try:
            annotated = await annotator.annotate(key_id, page.url, html, _ANYTHING, corrections)
            files = None if annotated is None else await asyncio.to_thread(_files, page, html, annotated)
        except (PageError, DamagedResultError) as error:
            log.warning(
                "a corrected page could not be exported", url=mask_credentials(page.url), error=type(error).__name__
            )
            continue
        for file in files or ():
            yield file


def _files(page: CorrectedPage, html: bytes, annotated: JsonObject) -> list[TrainingFile]:
    name = f"c{page.page.hex()[:16]}"
    source = f"html/{name}.html.gz"
    record = {
        "id": name,
        "url": mask_credentials(page.url),
        "type": "other",
        "sure": _SURE,
        "html": source,
        "source": "corrections",
        "note": "",
        "blocks": [[block["role"], " ".join(block["text"].split())] for block in annotated["blocks"]],
        "checked": [number for number, block in enumerate(annotated["blocks"]) if block["correction"] is not None],
    }
    text: str = bodies.unpack(html)
    return [
        TrainingFile(source, gzip.compress(text.encode("utf-8", "replace"), mtime=0)),
        TrainingFile(f"ground-truth/{name}.json.gz", gzip.compress(orjson.dumps(record), mtime=0)),
    ]


async def zip_of(store: CorrectionStore, annotator: Annotator, key_id: str) -> AsyncIterator[bytes]:
    """Yield a ZIP archive of these files, one page after another."""
    written = _Written()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_STORED) as archive:
        async for file in training_files(store, annotator, key_id):
            archive.writestr(file.name, file.content)
            yield written.take()
    yield written.take()


class _Written:
    """What was written and not taken yet."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, part: bytes, /) -> int:
        """Add a part."""
        self._parts.append(bytes(part))
        return len(part)

    def flush(self) -> None:
        """Do nothing: nothing is held back."""

    def close(self) -> None:
        """Do nothing: what was written is there to be taken."""

    def take(self) -> bytes:
        """Return it."""
        taken = b"".join(self._parts)
        self._parts.clear()
        return taken
