from __future__ import annotations

import shutil
import ssl
import subprocess
from typing import TYPE_CHECKING

import pytest
from tests.fetching.conftest import make_settings
from tests.web.authority import Authority
from tests.web.http_server import HttpServer, Response

from pagemill.errors import CertificateError, OperatorError
from pagemill.fetching.egress import trust_store
from pagemill.fetching.http import curl_handle
from pagemill.fetching.http.fetcher import HttpFetcher

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def authorities(tmp_path: Path) -> tuple[Authority, Path, Path]:
    """An authority, a bundle of it and two others, and a folder with the same, hashed."""
    if shutil.which("openssl") is None:
        pytest.skip("needs the openssl command to hash a folder")
    ours, folder = Authority(), tmp_path / "folder"
    folder.mkdir()
    files = [
        authority.write(folder / f"{number}.pem") for number, authority in enumerate((Authority(), ours, Authority()))
    ]
    bundle = tmp_path / "bundle.pem"
    bundle.write_bytes(b"".join(file.read_bytes() for file in files))
    subprocess.run(["openssl", "rehash", str(folder)], check=True)
    return ours, bundle, folder


def test_a_hashed_folder_is_taken_for_the_bundle(authorities: tuple[Authority, Path, Path]) -> None:
    _, bundle, folder = authorities
    found = trust_store.hashed_folder(bundle, folder)
    assert found is not None
    assert found.folder == str(folder)
    assert found.file.startswith(str(folder))


def test_a_folder_that_lacks_authorities_is_not(authorities: tuple[Authority, Path, Path], tmp_path: Path) -> None:
    _, bundle, folder = authorities
    next(folder.glob("*.0")).unlink()
    assert trust_store.hashed_folder(bundle, folder) is None
    (tmp_path / "empty").mkdir()
    assert trust_store.hashed_folder(bundle, tmp_path / "empty") is None


async def test_the_folder_is_trusted_and_nothing_else(
    authorities: tuple[Authority, Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, bundle, folder = authorities
    monkeypatch.setattr(curl_handle, "trust_store", lambda _: trust_store.hashed_folder(bundle, folder))
    page = Response(b"<p>hello</p>")
    async with (
        HttpServer({"/": page}, tls=ours.server("127.0.0.1")) as known,
        HttpServer({"/": page}, tls=Authority().server("127.0.0.1")) as unknown,
        HttpFetcher(make_settings()) as fetcher,
    ):
        assert (await fetcher.fetch(known.url())).body == page.body
        with pytest.raises(CertificateError):
            await fetcher.fetch(unknown.url())


def test_a_file_of_ones_own_is_trusted_alone(tmp_path: Path) -> None:
    file = Authority().write(tmp_path / "ca.pem")
    assert trust_store.trust_store(file) == trust_store.TrustStore(str(file), "/dev/null")


async def test_a_file_without_certificates_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "empty.pem").write_text("nothing")
    for name in ("empty.pem", "missing.pem"):
        with pytest.raises(OperatorError, match="PAGEMILL_CA_FILE"):
            async with HttpFetcher(make_settings(ca_file=tmp_path / name)):
                pass


def test_the_system_has_authorities() -> None:
    found = trust_store.trust_store(None)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cafile=found.file)
    assert context.cert_store_stats()["x509_ca"] > 0
