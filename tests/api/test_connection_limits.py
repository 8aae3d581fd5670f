from __future__ import annotations

import resource

import pytest

from pagemill.api.connection_limits import ConnectionLimits, address_group, connections_that_fit


class FakeConnection:
    def __init__(self) -> None:
        self.is_closed = False

    def close(self) -> None:
        self.is_closed = True


@pytest.mark.parametrize(
    ("address", "group"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2::", "2001:db8:1:2::"),
        ("fe80::1%eth0", "fe80::"),
        ("", ""),
    ],
)
def test_addresses_are_counted_by_what_one_client_has(address: str, group: str) -> None:
    assert address_group(address) == group


def test_one_address_cannot_close_the_connections_of_another() -> None:
    limits = ConnectionLimits(total=10, per_address=3)
    other = FakeConnection()
    assert limits.admit(other, "192.0.2.9")
    greedy = [FakeConnection() for _ in range(20)]
    assert all(limits.admit(connection, "192.0.2.1") for connection in greedy)
    assert [connection.is_closed for connection in greedy] == [True] * 17 + [False] * 3
    assert not other.is_closed


def test_beyond_the_total_whoever_holds_most_idle_connections_loses_one() -> None:
    limits = ConnectionLimits(total=4, per_address=3)
    hoard = [FakeConnection() for _ in range(3)]
    for connection in hoard:
        limits.admit(connection, "192.0.2.1")
    lone = FakeConnection()
    limits.admit(lone, "192.0.2.2")
    assert limits.admit(FakeConnection(), "192.0.2.3")
    assert (hoard[0].is_closed, lone.is_closed) == (True, False)


def test_busy_connections_stay_and_closed_ones_are_forgotten() -> None:
    limits = ConnectionLimits(total=1, per_address=1)
    first, second = FakeConnection(), FakeConnection()
    limits.admit(first, "a")
    limits.mark_busy(first)
    assert not limits.admit(second, "a")
    limits.mark_idle(first)
    assert limits.admit(second, "a")
    assert first.is_closed
    limits.release(first)  # as its connection is lost
    limits.mark_idle(first)
    limits.release(second)
    third = FakeConnection()
    assert limits.admit(third, "a")
    assert not second.is_closed


def test_connections_fit_into_the_limit_of_open_files() -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        assert connections_that_fit(10) == 10
        hard = min(before[1], 4096) if before[1] != resource.RLIM_INFINITY else 4096
        assert connections_that_fit(10**9) <= (before[1] if before[1] != resource.RLIM_INFINITY else 10**9)
        assert hard > 0
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
