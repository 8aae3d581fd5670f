"""Validates requests: URLs, options, and fields that this version does not support."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import ada_url

from pagemill.api.wire.country_names import country_code
from pagemill.api.wire.page_fields import checked_cookies, checked_headers, checked_selectors, checked_user_agent
from pagemill.errors import InvalidSchemaError, InvalidUrlError, RequestError
from pagemill.jobs.webhooks.receivers import check_receiver
from pagemill.model import DEFAULT_FORMATS, Format, LinkStyle, MarkdownOptions, ScrapeOptions, SessionUse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pagemill.api.wire.scrape_request import JobFields, ScrapeFields
    from pagemill.settings import Settings
    from pagemill.structuring.schemas.checker import SchemaChecker

_WITHOUT_SCHEME = re.compile(
    r"(?:[^\s/?#@:.\\]+(?:\.[^\s/?#@:.\\]+)+\.?|localhost)(?::\d{1,5})?(?:[/?#].*)?", re.IGNORECASE | re.DOTALL
)
"""A URL that begins with its host: a name with a dot in it, or an address, and perhaps a port."""


async def scrape_options(
    request: ScrapeFields, settings: Settings, schemas: SchemaChecker, key_id: str
) -> ScrapeOptions:
    """Return the options of a request.

    Raises errors.CountryNotAvailableError, and errors.RequestError for an unknown country or a schema that cannot be
    used, naming the field.
    """
    return ScrapeOptions(
        formats=_formats(request),
        country=checked_country(request.country, settings),
        force_fresh=bool(request.force_fresh),
        max_age=request.max_age,
        use_browser=bool(request.use_browser),
        actions=tuple(fields.action() for fields in request.actions or ()),
        headers=checked_headers(request.headers or {}),
        cookies=checked_cookies(request.cookies or ()),
        user_agent=checked_user_agent(request.user_agent),
        timeout=request.timeout,
        only_main_content=request.only_main_content is not False,
        include_tags=checked_selectors(request.include_tags or (), "includeTags"),
        exclude_tags=checked_selectors(request.exclude_tags or (), "excludeTags"),
        include_comments=bool(request.include_comments),
        markdown=_markdown(request),
        wait_for=request.wait_for or 0,
        output_schema=await _schema(request, schemas, key_id),
        session=session_use(request.session_id, request.session_name, request.save_session),
    )


def single_url(url: str, settings: Settings) -> str:
    """Return the URL of a request as it is to be scraped. Raises errors.InvalidUrlError."""
    return page_url(url, "url", settings.requests.max_url_length)


def batch_urls(urls: Sequence[str], settings: Settings) -> list[str]:
    """Return the URLs of a batch. Raises errors.InvalidUrlError, naming the first bad one by its index."""
    if len(urls) > settings.requests.max_batch_urls:
        raise RequestError(
            f"The field `urls` is not valid: at most {settings.requests.max_batch_urls} URLs make a batch, "
            f"not {len(urls)}.",
            "urls",
        )
    return [page_url(url, f"urls[{index}]", settings.requests.max_url_length) for index, url in enumerate(urls)]


def page_url(text: str, field: str, max_length: int) -> str:
    """Return the URL of a page. Without a scheme, https is meant, as in a browser. Raises as `checked_url` does."""
    url = text.strip()
    return checked_url(f"https://{url}" if _WITHOUT_SCHEME.fullmatch(url) else url, field, max_length)


def checked_url(text: str, field: str, max_length: int) -> str:
    """Return `text` without surrounding white space if it is an http(s) URL with a host.

    Raises errors.InvalidUrlError. Its message never repeats the URL, which may hold a password.
    """
    url = text.strip()
    if len(url) > max_length:
        raise InvalidUrlError(
            f"The field `{field}` is not a valid URL: it is longer than {max_length} characters.", field
        )
    if any(character < " " or character == "\x7f" for character in url):
        raise InvalidUrlError(f"The field `{field}` is not a valid URL: it holds control characters.", field)
    try:
        parsed = ada_url.URL(url)
    except ValueError:
        raise InvalidUrlError(
            f"The field `{field}` is not a valid URL. Give a whole one, such as https://example.com/page.", field
        ) from None
    if parsed.protocol not in ("http:", "https:"):
        raise InvalidUrlError(f"The field `{field}` is not a valid URL: only http and https are scraped.", field)
    return url


def webhook_url(request: JobFields, settings: Settings) -> str | None:
    """Return the URL to call when the job ends, if there is one. Raises errors.InvalidUrlError."""
    return receiver_url(request.webhook_url, "webhook_url", settings) if request.webhook_url else None


def receiver_url(text: str, field: str, settings: Settings) -> str:
    """Return the URL of a receiver in its normal form.

    Raises as `checked_url` does, and for an address that nothing may be sent to.
    """
    url = checked_url(text, field, settings.requests.max_url_length)
    check_receiver(url, field, settings)
    return ada_url.URL(url).href.partition("#")[0]


def _formats(request: ScrapeFields) -> tuple[Format, ...]:
    """Return the formats, with JSON if `generateJson` or any schema asks for it, even `{}`."""
    formats = dict.fromkeys(request.formats or DEFAULT_FORMATS)
    asks_for_json = request.generate_json or request.output_schema is not None
    return tuple(formats | {Format.JSON: None}) if asks_for_json else tuple(formats)


def _markdown(request: ScrapeFields) -> MarkdownOptions:
    return MarkdownOptions(
        links=request.links or LinkStyle.INLINE,
        images=request.images is not False,
        front_matter=bool(request.front_matter),
        max_tokens=request.max_tokens,
    )


async def _schema(request: ScrapeFields, schemas: SchemaChecker, key_id: str) -> str | None:
    if request.output_schema is None:
        return None
    try:
        return await schemas.check(request.output_schema, key_id)
    except InvalidSchemaError as error:
        raise InvalidSchemaError(f"The field `outputSchema` is not valid: {error.message}.", "outputSchema") from None


def session_use(session_id: str | None, name: str | None, save: bool | str | None = None) -> SessionUse | None:
    """Return which session a page begins with, and where it is saved; None for neither. Raises errors.RequestError."""
    if session_id and name:
        raise RequestError("The field `sessionId` is not valid beside `sessionName`: give one of them.", "sessionId")
    if save is True and not name:
        raise RequestError(
            "The field `saveSession` is not valid: name the session, here or with `sessionName`.", "saveSession"
        )
    save_as = save if isinstance(save, str) else name
    if not (session_id or name or save):
        return None
    return SessionUse(session_id or None, name or None, save_as if save else None)


def checked_country(text: str | None, settings: Settings, field: str = "country") -> str:
    """Return the code of a request's country. Raises as `scrape_options` does."""
    code = country_code(text)
    if code is None:
        raise RequestError(f"The field `{field}` is not valid: it is not a code of ISO 3166-1, such as us.", field)
    settings.egress.proxies_by_country.of(code)
    return code
