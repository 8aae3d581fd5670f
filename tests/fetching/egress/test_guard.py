"""The guard against a long table of spellings, and against names that point inside."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from socket import AF_INET

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.web.dns_server import SERVER_FAILURE, Answer, DnsServer

from pagemill.errors import BlockedAddressError, DnsError, FetchError, HostNotFoundError, UnfetchableUrlError
from pagemill.fetching.egress.guard import EgressGuard
from pagemill.settings import Settings

CLOSED = Settings(allowed_networks=())

BLOCKED_HOSTS = [
    # loopback, in the spellings of inet_aton
    "127.0.0.1", "127.1", "127.0.1", "127.255.255.254", "2130706433", "0x7f000001", "0x7f.1", "0x7F.0.0.0x1",
    "017700000001", "0177.0.0.01", "0177.1", "00000177.0x0.1", "127.0.0.1.", "127.0x00.00.0001", "0x7f.0x00.0x000001",
    "%31%32%37.0.0.1", "127%2E0.0.1", "127。0。0。1", "127．0．0．1", "127｡1", "①②⑦.⓪.⓪.①", "１２７.０.０.１",
    "𝟏𝟐𝟕.𝟎.𝟎.𝟏", "0ⅹ7f.1", "user@127.0.0.1", "example.com@127.0.0.1", "example.com:80@127.0.0.1",
    "example.com%40x@127.0.0.1", "127.0.0.1\\@example.com", "127.0.0.1#@example.com", "127.0.0.1?@example.com",
    "127.0.0.1/@example.com", "\t127.0.0.1", "127.\n0.0.1",
    # unspecified and "this network"
    "0", "0.0.0.0", "0x0", "00", "0.1.2.3", "[::]", "[0:0:0:0:0:0:0:0]",
    # private
    "10.0.0.1", "10.255.255.255", "10.1", "167772161", "0xa.1", "012.1", "172.16.0.1", "172.31.255.255", "0xac100001",
    "192.168.0.1", "192.168.1", "3232235521", "0xc0a80001", "0300.0250.1",
    # carrier-grade NAT, link-local, metadata services
    "100.64.0.1", "100.127.255.255", "100.100.100.200", "169.254.0.1", "169.254.169.254", "2852039166", "0xa9fea9fe",
    "0251.0376.0251.0376", "169.254.43518", "[fd00:ec2::254]", "168.63.129.16",
    # protocols, documentation, benchmarking, multicast, reserved, broadcast
    "192.0.0.1", "192.0.0.170", "192.0.2.1", "192.88.99.1", "198.51.100.7", "203.0.113.9", "198.18.0.1",
    "198.19.255.255", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.254", "255.255.255.255", "4294967295",
    # IPv6
    "[::1]", "[0:0:0:0:0:0:0:1]", "[0000:0000:0000:0000:0000:0000:0000:0001]", "[::0001]", "[::1.2.3.4]", "[::7f00:1]",
    "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[0:0:0:0:0:FFFF:127.0.0.1]", "[::ffff:8.8.8.8]", "[::ffff:0:127.0.0.1]",
    "[64:ff9b::7f00:1]", "[64:ff9b::127.0.0.1]", "[64:ff9b::8.8.8.8]", "[64:ff9b:1::1]", "[2002:7f00:1::]",
    "[2002:808:808::1]", "[2001::1]", "[2001:0:7f00:1::]", "[2001:2::1]", "[2001:10::1]", "[2001:20::1]",
    "[2001:db8::1]", "[3fff::1]", "[100::1]", "[5f00::1]", "[fc00::1]", "[fd12:3456::1]", "[fe80::1]", "[febf::1]",
    "[fec0::1]", "[ff02::1]", "[ff0e::1]", "[4000::1]", "[1::1]",
]  # fmt: skip


@pytest.mark.parametrize("host", BLOCKED_HOSTS)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_blocks_every_spelling(host: str, scheme: str) -> None:
    with pytest.raises(BlockedAddressError):
        EgressGuard(CLOSED).check_url(f"{scheme}://{host}/")


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "0x7f.1:443", "[::1]:8080", "[::ffff:10.0.0.1]:80"])
def test_blocks_with_a_port(host: str) -> None:
    with pytest.raises(BlockedAddressError):
        EgressGuard(CLOSED).check_url(f"http://{host}/")


@pytest.mark.parametrize(
    "text",
    ["http://[fe80::1%25eth0]/", "http://[fe80::1%eth0]/", "http://[::ffff:127.1]/", "http://127.0.0.256/",
     "http://0x100000000/", "http://127.0.0.0.1/", "http://[::1]x/", "gopher://127.0.0.1/", "file:///etc/passwd",
     "http://127.0.0.1%00.example.com/", "http://127.0.0.1%0d%0a/", "dict://127.0.0.1/", "http://09.1/"],
)  # fmt: skip
def test_refuses_what_is_no_url(text: str) -> None:
    with pytest.raises(UnfetchableUrlError):
        EgressGuard(CLOSED).check_url(text)


@pytest.mark.parametrize(
    "host",
    ["8.8.8.8", "1.1.1.1", "134744072", "100.63.255.255", "100.128.0.1", "172.15.255.255", "172.32.0.1",
     "192.167.255.255", "223.255.255.255", "169.253.1.1", "198.17.255.255", "198.20.0.1", "[2606:4700::1111]",
     "[2a00:1450:4001::200e]", "[2001:4860:4860::8888]", "example.com"],
)  # fmt: skip
def test_lets_public_addresses_pass(host: str) -> None:
    EgressGuard(CLOSED).check_url(f"https://{host}/")


@pytest.mark.parametrize("port", [0, 1, 22, 25, 53, 110, 143, 587, 6000, 6667, 10080])
async def test_blocks_bad_ports_even_where_the_network_is_open(port: int) -> None:
    guard = EgressGuard(Settings(allowed_networks=(ip_network("127.0.0.0/8"),)))
    with pytest.raises(BlockedAddressError):
        guard.check_url(f"http://127.0.0.1:{port}/")
    with pytest.raises(BlockedAddressError):
        await guard.resolve("127.0.0.1", port)


@pytest.mark.parametrize("port", [80, 443, 3000, 8000, 8080, 8443, 65535])
def test_lets_other_ports_pass(port: int) -> None:
    EgressGuard(CLOSED).check_url(f"http://example.com:{port}/")


def test_an_open_network_opens_itself_alone() -> None:
    guard = EgressGuard(Settings(allowed_networks=(ip_network("127.0.0.2/32"), ip_network("fd00::/8"))))
    guard.check_url("http://127.0.0.2/")
    guard.check_url("http://[fd00::7]/")
    for host in ("127.0.0.1", "127.0.0.3", "10.0.0.1", "[::1]", "[fc00::1]", "[::ffff:127.0.0.2]"):
        with pytest.raises(BlockedAddressError):
            guard.check_url(f"http://{host}/")


@given(st.integers(0, 2**32 - 1).map(IPv4Address))
def test_ipv4_that_python_calls_not_global_is_blocked(address: IPv4Address) -> None:
    if not address.is_global or address.is_multicast or address.is_reserved:
        with pytest.raises(BlockedAddressError):
            EgressGuard(CLOSED).check_address(address)


@given(st.integers(0, 2**128 - 1).map(IPv6Address))
def test_ipv6_that_python_calls_not_global_is_blocked(address: IPv6Address) -> None:
    if not address.is_global or address.is_multicast or address not in ip_network("2000::/3"):
        with pytest.raises(BlockedAddressError):
            EgressGuard(CLOSED).check_address(address)


@given(st.integers(0, 2**32 - 1).map(IPv4Address), st.sampled_from(["::ffff:", "::", "64:ff9b::"]))
def test_ipv4_inside_ipv6_is_blocked_whatever_it_is(address: IPv4Address, prefix: str) -> None:
    with pytest.raises(BlockedAddressError):
        EgressGuard(CLOSED).check_address(ip_address(f"{prefix}{address}"))


def test_a_zone_changes_nothing() -> None:
    with pytest.raises(BlockedAddressError):
        EgressGuard(CLOSED).check_address("fe80::1%eth0")


async def test_an_open_network_covers_no_zone_beyond_it() -> None:
    guard = EgressGuard(Settings(allowed_networks=(ip_network("::1/128"),)))
    with pytest.raises(BlockedAddressError):
        await guard.resolve("fe80::1%1", 80)


@pytest.mark.parametrize("name", ["localhost", "LOCALHOST", "localhost.", "a.localhost", "a.b.localhost"])
async def test_localhost_is_loopback_and_blocked(name: str) -> None:
    async with EgressGuard(CLOSED) as guard:
        with pytest.raises(BlockedAddressError):
            await guard.resolve(name, 80)


async def test_localhost_is_what_is_open_of_loopback() -> None:
    async with EgressGuard(Settings(allowed_networks=(ip_network("127.0.0.0/8"),))) as guard:
        assert await guard.resolve("localhost", 80) == [ip_address("127.0.0.1")]
        assert await guard.resolve("app.localhost", 80) == [ip_address("127.0.0.1")]


async def test_names_are_judged_by_all_their_addresses() -> None:
    answers = {
        "public.test": Answer(["8.8.4.4", "2606:4700::1111", "8.8.8.8"]),
        "inside.test": Answer(["10.1.2.3"]),
        "half.test": Answer(["8.8.8.8", "192.168.7.7"]),
        "half6.test": Answer(["8.8.8.8", "::1"]),
        "mapped.test": Answer(["::ffff:8.8.8.8"]),
    }
    async with DnsServer(dict(answers)) as dns, EgressGuard(Settings(dns_servers=dns.address)) as guard:
        expected = [ip_address(text) for text in ("8.8.4.4", "8.8.8.8", "2606:4700::1111")]
        assert await guard.resolve("public.test", 443) == expected
        assert await guard.resolve("PUBLIC.test.", 443) == expected
        for name in ("inside.test", "half.test", "half6.test", "mapped.test"):
            with pytest.raises(BlockedAddressError, match=name):
                await guard.resolve(name, 443)


async def test_the_message_does_not_tell_what_a_name_leads_to() -> None:
    async with (
        DnsServer({"half.test": Answer(["8.8.8.8", "192.168.7.7"])}) as dns,
        EgressGuard(Settings(dns_servers=dns.address)) as guard,
    ):
        with pytest.raises(BlockedAddressError) as caught:
            await guard.resolve("half.test", 80)
    assert caught.value.message == (
        "The host half.test has an address that is not a public one, and may not be fetched from unless "
        "PAGEMILL_ALLOWED_NETWORKS opens its network."
    )


async def test_a_network_can_be_opened_for_one_port() -> None:
    settings = Settings(allowed_networks="127.0.0.0/8:8000, [::1/128]:8000, 10.0.0.0/8")
    async with EgressGuard(settings) as guard:
        for host in ("127.0.0.1", "::1", "localhost", "10.1.2.3"):
            assert await guard.resolve(host, 8000)
        assert await guard.resolve("10.1.2.3", 80)
        guard.check_url("http://127.0.0.1:8000/")
        for host in ("127.0.0.1", "::1", "localhost"):
            with pytest.raises(BlockedAddressError):
                await guard.resolve(host, 8001)
        for url in ("http://127.0.0.1/", "http://127.0.0.1:8001/", "http://[::1]:80/"):
            with pytest.raises(BlockedAddressError):
                guard.check_url(url)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.1.2.3", "127.1", "0x7f000001", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "[::]"]
)
def test_the_api_is_reachable_through_no_setting(host: str) -> None:
    guard = EgressGuard(Settings(allowed_networks="0.0.0.0/0, ::/0", port=8080))
    guard.check_url(f"http://{host}:8081/")
    with pytest.raises(BlockedAddressError):
        guard.check_url(f"http://{host}:8080/")
    guard.check_url("http://10.255.254.253:8080/")


async def test_neither_is_it_by_a_name_or_an_address_of_the_machine() -> None:
    own = [entry.address for entries in psutil.net_if_addrs().values() for entry in entries if entry.family == AF_INET]
    async with EgressGuard(Settings(allowed_networks="0.0.0.0/0, ::/0", port=8080)) as guard:
        for host in ("localhost", "app.localhost", *own):
            assert await guard.resolve(host, 8081)
            with pytest.raises(BlockedAddressError):
                await guard.resolve(host, 8080)


async def test_failing_look_ups_are_named() -> None:
    answers: dict[str, Answer] = {
        "broken.test": Answer(code=SERVER_FAILURE),
        "empty.test": Answer(),
        "silent.test": Answer(silent=True),
    }
    async with (
        DnsServer(dict(answers)) as dns,
        EgressGuard(Settings(dns_servers=dns.address, dns_timeout=0.3)) as guard,
    ):
        for name in ("nowhere.test", "empty.test"):
            with pytest.raises(HostNotFoundError, match=name):
                await guard.resolve(name, 80)
        for name in ("broken.test", "silent.test"):
            with pytest.raises(DnsError, match=name) as caught:
                await guard.resolve(name, 80)
            assert not isinstance(caught.value, HostNotFoundError)


@pytest.mark.parametrize("host", ["", "a b", "a,b", "*", "a..b", "x" * 300, "exa\x00mple.com", "+a.example:80:1.1.1.1"])
async def test_a_name_that_cannot_be_one_is_refused(host: str) -> None:
    async with EgressGuard(CLOSED) as guard:
        with pytest.raises(UnfetchableUrlError):
            await guard.resolve(host, 80)


@given(st.text(max_size=40))
def test_no_host_reaches_a_blocked_address(host: str) -> None:
    try:
        url = EgressGuard(CLOSED).check_url(f"http://{host}/")
    except FetchError:
        return
    assert url.address is None or url.address.is_global


@pytest.mark.parametrize("host", ["127.1", "0177.0.0.1", "2130706433", "0x7f000001", "0x7f.0.0.1", "127.0.0.01"])
async def test_a_spelling_that_nobody_normalised_reaches_nothing(host: str) -> None:
    """Those who ask for a host by itself, not for a URL, give it as they got it."""
    async with DnsServer() as dns, EgressGuard(Settings(dns_servers=dns.address)) as guard:
        with pytest.raises(BlockedAddressError):
            await guard.resolve(host, 80)


async def test_zones_reach_nothing() -> None:
    async with EgressGuard(CLOSED) as guard:
        for host in ("::1%1", "fe80::1%lo", "::ffff:127.0.0.1"):
            with pytest.raises(BlockedAddressError):
                await guard.resolve(host, 80)
