"""The user agent and client hints of the browser: those of an ordinary Chrome of the version that runs.

A headless Chromium names itself in its user agent and in its client hints (UA-CH, wicg.github.io/ua-client-hints).
Both are set here, from the version that really runs, so that scripts, request headers, frames and workers agree.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

_SYSTEMS = {"darwin": ("Macintosh; Intel Mac OS X 10_15_7", "macOS"), "linux": ("X11; Linux x86_64", "Linux")}
# What Chrome puts beside the true brands so that nobody relies on the list's form ("GREASE").
_GREASE = {"brand": "Not)A;Brand", "version": "99"}


LANGUAGES = "en-US,en"
"""The languages that pages are asked for, as an ordinary Chrome has them."""


@dataclass(frozen=True, slots=True)
class Identity:
    """The identity of a Chromium of this version, like `156.0.8078.79`."""

    version: str

    @property
    def major(self) -> str:
        """The first number of the version."""
        return self.version.partition(".")[0]

    @property
    def user_agent(self) -> str:
        """The user agent that a Chrome of this version has, in the reduced form of all recent ones."""
        system, _ = _SYSTEMS.get(sys.platform, _SYSTEMS["linux"])
        return f"Mozilla/5.0 ({system}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{self.major}.0.0.0 Safari/537.36"

    def client_hints(self) -> dict[str, Any]:
        """The `userAgentMetadata` of the DevTools protocol that goes with the user agent."""
        _, platform = _SYSTEMS.get(sys.platform, _SYSTEMS["linux"])
        return {
            "brands": self._brands(self.major, _GREASE["version"]),
            "fullVersionList": self._brands(self.version, f"{_GREASE['version']}.0.0.0"),
            "platform": platform,
            "platformVersion": "",
            "architecture": "x86",
            "bitness": "64",
            "model": "",
            "mobile": False,
            "wow64": False,
        }

    @staticmethod
    def _brands(version: str, grease: str) -> list[dict[str, str]]:
        return [
            {"brand": "Chromium", "version": version},
            {"brand": "Google Chrome", "version": version},
            {"brand": _GREASE["brand"], "version": grease},
        ]
