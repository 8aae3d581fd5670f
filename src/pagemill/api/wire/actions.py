"""Actions on the wire, and what the model makes of them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from pagemill.model import Action, ActionType

LONGEST_WAIT = 60_000
"""Milliseconds that one action may wait."""

Selector = Annotated[str, Field(min_length=1, max_length=1000, description="A CSS selector; its first match is meant.")]
Wait = Annotated[int, Field(ge=0, le=LONGEST_WAIT, description="Milliseconds.")]


class _Action(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True, extra="allow")


class WaitAction(_Action):
    """Wait for a time."""

    type: Literal["wait"]
    milliseconds: Wait

    def action(self) -> Action:
        """The action in the model's terms."""
        return Action(ActionType.WAIT, milliseconds=self.milliseconds)


class WaitForAction(_Action):
    """Wait until an element shows."""

    type: Literal["wait_for"]
    selector: Selector
    milliseconds: Annotated[Wait | None, Field(description="At most so long; the service has a limit of its own.")] = (
        None
    )

    def action(self) -> Action:
        """The action in the model's terms."""
        return Action(ActionType.WAIT_FOR, selector=self.selector, milliseconds=self.milliseconds)


class ClickAction(_Action):
    """Click an element, once it shows."""

    type: Literal["click"]
    selector: Selector

    def action(self) -> Action:
        """The action in the model's terms."""
        return Action(ActionType.CLICK, selector=self.selector)


class ScrollAction(_Action):
    """Scroll the page, or an element, by the height that shows."""

    type: Literal["scroll"]
    direction: Literal["up", "down"] | None = "down"
    selector: Selector | None = None

    def action(self) -> Action:
        """The action in the model's terms."""
        return Action(ActionType.SCROLL, selector=self.selector, direction=self.direction or "down")


class WriteAction(_Action):
    """Write where the focus is."""

    type: Literal["write"]
    text: str = Field(max_length=5000)

    def action(self) -> Action:
        """The action in the model's terms."""
        return Action(ActionType.WRITE, text=self.text)


class PressAction(_Action):
    """Press a key."""

    type: Literal["press"]
    key: str = Field(
        min_length=1, max_length=50, description="Its name (`Enter`, `a`), with modifiers: `Control+A`.",
        pattern=r"^((Alt|Control|ControlOrMeta|Meta|Shift)\+)*(.|[A-Z][A-Za-z0-9]+)$",
    )  # fmt: skip

    def action(self) -> Action:
        """The action in the model's terms."""
        return Action(ActionType.PRESS, key=self.key)


ActionFields = Annotated[
    WaitAction | WaitForAction | ClickAction | ScrollAction | WriteAction | PressAction, Field(discriminator="type")
]
