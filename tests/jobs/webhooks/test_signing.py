from __future__ import annotations

import base64

import anakin
import pytest
from pydantic import SecretStr

from pagemill.data_folder import DataFolder
from pagemill.errors import OperatorError
from pagemill.jobs.webhooks.signing import SigningKey, signature

KEY = SigningKey(b"k" * 32)


def test_secrets_differ_and_can_be_had_again():
    first, sealed = KEY.new_secret()
    second, _ = KEY.new_secret()
    assert first.startswith("whsec_")
    assert first != second
    assert KEY.open(sealed) == first


def test_nothing_that_is_kept_holds_the_secret():
    secret, sealed = KEY.new_secret()
    kept = sealed.salt + sealed.hash
    raw = base64.urlsafe_b64decode(secret.removeprefix("whsec_") + "=")
    assert len(raw) == 32
    assert raw not in kept
    assert secret.encode() not in kept


def test_another_key_does_not_open_a_secret():
    _, sealed = KEY.new_secret()
    assert SigningKey(b"x" * 32).open(sealed) is None


def test_the_official_client_accepts_the_signature():
    secret, _ = KEY.new_secret()
    assert anakin.verify_webhook_signature(b'{"a": 1}', signature(secret, b'{"a": 1}'), secret)
    assert not anakin.verify_webhook_signature(b'{"a": 2}', signature(secret, b'{"a": 1}'), secret)


def test_the_key_comes_from_the_setting_or_from_the_data_folder(settings, scratch):
    folder = scratch / "with-secret-key"
    unset = settings.changed(secret_key=None, data_dir=folder)
    assert SigningKey.of(unset) is None
    with DataFolder(folder) as data:
        data.ensure_secret_key()
        first = data.read_secret_key() or ""
        data.ensure_secret_key()
        assert data.read_secret_key() == first
    assert (folder / "secret-key").stat().st_mode & 0o777 == 0o600
    _, sealed = SigningKey.of(unset).new_secret()
    set_anew = unset.changed(secret_key=SecretStr(first))
    assert SigningKey.of(set_anew).open(sealed)


@pytest.mark.parametrize("text", ["short", "!" * 44, base64.b64encode(b"x" * 31).decode()])
def test_a_key_that_is_none_is_told(settings, text):
    with pytest.raises(OperatorError, match="PAGEMILL_SECRET_KEY"):
        SigningKey.of(settings.changed(secret_key=SecretStr(text)))
