"""Actions in a rendered page (click, scroll, type …), carried out in order before the page is read."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from pagemill.errors import ActionError
from pagemill.model import ActionType

if TYPE_CHECKING:
    from collections.abc import Sequence

    from playwright.async_api import Locator, Page

    from pagemill.model import Action

TYPING_DELAY = 5
"""Milliseconds between key strokes."""

_SCROLL = "(element, sign) => element.scrollBy({top: sign * element.clientHeight, behavior: 'instant'})"
_AFTER_SCROLL = 0.1


async def perform(actions: Sequence[Action], page: Page, deadline: float, timeout: float) -> None:
    """Carry out actions in their order. Raises `ActionError`, which names the index of the one that failed.

    `deadline` is a time of the event loop; `timeout` are the seconds of an action that names none.
    """
    from playwright.async_api import Error

    loop = asyncio.get_running_loop()
    for index, action in enumerate(actions):
        seconds = min(_limit(action, timeout), deadline - loop.time())
        try:
            async with asyncio.timeout(max(seconds, 0)):
                await _perform(action, page)
        except (Error, TimeoutError):
            raise ActionError(_failed(action, index, seconds), index) from None


def _limit(action: Action, timeout: float) -> float:
    if action.milliseconds is None:
        return timeout
    seconds = action.milliseconds / 1000
    return seconds if action.type is ActionType.WAIT_FOR else seconds + timeout


async def _perform(action: Action, page: Page) -> None:
    if action.type is ActionType.WAIT:
        await asyncio.sleep((action.milliseconds or 0) / 1000)
    elif action.type is ActionType.WAIT_FOR:
        await _element(page, action).wait_for(state="visible", timeout=0)
    elif action.type is ActionType.CLICK:
        await _element(page, action).click(timeout=0)
    elif action.type is ActionType.SCROLL:
        await _scroll(page, action)
    elif action.type is ActionType.WRITE:
        await page.keyboard.type(action.text, delay=TYPING_DELAY)
    else:
        await page.keyboard.press(action.key)


def _element(page: Page, action: Action) -> Locator:
    return page.locator(f"css={action.selector}").first  # CSS alone, whatever Playwright would read into it


async def _scroll(page: Page, action: Action) -> None:
    """Scroll the page, or an element, by the height that it shows."""
    sign = -1 if action.direction == "up" else 1
    if action.selector:
        await _element(page, action).evaluate(_SCROLL, sign)
    else:
        size = page.viewport_size or {"width": 0, "height": 0}
        await page.mouse.move(size["width"] / 2, size["height"] / 2)
        await page.mouse.wheel(0, sign * size["height"])
    await asyncio.sleep(_AFTER_SCROLL)


def _failed(action: Action, index: int, seconds: float) -> str:
    what = f"Action {index} ({action.type.value}"
    if action.selector:
        what += f" {action.selector!r}"
    return f"{what}) could not be carried out within {max(seconds, 0):.3g} seconds."
