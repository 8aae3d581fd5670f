"""What an upload says of its batch, and of each of its lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
from pydantic import AliasChoices, Field, ValidationError

from pagemill.api.wire.field_problems import describe
from pagemill.api.wire.request_validation import page_url, scrape_options
from pagemill.api.wire.scrape_request import ScrapeFields
from pagemill.errors import RequestError
from pagemill.jobs.batches.store import Line
from pagemill.jobs.queue.store import pack_options

if TYPE_CHECKING:
    from pagemill.api.resources import Resources

OPTIONS_HEADER = "X-Batch-Options"
LONGEST_ID = 255
_OF_THE_BATCH = ("webhook_url", "webhookUrl", "callback", "sessionId", "sessionName", "saveSession")
_REMEMBERED = 256
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class BatchOptions(ScrapeFields):
    """How the pages of a batch are scraped, and who is told of its end."""

    webhook_url: str | None = Field(
        None, alias="webhook_url", validation_alias=AliasChoices("webhook_url", "webhookUrl", "callback")
    )


def batch_options(text: str | None) -> BatchOptions:
    """Return what the header says. Raises errors.RequestError."""
    try:
        value = orjson.loads((text or "{}").encode("latin-1"))
    except ValueError as error:
        raise RequestError(f"The header `{OPTIONS_HEADER}` is not valid JSON: {error}.") from None
    if not isinstance(value, dict) or "\\u0000" in (text or ""):
        raise RequestError(f"The header `{OPTIONS_HEADER}` is not valid: it is a JSON object.")
    checked: BatchOptions = _checked(BatchOptions, value)
    return checked


class LineReader:
    """Reads lines of one upload, in their order. A line is a URL, a JSON string with one, or a JSON object."""

    def __init__(self, resources: Resources, key_id: str, options: BatchOptions) -> None:
        self._resources = resources
        self._key_id = key_id
        self._fields: dict[str, Any] = {name: getattr(options, name) for name in options.model_fields_set}
        self._max_length = resources.settings.requests.max_url_length
        self._known: dict[bytes, dict[str, Any]] = {}
        self._number = 0

    async def read(self, line: bytes) -> Line | None:
        """Return what a line asks for; None where it is blank. Raises errors.RequestError, which names the line."""
        self._number += 1
        if self._number == 1:
            line = line.removeprefix(_BYTE_ORDER_MARK)
        line = line.strip()
        if not line:
            return None
        try:
            return await self._line(line)
        except RequestError as error:
            raise type(error)(f"Line {self._number}: {error.message}") from None

    async def _line(self, line: bytes) -> Line:
        if b"\0" in line or b"\\u0000" in line:
            raise RequestError("It holds a NUL character.")
        value = self._value(line)
        if isinstance(value, str):
            return Line(page_url(value, "url", self._max_length))
        if not isinstance(value, dict):
            raise RequestError("It is neither a URL nor an object with one.")
        url = value.get("url")
        if not isinstance(url, str):
            raise RequestError("The field `url` is required.")
        options = value.get("options")
        return Line(
            page_url(url, "url", self._max_length),
            _own_id(value.get("id")),
            None if options is None else await self._options(options),
        )

    @staticmethod
    def _value(line: bytes) -> Any:
        if line[:1] not in b'"{[':
            try:
                return line.decode()
            except UnicodeDecodeError:
                raise RequestError("It is not UTF-8.") from None
        try:
            return orjson.loads(line)
        except orjson.JSONDecodeError as error:
            raise RequestError(f"It is not valid JSON: {error}.") from None

    async def _options(self, value: object) -> dict[str, Any]:
        if isinstance(value, str):  # of a table, which may have no objects
            try:
                value = orjson.loads(value)
            except orjson.JSONDecodeError as error:
                raise RequestError(f"The field `options` is not valid JSON: {error}.") from None
        if not isinstance(value, dict):
            raise RequestError("The field `options` is not valid: it is an object.")
        try:
            key = orjson.dumps(value)
        except orjson.JSONEncodeError:
            raise RequestError("The field `options` is not valid: it is nested too deeply.") from None
        if b"\\u0000" in key:  # of a text in a text, where the line does not show it
            raise RequestError("The field `options` is not valid: it holds a NUL character.")
        if key not in self._known:
            if len(self._known) >= _REMEMBERED:
                self._known.pop(next(iter(self._known)))
            self._known[key] = await self._checked_options(value)
        return self._known[key]

    async def _checked_options(self, value: dict[str, Any]) -> dict[str, Any]:
        for name in _OF_THE_BATCH:
            if name in value:
                raise RequestError(f"The field `options.{name}` is not valid: it is said for the whole batch.")
        own = _checked(ScrapeFields, value)
        for name in own.model_extra or ():
            raise RequestError(f"The field `options.{name[:60]}` is not known.")
        # Values that are checked already: those of the batch, and of this line in their place.
        merged = self._fields | {name: getattr(own, name) for name in own.model_fields_set}
        fields = ScrapeFields.model_construct(**{**_defaults(), **merged})
        options = await scrape_options(fields, self._resources.settings, self._resources.schemas, self._key_id)
        return pack_options(await self._resources.sessions.seal_options(self._key_id, options))


def _defaults() -> dict[str, Any]:
    return {name: field.get_default() for name, field in ScrapeFields.model_fields.items()}


def _own_id(value: object) -> str | None:
    if value is None:
        return None
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    if not 0 < len(text) <= LONGEST_ID:
        raise RequestError(
            f"The field `id` is not valid: it is a text of at most {LONGEST_ID} characters, or a number."
        )
    return text


def _checked(model: type[ScrapeFields], value: dict[str, Any]) -> Any:
    try:
        return model.model_validate(value)
    except ValidationError as error:
        problem = error.errors()[0]
        raise RequestError(describe({**problem, "loc": ("body", *problem["loc"])})) from None
