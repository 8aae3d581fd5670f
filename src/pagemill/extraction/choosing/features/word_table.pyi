from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

class WordTable:
    def __init__(self, words: Sequence[str]) -> None: ...
    def sum_weights(
        self,
        text: NDArray[np.uint16],
        begins: NDArray[np.int64],
        ends: NDArray[np.int64],
        kinds: NDArray[np.uint8],
        weights: NDArray[np.float64],
        most_whole: int,
        sums: NDArray[np.float64],
    ) -> None: ...
    def find_words(
        self,
        text: NDArray[np.uint16],
        begins: NDArray[np.int64],
        ends: NDArray[np.int64],
        kinds: NDArray[np.uint8],
        counts: NDArray[np.int64],
    ) -> list[tuple[int, int]]: ...
    def sum_names(
        self,
        names: NDArray[np.uint16],
        signs: NDArray[np.uint16],
        weights: NDArray[np.float64],
        sums: NDArray[np.float64],
    ) -> None: ...
