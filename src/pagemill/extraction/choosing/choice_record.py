"""A record of how content was chosen. Extraction keeps one only where it is asked to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from pagemill.extraction.choosing.blocks import Blocks
    from pagemill.extraction.choosing.features.block_features import Features
    from pagemill.model import Correction


@dataclass(slots=True)
class ChoiceRecord:
    """What each step of the choice made of the blocks. Empty where no blocks were chosen among."""

    flat: Blocks | None = None
    found: Features | None = None
    features: NDArray[np.float32] | None = None
    """(features, blocks): what the model was given."""
    probability: NDArray[np.float64] | None = None
    """That each block is content, as the model has it."""
    steps: list[tuple[str, NDArray[np.bool_]]] = field(default_factory=list)
    """The name of each step and what was selected after it. The first is the model's own choice."""
    corrected: dict[int, Correction] = field(default_factory=dict)
    """The correction of each block that has one."""

    def step(self, name: str, selected: NDArray[np.bool_]) -> None:
        """Note what is selected after a step."""
        self.steps.append((name, selected.copy()))

    def changed_by(self, block: int) -> str | None:
        """Return the last step that changed whether a block is selected; None where it is as the model chose."""
        found = None
        before = self.steps[0][1][block] if self.steps else None
        for name, selected in self.steps[1:]:
            if selected[block] != before:
                found, before = name, selected[block]
        return found
