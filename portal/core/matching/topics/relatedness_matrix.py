"""Relatedness of many topics at once, as a matrix: in a module of its own, so that pages which explain a score
do without numpy.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from portal.core.matching.topics.relatedness import NEIGHBOURS, OF_ONE_AREA, SAME


def relatedness_matrix(names: Sequence[str], topics: Mapping[str, tuple[str, str]]) -> NDArray[np.float32]:
    """The relatedness of each of `names` to each in tenths, as whole numbers: exact in any later product of
    matrices.
    """
    areas = np.array([topics[each][1] for each in names])
    near = np.where(areas[:, None] == areas[None, :], OF_ONE_AREA, 0).astype(np.float32)
    at = {name: number for number, name in enumerate(names)}
    for one, row in at.items():
        for other, tenths in NEIGHBOURS.get(one, {}).items():
            if other in at:
                near[row, at[other]] = tenths
    np.fill_diagonal(near, SAME)
    return near
