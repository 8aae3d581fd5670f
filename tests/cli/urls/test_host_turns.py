from __future__ import annotations

import asyncio

import pytest

from pagemill.cli.urls.host_turns import HostTurns, host_of


@pytest.fixture
def waits(monkeypatch):
    """How long each turn was waited for, without the waiting."""
    seconds = []

    async def sleep(wanted):
        seconds.append(round(wanted, 1))

    monkeypatch.setattr(asyncio, "sleep", sleep)
    return seconds


async def asked(turns, waits, host, times):
    waits.clear()
    for _ in range(times):
        await turns.wait_for_rate_limit(host)
    return waits


async def test_each_host_has_its_own_turns(waits):
    turns = HostTurns(2.0)
    assert await asked(turns, waits, "a:80", 3) == [0, 2, 4]
    assert await asked(turns, waits, "b:80", 1) == [0]
    assert await asked(HostTurns(0.0), waits, "a", 3) == []


async def test_a_host_is_asked_as_seldom_as_it_says(waits):
    turns = HostTurns(2.0, 60.0)
    turns.set_crawl_delay("a", 5.0)
    assert await asked(turns, waits, "a", 3) == [0, 5, 10]


async def test_a_host_that_is_slow_or_refuses_is_asked_more_seldom(waits):
    turns = HostTurns(2.0, 60.0)
    for _ in range(20):
        turns.answered("slow", 10.0)
    assert [round(seconds) for seconds in await asked(turns, waits, "slow", 2)] == [0, 10]
    turns.answered("busy", 0.1, overloaded=True)
    assert await asked(turns, waits, "busy", 2) == [8, 16]
    for _ in range(20):
        turns.answered("busy", 0.1, overloaded=True, retry_after=1e9)
    assert (await asked(turns, waits, "busy", 1))[0] == 60
    for _ in range(40):
        turns.answered("busy", 0.1)
    first, second = (await asked(turns, waits, "busy", 3))[1:]
    assert second - first == pytest.approx(2.0, abs=0.2)


async def test_hosts_are_forgotten_after_a_while(waits, monkeypatch):
    monkeypatch.setattr("pagemill.cli.urls.host_turns._MOST_REMEMBERED", 10)
    monkeypatch.setattr("pagemill.cli.urls.host_turns._FORGOTTEN_AFTER", -1e9)
    turns = HostTurns(2.0)
    for number in range(100):
        await turns.wait_for_rate_limit(f"{number}")
    assert len(turns._hosts) <= 11


@pytest.mark.parametrize(
    ("url", "host"), [("http://u:p@A.b:8/x", "a.b:8"), ("http://a/", "a"), ("x", ""), ("http://[", "")]
)
def test_the_host_of_a_url(url, host):
    assert host_of(url) == host
