"""The sessions in the database. What they hold is encrypted, and leaves this file only on its way to the browser."""

from __future__ import annotations

import asyncio
import hashlib
import json
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import asyncpg

from pagemill.errors import (
    ConflictError,
    NotSupportedError,
    SessionError,
    SessionNotFoundError,
    SessionTooLargeError,
    SessionUnreadableError,
    TooManySessionsError,
)
from pagemill.jobs.sealing import SealingKey
from pagemill.jobs.service_key import service_key
from pagemill.jobs.sessions import secret_options, statements
from pagemill.model import SessionState

if TYPE_CHECKING:
    from datetime import datetime

    from pagemill.jobs.database.pool import Database
    from pagemill.model import ScrapeOptions, SessionUse
    from pagemill.settings import Settings


@dataclass(frozen=True, slots=True)
class Session:
    """What is known of a session, without what it holds."""

    id: str
    name: str
    website: str
    """The origin of the page that it was saved on last."""
    domains: tuple[str, ...]
    """Those that have cookies in it."""
    origins: tuple[str, ...]
    """Those that have local storage or databases in it."""
    cookies: int
    storage_items: int
    created_at: datetime
    updated_at: datetime
    used_at: datetime
    expires_at: datetime

    @property
    def website_domain(self) -> str:
        """The host of that page."""
        return urlsplit(self.website).hostname or ""

    def belongs_to(self, domain: str) -> bool:
        """Whether it holds anything of this domain, or of one below it."""
        wanted = domain.lower().lstrip(".")
        hosts = {self.website_domain, *self.domains, *(urlsplit(origin).hostname or "" for origin in self.origins)}
        return any(host == wanted or host.endswith(f".{wanted}") for host in hosts)


class SessionStore:
    """Sessions, each seen by its own API key alone. See `scraping.sessions.kept_sessions`."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._settings = settings.sessions
        self._life = timedelta(days=settings.sessions.session_retention_days)
        key = service_key(settings)
        self._key = SealingKey(key) if key else None

    @property
    def can_seal(self) -> bool:
        """Whether there is a key to encrypt with."""
        return self._key is not None

    async def load(self, key_id: str, use: SessionUse) -> SessionState | None:
        """See `KeptSessions`."""
        if use.is_empty:
            return None
        row = await self._database.row(statements.USE_SESSION, key_id, use.id, use.name)
        if row is None:
            if use.may_be_new:
                return None
            raise SessionNotFoundError("The session was deleted before the page began.")
        opened = await asyncio.to_thread(self._key.open, row["state"], key_id) if self._key else None
        if opened is None:
            raise SessionUnreadableError("The session was encrypted with another PAGEMILL_SECRET_KEY. Save it again.")
        return SessionState(opened)

    def request_hash(self, request: bytes, options: ScrapeOptions, *, secret: bool = False) -> bytes:
        """Return what a repetition of a request is recognised by, which is kept in the clear.

        Where the options have secrets, or `secret` says so, nobody without the service's key can try passwords on it.
        """
        if self._key is not None and (secret or secret_options.has_secrets(options)):
            return self._key.digest(request)
        return hashlib.sha256(request).digest()

    async def seal_options(self, key_id: str, options: ScrapeOptions) -> ScrapeOptions:
        """Return the options with their secrets encrypted. Raises errors.NotSupportedError where there is no key."""
        if options.sealed is not None or not secret_options.has_secrets(options):
            return options
        if self._key is None:
            raise NotSupportedError(
                "This service has no key to encrypt headers, cookies and the texts of actions with: "
                "PAGEMILL_SECRET_KEY is not set."
            )
        return await asyncio.to_thread(secret_options.sealed, self._key, key_id, options)

    async def open_options(self, key_id: str, options: ScrapeOptions) -> ScrapeOptions:
        """See `KeptSessions`."""
        if options.sealed is None:
            return options
        opened = await asyncio.to_thread(secret_options.opened, self._key, key_id, options) if self._key else None
        if opened is None:
            raise SessionUnreadableError(
                "The headers, cookies and texts of the job were encrypted with another PAGEMILL_SECRET_KEY."
            )
        return opened

    async def save(self, key_id: str, name: str, state: SessionState, url: str) -> str:
        """See `KeptSessions`."""
        most = self._settings.session_max_bytes
        if len(state.json) > most:
            raise SessionTooLargeError(f"The cookies and the storage are larger than the limit of {most} bytes.")
        if self._key is None:
            raise SessionError("This worker has no PAGEMILL_SECRET_KEY to encrypt sessions with.")
        domains, origins, cookies, items = await asyncio.to_thread(_contents, state)
        sealed = await asyncio.to_thread(self._key.seal, state.json, key_id)
        row = await self._database.rows(
            statements.SAVE_SESSION,
            *(f"sess_{secrets.token_hex(12)}", key_id, name, sealed, _origin(url), domains, origins, cookies, items),
            self._settings.sessions_per_key,
            lock=_lock_of(key_id),
        )
        if row[0]["full"]:
            most = self._settings.sessions_per_key
            raise TooManySessionsError(f"One key may have {most} sessions. Delete one first.")
        if row[0]["id"] is None:
            raise SessionError("The API key was revoked.")
        return str(row[0]["id"])

    async def sessions_of(self, key_id: str) -> list[Session]:
        """Return a key's sessions by name."""
        return [self._session(row) for row in await self._database.rows(statements.LIST_SESSIONS, key_id)]

    async def find(self, key_id: str, session_id: str | None = None, name: str | None = None) -> Session | None:
        """Return a session by its id or its name, or None."""
        row = await self._database.row(statements.GET_SESSION, key_id, session_id, name)
        return self._session(row) if row else None

    async def rename(self, key_id: str, session_id: str, name: str) -> Session | None:
        """Return a session under another name; None where there is none. Raises errors.ConflictError."""
        try:
            row = await self._database.row(statements.RENAME_SESSION, key_id, session_id, name)
        except asyncpg.UniqueViolationError:
            raise ConflictError("Another session has this name.") from None
        return self._session(row) if row else None

    async def delete(self, key_id: str, session_id: str) -> bool:
        """Delete a session, and return whether there was one."""
        found = await self.find(key_id, session_id)
        if found is not None:
            await self._database.rows(statements.DELETE_SESSION, key_id, session_id)
        return found is not None

    async def delete_unused(self, limit: int) -> int:
        """Delete at most about `limit` sessions that nobody used for long, and return how many."""
        row = await self._database.row(statements.DELETE_UNUSED_SESSIONS, self._life, limit)
        return int(row["sessions"]) if row else 0

    def _session(self, row: Any) -> Session:
        fields = {**row, "domains": tuple(row["domains"]), "origins": tuple(row["origins"])}
        return Session(**fields, expires_at=row["used_at"] + self._life)


def _contents(state: SessionState) -> tuple[list[str], list[str], int, int]:
    """The domains, the origins, and the numbers of cookies and of items in storage, records of databases included."""
    value = json.loads(state.json)
    domains = dict.fromkeys(cookie["domain"].lstrip(".") for cookie in value["cookies"])
    origins = {
        origin["origin"]: len(origin["localStorage"])
        + sum(len(store["records"]) for database in origin.get("indexedDB", ()) for store in database["stores"])
        for origin in value["origins"]
    }
    return sorted(domains), sorted(origins), len(value["cookies"]), sum(origins.values())


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def _lock_of(key_id: str) -> int:
    """The number of the lock under which a key's sessions are counted."""
    return int.from_bytes(hashlib.sha256(b"sessions" + key_id.encode()).digest()[:8], signed=True)
