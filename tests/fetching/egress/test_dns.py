from __future__ import annotations

from ipaddress import ip_address

import pytest
from tests.web.dns_server import Answer, DnsServer

from pagemill.errors import DnsError, OperatorError
from pagemill.fetching.egress.dns import Resolver
from pagemill.settings import Settings


async def test_remembers_for_a_while() -> None:
    async with DnsServer({"a.test": Answer(["8.8.8.8"])}) as dns:
        resolver = Resolver(Settings(dns_servers=dns.address, dns_cache_time=60))
        for _ in range(5):
            assert await resolver.resolve("a.test") == (ip_address("8.8.8.8"),)
        await resolver.close()
        assert sorted(dns.queries) == [("a.test", "A"), ("a.test", "AAAA")]


async def test_asks_anew_when_told_not_to_remember() -> None:
    answers = iter([["8.8.8.8"], ["9.9.9.9"]])
    current: list[str] = []

    def answer(_: str, kind: str) -> Answer:
        if kind == "A":
            current[:] = next(answers)
        return Answer(list(current) if kind == "A" else [])

    async with DnsServer({"a.test": answer}) as dns:
        resolver = Resolver(Settings(dns_servers=dns.address, dns_cache_time=0))
        assert await resolver.resolve("a.test") == (ip_address("8.8.8.8"),)
        assert await resolver.resolve("a.test") == (ip_address("9.9.9.9"),)
        await resolver.close()


async def test_one_family_is_enough() -> None:
    async with DnsServer({"four.test": Answer(["8.8.8.8"]), "six.test": Answer(["2606:4700::1111"])}) as dns:
        resolver = Resolver(Settings(dns_servers=dns.address))
        assert await resolver.resolve("four.test") == (ip_address("8.8.8.8"),)
        assert await resolver.resolve("six.test") == (ip_address("2606:4700::1111"),)
        await resolver.close()


async def test_no_server_at_all() -> None:
    resolver = Resolver(Settings(dns_servers="127.0.0.1:9", dns_timeout=0.5))
    with pytest.raises(DnsError):
        await resolver.resolve("a.test")
    await resolver.close()


async def test_works_again_after_closing() -> None:
    async with DnsServer({"a.test": Answer(["8.8.8.8"])}) as dns:
        resolver = Resolver(Settings(dns_servers=dns.address, dns_cache_time=0))
        await resolver.resolve("a.test")
        await resolver.close()
        assert await resolver.resolve("a.test") == (ip_address("8.8.8.8"),)
        await resolver.close()


@pytest.mark.parametrize("servers", ["nonsense", "127.0.0.1:99999", "dns.example"])
async def test_servers_that_are_none_are_told_at_once(servers: str) -> None:
    with pytest.raises(OperatorError, match="PAGEMILL_DNS_SERVERS"):
        Resolver(Settings(dns_servers=servers)).open()
