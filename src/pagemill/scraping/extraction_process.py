"""The program of an extraction process: reads pages from its standard input, writes what extraction made of them.

Extraction reads hostile bytes and uses the processor, so it happens here, where it can be killed: under a limit of
memory, watched by `extractor_pool`. A message, in either direction, is two big-endian 32-bit lengths, a JSON header
and a body. The request's body is the page's bytes; the reply's is the packed values (see `pagemill.bodies`), one after
another, whose formats and lengths the header gives. So large texts are compressed here, once, and not touched again
before a client reads them.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import sys
from functools import partial
from typing import TYPE_CHECKING, Any, BinaryIO

import orjson

from pagemill import bodies
from pagemill.errors import DocumentError, InvalidDocumentError
from pagemill.extraction import extract
from pagemill.extraction.documents import gzip_file, link_lists, plain_text, separated_values
from pagemill.extraction.postprocessing import postprocess
from pagemill.extraction.reading import page_index, refresh
from pagemill.extraction.text_measures import language, readability
from pagemill.extraction.writing import cleaned_html
from pagemill.fetching.http.content_types import Kind, declared_kind, kind_of
from pagemill.fetching.verdict import FEW_WORDS, classify
from pagemill.fetching.verdict import Kind as VerdictKind
from pagemill.forking.server import memory_beside
from pagemill.media_types import DOUBTFUL, essence
from pagemill.model import (
    METADATA,
    PAGE_TYPE,
    READABILITY,
    TEXT,
    TEXT_LANGUAGE,
    BlockRole,
    Correction,
    Format,
    LinkStyle,
    MarkdownOptions,
)
from pagemill.process_lifetime import die_with_parent, limit_memory
from pagemill.scraping.extraction_messages import LENGTHS, MODULE, READY, encode

if TYPE_CHECKING:
    from collections.abc import Callable

    from pagemill.model import Content, Refresh


# For bodies whose header does not say what they are.
_TYPES = {Kind.JSON: "application/json", Kind.XML: "application/xml", Kind.TEXT: "text/plain"}


def _text(content: Content) -> str:
    return page_index.text_of(cleaned_html.parse(content.cleaned_html))


_VALUES: dict[str, Callable[[Content], Any]] = {
    Format.HTML: lambda content: content.html,
    Format.CLEANED_HTML: lambda content: content.cleaned_html,
    Format.MARKDOWN: lambda content: content.markdown,
    Format.LINKS: lambda content: content.links,
    Format.IMAGES: lambda content: content.images,
    METADATA: lambda content: content.metadata,
    TEXT: _text,
    TEXT_LANGUAGE: lambda content: language.identify(_text(content)),
    READABILITY: lambda content: readability.readability(_text(content)),
    PAGE_TYPE: lambda content: content.page_type,
}
_OF_TEXT = (TEXT, TEXT_LANGUAGE, READABILITY)


_FILE_NAME = re.compile(r"""filename\*?\s*=\s*(?:[\w-]*'[\w-]*')?"?([^";]*)""", re.IGNORECASE)

_UTF_8 = "text/html; charset=utf-8"
_OUT_OF_MEMORY = {"fault": "memory"}


def reply(request: dict[str, Any], body: bytes) -> bytes:
    """Return the message that answers a request about the page in `body`: see `ExtractorPool.extract`."""
    content = _content(body, request)
    verdict = classify(request["status"], request["headers"], body, content.signals, content.quality)
    packed = {name: bodies.pack(_VALUES[name](content)) for name in (*request["formats"], METADATA)}
    lengths = {name: len(value) for name, value in packed.items()}
    leads_to = _refresh(content, request)
    header = {
        "lengths": lengths,
        "verdict": (verdict.kind, verdict.vendor),
        "has_scripts": content.signals is not None and content.signals.scripts > 0,
        "refresh": None if leads_to is None else (leads_to.seconds, leads_to.url),
        "quality": content.quality,
        "words": None if content.signals is None else content.signals.words,
        "empty": content.signals is not None
        and content.signals.words < FEW_WORDS
        and verdict.kind is VerdictKind.SHELL,
    }
    return encode(header, b"".join(packed.values()))


def _refresh(content: Content, request: dict[str, Any]) -> Refresh | None:
    """Where the page leads by itself: by its header or, where it is HTML, by its markup."""
    header = request["headers"].get("refresh", "")
    return refresh.parse(header, request["url"]) or (content.signals.refresh if content.signals else None)


def markdown_reply(request: dict[str, Any], body: bytes) -> bytes:
    """Return the message that answers a request to finish Markdown: see `ExtractorPool.finish_markdown`."""
    wanted = request["markdown_options"]
    options = MarkdownOptions(**{**wanted, "links": LinkStyle(wanted["links"])})
    text, metadata = _parts(request, body)
    finished = postprocess.finish(
        postprocess.rewrite(text, options) if options.rewrites else text, metadata, request["url"], options
    )
    return encode({"is_cut": finished.is_cut}, bodies.pack(finished.text))


def structuring_reply(request: dict[str, Any], body: bytes) -> bytes:
    """Return the message that answers a request of `structuring.tasks`: see `ExtractorPool.structure`."""
    from pagemill.structuring import tasks

    return encode(tasks.run(request, *_parts(request, body)))


def _parts(request: dict[str, Any], body: bytes) -> list[Any]:
    """Return the values that a request's body holds, packed one after another."""
    values, start = [], 0
    for length in request["lengths"]:
        values.append(bodies.unpack(body[start : start + length]))
        start += length
    return values


def site_reply(request: dict[str, Any], body: bytes) -> bytes:
    """Return the message that answers a request of `sites.tasks`: see `ExtractorPool.read_site`."""
    from pagemill.sites import tasks

    return encode(tasks.run(request, body))


def annotation_reply(request: dict[str, Any], body: bytes) -> bytes:
    """Return the message that answers a request to annotate a page: see `ExtractorPool.annotate`."""
    from pagemill.extraction.annotation import annotated_page

    wanted = request["annotation"]
    choices = annotated_page.Choices(
        only_main_content=wanted["only_main_content"],
        include_tags=tuple(wanted["include_tags"]),
        exclude_tags=tuple(wanted["exclude_tags"]),
        include_comments=wanted["include_comments"],
        given=_corrections(request),
    )
    html = bodies.unpack(body).encode("utf-8", "replace")
    page = annotated_page.annotate(html, request["url"], choices, content_type=_UTF_8, max_blocks=wanted["max_blocks"])
    found = None if page is None else annotated_page.to_json(page)
    return encode({}, bodies.pack(found))


def _corrections(request: dict[str, Any]) -> tuple[Correction, ...]:
    """The corrections that may apply to a page."""
    return tuple(
        Correction(
            id=given["id"],
            hosts=tuple(given["hosts"]),
            template=tuple(given["template"]),
            path=tuple((tag, tuple(names)) for tag, names in given["path"]),
            text=given["text"],
            role=BlockRole(given["role"]),
        )
        for given in request["corrections"]
    )


def comparison_reply(request: dict[str, Any], body: bytes) -> bytes:
    """Return the message that answers a request of `comparison.tasks`: see `ExtractorPool.compare`."""
    from pagemill.comparison import tasks

    return encode(tasks.run(request[tasks.NAME], body))


def _content(body: bytes, request: dict[str, Any]) -> Content:
    url, content_type = request["url"], request["content_type"]
    kind = kind_of(content_type, body)
    if kind is Kind.GZIP:
        return _unpacked(body, request)
    if kind is Kind.HTML:
        return _html(body, request)
    if kind is Kind.PDF:
        from pagemill.extraction.documents import pdf  # its libraries take a tenth of a second

        return pdf.extract(body, url)
    declared = declared_kind(content_type)
    if kind in (Kind.XML, Kind.JSON) and declared in (Kind.HTML, Kind.PDF):
        content_type = ";".join([_TYPES[kind], *content_type.split(";")[1:]])
    found = None
    told_type = "" if declared is None and kind is Kind.TEXT and essence(content_type) not in DOUBTFUL else content_type
    if separated_values.is_separated(told_type, _file_name(request) or url):
        found = separated_values.extract(body, content_type, url)
    if found is None and kind in (Kind.XML, Kind.JSON, Kind.TEXT):
        found = link_lists.extract(body, content_type, url)
    return found or _plain(body, content_type, kind, url)


def _html(body: bytes, request: dict[str, Any]) -> Content:
    """What extraction makes of an HTML page. Corrections can only fail themselves: the page does without them then."""
    make = partial(
        extract,
        body,
        request["url"],
        content_type=request["content_type"],
        only_main_content=request["only_main_content"],
        include_tags=request["include_tags"],
        exclude_tags=request["exclude_tags"],
        include_comments=request["include_comments"],
        formats=_made(request["formats"]),
    )
    if request["corrections"]:
        try:
            return make(given=_corrections(request))
        except Exception as error:
            if isinstance(error, MemoryError):
                raise
            sys.stderr.write(f"the corrections of a page could not be applied: {type(error).__name__}: {error}\n")
    return make()


def _made(formats: list[str]) -> tuple[str, ...]:
    """What has to be made for these formats: the text is that of the cleaned HTML."""
    return (*formats, METADATA, *((Format.CLEANED_HTML,) if any(name in _OF_TEXT for name in formats) else ()))


def _file_name(request: dict[str, Any]) -> str:
    """The name that the response gives its file (RFC 6266); empty where it gives none."""
    found = _FILE_NAME.search(request["headers"].get("content-disposition", ""))
    return found[1].strip() if found else ""


def _unpacked(body: bytes, request: dict[str, Any]) -> Content:
    content = gzip_file.decompress(body, request["largest"])
    if kind_of("", content) in (Kind.GZIP, Kind.UNSUPPORTED):
        raise InvalidDocumentError("The compressed document holds no text.")
    return _content(content, {**request, "url": request["url"].removesuffix(".gz"), "content_type": ""})


def _plain(body: bytes, content_type: str, kind: Kind, url: str) -> Content:
    says_nothing = declared_kind(content_type) is None and not content_type.lower().startswith("text/")
    return plain_text.extract(body, _TYPES.get(kind, "") if says_nothing else content_type, url)


def main(memory: str) -> None:
    """Answer requests until the input ends. `memory`: how many bytes this process may use."""
    limit_memory(int(memory) + memory_beside(MODULE))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent decides
    # The channel is kept to ourselves: whatever a library prints must not get into it.
    requests, replies = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    with contextlib.suppress(ConnectionError):  # nobody is there any more
        replies.write(READY)
        replies.flush()
        while lengths := requests.read(LENGTHS.size):
            header_length, body_length = LENGTHS.unpack(lengths)
            header = orjson.loads(requests.read(header_length))
            _answer(replies, header, _body(requests, body_length))


def _body(requests: BinaryIO, length: int) -> bytes | None:
    """Read a request's body. None where there is no room for it: it is read over, as its sender waits for that."""
    try:
        return requests.read(length)
    except MemoryError:  # raised before anything was read, as the room is made first
        while length > 0:
            length -= len(requests.read(min(length, 65536))) or length
        return None


def _answer(replies: BinaryIO, header: dict[str, Any], body: bytes | None) -> None:
    message = encode(_OUT_OF_MEMORY) if body is None else _message(header, body)
    replies.write(message)
    replies.flush()


_TASKS: dict[str, Callable[[dict[str, Any], bytes], bytes]] = {
    "task": structuring_reply,
    "site_task": site_reply,
    "comparison": comparison_reply,
    "annotation": annotation_reply,
    "markdown_options": markdown_reply,
}
"""What answers a request, by the field that marks it; any other is about a page."""


def _message(header: dict[str, Any], body: bytes) -> bytes:
    try:
        answer = next((answer for name, answer in _TASKS.items() if name in header), reply)
        return answer(header, body)
    except DocumentError as error:
        return encode({"fault": "document", "code": error.code, "message": error.message})
    except MemoryError:
        # What is left of the heap is not to be trusted: another process takes our place.
        return encode(_OUT_OF_MEMORY)
    except Exception as error:  # noqa: BLE001 - a fault of extraction is the page's failure, told to the parent
        return encode({"fault": "exception", "exception": f"{type(error).__name__}: {error}"})


if __name__ == "__main__":  # where it is not forked
    die_with_parent(int(sys.argv[2]))
    main(sys.argv[1])
