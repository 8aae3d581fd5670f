"""What a client asks for, checked: URLs, options, and what this version does not carry out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ada_url

from pagemill.api.countries import country_names
from pagemill.errors import InvalidUrlError, NotSupportedError, RequestError
from pagemill.model import DEFAULT_FORMATS, Format, ScrapeOptions

if TYPE_CHECKING:
    from pagemill.api.wire import BatchRequest, ScrapeFields, ScrapeRequest
    from pagemill.settings import Settings

# What is known but not carried out yet. To support one, take it off its list and pass it on in `scrape_options`.
UNSUPPORTED_FIELDS = (
    "use_browser",
    "generate_json",
    "output_schema",
    "actions",
    "session_id",
    "session_name",
)
_UNSUPPORTED_FORMATS = (Format.JSON, Format.SCREENSHOT, Format.SCREENSHOT_FULL_PAGE, Format.SUMMARY)


def scrape_options(request: ScrapeFields) -> ScrapeOptions:
    """Return the options of a request.

    Raises errors.RequestError for an unknown country and errors.NotSupportedError, naming the field.
    """
    _refuse_unsupported(request)
    return ScrapeOptions(
        formats=tuple(dict.fromkeys(request.formats or DEFAULT_FORMATS)),
        country=_country(request.country or "us"),
        force_fresh=bool(request.force_fresh),
    )


def single_url(request: ScrapeRequest, settings: Settings) -> str:
    """Return the URL of a request as it is to be scraped. Raises errors.InvalidUrlError."""
    return checked_url(request.url, "url", settings.max_url_length)


def batch_urls(request: BatchRequest, settings: Settings) -> list[str]:
    """Return the URLs of a batch. Raises errors.InvalidUrlError, naming the first bad one by its index."""
    if len(request.urls) > settings.max_batch_urls:
        raise RequestError(
            f"The field `urls` is not valid: at most {settings.max_batch_urls} URLs make a batch, "
            f"not {len(request.urls)}."
        )
    return [checked_url(url, f"urls[{index}]", settings.max_url_length) for index, url in enumerate(request.urls)]


def checked_url(text: str, field: str, max_length: int) -> str:
    """Return `text` without the white space around it, once it is sure to be an http(s) URL with a host.

    Raises errors.InvalidUrlError. Its message never repeats the URL, which may hold a password.
    """
    url = text.strip()
    if len(url) > max_length:
        raise InvalidUrlError(f"The field `{field}` is not a valid URL: it is longer than {max_length} characters.")
    if any(character < " " or character == "\x7f" for character in url):
        raise InvalidUrlError(f"The field `{field}` is not a valid URL: it holds control characters.")
    try:
        parsed = ada_url.URL(url)
    except ValueError:
        raise InvalidUrlError(
            f"The field `{field}` is not a valid URL. Give a whole one, such as https://example.com/page."
        ) from None
    if parsed.protocol not in ("http:", "https:"):
        raise InvalidUrlError(f"The field `{field}` is not a valid URL: only http and https are scraped.")
    return url


def webhook_url(request: ScrapeFields, settings: Settings) -> str | None:
    """Return where the end of the job is to be told, if anywhere. Raises errors.InvalidUrlError."""
    if not request.webhook_url:
        return None
    return receiver_url(request.webhook_url, "webhook_url", settings.max_url_length)


def receiver_url(text: str, field: str, max_length: int) -> str:
    """Return the URL of a receiver in its normal form. Raises as `checked_url` does."""
    return ada_url.URL(checked_url(text, field, max_length)).href.partition("#")[0]


def _refuse_unsupported(request: ScrapeFields) -> None:
    for name in UNSUPPORTED_FIELDS:
        value = getattr(request, name)
        # An empty schema still asks for JSON; other empty values ask for nothing.
        if value or (value is not None and name == "output_schema"):
            alias = type(request).model_fields[name].alias
            raise NotSupportedError(f"The field `{alias}` is not supported by this version.")
    for index, name in enumerate(request.formats or ()):
        if name in _UNSUPPORTED_FORMATS:
            raise NotSupportedError(f"The field `formats[{index}]` asks for {name}, which this version cannot make.")


def _country(code: str) -> str:
    if code.lower() not in country_names():
        raise RequestError("The field `country` is not valid: it is not a code of ISO 3166-1, such as us.")
    return code.lower()
