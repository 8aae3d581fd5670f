"""Forms as browsers send them: `application/x-www-form-urlencoded`."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast
from urllib.parse import parse_qsl

from pagemill.errors import RequestError

if TYPE_CHECKING:
    from fastapi import Request

_MEDIA_TYPE = "application/x-www-form-urlencoded"
_MOST_FIELDS = 1000


class Form:
    """The fields of a form, in their order."""

    def __init__(self, fields: list[tuple[str, str]]) -> None:
        self._fields = fields

    def get(self, name: str, default: str = "") -> str:
        """Return the first value of a field, or `default` where it is not there."""
        return next((value for key, value in self._fields if key == name), default)

    def all(self, name: str) -> list[str]:
        """Return all values of a field."""
        return [value for key, value in self._fields if key == name]


async def read_form(request: Request) -> Form:
    """Return the form of a request, empty where its body is something else. Read once, it is kept for the next reader.

    Raises errors.RequestError for what cannot be read or stored.
    """
    if not hasattr(request.state, "form"):
        request.state.form = await _read(request)
    return cast("Form", request.state.form)


async def _read(request: Request) -> Form:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _MEDIA_TYPE:
        return Form([])
    try:
        text = (await request.body()).decode()
        fields = parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="strict")
    except ValueError:  # UnicodeDecodeError is one
        raise RequestError("The form could not be read.") from None
    if any("\0" in name + value for name, value in fields):
        raise RequestError("The form is not valid: it holds a NUL character.")
    return Form([(name, value.replace("\r\n", "\n")) for name, value in fields])
