"""A certificate authority of the tests' own, that nobody trusts who is not told to."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

import trustme

if TYPE_CHECKING:
    from pathlib import Path


class Authority:
    """Issues certificates for any name."""

    def __init__(self) -> None:
        self._authority = trustme.CA()

    def server(self, *names: str, protocol: str = "http/1.1") -> ssl.SSLContext:
        """The context of a server whose certificate is for these names and addresses; `h2` is HTTP/2."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_alpn_protocols([protocol])
        self._authority.issue_cert(*names).configure_cert(context)
        return context

    def write(self, file: Path) -> Path:
        """Write the authority's certificate, for those who are to trust it."""
        self._authority.cert_pem.write_to_path(str(file))
        return file
