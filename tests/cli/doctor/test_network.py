from __future__ import annotations

import pytest

from pagemill.cli.doctor.network import check_dns, check_egress, check_port, check_proxies
from pagemill.settings import Settings
from tests.service.running import free_port
from tests.web.dns_server import NO_SUCH_NAME, SERVER_FAILURE, Answer, DnsServer
from tests.web.http_server import HttpServer


@pytest.mark.parametrize(
    ("networks", "statuses"),
    [
        ("", ["ok"]),
        ("10.1.0.0/16", ["warning"]),
        ("169.254.0.0/16", ["warning"]),
        ("0.0.0.0/0", ["failed"]),
        ("10.1.2.3:8000,::/0", ["warning", "failed"]),
    ],
)
def test_networks_that_are_opened_are_told(networks, statuses):
    assert [each.status.value for each in check_egress(Settings(allowed_networks=networks))] == statuses


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (Answer(["93.184.215.14"]), "ok"),
        (Answer(code=NO_SUCH_NAME), "warning"),
        (Answer(code=SERVER_FAILURE), "failed"),
        (Answer(silent=True), "failed"),
    ],
)
async def test_dns(answer, status):
    async with DnsServer({"example.com": answer}) as dns:
        assert (await check_dns(Settings(dns_servers=dns.address, dns_timeout=1))).status == status


async def test_proxies_that_take_no_connection_fail():
    async with HttpServer() as there:
        here = there.url("/").rstrip("/")
        findings = await check_proxies(Settings(proxies=f"us={here} de=socks5://127.0.0.1:{free_port()} *=direct"))
    assert sorted(each.status.value for each in findings) == ["failed", "ok"]


async def test_a_proxys_password_is_not_shown():
    settings = Settings(proxies=f"http://user:hunter2@127.0.0.1:{free_port()}")
    [finding] = await check_proxies(settings)
    assert finding.status == "failed"
    assert "hunter2" not in str(finding)


async def test_a_port_is_free_or_taken():
    assert (await check_port(Settings(port=free_port()))).status == "ok"
    async with HttpServer() as other:
        taken = int(other.url("/").rsplit(":", 1)[1].strip("/"))
        assert (await check_port(Settings(port=taken))).status == "failed"


async def test_an_address_of_another_machine_fails():
    assert (await check_port(Settings(host="192.0.2.1", port=free_port(), database_patience=0.2))).status == "failed"
