"""The media types of text that is no HTML: one table for fetching, which lets them in, and for extraction."""

from __future__ import annotations

import re

SOURCE_LANGUAGES = {
    "text/css": "css",
    "text/javascript": "javascript",
    "application/javascript": "javascript",
    "application/x-javascript": "javascript",
    "application/ecmascript": "javascript",
    "text/csv": "csv",
    "application/csv": "csv",
    "text/yaml": "yaml",
    "application/yaml": "yaml",
    "application/x-yaml": "yaml",
    "application/toml": "toml",
    "application/sql": "sql",
    "application/x-sql": "sql",
    "text/x-python": "python",
    "application/x-python": "python",
    "application/x-sh": "bash",
    "application/x-shellscript": "bash",
    "application/typescript": "typescript",
    "application/graphql": "graphql",
}
"""Of source code, with the language that a code block names."""

SEPARATED_VALUES = {
    "text/csv": ",",
    "text/x-csv": ",",
    "text/comma-separated-values": ",",
    "text/x-comma-separated-values": ",",
    "application/csv": ",",
    "application/x-csv": ",",
    "application/vnd.ms-excel.csv": ",",
    "application/vnd.ms-excel": ",",
    "text/tab-separated-values": "\t",
    "text/tsv": "\t",
    "application/tsv": "\t",
    "application/x-tsv": "\t",
}
"""Of tables as text, with their usual delimiter."""

MARKDOWN = frozenset({"text/markdown", "text/x-markdown", "application/markdown", "application/x-markdown"})
"""Of Markdown."""

DOUBTFUL = frozenset({"application/vnd.ms-excel"})
"""What Windows calls CSV, web pages that a program saved as a table, and Excel's own files: their first bytes tell."""

TEXT = frozenset(
    {*SOURCE_LANGUAGES, *SEPARATED_VALUES, *MARKDOWN, "application/x-tex", "application/x-subrip"} - DOUBTFUL
)
"""Types of text, whatever they begin with. Each `text/…` is one too."""

_PARTS = re.compile(r'(?:[^,"]|"(?:[^"\\]|\\.)*")+')
_CHARSET = re.compile(r";\s*charset\s*=", re.IGNORECASE)


def essence(content_type: str) -> str:
    """The type itself, in lower case, without parameters."""
    return content_type.partition(";")[0].strip().lower()


def last_type(content_type: str) -> str:
    """The one that counts of several types in a Content-Type: the last valid one (Fetch Standard, extract a MIME type).

    It keeps the charset of the one before where that is of the same type and it has none of its own.
    """
    if "," not in content_type:
        return content_type
    found = ""
    for part in (match.strip() for match in _PARTS.findall(content_type)):
        name = essence(part)
        if "/" not in name or name == "*/*":
            continue
        if name == essence(found) and not _CHARSET.search(part):
            continue
        found = part
    return found or content_type
