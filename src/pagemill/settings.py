"""Every setting, in one class. Each is read from the environment as PAGEMILL_<NAME>; nothing else reads it.

`docs/settings.md` lists them all, and a test keeps it so.
"""

from __future__ import annotations

import os
from functools import cached_property
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from pagemill.proxies import Exits, parse_exits

MEBIBYTE = 1024 * 1024

Network = IPv4Network | IPv6Network
Seconds = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=1)]
Limit = Annotated[int, Field(ge=0)]
ByteCount = Annotated[int, Field(ge=1)]


def default_data_dir() -> Path:
    """Where the service keeps its data when nothing is said.

    For root a place whose ancestors everyone may pass, since PostgreSQL refuses to run as root and runs as another
    user; for anyone else the XDG data home.
    """
    if os.geteuid() == 0:
        return Path("/var/lib/pagemill")
    base = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(base) / "pagemill"


class Settings(BaseSettings):
    """The settings of one process, read once when it starts."""

    model_config = SettingsConfigDict(
        env_prefix="PAGEMILL_", frozen=True, extra="ignore", env_ignore_empty=True, hide_input_in_errors=True
    )

    # The service
    host: str = Field("127.0.0.1", description="The address that the API listens on.")
    port: int = Field(8080, ge=0, le=65535, description="The port that the API listens on.")
    workers: int = Field(0, ge=0, description="Worker processes of `pagemill serve`; 0 means one for each core.")
    data_dir: Path = Field(
        default_factory=default_data_dir, description="Where the embedded database and the first API key are kept."
    )
    database_url: str | None = Field(
        None, description="A PostgreSQL URL. Not set: an embedded server is started in the data folder."
    )
    database_connections: Count = Field(5, description="Database connections of each process, at most.")
    database_start_timeout: Seconds = Field(
        60.0, description="How long `serve` waits for its database, embedded or not, in seconds."
    )
    database_connect_timeout: Seconds = Field(
        10.0, description="How long a connection to the database may take, in seconds."
    )
    database_patience: Seconds = Field(
        2.0,
        description="How long is waited for a database that is away where it is only an aid (the cache, what is known "
        "of hosts, proxies and templates), or is asked whether it is there, in seconds.",
    )
    auth: bool = Field(True, description="Whether `/v1` asks for an API key. Off only when bound to loopback.")
    public_url: str | None = Field(
        None, description="Where clients reach the API, for links in webhooks. Not set: `http://HOST:PORT`."
    )
    secret_key: SecretStr | None = Field(
        None,
        description="What secrets of webhooks are derived from: 32 bytes in base64. Not set: the file `secret-key` "
        "in the data folder, which `serve` makes.",
    )
    keep_alive: Count = Field(75, description="How long the API keeps an idle connection open, in whole seconds.")
    grace_period: Seconds = Field(10.0, description="How long running pages may take to end at shutdown, in seconds.")
    log_level: str = Field("info", description="debug, info, warning or error.")
    log_format: str = Field("text", pattern="^(text|json)$", description="text or json, one line for each event.")

    # Requests
    max_request_bytes: ByteCount = Field(MEBIBYTE, description="The largest request body that the API reads.")
    max_batch_urls: Count = Field(100, description="The most URLs in one batch.")
    max_url_length: Count = Field(8192, description="The longest URL accepted, in characters.")
    max_schema_bytes: ByteCount = Field(64 * 1024, description="The largest `outputSchema` accepted, as compact JSON.")
    inline_wait: Seconds = Field(90.0, description="How long `POST …/scrape` waits before it answers 202, in seconds.")
    database_wait: Seconds = Field(
        5.0, description="How long a request waits for a database that is away before it answers 503, in seconds."
    )

    repeat_window: Annotated[float, Field(ge=0)] = Field(
        5.0,
        description="The same request again within so long, in seconds, is taken for one whose answer got lost, "
        "and gets the same job; 0 for never.",
    )

    # Limits
    submits_per_minute: Limit = Field(
        0, description="Submissions a minute, for each key and endpoint; 0 for any number."
    )
    pages_in_flight: Limit = Field(0, description="Pages of one key that are worked on at a time; 0 for any number.")
    pages_per_day: Limit = Field(0, description="Pages that one key may submit on a day, in UTC; 0 for any number.")

    # Jobs
    job_deadline: Seconds = Field(120.0, description="The longest a page may be worked on, in seconds.")
    max_crashes: Count = Field(3, description="After taking its worker down this many times, a page fails.")
    retention_days: Annotated[float, Field(gt=0)] = Field(7.0, description="Days after which an ended job is deleted.")
    retention_step: Count = Field(200, description="The most jobs that one deletion removes at once.")
    worker_concurrency: Count = Field(16, description="Pages that one worker has in hand at a time.")
    worker_heartbeat: Seconds = Field(2.0, description="How often a worker says that it is alive, in seconds.")
    worker_timeout: Seconds = Field(
        15.0, description="A worker silent for this long is taken for dead and its pages go to others, in seconds."
    )
    poll_interval: Seconds = Field(
        1.0, description="How often an idle worker looks for pages when no notice came, in seconds."
    )

    # Webhooks
    webhook_timeout: Seconds = Field(10.0, description="How long a receiver may take to answer, in seconds.")
    webhook_retry_delays: Annotated[tuple[Seconds, ...], NoDecode] = Field(
        (60.0, 300.0, 1800.0, 7200.0, 43200.0),
        description="The times between the attempts of a delivery, in seconds, separated by commas.",
    )
    webhook_concurrency: Count = Field(32, description="Deliveries that one worker has in hand at a time.")
    webhook_receiver_concurrency: Count = Field(4, description="Deliveries to one receiver at a time, for each worker.")

    # Fetching
    connect_timeout: Seconds = Field(10.0, description="How long a connection may take, TLS included, in seconds.")
    fetch_timeout: Seconds = Field(30.0, description="How long one request may take with its body, in seconds.")
    max_redirects: int = Field(10, ge=0, description="The most redirects followed.")
    max_body_bytes: ByteCount = Field(10 * MEBIBYTE, description="The largest body, counted after decompression.")
    fetch_attempts: Count = Field(3, description="How often a page is asked for in all when connections or 5xx fail.")
    retry_delay: Seconds = Field(0.5, description="The delay before the first retry, in seconds; it doubles.")
    max_retry_delay: Seconds = Field(
        30.0, description="The delay that it does not double beyond, in seconds; a host may ask for more."
    )
    host_concurrency: Count = Field(8, description="Requests to one host at a time, for each worker.")
    impersonate: str = Field("chrome", description="The browser whose TLS and HTTP/2 fingerprint requests carry.")
    allowed_networks: Annotated[tuple[Network, ...], NoDecode] = Field(
        (), description="Non-public networks that may be scraped all the same: CIDRs, separated by commas."
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

    # The cache
    cache_time: Annotated[float, Field(ge=0)] = Field(
        86400.0, description="For how long a fetched page is given again, in seconds; 0 asks each time."
    )
    cache_retention_days: Annotated[float, Field(gt=0)] = Field(
        7.0, description="Days after which a page is deleted from the cache, counted from when it was last fetched."
    )
    cache_max_page_bytes: ByteCount = Field(2 * MEBIBYTE, description="The largest page that is kept in the cache.")

    # The browser
    chromium: Path | None = Field(None, description="The Chromium to run. Not set: one is looked for on the machine.")
    browser_pages: Count = Field(4, description="Pages that one worker's browser has open at a time.")
    browser_max_pages: Count = Field(500, description="Pages after which the browser is replaced by a new one.")
    browser_max_memory: ByteCount = Field(
        2048 * MEBIBYTE, description="Memory of all its processes at which the browser is replaced, in bytes."
    )
    browser_idle_time: Seconds = Field(300.0, description="After so long without a page the browser ends, in seconds.")
    browser_start_timeout: Seconds = Field(30.0, description="How long the browser may take to start, in seconds.")
    browser_answer_timeout: Seconds = Field(
        10.0, description="How long the browser may take to answer before it is killed, in seconds."
    )
    browser_memory: Seconds = Field(
        21600.0, description="How long a host whose pages needed the browser has them go there first, in seconds."
    )
    browser_memory_pages: Count = Field(
        3, description="Pages of a host in a row that must need the browser before others go there first."
    )
    browser_probe_every: Count = Field(
        10, description="Of so many pages of a host that needs the browser, one goes by HTTP first."
    )
    browser_wait: Seconds = Field(
        10.0, description="How long a page that may do without the browser waits for its turn there, in seconds."
    )
    ready_timeout: Seconds = Field(
        15.0, description="How long a rendered page may take to settle before it is taken as it is, in seconds."
    )
    ready_quiet_time: Seconds = Field(
        0.1, description="How long a rendered page must be still to count as settled, in seconds."
    )
    ready_request_timeout: Seconds = Field(
        5.0, description="A request of a rendered page is not waited for beyond this, in seconds."
    )
    challenge_timeout: Seconds = Field(
        10.0, description="How long a bot wall's page may take to let the browser through, in seconds."
    )
    action_timeout: Seconds = Field(
        10.0, description="How long an action may take that does not say so itself, in seconds."
    )

    # Extraction
    extraction_processes: Count = Field(2, description="Extraction processes of each worker, at most.")
    extraction_timeout: Seconds = Field(20.0, description="How long extraction of one page may take, in seconds.")
    extraction_memory: ByteCount = Field(
        1024 * MEBIBYTE, description="The memory that one extraction process may use, in bytes."
    )
    extraction_idle_time: Seconds = Field(
        60.0, description="After so long without a page an extraction process ends, but for one, in seconds."
    )

    @cached_property
    def exits(self) -> Exits:
        """The proxies of `proxies`, by country."""
        return parse_exits(self.proxies.get_secret_value() if self.proxies else "")

    @field_validator("proxies", mode="after")
    @classmethod
    def _check_proxies(cls, value: SecretStr | None) -> SecretStr | None:
        parse_exits(value.get_secret_value() if value else "")
        return value

    # Structured JSON
    llm_base_url: str | None = Field(
        None, description="A language model's server, OpenAI-compatible, up to and with `/v1`. Not set: no model."
    )
    llm_api_key: SecretStr | None = Field(None, description="The key for that server, where it asks for one.")
    llm_model: str | None = Field(None, description="The model's name on that server.")
    llm_timeout: Seconds = Field(60.0, description="How long one answer of the model may take, in seconds.")
    llm_retries: int = Field(
        2, ge=0, description="How often the model is asked again, with growing delay, when it is busy or fails."
    )
    llm_concurrency: Count = Field(4, description="Requests to the model at a time, for each worker.")
    llm_max_page_tokens: Annotated[int, Field(ge=200)] = Field(
        12_000, description="The longest part of a page that the model is given at once, in tokens."
    )
    llm_max_parts: Count = Field(4, description="The most parts of one page that are read; the rest is left out.")
    llm_max_answer_tokens: Count = Field(4096, description="The longest answer of the model, in tokens.")
    selector_retention_days: Annotated[float, Field(gt=0)] = Field(
        90.0, description="Days after which learnt selectors are deleted, counted from when they were learnt."
    )
    json_strict: bool = Field(
        False, description="Whether values that the page does not say are left out of structured JSON."
    )

    @field_validator("allowed_networks", mode="before")
    @classmethod
    def _split_networks(cls, value: object) -> object:
        return tuple(ip_network(part, strict=False) for part in _parts(value)) if isinstance(value, str) else value

    @field_validator("webhook_retry_delays", mode="before")
    @classmethod
    def _split_delays(cls, value: object) -> object:
        return tuple(_parts(value)) if isinstance(value, str) else value

    @field_validator("dns_servers", mode="before")
    @classmethod
    def _split_servers(cls, value: object) -> object:
        return tuple(_parts(value)) if isinstance(value, str) else value


def _parts(value: str) -> list[str]:
    return [part.strip() for part in value.split(",") if part.strip()]
