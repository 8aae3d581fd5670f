from __future__ import annotations

from ipaddress import ip_network

import pytest
from pydantic import ValidationError

from pagemill.settings import Settings
from tests.conftest import ROOT

DOCUMENT = (ROOT / "docs" / "settings.md").read_text()


SPECIAL = {"data_dir": "`/var/lib/pagemill` for root, else `~/.local/share/pagemill`"}


def row_of(name):
    """The line of `docs/settings.md` that documents a setting; a missing one is pasted from the failure."""
    _, field = Settings.by_name()[name]
    shown = SPECIAL.get(name) or _shown(field.get_default(call_default_factory=True))
    return f"| `PAGEMILL_{name.upper()}` | {shown} | {field.description} |"


def _shown(default):
    if default in ((), None):
        return "none"
    if isinstance(default, tuple):
        return "`" + ",".join(f"{part:g}" for part in default) + "`"
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    return f"`{default:g}`" if isinstance(default, float) else f"`{default}`"


@pytest.mark.parametrize("name", Settings.by_name())
def test_every_setting_is_documented_with_its_default(name):
    assert row_of(name) in DOCUMENT


def test_no_setting_is_documented_that_is_not_there():
    documented = {line.split("`")[1] for line in DOCUMENT.splitlines() if line.startswith("| `PAGEMILL_")}
    assert documented == {f"PAGEMILL_{name.upper()}" for name in Settings.by_name()}


BOUNDS = (ROOT / "docs" / "fetching.md").read_text().split("## What is bounded by what?")[1].split("\n## ")[0]


@pytest.mark.parametrize("row", [line for line in BOUNDS.splitlines() if "`PAGEMILL_" in line])
def test_bounds_are_documented_with_their_defaults(row):
    _, _, settings, defaults, *_ = (cell.strip() for cell in row.split("|"))
    names = [name.strip("`").removeprefix("PAGEMILL_").lower() for name in settings.split(", ")]
    assert defaults.split(", ") == [row_of(name).split("|")[2].strip() for name in names]


def test_settings_come_from_the_environment(monkeypatch):
    monkeypatch.setenv("PAGEMILL_ALLOWED_NETWORKS", "10.0.0.0/8, 127.0.0.1")
    monkeypatch.setenv("PAGEMILL_DNS_SERVERS", "")
    settings = Settings()
    networks = [allowed.network for allowed in settings.egress.allowed_networks]
    assert networks == [ip_network("10.0.0.0/8"), ip_network("127.0.0.1/32")]
    assert settings.egress.dns_servers == ()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ALLOWED_NETWORKS", "everything"),
        ("PORT", "70000"),
        ("JOB_DEADLINE", "0"),
        ("LOG_FORMAT", "xml"),
        ("BODIES_URL", "/var/lib/bodies"),
        ("BODIES_URL", "https://bucket.example/"),
        ("BODIES_URL", "s3:///prefix"),
        ("BODIES_URL", "s3://user:password@bucket"),
        ("BODIES_URL", "s3://bucket/?region=x"),
        ("BODIES_URL", "file://var/lib"),
        ("BODIES_URL", "file:///"),
        ("BODIES_ORPHAN_AGE", "60"),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused(monkeypatch, name, value):
    monkeypatch.setenv(f"PAGEMILL_{name}", value)
    with pytest.raises(ValidationError, match=name.lower()):
        Settings()
