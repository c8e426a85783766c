"""How near two topics are, in tenths: the same, of one area, or nothing in common. Coarse, and the same for everybody."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

SAME, OF_ONE_AREA = 10, 3


def relatedness(one: str, other: str, topics: Mapping[str, tuple[str, str]]) -> int:
    """How near `one` is to `other`, in tenths. `topics` is topic -> (label, area)."""
    if one == other:
        return SAME
    return OF_ONE_AREA if topics[one][1] == topics[other][1] else 0


def matrix(names: Sequence[str], topics: Mapping[str, tuple[str, str]]) -> NDArray[np.float32]:
    """The relatedness of each of `names` to each."""
    areas = np.array([topics[each][1] for each in names])
    near = np.where(areas[:, None] == areas[None, :], OF_ONE_AREA, 0).astype(np.float32)
    np.fill_diagonal(near, SAME)
    return near
