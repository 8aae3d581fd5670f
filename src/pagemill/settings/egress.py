"""What may leave the machine, where it leaves from, and how names are looked up."""

from __future__ import annotations

from functools import cached_property
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import NoDecode

from pagemill.proxies import Proxies, parse_proxies
from pagemill.settings.allowed_network import AllowedNetwork, parse_allowed_network
from pagemill.settings.group import Seconds, SettingsGroup, comma_separated


class EgressSettings(SettingsGroup):
    """What may leave the machine, where it leaves from, and how names are looked up."""

    allowed_networks: Annotated[tuple[AllowedNetwork, ...], NoDecode] = Field(
        (),
        description="Non-public networks that may be scraped all the same: CIDRs, or `CIDR:port` for one port alone, "
        "separated by commas.",
    )
    dns_servers: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="DNS servers, as address or address:port, separated by commas. Not set: those of the system."
    )
    dns_timeout: Seconds = Field(5.0, description="How long a look-up may take, in seconds.")
    dns_cache_time: Annotated[float, Field(ge=0)] = Field(
        30.0, description="How long the addresses of a name are remembered, in seconds; 0 asks anew for each request."
    )
    ca_file: Path | None = Field(
        None, description="The certificate authorities to trust, a PEM file. Not set: those of the system."
    )
    proxies: SecretStr | None = Field(
        None,
        description="Where requests leave: `code=URL` for each proxy, separated by spaces; see "
        "[fetching](fetching.md#countries-and-proxies). Not set: directly, whatever the country.",
    )
    proxy_half_life: Seconds = Field(
        600.0, description="After so long what a proxy did for a host weighs half, in seconds."
    )

    @cached_property
    def proxies_by_country(self) -> Proxies:
        """The proxies of `proxies`, by country."""
        return parse_proxies(self.proxies.get_secret_value() if self.proxies else "")

    @field_validator("proxies", mode="after")
    @classmethod
    def _check_proxies(cls, value: SecretStr | None) -> SecretStr | None:
        parse_proxies(value.get_secret_value() if value else "")
        return value

    @field_validator("allowed_networks", mode="before")
    @classmethod
    def _split_networks(cls, value: object) -> object:
        parts = comma_separated(value) if isinstance(value, str) else value
        return tuple(_allowed_network(part) for part in parts) if isinstance(parts, list | tuple) else value

    @field_validator("dns_servers", mode="before")
    @classmethod
    def _split_servers(cls, value: object) -> object:
        return tuple(comma_separated(value)) if isinstance(value, str) else value


def _allowed_network(part: object) -> object:
    if isinstance(part, str):
        return parse_allowed_network(part)
    return AllowedNetwork(part) if isinstance(part, IPv4Network | IPv6Network) else part
