"""Checks what leaves the machine and what comes in: the egress guard, DNS, proxies and the API's port."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

import orjson

from pagemill import __version__
from pagemill.api.listener import loopback_of
from pagemill.cli.doctor.finding import Finding, failed, ok, warning
from pagemill.errors import BlockedAddressError, DnsError, HostNotFoundError, PageError
from pagemill.fetching.egress.guard import EgressGuard
from pagemill.proxies import ANY

if TYPE_CHECKING:
    from pagemill.proxies import Proxy
    from pagemill.settings import Settings

_EGRESS, _DNS, _PROXY, _PORT = "egress guard", "DNS", "proxy", "port"
_KNOWN_NAME = "example.com"
"""A name that every public DNS server knows (RFC 2606)."""
_INTERNAL = ("127.0.0.1", "::1", "169.254.169.254", "10.0.0.1", "192.168.0.1", "fd00::1")
_LONGEST_ANSWER = 65536
_METADATA = ip_address("169.254.169.254")
"""Where clouds hand out credentials to whoever asks from the machine."""


def check_egress(settings: Settings) -> list[Finding]:
    """What pages may reach beside the public internet."""
    networks = settings.egress.allowed_networks
    findings = []
    for network in networks:
        shown = f"{network.network}" + (f":{network.port}" if network.port else "")
        if network.network.prefixlen == 0:
            hint = "Allow only the networks that are to be scraped."
            findings.append(failed(_EGRESS, f"PAGEMILL_ALLOWED_NETWORKS opens every address ({shown}).", hint))
        elif network.allows(_METADATA, network.port):
            hint = "Leave 169.254.169.254 out."
            findings.append(warning(_EGRESS, f"{shown} holds the address of cloud credentials.", hint))
        else:
            hint = "That is right only if all who have an API key may reach it."
            findings.append(warning(_EGRESS, f"Pages may be fetched from {shown}, which is not public.", hint))
    closed = [address for address in _INTERNAL if not any(network.allows(ip_address(address), network.port)
                                                          for network in networks)]  # fmt: skip
    guard = EgressGuard(settings)
    for address in closed:
        with contextlib.suppress(BlockedAddressError):
            guard.check_address(address, port=80)
            findings.append(failed(_EGRESS, f"{address} can be fetched from.", "Report this as a fault."))
    return findings or [ok(_EGRESS, "public addresses only")]


async def check_dns(settings: Settings) -> Finding:
    """Whether names can be looked up."""
    servers = ", ".join(settings.egress.dns_servers) or "the system's servers"
    async with EgressGuard(settings) as guard:
        try:
            addresses = await guard.resolver.resolve(_KNOWN_NAME)
        except HostNotFoundError:
            hint = "Fine where only internal names are scraped; else check PAGEMILL_DNS_SERVERS or /etc/resolv.conf."
            return warning(_DNS, f"The servers ({servers}) answer, but do not know {_KNOWN_NAME}.", hint)
        except DnsError as error:
            hint = "Check PAGEMILL_DNS_SERVERS or /etc/resolv.conf; until then pages fail as dns_error."
            return failed(_DNS, f"{error.message} Asked: {servers}.", hint)
    return ok(_DNS, f"{_KNOWN_NAME} has {len(addresses)} addresses, by {servers}")


async def check_proxies(settings: Settings) -> list[Finding]:
    """Whether each proxy takes connections. No page is fetched through it."""
    proxies = settings.egress.proxies_by_country
    if not proxies:
        return [ok(_PROXY, "none set: requests leave from this machine")]
    distinct = {
        proxy.id: proxy
        for country in proxies.countries
        for proxy in proxies.of("us" if country == ANY else country)
        if not proxy.direct
    }
    async with EgressGuard(settings) as guard:
        return list(await asyncio.gather(*(_check_proxy(proxy, guard, settings) for proxy in distinct.values())))


async def _check_proxy(proxy: Proxy, guard: EgressGuard, settings: Settings) -> Finding:
    hint = "Check PAGEMILL_PROXIES, and that the proxy runs and lets this machine in."
    try:
        async with asyncio.timeout(settings.fetching.connect_timeout):
            address = proxy.host
            if not _is_address(address):
                address = str((await guard.resolver.resolve(address))[0])
            _, writer = await asyncio.open_connection(address, proxy.port)
            await _close(writer)
    except TimeoutError:
        return failed(_PROXY, f"{proxy.id} takes no connection in time.", hint)
    except OSError as error:
        return failed(_PROXY, f"{proxy.id} takes no connection: {error.strerror}.", hint)
    except PageError as error:
        return failed(_PROXY, f"{proxy.id}: {error.message}", hint)
    return ok(_PROXY, f"{proxy.id} takes connections")


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


async def check_port(settings: Settings) -> Finding:
    """Whether the API's port is free, or the running service's."""
    host, port = settings.service.host, settings.service.port
    if port == 0:
        return ok(_PORT, "any free one")
    health = await _health(host, port, settings.database.database_patience)
    if isinstance(health, dict) and health.get("service") == "pagemill":
        if health.get("version") != __version__:
            hint = "Restart it to run the version that is installed."
            return warning(_PORT, f"{port} is Pagemill {health.get('version')}'s; this is {__version__}.", hint)
        return ok(_PORT, f"{port} is the running service's, version {__version__}")
    if health is not None:
        hint = "End it, or choose another port with PAGEMILL_PORT."
        return failed(_PORT, f"Another program listens on {host}:{port}.", hint)
    return await asyncio.to_thread(_try_to_bind, host, port)


def _try_to_bind(host: str, port: int) -> Finding:
    """Bind the port for a moment. Nobody is hindered: it is not listened on, and may be bound by others meanwhile."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as error:
        hint = "Choose another one with PAGEMILL_HOST and PAGEMILL_PORT."
        return failed(_PORT, f"{host}:{port} cannot be listened on: {error.strerror}.", hint)
    return ok(_PORT, f"{host}:{port} is free")


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


async def _health(host: str, port: int, patience: float) -> Any:
    """What `GET /health` says; a string where something else answers, None where nobody listens."""
    connected, answer = False, b""
    with contextlib.suppress(OSError, TimeoutError):
        async with asyncio.timeout(patience):
            reader, writer = await asyncio.open_connection(loopback_of(host), port)
            connected = True
            writer.write(b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            try:
                answer = await reader.read(_LONGEST_ANSWER)
                while len(answer) < _LONGEST_ANSWER and (more := await reader.read(_LONGEST_ANSWER)):
                    answer += more
            finally:
                await _close(writer)
    if not connected:
        return None
    with contextlib.suppress(orjson.JSONDecodeError):
        return orjson.loads(answer.partition(b"\r\n\r\n")[2])
    return ""
