from __future__ import annotations

import numpy as np
import pytest
from tests.extraction.flat import split

from pagemill.extraction.choosing.rules import labels


@pytest.mark.parametrize(
    ("markup", "stays"),
    [
        ("<p>Advertisement</p>", False),
        ("<p>Anzeige</p>", False),
        ("<span>2/3</span>", False),
        ("<button>Add to basket</button>", False),
        ("<button>Add\n  to basket</button>", False),
        ("<button><p>Share</p></button>", False),
        ('<div role="button">Listen</div>', False),
        ('<button aria-pressed="false">Yearly</button>', False),
        ("<p>Was this page helpful?</p>", False),
        ("<p>War dieser Artikel hilfreich?</p>", False),
        ("<div>1,204 products</div>", False),
        ("<h2>2. Results</h2>", True),
        ("<p>Was this bridge useful to the town?</p>", True),
        ("<p>Share</p>", True),
        ("<button>Is delivery free?</button>", True),
        ("<p>Advertisement was her trade.</p>", True),
    ],
)
def test_buttons_and_marks_of_advertisement_are_no_content(markup, stays):
    flat = split(f"<div>{markup}</div><p>Text</p>")
    words = np.array([len(string.split()) for string in flat.strings], float)
    assert labels.remove(flat, np.ones(2, bool), words).tolist() == [stays, True]


def test_a_page_of_labels_alone_keeps_them():
    assert labels.remove(split("<p>Anzeige</p>"), np.ones(1, bool), np.ones(1)).tolist() == [True]
