"""Bulletin boards, in the markup that their default themes write. The golden pages hold the most common ones."""

from __future__ import annotations

import pytest

from pagemill.extraction import extract
from tests.extraction.discussions.pages import page

TEXT = "The blade sings as soon as it is deeper than a millimetre. What do I do wrong?"


@pytest.mark.parametrize(
    ("name", "first", "second", "quoted"),
    [
        ("vbulletin_3", "3rd May 2009, 10:12", "4th May 2009, 08:00", "Originally Posted by **alice**"),
        ("vbulletin_5", "05-03-2019, 10:12 AM", "05-04-2019, 08:00 AM", "Originally posted by **alice**"),
        ("xenforo_1", "May 3, 2014", "May 4, 2014", "alice said: ↑"),
        ("invision_5", "May 3, 2025", "May 4, 2025", "On 5/3/2025 at 10:12 AM, alice said:"),
        (
            "smf_2_0",
            "May 03, 2011, 10:12:00 AM",
            "May 04, 2011, 08:00:00 AM",
            "Quote from: alice on May 03, 2011, 10:12:00 AM",
        ),
        ("mybb", "2021-05-03, 10:12 AM", "2021-05-04, 08:00 AM", "(2021-05-03, 10:12 AM)alice Wrote:"),
        ("phpbb_3_0", "Sun May 03, 2009 10:12 am", "Mon May 04, 2009 8:00 am", "alice wrote:"),
        ("punbb", "2010-05-03 10:12", "2010-05-04 08:00", "alice wrote:"),
    ],
)
def test_a_board_gives_its_posts(name: str, first: str, second: str, quoted: str):
    html = f"<html><body><ul><li><a href=/>Home</a></li></ul>{page(name)}<div>Powered by a board</div></body></html>"
    expected = f"""# Chatter when parting off

---

**alice** · {first}

{TEXT}

---

**bob** · {second}

> {quoted}
>
> The blade sings

Run it slower, and feed it without fear.
"""
    assert extract(html.encode(), "https://example.org/t/1").markdown == expected
