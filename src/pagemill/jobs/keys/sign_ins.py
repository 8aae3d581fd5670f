"""Sign-ins: a browser is given an API key once, and holds a random token in its place until that expires."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import TYPE_CHECKING

from pagemill.jobs.keys import statements
from pagemill.jobs.keys.keys import KnownKey, secret_hash

if TYPE_CHECKING:
    from pagemill.jobs.database.pool import Database
    from pagemill.settings import Settings

_RANDOM_BYTES = 32


class SignIns:
    """The sign-ins in the database. A token is 256 random bits, of which only the hash is kept, as of a key."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._life = timedelta(seconds=settings.interface.sign_in_time)
        self._most = settings.interface.sign_ins_per_key

    async def begin(self, key_id: str) -> str | None:
        """Sign a browser in with a key, and return its token; None where the key was revoked meanwhile.

        Of more than the settings allow for one key, the oldest end.
        """
        token = secrets.token_urlsafe(_RANDOM_BYTES)
        row = await self._database.row(statements.BEGIN_SIGN_IN, secret_hash(token), key_id, self._life, self._most)
        return token if row else None

    async def find(self, token: str) -> KnownKey | None:
        """Return the key that a browser with this token is signed in with; None where it is not, or no longer."""
        row = await self._database.row(statements.FIND_SIGN_IN, secret_hash(token))
        return KnownKey(row["id"], row["operator"]) if row else None

    async def end(self, token: str) -> None:
        """Sign a browser out."""
        await self._database.rows(statements.END_SIGN_IN, secret_hash(token))


async def delete_expired_sign_ins(database: Database, limit: int) -> int:
    """Delete at most about `limit` sign-ins that ended, or whose key was revoked, and return how many."""
    row = await database.row(statements.DELETE_EXPIRED_SIGN_INS, limit)
    return int(row["sign_ins"]) if row else 0
