"""How secrets of clients are encrypted: AES-256-GCM (NIST SP 800-38D), each time under a key of its own.

That key is derived from the service's by HMAC-SHA256 over a random salt, which stands before the ciphertext. The id of
the API key is authenticated too: what was moved to another one does not open.
"""

from __future__ import annotations

import hmac
import secrets

_DIGEST_CONTEXT = b"pagemill request\x01"
_SALT_BYTES = 16
_NONCE_BYTES = 12


class SealingKey:
    """The service's key, as what secrets of one kind are sealed with.

    Its methods take milliseconds: call them in a thread.
    """

    def __init__(self, key: bytes, kind: str = "session") -> None:
        self._key = key
        self._context = f"pagemill {kind}\x01".encode()

    def seal(self, secret: bytes, key_id: str) -> bytes:
        """Return a secret encrypted."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        salt, nonce = secrets.token_bytes(_SALT_BYTES), secrets.token_bytes(_NONCE_BYTES)
        return salt + nonce + AESGCM(self._derive(salt)).encrypt(nonce, secret, key_id.encode())

    def open(self, sealed: bytes, key_id: str) -> bytes | None:
        """Return a secret, or None where it was sealed with another key, for another API key, or changed since."""
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        salt, nonce = sealed[:_SALT_BYTES], sealed[_SALT_BYTES : _SALT_BYTES + _NONCE_BYTES]
        try:
            return AESGCM(self._derive(salt)).decrypt(nonce, sealed[_SALT_BYTES + _NONCE_BYTES :], key_id.encode())
        except (InvalidTag, ValueError):
            return None

    def digest(self, message: bytes) -> bytes:
        """Return a digest of a message that nobody else can make."""
        return hmac.digest(self._key, _DIGEST_CONTEXT + message, "sha256")

    def _derive(self, salt: bytes) -> bytes:
        return hmac.digest(self._key, salt + self._context, "sha256")
