"""The corrections in the database."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import orjson

from pagemill.errors import ConflictError, NotFoundError
from pagemill.jobs.corrections import statements
from pagemill.model import BlockRole, Correction

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from pagemill.jobs.database.pool import Database
    from pagemill.settings import Settings

_REMEMBERED_KEYS = 20
"""Of how many keys a process remembers the corrections: some megabytes at most."""
MAX_SAMPLE = 200
"""How much of a block's text is kept, to be shown: in characters."""


@dataclass(frozen=True, slots=True)
class SavedCorrection:
    """A correction as it is listed."""

    id: str
    hosts: tuple[str, ...]
    path: tuple[tuple[str, tuple[str, ...]], ...]
    role: BlockRole
    instead_of: BlockRole
    sample: str
    """How the block's text begins."""
    url: str
    """The page that it was made on."""
    of_text: bool
    """Whether it is of blocks with the same text alone."""
    created_at: datetime


@dataclass(frozen=True, slots=True)
class CorrectedPage:
    """A page of which its HTML is kept."""

    page: bytes
    url: str


class CorrectionStore:
    """Corrections, each seen by its own API key alone."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._settings = settings.corrections
        self._remembered: OrderedDict[str, tuple[int, tuple[Correction, ...]]] = OrderedDict()

    async def version(self, key_id: str) -> int | None:
        """Return what changes with a key's corrections; None where it never had any."""
        row = await self._database.row(statements.GET_VERSION, key_id)
        return None if row is None else int(row["version"])

    async def of_url(self, key_id: str, version: int, url: str) -> tuple[Correction, ...]:
        """Return a key's corrections for the host of a URL, in the order in which they were given.

        `version`: that of the key's corrections when they were asked for. Those that are remembered are as new.
        """
        known, found = self._remembered.get(key_id, (-1, ()))
        if known < version:
            rows = await self._database.rows(statements.LOAD_CORRECTIONS, key_id)
            found = tuple(_correction(row) for row in rows)
            self._remembered[key_id] = version, found
            while len(self._remembered) > _REMEMBERED_KEYS:
                self._remembered.popitem(last=False)
        site = site_of(url)
        return tuple(correction for correction in found if site in correction.hosts)

    async def save(  # noqa: PLR0913 - each is a fact of its own about the correction
        self,
        key_id: str,
        correction: Correction,
        *,
        instead_of: BlockRole,
        sample: str,
        url: str,
        html: bytes | None = None,
        replaces: str | None = None,
    ) -> str:
        """Keep a correction, and return its id. `html`: that of its page, packed, to be exported.

        `replaces`: the correction that gave the block its role until now. Raises errors.ConflictError.
        """
        [row] = await self._database.rows(
            statements.SAVE_CORRECTION,
            *(key_id, correction.id, list(correction.hosts), list(correction.template), correction.path),
            *(correction.text, correction.role, instead_of, _storable(sample[:MAX_SAMPLE]), _storable(url)),
            *(_hash_of(url), html, replaces),
            *(self._settings.corrections_per_key, self._settings.corrected_pages_per_key),
            lock=_lock_of(key_id),
        )
        if row["full"]:
            most = self._settings.corrections_per_key
            raise ConflictError(f"One key may have {most} corrections. Remove some first.")
        if row["id"] is None:
            raise NotFoundError("The API key was revoked.")
        return str(row["id"])

    async def corrections_of(self, key_id: str) -> list[SavedCorrection]:
        """Return a key's corrections, the newest first."""
        return [_saved(row) for row in await self._database.rows(statements.LIST_CORRECTIONS, key_id)]

    async def delete(self, key_id: str, correction_id: str) -> bool:
        """Delete a correction, and return whether there was one."""
        found = await self._database.row(statements.GET_CORRECTION, key_id, correction_id) is not None
        if found:
            await self._database.rows(statements.DELETE_CORRECTION, key_id, correction_id)
        return found

    async def delete_of_revoked_keys(self, limit: int) -> int:
        """Delete at most about `limit` corrections and pages of keys that were revoked, and return how many."""
        row = await self._database.row(statements.DELETE_OF_REVOKED_KEYS, limit)
        return int(row["deleted"]) if row else 0

    async def pages(self, key_id: str) -> list[CorrectedPage]:
        """Return the pages of a key whose HTML is kept."""
        rows = await self._database.rows(statements.LIST_PAGES, key_id)
        return [CorrectedPage(row["page"], row["url"]) for row in rows]

    async def html(self, key_id: str, page: CorrectedPage) -> bytes | None:
        """Return the HTML of one of them, packed; None where it was deleted meanwhile."""
        row = await self._database.row(statements.GET_PAGE, key_id, page.page)
        return None if row is None else bytes(row["html"])


def site_of(url: str) -> str:
    """Return the host of a URL without `www.`; empty where there is none."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return ""
    return host.removeprefix("www.")


def sites_of(urls: Iterable[str | None]) -> tuple[str, ...]:
    """Return the hosts of these URLs, each once."""
    return tuple(dict.fromkeys(site for url in urls if url and (site := site_of(url))))


def correction_id(key_id: str, hosts: tuple[str, ...], path: object, text: str | None, template: object) -> str:
    """Return the id of a correction: the same for the same key and the same block."""
    known_by = orjson.dumps([key_id, hosts, path, text, template])
    return f"cor_{hashlib.sha256(known_by).hexdigest()[:24]}"


def _correction(row: Any) -> Correction:
    return Correction(
        id=row["id"],
        hosts=tuple(row["hosts"]),
        template=tuple(row["template"]),
        path=_path(row["path"]),
        text=row["text"],
        role=BlockRole(row["role"]),
    )


def _saved(row: Any) -> SavedCorrection:
    return SavedCorrection(
        id=row["id"],
        hosts=tuple(row["hosts"]),
        path=_path(row["path"]),
        role=BlockRole(row["role"]),
        instead_of=BlockRole(row["instead_of"]),
        sample=row["sample"],
        url=row["url"],
        of_text=row["text"] is not None,
        created_at=row["created_at"],
    )


def _path(value: Any) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return tuple((tag, tuple(names)) for tag, names in value)


def _storable(text: str) -> str:
    """Return a text as PostgreSQL can hold it."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode()


def _hash_of(url: str) -> bytes:
    return hashlib.sha256(url.encode("utf-8", "replace")).digest()


def _lock_of(key_id: str) -> int:
    """The number of the lock under which a key's corrections are counted."""
    return int.from_bytes(hashlib.sha256(b"corrections" + key_id.encode()).digest()[:8], signed=True)
