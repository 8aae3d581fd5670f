"""A fingerprint of the extraction code: what another version extracted is extracted anew."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib import metadata, resources
from pathlib import PurePath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

_COMPILED = (".c", ".pyd", ".so")  # made of what is counted, not on every machine, and the same in what it does


@cache
def extractor_version() -> str:
    """A digest of all that extraction is made of: its code, its data and the parser. No hand has to count it up."""
    digest = hashlib.sha256(metadata.version("turbohtml").encode())
    _add_folder(digest, resources.files("pagemill.extraction"))
    _add(digest, resources.files("pagemill.scraping") / "extraction_process.py")
    _add(digest, resources.files("pagemill") / "media_types.py")
    return digest.hexdigest()[:16]


def _add_folder(digest: hashlib._Hash, folder: Traversable) -> None:
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.is_dir() and entry.name != "__pycache__":
            digest.update(f"{entry.name}/\n".encode())
            _add_folder(digest, entry)
        else:
            _add(digest, entry)


def _add(digest: hashlib._Hash, file: Traversable) -> None:
    if not file.is_file() or PurePath(file.name).suffix in _COMPILED:
        return
    content = file.read_bytes()
    digest.update(f"{file.name} {len(content)}\n".encode())
    digest.update(content)
