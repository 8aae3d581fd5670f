"""Which Chromium to run, and the switches it is started with."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from pagemill.errors import BrowserUnavailableError
from pagemill.fetching.browser.identity import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pagemill.settings import Settings

# The headless shell first: the same engine without a browser's windows, at a third of the processor time.
NAMES = (
    "chromium-headless-shell",
    "chrome-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome-stable",
    "google-chrome",
    "chrome",
)
PLAYWRIGHT_FOLDERS = ("chromium_headless_shell-*/*/*headless*shell", "chromium-*/*/chrome")
INSTALL_COMMAND = "pagemill install-browser"
"""The one command that mends a machine without Chromium."""

# Several switches of one name do not add up, the last counts: this holds what Playwright 1.6x itself turns off as well.
_DISABLED_FEATURES = (
    "AcceptCHFrame",
    "AutofillServerCommunication",
    "AvoidCorsURLLoaderRestartOnRedirect",
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "BackForwardCache",
    "CertificateTransparencyComponentUpdater",
    "DestroyProfileOnBrowserClose",
    "DialMediaRouteProvider",
    "GlobalMediaControls",
    "HttpsFirstBalancedModeAutoEnable",
    "HttpsUpgrades",
    "LensOverlay",
    "MediaRouter",
    "NetworkTimeServiceQuerying",
    "OptimizationHints",
    "PaintHolding",
    "SpareRendererForSitePerProcess",
    "ThirdPartyStoragePartitioning",
    "Translate",
    "WebRtcHideLocalIpsWithMdns",  # no multicast DNS on the network; no local address is shown either, see below
    "WebTransport",
)

SWITCHES = (
    # Nothing leaves but through the proxy: no QUIC, no WebRTC over UDP, no look-ups of Chromium's own.
    "--disable-quic",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
    "--dns-prefetch-disable",
    "--no-pings",
    "--disable-domain-reliability",
    "--disable-client-side-phishing-detection",
    "--disable-crash-reporter",
    "--disable-features=" + ",".join(_DISABLED_FEATURES),
    "--disable-blink-features=AutomationControlled",
    "--disable-gpu",
    "--lang=en-US",
    f"--accept-lang={LANGUAGES}",
    "--window-size=1288,885",  # a viewport of 1280 by 800 within what surrounds it in a window
    "--disable-notifications",
    "--deny-permission-prompts",
    "--disable-speech-api",
    "--disable-print-preview",
)


OWN_SWITCHES = (
    # What Playwright sets as well, where it starts a Chromium, but for --disable-ipc-flooding-protection: a page that
    # changes its address without end would keep the whole browser from answering.
    "--headless",
    "--no-startup-window",
    "--hide-scrollbars",
    "--mute-audio",
    "--allow-pre-commit-input",
    "--disable-back-forward-cache",
    "--disable-background-networking",
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-breakpad",
    "--disable-component-extensions-with-background-pages",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-dev-shm-usage",
    "--disable-extensions",
    "--disable-field-trial-config",
    "--disable-hang-monitor",
    "--disable-infobars",
    "--disable-popup-blocking",
    "--disable-prompt-on-repost",
    "--disable-renderer-backgrounding",
    "--disable-search-engine-choice-screen",
    "--disable-stack-profiler",
    "--disable-sync",
    "--disable-updater-scheduler",
    "--enable-features=CDPScreenshotNewSurface",
    "--enable-unsafe-swiftshader",
    "--force-color-profile=srgb",
    "--metrics-recording-only",
    "--no-default-browser-check",
    "--no-first-run",
    "--no-service-autorun",
    "--password-store=basic",
    "--use-mock-keychain",
)
"""The switches of a Chromium that we start ourselves, beyond `SWITCHES`."""

# What Playwright sets for a headless browser: a pointer that hovers. Blink's settings go by one switch as well.
_POINTER = "primaryHoverType=2,availableHoverTypes=2,primaryPointerType=4,availablePointerTypes=4"
_WITHOUT_IMAGES = "imagesEnabled=false,downloadableBinaryFontsEnabled=false"


def switches(*, images: bool) -> list[str]:
    """The switches of a Chromium that loads images and fonts, or does not."""
    blink = f"{_POINTER},lazyLoadEnabled=false,dnsPrefetchingEnabled=false,hyperlinkAuditingEnabled=false"
    return [*SWITCHES, f"--blink-settings={blink}" if images else f"--blink-settings={blink},{_WITHOUT_IMAGES}"]


def find_chromium(settings: Settings) -> Path:
    """The executable: that of the settings, one on the machine's path, or one that Playwright downloaded.

    Raises `BrowserUnavailableError`, which says what to do.
    """
    if settings.browser.chromium is not None:
        if os.access(settings.browser.chromium, os.X_OK) and settings.browser.chromium.is_file():
            return settings.browser.chromium
        raise BrowserUnavailableError(
            f"PAGEMILL_CHROMIUM names {settings.browser.chromium}, which is no program. Correct it, or unset it."
        )
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is not None:
        return Path(found)
    for candidate in _downloaded():
        return candidate
    raise BrowserUnavailableError(
        f"A page needs a browser, and there is no Chromium on this machine. Install it with: {INSTALL_COMMAND}"
    )


def _downloaded() -> Iterable[Path]:
    """What `playwright install` left, the newest first; a browser of its own folder, see PLAYWRIGHT_BROWSERS_PATH."""
    folder = Path.home() / ".cache" / "ms-playwright"
    for pattern in PLAYWRIGHT_FOLDERS:
        for path in sorted(folder.glob(pattern), reverse=True):
            if path.is_file() and os.access(path, os.X_OK):
                yield path
