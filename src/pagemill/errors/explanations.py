"""What the codes mean that a page fails with, and what helps. `docs/api.md` says the same, and a test keeps it so.

Names of fields and settings stand in backticks.
"""

from __future__ import annotations

from typing import NamedTuple


class Explanation(NamedTuple):
    """What a code means, and what whoever asked for the page can do."""

    meaning: str
    advice: str


PAGE_ERRORS: dict[str, Explanation] = {
    "dns_error": Explanation(
        "the host name does not exist, has no address, or could not be looked up",
        "Check the spelling of the host. If it exists, try again later, or look at this machine's DNS.",
    ),
    "connection_refused": Explanation(
        "nothing listens at the address",
        "Check the port. The host may be down: try again later.",
    ),
    "connection_reset": Explanation(
        "the connection broke before the answer was complete",
        "Try again. Where it happens each time, the host may refuse programs: try `useBrowser`, or a proxy.",
    ),
    "host_unreachable": Explanation(
        "there is no route to the host's addresses",
        "Look at this machine's network. Hosts with IPv6 alone need an IPv6 route.",
    ),
    "tls_error": Explanation(
        "no trusted encrypted connection was possible",
        (
            "Open the page in a browser: its certificate may be invalid or expired. Try `http://` where the "
            "host serves it."
        ),
    ),
    "timeout": Explanation(
        "the host took too long, or the page took longer than allowed (`PAGEMILL_JOB_DEADLINE`)",
        ("Try again, or give the request a longer `timeout`. A page that waits for scripts may need `useBrowser`."),
    ),
    "http_error": Explanation(
        "the host answered with a 4xx or 5xx status, which the sentence names",
        (
            "404 and 410: the page is gone. 401 and 403: it needs a session, headers or another country. 429 "
            "and 503: ask less often."
        ),
    ),
    "invalid_response": Explanation(
        "the host's answer is not HTTP",
        "Check that a web server listens at this port.",
    ),
    "invalid_url": Explanation(
        "the URL cannot be fetched",
        "Correct the URL.",
    ),
    "invalid_redirect": Explanation(
        "a redirect leads to no address, or to one that is neither http nor https",
        "Ask for the address that the page should lead to.",
    ),
    "too_many_redirects": Explanation(
        "the redirects did not end (`PAGEMILL_MAX_REDIRECTS`)",
        "The site may want cookies: try `useBrowser` or a session.",
    ),
    "headers_too_large": Explanation(
        "the answer's headers are over the limit",
        "The site is at fault. Try `useBrowser`.",
    ),
    "body_too_large": Explanation(
        (
            "the body is over the limit, as sent or once decompressed; in the browser, that of the rendered "
            "page (`PAGEMILL_MAX_BODY_BYTES`)"
        ),
        "Raise the limit, if the page is wanted.",
    ),
    "unsupported_content_type": Explanation(
        "no text can be made of this type",
        "Ask for a page or a document that holds text.",
    ),
    "document_encrypted": Explanation(
        "the document needs a password",
        "Remove the password, and scrape the document from another address.",
    ),
    "document_invalid": Explanation(
        "the document is broken",
        "Download it to see whether it is whole.",
    ),
    "document_without_text": Explanation(
        "the document holds only images, such as scans",
        "Recognise its text by another program: this service reads no pictures.",
    ),
    "proxy_error": Explanation(
        "the proxy could not be reached, refused, or could not connect",
        "Try again: another proxy may be taken. Look at the proxies' scores.",
    ),
    "country_not_available": Explanation(
        "there is no proxy in this country any more",
        "Choose another country, or add a proxy in this one (`PAGEMILL_PROXIES`).",
    ),
    "blocked_address": Explanation(
        "the address is not public (`PAGEMILL_ALLOWED_NETWORKS`)",
        "Name the network in the setting, if this service is to reach it.",
    ),
    "blocked": Explanation(
        "the host blocks programs",
        "Try another country, `useBrowser`, or a session that has passed the check.",
    ),
    "browser_unavailable": Explanation(
        "a browser is needed, and there is none (`pagemill install-browser`)",
        "Install one on the workers' machines.",
    ),
    "browser_crashed": Explanation(
        (
            "rendering the page ended the browser, or needed more memory than a tab may have "
            "(`PAGEMILL_BROWSER_TAB_MEMORY`)"
        ),
        "Try again. Raise the limit where it happens each time.",
    ),
    "browser_error": Explanation(
        "the page could not be rendered",
        "Try again. Without `useBrowser` the page may come over HTTP.",
    ),
    "action_failed": Explanation(
        "an action failed",
        "Check the selectors against the page as it is now; its screenshot helps.",
    ),
    "session_not_found": Explanation(
        "the session was deleted before the page began",
        "Save the session again, and submit the job anew.",
    ),
    "session_unreadable": Explanation(
        (
            "the session, or the job's headers, cookies and texts, were encrypted with another `PAGEMILL_SECRET_KEY`, "
            "or the browser does not take it"
        ),
        "Save the session again, or submit the job anew.",
    ),
    "extraction_timeout": Explanation(
        "extraction took too long (`PAGEMILL_EXTRACTION_TIMEOUT`)",
        "Ask for fewer formats, or for `html` alone.",
    ),
    "extraction_crashed": Explanation(
        "extraction crashed its process",
        "Ask for `html` alone, and report the page.",
    ),
    "cancelled": Explanation(
        "the job was cancelled before the page began",
        "Run the job again, if its pages are wanted.",
    ),
    "robots_disallowed": Explanation(
        "the host's `robots.txt` keeps crawlers away, or could not be had; not of single pages",
        "Leave the page, or ask for `ignoreRobots` where you may.",
    ),
    "worker_crashed": Explanation(
        "the page was in hand each time when its worker crashed (`PAGEMILL_MAX_CRASHES`)",
        "Look at the workers' log; the page may need more memory than there is.",
    ),
    "fetch_error": Explanation(
        "the page could not be fetched for another reason",
        "Try again.",
    ),
    "internal_error": Explanation(
        "a fault of the service; the details are in its log",
        "Look for the job's id in the log, and report it.",
    ),
}
