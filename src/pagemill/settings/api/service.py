"""How the service runs and where it listens."""

from __future__ import annotations

from pydantic import Field, SecretStr

from pagemill.settings.group import Count, Seconds, SettingsGroup


class ServiceSettings(SettingsGroup):
    """How the service runs and where it listens."""

    host: str = Field("127.0.0.1", description="The address that the API listens on.")
    port: int = Field(8080, ge=0, le=65535, description="The port that the API listens on.")
    workers: int = Field(0, ge=0, description="Worker processes of `pagemill serve`; 0 means one for each core.")
    auth: bool = Field(True, description="Whether `/v1` and `/v2` ask for an API key. Off only when bound to loopback.")
    reader_auth: bool = Field(
        True, description="Whether `GET /r/{url}` asks for an API key. Off: programs on the same machine need none."
    )
    public_url: str | None = Field(
        None, description="Where clients reach the API, for links in webhooks. Not set: `http://HOST:PORT`."
    )
    secret_key: SecretStr | None = Field(
        None,
        description="What secrets of webhooks and the keys of sessions, headers, cookies and texts of actions are "
        "derived from: 32 bytes in base64. "
        "Not set: the file `secret-key` in the data folder, which `serve` makes.",
    )
    keep_alive: Count = Field(75, description="How long the API keeps an idle connection open, in whole seconds.")
    grace_period: Seconds = Field(10.0, description="How long running pages may take to end at shutdown, in seconds.")
    log_level: str = Field("info", description="debug, info, warning or error.")
    progress: bool = Field(
        True,
        description="Whether `serve`, at a terminal, shows a line with its progress, and no log lines but warnings and "
        "errors. Never with `debug` or JSON.",
    )
    log_format: str = Field("text", pattern="^(text|json)$", description="text or json, one line for each event.")
