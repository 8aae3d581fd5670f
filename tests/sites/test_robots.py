from __future__ import annotations

import pytest

from pagemill.sites.robots import MAX_BYTES, parse


def allows(text, target, crawler="Pagemill"):
    return parse(text.encode(), crawler).allows(target)


@pytest.mark.parametrize(
    ("rules", "target", "allowed"),
    [
        ("Disallow: /", "/a", False),
        ("Disallow:", "/a", True),
        ("", "/a", True),
        ("Disallow: /a", "/abc", False),
        ("Disallow: /a/", "/a", True),
        ("Disallow: /\nAllow: /public", "/public/x", True),
        ("Disallow: /public/x\nAllow: /public", "/public/x", False),
        ("Disallow: /p\nAllow: /p", "/p", True),
        ("Disallow: /*.php$", "/a/b.php", False),
        ("Disallow: /*.php$", "/a/b.php?x", True),
        ("Disallow: /*/private*/x", "/a/private-2/x", False),
        ("Disallow: /a$", "/a", False),
        ("Disallow: /a$", "/ab", True),
        ("Disallow: *?s=", "/find?s=1", False),
        ("Disallow: /é", "/%C3%A9", False),
        ("Disallow: /%c3%a9", "/%C3%A9", False),
        ("Disallow: /", "/robots.txt", True),
        ("Disallow: /ab*ba$", "/aba", True),
    ],
)
def test_the_longest_rule_that_matches_decides(rules, target, allowed):
    assert allows(f"User-agent: *\n{rules}", target) is allowed


def test_an_own_group_takes_the_place_of_the_general_one():
    text = "User-agent: *\nDisallow: /\n\nUser-agent: pagemill/1.0\nDisallow: /own\nCrawl-delay: 2.5\n"
    assert allows(text, "/a")
    assert not allows(text, "/own")
    assert not allows(text, "/a", "Other")
    assert parse(text.encode(), "Pagemill").crawl_delay == 2.5
    assert parse(text.encode(), "Other").crawl_delay is None


def test_groups_of_one_crawler_are_joined_and_agents_share_one():
    text = "User-agent: a\nUser-agent: Pagemill\nDisallow: /1\nUser-agent: b\nDisallow: /b\n"
    text += "User-agent: pagemill\nDisallow: /2"
    assert [allows(text, target) for target in ("/1", "/2", "/b")] == [False, False, True]


def test_sitemaps_are_read_wherever_they_stand():
    text = "Sitemap: https://e.com/1.xml\nUser-agent: x\nDisallow: /\nsitemap: https://e.com/2.xml # the second"
    assert parse(text.encode(), "Pagemill").sitemaps == ("https://e.com/1.xml", "https://e.com/2.xml")


@pytest.mark.parametrize(
    "body", [b"\xff\xfe\x00", b"\xef\xbb\xbfUser-agent: *\r\nDisallow: /x\r\n", b"<html>nothing</html>", b":\n::\n\0"]
)
def test_nothing_is_too_broken_to_read(body):
    assert parse(body, "Pagemill").allows("/a")


def test_a_delay_that_is_no_number_counts_for_nothing():
    for value in ("soon", "-1", "inf", "nan"):
        assert parse(f"User-agent: *\nCrawl-delay: {value}".encode(), "Pagemill").crawl_delay is None


def test_a_line_that_the_limit_cuts_says_nothing():
    head = b"User-agent: *\nDisallow: /private\nDisallow: /"
    comment = b"#" + b" " * (MAX_BYTES - len(head) - 2) + b"\n"
    robots = parse(comment + head + b"also/private\n" + b"Disallow: /more\n" * 1000, "Pagemill")
    assert not robots.allows("/private")
    assert robots.allows("/page")


def test_hostile_patterns_take_linear_time():
    """Backtracking would never end here."""
    rule = "Disallow: /" + "*a" * 5000 + "b"
    robots = parse(("User-agent: *\n" + f"{rule}\n" * (MAX_BYTES // len(rule))).encode(), "Pagemill")
    assert robots.allows("/" + "a" * 4000)
