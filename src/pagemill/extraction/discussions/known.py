"""All known software. The special comes before the general: where two match, the first that finds a text is taken."""

from __future__ import annotations

from pagemill.extraction.discussions.boards import BOARDS
from pagemill.extraction.discussions.communities import COMMUNITIES
from pagemill.extraction.discussions.microdata import MICRODATA

KNOWN = (*COMMUNITIES, *BOARDS, *MICRODATA)
