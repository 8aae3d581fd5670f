"""The markup of bulletin boards: phpBB, vBulletin, XenForo, Invision, FluxBB, SMF, MyBB."""

from __future__ import annotations

from pagemill.extraction.discussions.software import Software

_CODE_HEADERS = (
    ".codebox > p, .codebox > dt, .bbcode_description, .bbCodeBlock-title, .codeheader, .codeoperation, "
    ".mycode_code .title, .codeblock > .title"
)

PHPBB = Software(
    name="phpBB",
    posts="div.post:has(> .inner > .postbody), div.post:has(> .postbody), div.post:has(> .inner .postbody .author)",
    text=".postbody .content",
    author=(
        ".postprofile .username, .postprofile .username-coloured",
        ".author .username, .author .username-coloured, .author strong",
        ".postprofile dt strong, .postprofile dt > a:not(.avatar)",
    ),
    date=(".author time", ".author"),
    title=(".topic-title", "#page-body h2", "#pageheader h2"),
    leave_out=f".notice, .signature, .rules, {_CODE_HEADERS}",
    quotation="blockquote",
    quoted="cite",
)

VBULLETIN_3 = Software(
    name="vBulletin 3",
    posts="table[id^='post']:has([id^='post_message_'])",
    text="[id^='post_message_']",
    author=(".bigusername", "[id^='postmenu_']"),
    date=(".thead > div:has(> a[name^='post'])", ".thead:has(> a[name^='post'])", "td.thead"),
    title=(".navbar strong",),
    leave_out="blockquote > .smallfont, .smallfont:has(+ pre)",
    quotation="div:has(> .smallfont + table td.alt2), div:has(> .smallfont + table .inlineimg)",
    quoted="td.alt2 > div:has(> strong)",
)

VBULLETIN_4 = Software(
    name="vBulletin 4",
    posts="li.postcontainer, li.postbit, li.postbitlegacy",
    text=".postcontent",
    author=(".username_container .username", ".userinfo .username", ".username"),
    date=(".postdate", ".userstats dd:has(+ dd .postcounter)"),
    title=(".threadtitle",),
    leave_out=f".after_content, .editedby, .signature, .attachments, {_CODE_HEADERS}",
    quotation=".bbcode_quote",
    quoted=".bbcode_postedby",
)

VBULLETIN_5 = Software(
    name="vBulletin 5",
    posts="li.b-post, .b-post[data-node-id]",
    text=".js-post__content-text, .b-post__content .OLD__post-content-padding",
    author=(".b-userinfo__details .author", ".author a", ".author"),
    date=(".b-post__timestamp time", ".b-post__timestamp"),
    title=(".b-topicstarter__title", ".main-title", "h1.thread-title"),
    votes=(".votecount",),
    leave_out=f".post-signature, .b-post__edit-by, .signature, {_CODE_HEADERS}",
    quotation=".bbcode_quote",
    quoted=".bbcode_postedby",
)

XENFORO_2 = Software(
    name="XenForo 2",
    posts="article.message--post, .js-messageCard",
    text=".message-body",
    author=("@data-author", ".message-name .username", ".MessageCard__user-info__name", ".message-name"),
    date=(
        ".MessageCard__date-created time",
        ".message-attribution-main time",
        ".message-attribution time",
        ".message-date time",
    ),
    title=(".p-title-value", "h1"),
    leave_out=(
        ".label, .labelLink, .label-append, .js-selectToQuoteEnd, .bbCodeBlock-expandLink, .message-lastEdit, "
        ".message-signature, .bbCodeBlock--code .bbCodeBlock-title, .bbCodeBlock-shrinkLink, "
        "[data-ad-code], .adBox, .samCodeUnit"
    ),
    quotation=".bbCodeBlock--quote",
    quoted=".bbCodeBlock-title",
)

XENFORO_1 = Software(
    name="XenForo 1",
    posts="li.message[id^='post-']",
    text=".messageContent .messageText, .messageContent blockquote.messageText",
    author=("@data-author", ".userText .username", ".username"),
    date=(".privateControls .DateTime", ".messageMeta .DateTime", ".DateTime"),
    title=(".titleBar h1", "h1"),
    leave_out=".prefix, .quoteExpand, .messageTextEndMarker, .editDate, .bbCodeCode .type",
    quotation=".bbCodeQuote",
    quoted=".attribution",
)

INVISION_4 = Software(
    name="Invision 4",
    posts="article.cPost, .ipsComment.cPost",
    text="[data-role='commentContent']",
    author=(".cAuthorPane_author a", ".cAuthorPane_author", ".ipsComment_author .ipsType_break"),
    date=(".ipsComment_meta time", ".ipsComment_meta", "time"),
    title=(".ipsType_pageTitle .ipsType_break:not(.ipsBadge)", ".ipsType_pageTitle"),
    leave_out=".ipsBadge, .ipsTag, .ipsType_light:has(.fa-pencil), [data-role='memberSignature'], .ipsCode_citation",
    quotation=".ipsQuote",
    quoted=".ipsQuote_citation",
)

INVISION_5 = Software(
    name="Invision 5",
    posts="article.ipsEntry--post",
    text=".ipsEntry__content [data-role='commentContent'], .ipsEntry__post [data-role='commentContent']",
    author=(".ipsEntry__username a", ".ipsEntry__username"),
    date=(".ipsEntry__date time", ".ipsEntry__header time", "time"),
    title=(".ipsPageHeader__title", "h1"),
    leave_out=".ipsBadge, .ipsEdit, .ipsEntry__signature, [data-role='memberSignature']",
    quotation=".ipsQuote",
    quoted=".ipsQuote_citation",
)

FLUXBB = Software(
    name="FluxBB",
    posts=".blockpost",
    text=".postmsg:not(.postsignature), .post-entry .entry-content",
    author=(".postleft dt", ".post-author .username", ".postleft strong"),
    date=("h2 a", ".post-link"),
    title=(".postright > h3", ".main-title", ".crumbs strong"),
    leave_out=".postedit, .postsignature",
    quotation=".quotebox",
    quoted="cite, h4",
)

SMF = Software(
    name="SMF",
    posts=".post_wrapper",
    text=".post > .inner, .post > .post_body",
    author=(".poster h4 a", ".poster h4"),
    date=(".postinfo > a.smalltext", ".keyinfo .smalltext", ".postinfo time", ".postinfo"),
    title=("#top_subject", ".display_title", ".subject_title", ".keyinfo h5"),
    leave_out=".codeheader, .codeoperation, .signature, .moderatorbar, .quotefooter, .modified",
    quotation=".bbc_standard_quote, .bbc_alternate_quote",
    quoted="cite, .quoteheader",
)

MYBB = Software(
    name="MyBB",
    posts="div.post[id^='post_']:has(> .post_author)",
    text=".post_body",
    author=(".author_information .largetext", ".author_information strong", ".post_author strong"),
    date=(".post_date",),
    title=("td.thead > div:not(.float_right) > strong", "td.thead strong", ".thead strong"),
    leave_out=".post_edit, .post_meta, .signature, .mycode_code > .title, .codeblock > .title",
    quotation=".mycode_quote, blockquote",
    quoted="cite",
)

BOARDS = (
    *(XENFORO_2, XENFORO_1, PHPBB, VBULLETIN_4, VBULLETIN_5, VBULLETIN_3),
    *(INVISION_4, INVISION_5, FLUXBB, SMF, MYBB),
)
