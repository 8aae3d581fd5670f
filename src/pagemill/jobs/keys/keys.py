"""API keys: made once, shown once, kept as a hash."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pagemill.jobs.keys import statements

if TYPE_CHECKING:
    from datetime import datetime

    from pagemill.jobs.database.pool import Database

ANONYMOUS = "anonymous"
"""The id of the key that stands for requests without one, where authentication is off."""

_PREFIX = "pm_"
_RANDOM_BYTES = 32


@dataclass(frozen=True, slots=True)
class Key:
    """What is known of a key; not the key itself."""

    id: str
    name: str
    created_at: datetime
    revoked_at: datetime | None
    operator: bool


@dataclass(frozen=True, slots=True)
class KnownKey:
    """A key that a request came with."""

    id: str
    operator: bool
    """Whether it may read what concerns all keys."""


ANONYMOUS_KEY = KnownKey(ANONYMOUS, operator=True)
"""Without authentication, only the local machine reaches the service, so whoever asks operates it."""


class Keys:
    """The API keys in the database. A key is 256 random bits, so a plain SHA-256 of it cannot be turned back."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(self, name: str, *, operator: bool = False) -> tuple[str, str]:
        """Make a key and return its id and the secret, which is not kept."""
        key_id, secret = f"key_{secrets.token_hex(6)}", _PREFIX + secrets.token_urlsafe(_RANDOM_BYTES)
        await self._database.rows(statements.INSERT_KEY, key_id, name, secret_hash(secret), operator)
        return key_id, secret

    async def list(self) -> list[Key]:
        """Return all keys, revoked ones included, oldest first."""
        return [Key(**row) for row in await self._database.rows(statements.LIST_KEYS)]

    async def revoke(self, key_id: str) -> bool:
        """Make a key useless at once. Returns whether there is one of this id."""
        return await self._database.row(statements.REVOKE_KEY, key_id) is not None

    async def find(self, secret: str) -> KnownKey | None:
        """Return the key with this secret, or None where it is unknown or revoked."""
        digest = secret_hash(secret)
        row = await self._database.row(statements.FIND_KEY, digest)
        return KnownKey(row["id"], row["operator"]) if row and hmac.compare_digest(row["hash"], digest) else None

    async def any(self) -> bool:
        """Whether a key was ever made."""
        row = await self._database.row(statements.COUNT_KEYS)
        return bool(row and row["count"])


def secret_hash(secret: str) -> bytes:
    """Return what is kept of a key."""
    return hashlib.sha256(secret.encode()).digest()
