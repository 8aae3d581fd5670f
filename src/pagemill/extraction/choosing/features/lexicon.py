"""What words tell of a block: those of class names, of short texts, and of the headings before it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pagemill.extraction.choosing.features.phrases import PhraseModel
    from pagemill.extraction.choosing.features.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Three trained logistic models, one for each kind of words."""

    class_names: Vocabulary
    phrases: PhraseModel
    """From a short text to whether it is content."""
    heading_phrases: PhraseModel
    """From a heading to how much of what follows it is content."""
