from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from pagemill.errors import CountryNotAvailableError
from pagemill.proxies import DIRECT, parse_proxies
from pagemill.settings import Settings


def test_without_any_every_country_is_served_directly():
    assert parse_proxies("").of("us") == (DIRECT,)
    assert not parse_proxies(" ")


def test_each_country_has_its_own_and_any_other_the_rest():
    proxies = parse_proxies("us=http://a:1\n us=socks5://b:2  DE=https://u:p@c:3 *=direct")
    assert [one.id for one in proxies.of("us")] == ["http://a:1", "socks5://b:2"]
    assert [one.id for one in proxies.of("DE")] == ["https://c:3"]
    assert proxies.of("fr") == (DIRECT,)
    assert proxies.countries == ("*", "de", "us")


def test_a_country_without_a_proxy_is_refused_with_the_list():
    with pytest.raises(CountryNotAvailableError, match=r"fr .* Available: de, us\."):
        parse_proxies("us=http://a:1 de=http://b:1").of("fr")


def test_a_template_becomes_a_proxy_for_each_country():
    proxies = parse_proxies("http://customer-cc-{country}:pass@gate.example:7777")
    [us], [de] = proxies.of("us"), proxies.of("de")
    assert (us.username, us.password, us.id) == ("customer-cc-us", "pass", "http://gate.example:7777/us")
    assert (de.username, de.id) == ("customer-cc-de", "http://gate.example:7777/de")


def test_proxies_that_differ_in_credentials_alone_are_numbered_and_doubles_are_one():
    proxies = parse_proxies("us=http://s1:p@a:1 us=http://s2:p@a:1 us=http://s1:p@a:1")
    assert [(one.id, one.username) for one in proxies.of("us")] == [("http://a:1", "s1"), ("http://a:1#2", "s2")]


def test_credentials_are_percent_decoded():
    [one] = parse_proxies("http://us%40er:p%2Fw%3A%20=@[2001:db8::1]:8080").of("us")
    assert (one.username, one.password) == ("us@er", "p/w: =")
    assert (one.host, one.id) == ("2001:db8::1", "http://[2001:db8::1]:8080")


WRONG = ["ftp://user:hush@h:1", "us=http://user:hush@h", "us=http://user:hush@h:99999", "http://user:hu/sh@h:1", "hush"]


@pytest.mark.parametrize("text", WRONG)
def test_what_is_no_proxy_is_refused_without_repeating_it(text, monkeypatch):
    monkeypatch.setenv("PAGEMILL_PROXIES", text)
    with pytest.raises(ValidationError, match="entry 1 is no proxy") as caught:
        Settings()
    assert "hush" not in str(caught.value)
    assert "sh@h" not in str(caught.value)


def test_credentials_show_nowhere():
    settings = Settings(proxies="us=http://somebody:hush@h:1")
    [one] = settings.egress.proxies_by_country.of("us")
    shown = (
        f"{settings!r} {settings} {settings.egress.proxies_by_country!r} {one!r} {one.id} {settings.model_dump_json()}"
    )
    assert "hush" not in shown
    assert "somebody" not in shown
    assert one.password == "hush"


@given(st.text())
def test_any_text_is_proxies_or_a_value_error(text):
    try:
        proxies = parse_proxies(text)
    except ValueError:
        return
    assert bool(proxies) == bool(text.split())
