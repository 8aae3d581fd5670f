"""The browser, and when a rendered page is ready."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from pagemill.settings.group import MEBIBYTE, ByteCount, Count, Limit, Seconds, SettingsGroup


class BrowserSettings(SettingsGroup):
    """The browser, and when a rendered page is ready."""

    chromium: Path | None = Field(None, description="The Chromium to run. Not set: one is looked for on the machine.")
    browser_user: str | None = Field(
        None,
        description="The user that Chromium runs as where the service is root; `root` for no other. Not set: "
        "`pagemill-browser` where there is one, else `nobody`.",
    )
    browser_pages: Count = Field(4, description="Pages that one worker's browser has open at a time.")
    browser_spare_pages: Limit = Field(
        1, description="Pages that it has open beyond these, for API keys that have none open there."
    )
    browser_max_pages: Count = Field(500, description="Pages after which the browser is replaced by a new one.")
    browser_max_memory: ByteCount = Field(
        2048 * MEBIBYTE,
        description="The most memory of all its processes: above it the largest of them, as a rule a tab's, is ended.",
    )
    browser_recycle_memory: ByteCount = Field(
        1024 * MEBIBYTE,
        description="Memory of all its processes at which the browser is replaced, once its pages are done, in bytes.",
    )
    browser_tab_memory: ByteCount = Field(
        1024 * MEBIBYTE,
        description="The most memory that the process of one tab may take for itself, in bytes (Linux).",
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
    ready_empty_time: Seconds = Field(
        2.5, description="The same for a page with next to no text whose scripts may bring some, in seconds."
    )
    ready_request_timeout: Seconds = Field(
        5.0, description="A request of a rendered page is not waited for beyond this, in seconds."
    )
    screenshot_timeout: Seconds = Field(
        15.0, description="How long one screenshot may take before the page comes without it, in seconds."
    )
    screenshot_scroll_time: Seconds = Field(
        5.0, description="How long a page is scrolled through at most before a picture of all of it, in seconds."
    )
    challenge_timeout: Seconds = Field(
        10.0, description="How long a bot wall's page may take to let the browser through, in seconds."
    )
    action_timeout: Seconds = Field(
        10.0, description="How long an action may take that does not say so itself, in seconds."
    )
