from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pagemill.fetching.proxies.scores import MOST_OUTCOMES, MemoryProxyScores, ProxyScore, choose
from pagemill.proxies import parse_proxies

PROXIES = parse_proxies("us=http://a:1 us=http://b:1").of("us")


def shares(scores, rounds=2000):
    chance = random.Random(1)
    return Counter(choose(PROXIES, scores, chance).host for _ in range(rounds))


def test_what_works_is_chosen_and_what_fails_is_not():
    scores = {"http://a:1": ProxyScore(40, 2, 40 * 0.5), "http://b:1": ProxyScore(10, 30, 10 * 0.5)}
    assert shares(scores)["a"] > 1980


def test_of_two_that_work_the_quicker_is_chosen_more():
    scores = {"http://a:1": ProxyScore(50, 0, 50 * 0.3), "http://b:1": ProxyScore(50, 0, 50 * 3.0)}
    assert shares(scores)["a"] > 1900


def test_of_equals_each_is_chosen_about_as_often():
    same = ProxyScore(20, 1, 10)
    assert 900 < shares({"http://a:1": same, "http://b:1": same})["a"] < 1100


def test_the_unknown_is_tried_beside_the_proven():
    assert shares({"http://a:1": ProxyScore(49, 1, 25)})["b"] > 20


@given(st.lists(st.one_of(st.none(), st.floats(0, 60)), max_size=200))
def test_a_score_stays_sound(outcomes):
    score = ProxyScore()
    for outcome in outcomes:
        score = score.plus(outcome).faded(1.0, 3600.0)
    assert 0 <= score.successes + score.failures <= MOST_OUTCOMES + 1e-6
    assert score.latency is None or 0 <= score.latency <= 60 + 1e-6


async def test_outcomes_fade_by_half_with_each_half_life():
    now = 0.0
    scores = MemoryProxyScores(half_life=60, clock=lambda: now)
    for latency in (2.0, 4.0, None, None):
        await scores.record("h", "e", latency)
    now = 120.0
    assert await scores.of("h", ["e", "other"]) == {"e": ProxyScore(0.5, 0.5, 1.5)}
    assert (await scores.of("h", ["e"]))["e"].latency == pytest.approx(3.0)


async def test_memory_is_bounded(monkeypatch):
    monkeypatch.setattr(MemoryProxyScores, "MOST_ENTRIES", 3)
    scores = MemoryProxyScores(half_life=60)
    for number in range(5):
        await scores.record(f"h{number}", "e", 1.0)
    assert [bool(await scores.of(f"h{number}", ["e"])) for number in range(5)] == [False, False, True, True, True]
