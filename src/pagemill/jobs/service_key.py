"""The service's own key, from which its secrets are derived. All processes on one database need the same."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING

from pagemill.data_folder import DataFolder
from pagemill.errors import OperatorError

if TYPE_CHECKING:
    from pagemill.settings import Settings

_KEY_BYTES = 32


def service_key(settings: Settings) -> bytes | None:
    """Return the key of the settings, or that of the data folder, or None where there is neither.

    Raises errors.OperatorError for one that is not 32 bytes in base64.
    """
    set_key = settings.service.secret_key.get_secret_value() if settings.service.secret_key else None
    text = set_key or DataFolder(settings.database.data_dir).read_secret_key()
    return _decoded(text) if text else None


def _decoded(text: str) -> bytes:
    try:
        key = base64.b64decode(text, validate=True)
    except binascii.Error:
        key = b""
    if len(key) != _KEY_BYTES:
        raise OperatorError("PAGEMILL_SECRET_KEY is not 32 bytes in base64. `openssl rand -base64 32` makes one.")
    return key
