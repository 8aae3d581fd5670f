import numpy as np
from numpy.typing import NDArray

def add(
    features: NDArray[np.float32],
    feature: NDArray[np.int32],
    threshold: NDArray[np.float32],
    left: NDArray[np.uint16],
    value: NDArray[np.float32],
    sums: NDArray[np.float64],
) -> None: ...
