# ruff: noqa: E501 - pages read better in one line

from __future__ import annotations

import gzip
import json
import re

import pytest
import turbohtml

from pagemill.extraction import extract
from pagemill.extraction.choosing import signals
from pagemill.fetching.verdict import Kind, Verdict, classify
from pagemill.model import Signals
from tests.web import site

OK = Verdict(Kind.OK)
SHELL = Verdict(Kind.SHELL)


def verdict(html, status=200, headers=None):
    body = html.encode()
    content = extract(body, "http://example.com/")
    return classify(status, headers or {}, body, content.signals, content.quality)


@pytest.mark.parametrize(
    "html",
    [
        site.ARTICLE,
        "<h1>Hello</h1>",
        '<h1>Hello</h1><script type="application/ld+json">{"@type": "Product"}</script>',
        "<!doctype html><title>Example Domain</title><h1>Example Domain</h1><p>For use in examples.</p>",
        f"<p>{site.WORDS * 3}</p><script src=/app.js></script>",
        "",
        # Scripts that put no spaces between words.
        f"<p>{'今年秋季，北京的气温比往年同期下降了约三度。' * 20}</p><script src=/app.js></script>",
        # Content in <noscript> is content.
        f"<div id=main-outlet></div><noscript><p>{site.WORDS * 3}</p></noscript><script src=/app.js></script>",
    ],
)
def test_pages_that_hold_their_content_are_fine(html):
    assert verdict(html) == OK


@pytest.mark.parametrize(
    "html",
    [
        site.SHELL,
        '<body><div id="app"></div><script type="module" src="/assets/index.js"></script>',
        "<app-root></app-root><script src=main.js></script>",
        "<h1>Hello</h1><script type='text/javascript; charset=utf-8'>start()</script>",
        f"<div id=root></div><noscript>Please enable JavaScript</noscript><p>{'menu ' * 80}</p><script src=/a.js></script>",
    ],
)
def test_shells_are_found(html):
    assert verdict(html) == SHELL


@pytest.mark.parametrize(
    ("quality", "script_characters", "expected"),
    [(0.4, 0, SHELL), (0.6, 1000, OK), (0.6, 5000, SHELL), (0.8, 9000, OK)],
)
def test_what_little_is_expected_of_is_a_shell_the_sooner_the_more_of_it_is_scripts(
    quality, script_characters, expected
):
    seen = Signals(500, scripts=3, script_characters=script_characters)
    assert classify(200, {}, b"x" * 10_000, seen, quality) == expected


@pytest.mark.parametrize(
    ("status", "headers", "html", "vendor"),
    [
        (403, {"cf-mitigated": "challenge"}, "<title>Just a moment...</title>", "Cloudflare"),
        (503, {"server": "cloudflare"}, "<script>window._cf_chl_opt={}</script>", "Cloudflare"),
        (200, {}, "<script src=/_Incapsula_Resource?x></script>", "Imperva"),
        (403, {"x-iinfo": "1"}, "Access Denied", "Imperva"),
        (403, {}, "<script src=https://geo.captcha-delivery.com/captcha/></script>", "DataDome"),
        (405, {"x-amzn-waf-action": "captcha"}, "", "AWS WAF"),
        (403, {}, "<div id=px-captcha></div>", "HUMAN"),
        (403, {"server": "AkamaiGHost"}, "<h1>Access Denied</h1>You don't have permission", "Akamai"),
        (429, {}, "<script>window.KPSDK={}</script>", "Kasada"),
        (200, {}, "<link href=/.within.website/x/cmd/anubis/static.css>Making sure you're not a bot!", "Anubis"),
        (403, {}, "<p>Please verify you are human</p>", None),
        (403, {}, "", None),
        (429, {}, "Our systems have detected unusual traffic", None),
    ],
)
def test_blocks_are_found_and_their_vendor_is_named(status, headers, html, vendor):
    assert verdict(html, status, headers) == Verdict(Kind.BLOCKED, vendor)


@pytest.mark.parametrize(
    ("status", "headers", "html"),
    [
        (404, {"server": "cloudflare"}, "<h1>Not found</h1>"),
        (500, {}, "oops"),
        (503, {}, "<h1>Service Unavailable</h1>"),
        (429, {}, "slow down"),
        (403, {}, f"<p>{site.WORDS * 4}</p>"),
        # Vendors put scripts into pages that they let through.
        (
            200,
            {"server": "cloudflare"},
            f"<p>{site.WORDS * 3}</p><script src=/cdn-cgi/challenge-platform/x.js></script>",
        ),
        (
            200,
            {"x-iinfo": "1", "x-cdn": "Imperva"},
            f"<p>{site.WORDS * 3}</p><script src=/_Incapsula_Resource></script>",
        ),
    ],
)
def test_other_answers_are_no_blocks(status, headers, html):
    assert verdict(html, status, headers).kind is not Kind.BLOCKED


def test_what_is_no_html_is_fine():
    assert classify(200, {}, b"{}", None) == OK


@pytest.mark.shared
def test_real_pages(shared_pages):
    """At most 3% of the pages with their content go to the browser; most of those that are nearly empty do."""
    pages = {"has": [], "empty": []}
    for file in sorted((shared_pages / "ground-truth").glob("*.json"))[::3]:
        truth = json.loads(file.read_text())["ground_truth"].get("main_content") or ""
        html = gzip.decompress((shared_pages / "html" / f"{file.stem}.html.gz").read_bytes())
        tree = turbohtml.parse(html, detect_encoding=True, positions=False)
        seen = signals.read(tree)
        words = re.findall(r"\w+", truth.lower())
        text = " ".join(re.findall(r"\w+", tree.to_text().lower()))
        pieces = [" ".join(words[i : i + 4]) for i in range(0, len(words) - 3, 4)]
        part = sum(piece in text for piece in pieces) / len(pieces) if pieces else None
        quality = extract(html, "http://example.com/", formats=()).quality
        kind = classify(200, {}, html, seen, quality).kind
        if part is not None and part >= 0.5:
            pages["has"].append(kind is not Kind.OK)
        elif (part is None or part < 0.1) and seen.words < 100:
            pages["empty"].append(kind is not Kind.OK)
    assert len(pages["has"]) > 300
    assert sum(pages["has"]) <= 0.03 * len(pages["has"])
    assert all(pages["empty"])


@pytest.mark.parametrize(
    "html",
    [
        "<title>Verify you are human</title><p>Complete the action below.",
        "<h1>example.com</h1><p>Verifying you are <b>human</b>. This may take a few seconds.",
        "<p>Please confirm that you\u2019re not a robot to go on.",
        "<p>Press &amp; hold to confirm that you are no program.",
        f"<h1>Checking your browser before you go on</h1><p>{'It takes a moment. ' * 25}",
        "<p>Are you a robot?</p><script>var a = 1</script>",
    ],
)
def test_a_page_that_wants_a_human_is_a_block_with_a_good_status_too(html):
    assert verdict(html) == Verdict(Kind.BLOCKED)


@pytest.mark.parametrize(
    "html",
    [
        f"<h1>How captchas work</h1><p>{'They ask you to verify you are human. ' * 20}",
        f"<h1>Verify you are human</h1><p>{site.WORDS * 3}",
        f"<h1>Contact</h1><p>Write to us. I'm not a robot.</p><p>{'Our address is here. ' * 15}",
        "<p>Short</p><style>/* are you a robot? */</style>",
        "<p>The film asks: are you human?</p>",
    ],
)
def test_a_page_about_humans_is_no_block(html):
    assert verdict(html).kind is not Kind.BLOCKED
