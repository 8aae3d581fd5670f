"""What keeps content from being made of the bytes of a page."""

from __future__ import annotations

from pagemill.errors.pages import PageError


class DocumentError(PageError):
    """A document that no text could be had of; its subclasses say why."""


class InvalidDocumentError(DocumentError):
    """A document that is broken."""

    code = "document_invalid"


class EncryptedDocumentError(DocumentError):
    """A document that asks for a password."""

    code = "document_encrypted"


class DocumentWithoutTextError(DocumentError):
    """A document of pictures alone, as scanners make them."""

    code = "document_without_text"


class ExtractionTimeoutError(PageError):
    """Reading the page took longer than the limit."""

    code = "extraction_timeout"


class ExtractionCrashedError(PageError):
    """Reading the page ended its process."""

    code = "extraction_crashed"
