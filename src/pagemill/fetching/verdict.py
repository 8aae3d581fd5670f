"""Classifies a response: the page itself, a shell that scripts would fill, or a block.

The verdict rests on what extraction counted when it parsed the page. Only a page whose status or size is suspicious is
searched for the markers of bot protection. They are those of interstitial pages, not of scripts that vendors put into
pages they let through.

The thresholds were set on the development pages of WCXB (CC-BY-4.0, Foley 2026), see `bench/content/verdict.py`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pagemill.model import Signals

FEW_WORDS = 50
"""A page with scripts and fewer words than this is a shell."""
SOME_WORDS = 150
"""A page with fewer words than this is one where something else says so too."""
LOW_QUALITY = 0.42
"""Extraction's own expectation below which a page with scripts may not hold its content."""
MEDIUM_QUALITY = 0.75
"""The same for a page that is largely scripts: applications carry there the data that they show."""
SCRIPT_HEAVY = 0.4
"""The part of a page's bytes from which it is."""
MARKUP_BYTES_PER_WORD = 100
"""Bytes for each word beyond which a page is nearly all markup."""
SEARCHED_BYTES = 64 * 1024
"""How much of a suspicious page is searched for marks."""

_BLOCK_STATUSES = frozenset({401, 403, 405, 406, 409, 412, 429, 430, 444, 456, 503, 520, 521, 999})
_LARGEST_CHALLENGE = 512 * 1024
_EMPTY_REFUSAL = 512
"""Bytes of a refusal that has nothing to say: nobody shows that to people."""


class Kind(StrEnum):
    """What came."""

    OK = "ok"
    SHELL = "javascript_shell"
    BLOCKED = "blocked"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came, and from whom, where it is a block of a known vendor."""

    kind: Kind
    vendor: str | None = None


_OK = Verdict(Kind.OK)

# Response headers that only come with a refusal or a challenge: name, part of the value, vendor.
_CHALLENGE_HEADERS = (
    ("cf-mitigated", "challenge", "Cloudflare"),
    ("x-amzn-waf-action", "", "AWS WAF"),
    ("x-datadome", "", "DataDome"),
    ("x-dd-b", "", "DataDome"),
    ("x-kpsdk-ct", "", "Kasada"),
    ("x-sucuri-block", "", "Sucuri"),
)
# The same for headers that come with every answer of a vendor: they name who refused, where a status says that.
_VENDOR_HEADERS = (
    ("x-iinfo", "", "Imperva"),
    ("x-cdn", "imperva", "Imperva"),
    ("x-cdn", "incapsula", "Imperva"),
    ("server", "cloudflare", "Cloudflare"),
    ("server", "akamaighost", "Akamai"),
    ("server", "ddos-guard", "DDoS-Guard"),
    ("server", "sucuri", "Sucuri"),
    ("server", "datadome", "DataDome"),
)
# What stands in the pages themselves, in lower case.
_BODY_MARKERS = (
    (b"_cf_chl_opt", "Cloudflare"),
    (b"cf-error-details", "Cloudflare"),
    (b"cf-challenge", "Cloudflare"),
    (b"attention required! | cloudflare", "Cloudflare"),
    (b"captcha-delivery.com", "DataDome"),
    (b"px-captcha", "HUMAN"),
    (b"captcha.px-cdn.net", "HUMAN"),
    (b"_incapsula_resource", "Imperva"),
    (b"incapsula incident id", "Imperva"),
    (b"awswafcookiedomainlist", "AWS WAF"),
    (b"gokuprops", "AWS WAF"),
    (b"kpsdk", "Kasada"),
    (b"sec-if-cpt-container", "Akamai"),
    (b"errors.edgesuite.net", "Akamai"),
    (b"sucuri_cloudproxy_js", "Sucuri"),
    (b"sucuri website firewall", "Sucuri"),
    (b"/.ddos-guard/", "DDoS-Guard"),
    (b"validate.perfdrive.com", "Radware"),
    (b"the requested url was rejected. please consult with your administrator", "F5"),
    (b"/.within.website/x/cmd/anubis", "Anubis"),
    (b"/sorry/index", "Google"),
)
# What pages say that keep programs out, whoever guards them.
_BLOCK_PHRASES = (
    b"verify you are human",
    b"verifying you are human",
    b"are you a robot",
    b"not a robot",
    b"unusual traffic",
    b"access denied",
    b"access to this page has been denied",
    b"you have been blocked",
    b"security check",
    b"enable javascript and cookies to continue",
    b"just a moment...",
    b"checking your browser",
    b"g-recaptcha",
    b"h-captcha",
)


# What a page says that lets people through only, with whatever status it comes.
_HUMAN = re.compile(
    rb"(?:verify|verifying|confirm|prove|make sure|check) (?:that )?(?:you are|you're|you\xe2\x80\x99re) "
    rb"(?:a )?(?:human|not a (?:ro)?bot)|are you a (?:ro)?bot\?|unusual traffic from your|checking your browser before"
    rb"|checking if the site connection is secure|complete the security check to (?:access|continue|proceed)"
    rb"|needs to review the security of your connection|press (?:&amp;|&|and) hold to confirm"
)
_HIDDEN = re.compile(rb"<(script|style|template)\b.*?(?:</\1|\Z)", re.DOTALL)
_HEADINGS = re.compile(rb"<(?:title|h[12])\b[^>]*>([^<]*(?:<(?!/(?:title|h[12]))[^<]*){0,20})")
_TAGS = re.compile(rb"(?:<[^<>]*>|\s)+")


def classify(
    status: int, headers: Mapping[str, str], body: bytes, signals: Signals | None, quality: float = 1.0
) -> Verdict:
    """Classify a response. `headers` are by name in lower case, `signals` is None for documents that are not HTML."""
    if status in _BLOCK_STATUSES or (signals is not None and signals.words < SOME_WORDS):
        verdict = _detect_block(status, headers, body, signals.words if signals else None)
        if verdict is not None:
            return verdict
    if status >= 400 or signals is None:
        return _OK
    return Verdict(Kind.SHELL) if _is_shell(signals, len(body), quality) else _OK


def is_challenge(status: int, body: bytes) -> bool:
    """Whether a rendered page is a known vendor's interstitial, which may yet let its visitor through."""
    block = _detect_block(status, {}, body) if len(body) < _LARGEST_CHALLENGE else None
    return block is not None and block.vendor is not None


def _detect_block(status: int, headers: Mapping[str, str], body: bytes, words: int | None = None) -> Verdict | None:
    for name, part, vendor in _CHALLENGE_HEADERS:
        if part in headers.get(name, "-").lower() and name in headers:
            return Verdict(Kind.BLOCKED, vendor)
    text = body[:SEARCHED_BYTES].lower()
    for mark, vendor in _BODY_MARKERS:
        if mark in text:
            return Verdict(Kind.BLOCKED, vendor)
    if status not in _BLOCK_STATUSES:
        return Verdict(Kind.BLOCKED) if words is not None and _asks_for_a_human(text, words) else None
    if any(phrase in text for phrase in _BLOCK_PHRASES) or (status == 403 and len(text) < _EMPTY_REFUSAL):
        return Verdict(Kind.BLOCKED, _vendor_of(headers))
    return None


def _asks_for_a_human(text: bytes, words: int) -> bool:
    """Whether a page with a good status has nothing to say but that its visitor may be a program."""
    shown = _HIDDEN.sub(b" ", text)
    if words >= FEW_WORDS:
        shown = b" ".join(_HEADINGS.findall(shown))
    return _HUMAN.search(_TAGS.sub(b" ", shown)) is not None


def _vendor_of(headers: Mapping[str, str]) -> str | None:
    for name, part, vendor in _VENDOR_HEADERS:
        if name in headers and part in headers[name].lower():
            return vendor
    return None


def _is_shell(signals: Signals, size: int, quality: float) -> bool:
    if signals.frameset and signals.words < SOME_WORDS:
        return True
    mostly_markup = size > MARKUP_BYTES_PER_WORD * max(signals.words, 10)
    if not signals.scripts and not mostly_markup:
        return False  # nothing there could change the page
    if signals.words < FEW_WORDS:
        return True
    if signals.words < SOME_WORDS:
        return mostly_markup or signals.mount_point or signals.noscript_warning
    script_heavy = signals.script_characters > SCRIPT_HEAVY * size
    return quality < (MEDIUM_QUALITY if script_heavy else LOW_QUALITY)
