from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pagemill.errors import (
    BlockedAddressError,
    CertificateError,
    ConnectionRefusedByHostError,
    ConnectionResetByHostError,
    DnsError,
    FetchError,
    FetchTimeoutError,
    HostNotFoundError,
    HttpStatusError,
)
from pagemill.fetching.http.retry import RetryPolicy, is_retryable, parse_retry_after

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("error", "retryable"),
    [
        (ConnectionRefusedByHostError("x"), True),
        (ConnectionResetByHostError("x"), True),
        (FetchTimeoutError("x"), True),
        (DnsError("x"), True),
        (HostNotFoundError("x"), False),
        (CertificateError("x"), False),
        (BlockedAddressError("x"), False),
        (HttpStatusError("x", 429), True),
        (HttpStatusError("x", 503), True),
        (HttpStatusError("x", 404), False),
        (HttpStatusError("x", 501), False),
    ],
)
def test_what_is_worth_another_try(error: FetchError, retryable: bool) -> None:
    assert is_retryable(error) is retryable


def test_waits_longer_each_time() -> None:
    policy = RetryPolicy(attempts=10, delay=1.0, max_delay=30.0)
    for attempt, full in ((1, 1.0), (2, 2.0), (3, 4.0), (9, 30.0)):
        waits = {policy.wait(DnsError("x"), attempt) for _ in range(20)}
        assert len(waits) > 1
        assert all(wait is not None and full / 2 <= wait <= full for wait in waits)


def test_ends_after_the_last_attempt() -> None:
    assert RetryPolicy(attempts=3, delay=1.0, max_delay=30.0).wait(DnsError("x"), 3) is None
    assert RetryPolicy(attempts=1, delay=1.0, max_delay=30.0).wait(DnsError("x"), 1) is None


def test_waits_for_as_long_as_the_host_asks() -> None:
    wait = RetryPolicy(attempts=3, delay=1.0, max_delay=30.0).wait(HttpStatusError("x", 429, retry_after=90.0), 1)
    assert wait == 90.0


def test_never_waits_less_than_its_own_delay() -> None:
    wait = RetryPolicy(attempts=3, delay=1.0, max_delay=30.0).wait(HttpStatusError("x", 429, retry_after=0.0), 1)
    assert wait is not None
    assert wait >= 0.5


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0.0),
        (" 120 ", 120.0),
        ("Sun, 01 Mar 2026 12:01:30 GMT", 90.0),
        ("Sunday, 01-Mar-26 12:00:05 GMT", 5.0),
        ("Sun, 01 Mar 2026 11:00:00 GMT", 0.0),
        ("9" * 400, float("inf")),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("٣", None),
        ("Sun, 99 Mar 2026 12:00:00 GMT", None),
    ],
)
def test_retry_after(value: str, seconds: float | None) -> None:
    assert parse_retry_after(value, NOW) == seconds


@given(st.text(max_size=50))
def test_any_retry_after_is_understood_or_passed_over(value: str) -> None:
    seconds = parse_retry_after(value, NOW)
    assert seconds is None or seconds >= 0
