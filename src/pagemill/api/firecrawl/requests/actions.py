"""The actions of a request, in this service's terms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError

from pagemill.api.wire.actions import ActionFields
from pagemill.api.wire.field_problems import describe
from pagemill.errors import NotSupportedError, RequestError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pagemill.model import Action, JsonObject

NOT_SERVED = frozenset({"executeJavascript", "pdf", "scrape", "screenshot"})

_ACTIONS: TypeAdapter[list[ActionFields]] = TypeAdapter(list[ActionFields])


def asked_actions(fields: Sequence[JsonObject], place: str = "") -> tuple[Action, ...]:
    """Return what is to be done in the browser. Raises errors.RequestError, naming the first action that cannot be."""
    named = f"{place}actions"
    translated = [_translated(action, f"{named}[{index}]") for index, action in enumerate(fields)]
    try:
        return tuple(action.action() for action in _ACTIONS.validate_python(translated))
    except ValidationError as error:
        problem = error.errors()[0]
        raise RequestError(describe({**problem, "loc": ("body", named, *problem["loc"])})) from None


def _translated(action: JsonObject, name: str) -> Any:
    kind = action.get("type")
    if kind in NOT_SERVED:
        raise NotSupportedError(f"The action `{kind}` in `{name}` is not supported by this service.")
    if kind == "click" and action.get("all"):
        raise NotSupportedError(f"The field `{name}.all` is not supported: the first match is clicked.")
    if kind == "wait" and action.get("selector") is not None:
        return {**action, "type": "wait_for"}
    return action
