from __future__ import annotations

import logging

import pytest
import structlog

from pagemill import logs
from pagemill.errors import OperatorError
from pagemill.redaction import redact, redact_url

SECRET = "s3cret"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://example.com/a/b", "https://example.com/a/b"),
        ("https://user:s3cret@example.com:8080/a", "https://***@example.com:8080/a"),
        ("https://s3cret@example.com/", "https://***@example.com/"),
        ("https://us@er:s3cret@example.com/", "https://***@example.com/"),
        ("https:user:s3cret@example.com/", "https:***@example.com/"),
        ("https:/user:s3cret@example.com/", "https:/***@example.com/"),
        (r"https:\\user:s3cret@example.com\a", r"https:\\***@example.com\a"),
        ("HTTPS://user:s3 cret@example.com/", "HTTPS://***@example.com/"),
        ("https://example.com/a?token=s3cret&b=1#s3cret", "https://example.com/a?***"),
        ("https://example.com/a#s3cret", "https://example.com/a#***"),
        ("https://example.com?s3cret", "https://example.com?***"),
        ("postgresql://user:s3cret@db.example/x?password=s3cret", "postgresql://***@db.example/x?***"),
        ("socks5h://user:s3cret@proxy.example:1080", "socks5h://***@proxy.example:1080"),
        ("https://medium.example/@author/post", "https://medium.example/@author/post"),
    ],
)
def test_secrets_of_a_url_are_removed(url: str, shown: str) -> None:
    assert redact_url(url) == redact(url) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("No URL: 12:30, a ratio of 3:4.", "No URL: 12:30, a ratio of 3:4."),
        ("The page 'https://u:s3cret@a.example/b' failed.", "The page 'https://***@a.example/b' failed."),
        ("https or http:u:s3cret@b.example/ or", "https or http:***@b.example/ or"),
        ("see https://a.example/?k=s3cret or more", "see https://a.example/?*** or more"),
        ("'https://u:s3\"cret@a.example/'", "'https://***@a.example/'"),
    ],
)
def test_secrets_in_a_text_are_removed(text: str, shown: str) -> None:
    assert redact(text) == shown


def test_errors_show_no_secrets() -> None:
    error = OperatorError(f"The database cannot be reached: postgresql://user:{SECRET}@db/x")
    assert SECRET not in error.message
    assert SECRET not in str(error)


@pytest.mark.parametrize("form", ["text", "json"])
def test_logs_have_no_secrets(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    configured = structlog.get_config()
    root = logging.getLogger()
    handlers, root.handlers = root.handlers, []
    try:
        logs.configure("info", form)
        log = structlog.get_logger()
        url = f"https://user:{SECRET}@example.com/a?token={SECRET}"
        log.info("page %s", url, url=url, urls=[url], more={"url": url}, error=ValueError(url))
        try:
            int(url)
        except ValueError:
            log.exception("failed")
        logging.getLogger("library").warning("fetched %s", url)
    finally:
        structlog.configure(**configured)
        root.handlers = handlers
    output = capsys.readouterr().err
    assert output.count("example.com/a") >= 7
    assert SECRET not in output
