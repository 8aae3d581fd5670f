from __future__ import annotations

import pytest

from pagemill.cli.settings_check import warn_of_unknown
from tests.service.test_life import run_pagemill


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PAGEMILL_SECRET_KEY", "abc"),
        ("PAGEMILL_CA_FILE", "/no/such/file"),
        ("PAGEMILL_DNS_SERVERS", "one.one.one.one"),
        ("PAGEMILL_DNS_SERVERS", "1.1.1.1:99999"),
        ("PAGEMILL_IMPERSONATE", "lynx"),
        ("PAGEMILL_LOG_LEVEL", "loud"),
        ("PAGEMILL_WORKERS", "many"),
        ("PAGEMILL_SEARCH_SERVICE", "bing"),
        ("PAGEMILL_SEARCH_SERVICE", "searxng"),
        ("PAGEMILL_PROXIES", "us=gopher://x:1"),
        ("PAGEMILL_DATABASE_URL", "mysql://user:secret@db/name"),
        ("PAGEMILL_DATABASE_URL", "postgresql://user:secret@db:port/name"),
    ],
)
async def test_a_bad_setting_is_said_in_one_line_before_anything_starts(name, value, tmp_path):
    code, output, errors = await run_pagemill(
        "serve", "--port", "0", "--data-dir", str(tmp_path / "d"), **{name: value}
    )
    assert (code, output, errors.count("\n")) == (2, "", 1)
    assert name in errors
    assert "secret" not in errors
    assert not (tmp_path / "d").exists()


def test_an_unknown_name_is_told_with_the_nearest_right_one(capsys):
    warn_of_unknown(["PAGEMILL_WORKRES", "PAGEMILL_WORKERS", "PATH", "PAGEMILL_X"])
    near, far = capsys.readouterr().err.splitlines()
    assert far == "pagemill: PAGEMILL_X is no setting, and is ignored. docs/settings.md lists them."
    assert near == "pagemill: PAGEMILL_WORKRES is no setting, and is ignored. Did you mean PAGEMILL_WORKERS?"


async def test_good_settings_say_nothing():
    code, _, errors = await run_pagemill("scrape", "http://10.1.2.3/", PAGEMILL_DNS_SERVERS="1.1.1.1, [::1]:5353, ::1")
    assert code == 1
    assert "setting" not in errors
