"""What webhooks are signed with.

A secret is made from a random salt by HMAC-SHA256 under the service's own key (as in RFC 5869, section 2.3, with one
block): so it can be made again whenever something is to be signed, and the database holds only the salt and a hash
of the secret. Neither tells the secret to one who does not have the service's key.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from pagemill.jobs.sealing import SealingKey
from pagemill.jobs.service_key import service_key

if TYPE_CHECKING:
    from pagemill.settings import Settings

Headers = tuple[tuple[str, str], ...]

_PREFIX = "whsec_"
_CONTEXT = b"pagemill webhook secret\x01"
_SALT_BYTES = 16


@dataclass(frozen=True, slots=True)
class SealedSecret:
    """A secret as the database has it: useless without the service's key."""

    salt: bytes
    hash: bytes
    """SHA-256 of the secret."""


class SigningKey:
    """The service's key. All processes on one database need the same."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._sealing = SealingKey(key, "webhook headers")

    @classmethod
    def of(cls, settings: Settings) -> Self | None:
        """Return the key of the settings, or that of the data folder, or None where there is neither.

        Raises errors.OperatorError for one that is not 32 bytes in base64.
        """
        key = service_key(settings)
        return cls(key) if key else None

    def new_secret(self) -> tuple[str, SealedSecret]:
        """Return a new secret and what is to be kept of it."""
        salt = secrets.token_bytes(_SALT_BYTES)
        secret = self._derive(salt)
        return secret, SealedSecret(salt, _hash(secret))

    def open(self, sealed: SealedSecret) -> str | None:
        """Return a secret, or None where it was made under another key: signing with it would deceive nobody."""
        secret = self._derive(sealed.salt)
        return secret if hmac.compare_digest(_hash(secret), sealed.hash) else None

    def seal_headers(self, headers: Headers, key_id: str) -> str:
        """Return headers encrypted, for a job of this API key. Call it in a thread."""
        return base64.b64encode(self._sealing.seal(json.dumps(headers).encode(), key_id)).decode()

    def open_headers(self, sealed: str, key_id: str) -> Headers | None:
        """Return headers, or None where they were encrypted under another key. Call it in a thread."""
        opened = self._sealing.open(base64.b64decode(sealed), key_id)
        return None if opened is None else tuple((name, value) for name, value in json.loads(opened))

    def _derive(self, salt: bytes) -> str:
        digest = hmac.digest(self._key, salt + _CONTEXT, "sha256")
        return _PREFIX + base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def signature(secret: str, body: bytes) -> str:
    """Return the value of `X-Anakin-Signature` for a body."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
