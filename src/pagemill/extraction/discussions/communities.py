"""The markup of communities: Stack Exchange, Discourse, Reddit, Hacker News, GitHub, Lemmy, NodeBB, Flarum, Vanilla."""

from __future__ import annotations

from pagemill.extraction.discussions.software import Software

# The first signature is that of an editor, if there are two.
_LAST_SIGNATURE = ".post-signature:not(:has(~ .post-signature))"

STACK_EXCHANGE = Software(
    name="Stack Exchange",
    posts=(
        ".js-question, .question[data-questionid], .js-answer, .answer[data-answerid], "
        ".js-question .js-comment, .js-answer .js-comment, [id^='follow-up-'][itemprop='comment']"
    ),
    text=".js-post-body, .comment-copy, [id^='follow-up-'] [itemprop='text']",
    author=(
        f"{_LAST_SIGNATURE} .user-details > a, {_LAST_SIGNATURE} .user-details [itemprop='name']",
        ".comment-user",
        ".user-details[itemprop='author'] > a",
        "[itemprop='author'] [itemprop='name']",
        f"{_LAST_SIGNATURE} .user-details",
    ),
    date=(
        f"{_LAST_SIGNATURE} .relativetime",
        ".comment-date .relativetime-clean",
        "time.s-user-card--time",
        ".user-action-time .relativetime",
        "[itemprop='datePublished'], [itemprop='dateCreated']",
    ),
    title=("#question-header h1", "h1[itemprop='name']", "h1"),
    votes=(".js-vote-count", ".comment-score", "[data-so-test^='vote-button-comment'] .fs-caption"),
    accepted=".js-accepted-answer, .accepted-answer",
    question=".js-question, .question",
    answer=".js-answer, .answer",
    leave_out=".js-post-notices, .snippet-ctas, .s-code-block--copy",
    quotation="",
)

DISCOURSE_CRAWLER = Software(
    name="Discourse for crawlers",
    posts=".crawler-post",
    text=".post",
    author=(".creator [itemprop='name']", ".creator a", ".creator"),
    date=(".post-time",),
    title=("#topic-title h1 a", "#topic-title h1"),
    leave_out=".quote-controls, .lightbox .meta, .informations, .cooked-selection-barrier, a.anchor",
    quotation="aside.quote",
    quoted=".title",
)

DISCOURSE = Software(
    name="Discourse",
    posts=".topic-post",
    text=".topic-body .cooked",
    author=(".names .username", ".names .full-name", ".names"),
    date=(".post-date", ".post-date .relative-date", ".post-infos .relative-date"),
    title=("#topic-title h1 .fancy-title", "#topic-title h1", "h1.header-title"),
    accepted=".accepted-answer, .accepted-text",
    leave_out=".quote-controls, .lightbox .meta, .cooked-selection-barrier, a.anchor, .badge-category__wrapper",
    quotation="aside.quote",
    quoted=".title",
)

REDDIT_OLD = Software(
    name="old Reddit",
    posts=".nestedlisting .thing.comment, .linklisting .thing.link",
    page=".commentarea",
    text=".usertext-body .md, .thing.link > .entry .title > a.title.outbound",
    author=(".tagline .author", "@data-author"),
    date=(".tagline time",),
    title=(".thing.link a.title",),
    votes=(".tagline .score.unvoted", ".midcol .score.unvoted"),
    unit="point",
)

REDDIT = Software(
    name="Reddit",
    posts="shreddit-post, shreddit-comment",
    page="shreddit-comment-tree, shreddit-post[view-context='CommentsPage']",
    text="[slot='text-body'] .md, shreddit-comment > [slot='comment'], [slot='post-media-container'] a[href^='http']",
    author=("@author",),
    date=("faceplate-timeago time", "time", "@created-timestamp", "faceplate-timeago@ts", "@created"),
    title=("[slot='title']", "shreddit-post@post-title"),
    votes=("@score",),
    leave_out="faceplate-screen-reader-content, [slot='read-more'], button",
)

HACKER_NEWS = Software(
    name="Hacker News",
    posts="#hnmain .fatitem, #hnmain tr.comtr",
    text=".commtext, .toptext, .fatitem .titleline > a[href^='http']",
    author=(".hnuser",),
    date=(".age",),
    title=(".fatitem .titleline > a",),
    votes=(".score",),
    unit="point",
    leave_out=".reply",
)

GITHUB = Software(
    name="GitHub",
    posts=".timeline-comment, .review-comment",
    page=".js-issue-title, .gh-header-title, .js-discussion-title",
    text=".comment-body",
    author=(".timeline-comment-header .author", ".author"),
    date=("relative-time", "time-ago", "time"),
    title=(".js-issue-title", ".gh-header-title bdi", ".gh-header-title"),
    accepted=".discussion-chosen-answer",
    leave_out=".zeroclipboard-container, .email-hidden-toggle, .comment-form-error, .anchor",
)

GITHUB_REACT = Software(
    name="GitHub issues",
    posts="[data-testid='issue-body'], .react-issue-comment, [data-testid^='comment-viewer-outer-box']",
    text="[data-testid='markdown-body'], .markdown-body",
    author=("[data-testid='issue-body-header-author']", "[data-testid='avatar-link']", "a[data-hovercard-type='user']"),
    date=("relative-time", "time"),
    title=("[data-testid='issue-title']", "h1 bdi", "h1"),
    leave_out=".zeroclipboard-container, .email-hidden-toggle, .anchor",
)

LEMMY = Software(
    name="Lemmy",
    posts=".post-listing, .comment-node",
    text=".comment-content .md-div, #postContent .md-div",
    author=(".person-listing > span", ".person-listing"),
    date=(".moment-time",),
    title=(".post-title h1 span", ".post-title h1", "h1"),
    votes=("[aria-label$='Upvotes']@aria-label", "[aria-label$='Upvote']@aria-label"),
)

NODEBB = Software(
    name="NodeBB",
    posts="[component='post'][data-pid]",
    text="[component='post/content']",
    author=("@data-username", "[data-username]", "[itemprop='author'] a"),
    date=(".timeago", "[itemprop='datePublished']"),
    title=("[component='topic/title']", "[component='post/header'] [itemprop='name']", "h1"),
    votes=("[component='post/vote-count']",),
    leave_out="[component='post/edit-indicator'], [component='post/parent']",
)

FLARUM = Software(
    name="Flarum",
    posts=".CommentPost, article.Post--comment",
    text=".Post-body",
    author=(".PostUser-name", ".PostUser .username", ".username"),
    date=(".PostMeta time", "time"),
    title=(".DiscussionHero-title", "h1"),
    leave_out=".Post-edited, .PostMention-preview",
)

VANILLA = Software(
    name="Vanilla",
    posts=".MessageList .ItemDiscussion, .MessageList .ItemComment, .Discussion.ItemDiscussion",
    text=".Message",
    author=(".Author .Username", ".Username"),
    date=(".DateCreated time", "time"),
    title=(".PageTitle h1", "#Item_0 h1", "h1"),
    leave_out=".Signature, .Reactions",
    quotation=".Quote, .UserQuote, .blockquote",
    quoted=".QuoteAuthor",
)

COMMUNITIES = (
    *(STACK_EXCHANGE, DISCOURSE_CRAWLER, DISCOURSE, REDDIT, REDDIT_OLD),
    *(HACKER_NEWS, GITHUB_REACT, GITHUB, LEMMY, NODEBB, FLARUM, VANILLA),
)
