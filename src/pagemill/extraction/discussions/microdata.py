"""The microdata of schema.org that any software may write: discussions, and questions with their answers."""

from __future__ import annotations

from pagemill.extraction.discussions.software import Software

QUESTION_PAGE = Software(
    name="schema.org question",
    posts=(
        "[itemtype$='schema.org/QAPage'] [itemtype$='schema.org/Question'], "
        "[itemtype$='schema.org/QAPage'] [itemtype$='schema.org/Question'] [itemtype$='schema.org/Answer']"
    ),
    text="[itemprop='text']",
    author=(
        "[itemprop='author'] [itemprop='name']",
        "[itemprop='author'] [itemprop='name']@content",
        "[itemprop='author']",
    ),
    date=("[itemprop='dateCreated'], [itemprop='datePublished']",),
    title=("[itemtype$='schema.org/Question'] h1", "[itemtype$='schema.org/Question'] [itemprop='name']", "h1"),
    votes=("[itemprop='upvoteCount']", "[itemprop='upvoteCount']@content"),
    accepted="[itemprop='acceptedAnswer']",
    question="[itemtype$='schema.org/Question']",
    answer="[itemtype$='schema.org/Answer']",
    is_general=True,
)

DISCUSSION = Software(
    name="schema.org discussion",
    posts=(
        "[itemtype$='schema.org/DiscussionForumPosting'], "
        "[itemtype$='schema.org/DiscussionForumPosting'] [itemtype$='schema.org/Comment']"
    ),
    text="[itemprop='text'], [itemprop='articleBody']",
    author=(
        "[itemprop='author'] [itemprop='name']",
        "[itemprop='author'] [itemprop='name']@content",
        "[itemprop='author'], [itemprop='creator']",
    ),
    date=("[itemprop='datePublished'], [itemprop='dateCreated']", "[itemprop='commentTime']"),
    title=("h1[itemprop='headline'], h1[itemprop='name']", "h1"),
    is_general=True,
)

MICRODATA = (QUESTION_PAGE, DISCUSSION)
