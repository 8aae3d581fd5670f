"""Actions in a rendered page (click, scroll, type …), carried out in order before the page is read."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, assert_never

from pagemill.errors import ActionError
from pagemill.model import ActionType

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from playwright.async_api import Locator, Page

    from pagemill.model import Action

TYPING_DELAY = 5
"""Milliseconds between key strokes."""

_SCROLL = "(element, sign) => element.scrollBy({top: sign * element.clientHeight, behavior: 'instant'})"
_AFTER_SCROLL = 0.1
_LOOK_INTERVAL = 0.05


async def perform(
    actions: Sequence[Action], page: Page, deadline: float, timeout: float, after_each: Callable[[], Awaitable[None]]
) -> None:
    """Carry out actions in their order. Raises `ActionError`, which names the index of the one that failed.

    `deadline` is a time of the event loop; `timeout` are the seconds of an action that names none. `after_each` is
    awaited after each action.
    """
    from playwright.async_api import Error

    loop = asyncio.get_running_loop()
    for index, action in enumerate(actions):
        seconds = min(_limit(action, timeout), deadline - loop.time())
        try:
            async with asyncio.timeout(max(seconds, 0)):
                await _perform(action, page)
        except TimeoutError:
            how = f"could not be carried out within {max(seconds, 0):.3g} seconds."
            raise ActionError(f"{_named(action, index)} {how}", index) from None
        except Error:
            raise ActionError(f"{_named(action, index)} could not be carried out.", index) from None
        await after_each()


def _limit(action: Action, timeout: float) -> float:
    if action.milliseconds is None:
        return timeout
    seconds = action.milliseconds / 1000
    return seconds if action.type is ActionType.WAIT_FOR else seconds + timeout


async def _perform(action: Action, page: Page) -> None:
    if action.type is ActionType.WAIT:
        await asyncio.sleep((action.milliseconds or 0) / 1000)
    elif action.type is ActionType.WAIT_FOR:
        await _element(page, action)
    elif action.type is ActionType.CLICK:
        await (await _element(page, action)).click(timeout=0)
    elif action.type is ActionType.SCROLL:
        await _scroll(page, action)
    elif action.type is ActionType.WRITE:
        await page.keyboard.type(action.text, delay=TYPING_DELAY)
    elif action.type is ActionType.PRESS:
        await page.keyboard.press(action.key)
    else:
        assert_never(action.type)


async def _element(page: Page, action: Action, *, visible: bool = True) -> Locator:
    """The first element of the action's selector, in the page or else in one of its frames, once it is there."""
    from playwright.async_api import Error

    while True:
        for frame in page.frames:  # the main one first
            element = frame.locator(f"css={action.selector}").first
            with contextlib.suppress(Error):  # a frame that goes away
                if await (element.is_visible() if visible else element.count()):
                    return element
        await asyncio.sleep(_LOOK_INTERVAL)


async def _scroll(page: Page, action: Action) -> None:
    """Scroll the page, or an element, by the height that it shows."""
    sign = -1 if action.direction == "up" else 1
    if action.selector:
        await (await _element(page, action, visible=False)).evaluate(_SCROLL, sign)
    else:
        size = page.viewport_size or {"width": 0, "height": 0}
        await page.mouse.move(size["width"] / 2, size["height"] / 2)
        await page.mouse.wheel(0, sign * size["height"])
    await asyncio.sleep(_AFTER_SCROLL)


def _named(action: Action, index: int) -> str:
    selector = f" {action.selector!r}" if action.selector else ""
    return f"Action {index} ({action.type.value}{selector})"
