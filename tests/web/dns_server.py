"""A DNS server over UDP (RFC 1035) whose answers a function makes up, and which remembers what was asked."""

from __future__ import annotations

import asyncio
import struct
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

NO_ERROR, SERVER_FAILURE, NO_SUCH_NAME = 0, 2, 3
_TYPES = {1: "A", 28: "AAAA"}


@dataclass(frozen=True, slots=True)
class Answer:
    """Addresses for a name, of both families, or an error code. `silent` gives no answer at all."""

    addresses: Sequence[str] = ()
    code: int = NO_ERROR
    ttl: int = 0
    silent: bool = False


class DnsServer(asyncio.DatagramProtocol):
    """Answers A and AAAA by name; what is not in `answers` does not exist. An answer may be a function of the name.

    async with DnsServer({"example.test": Answer(["127.0.0.2"])}) as dns:
        Settings(dns_servers=dns.address)
    """

    def __init__(self, answers: dict[str, Answer | Callable[[str, str], Answer]] | None = None) -> None:
        self.answers: dict[str, Answer | Callable[[str, str], Answer]] = answers or {}
        self.queries: list[tuple[str, str]] = []
        """Name and type of each question, in the order they came."""
        self._transport: asyncio.DatagramTransport | None = None

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=("127.0.0.1", 0))
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._transport is not None
        self._transport.close()
        await asyncio.sleep(0)

    @property
    def address(self) -> str:
        """Address and port, as the setting `dns_servers` takes it."""
        assert self._transport is not None
        host, port = self._transport.get_extra_info("sockname")[:2]
        return f"{host}:{port}"

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        name, end = _name(data)
        kind = _TYPES.get(struct.unpack_from("!H", data, end)[0], "other")
        self.queries.append((name, kind))
        found = self.answers.get(name, Answer(code=NO_SUCH_NAME))
        answer = found if isinstance(found, Answer) else found(name, kind)
        if not answer.silent:
            assert self._transport is not None
            self._transport.sendto(_reply(data, end + 4, kind, answer), addr)


def _name(data: bytes) -> tuple[str, int]:
    labels, position = [], 12
    while length := data[position]:
        labels.append(data[position + 1 : position + 1 + length].decode("ascii"))
        position += 1 + length
    return ".".join(labels).lower(), position + 1


def _reply(query: bytes, question_end: int, kind: str, answer: Answer) -> bytes:
    records = b""
    count = 0
    for text in answer.addresses:
        address = ip_address(text)
        family = "AAAA" if isinstance(address, IPv6Address) else "A"
        if family == kind:
            number = 28 if family == "AAAA" else 1
            # 0xC00C points to the question's name.
            records += struct.pack("!HHHIH", 0xC00C, number, 1, answer.ttl, len(address.packed)) + address.packed
            count += 1
    header = query[:2] + struct.pack("!HHHHH", 0x8180 | answer.code, 1, count, 0, 0)
    return header + query[12:question_end] + records
