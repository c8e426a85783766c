"""How near two topics are, in tenths: the same, near by a table made by hand, of one area, or nothing in
common.

The same for everybody. Topics that staff added stand in no table, so for them the area alone tells.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from portal.core.matching.topics.near import NEAR

SAME, OF_ONE_AREA = 10, 3

PAIRS: dict[frozenset[str], int] = {
    frozenset((one, other)): tenths for one, tenths, others in NEAR for other in others.split()
}
"""Two topics of the table -> how near they are."""

_NEIGHBOURS: dict[str, dict[str, int]] = {}
for _one, _tenths, _others in NEAR:
    for _other in _others.split():
        _NEIGHBOURS.setdefault(_one, {})[_other] = _tenths
        _NEIGHBOURS.setdefault(_other, {})[_one] = _tenths


def relatedness(one: str, other: str, topics: Mapping[str, tuple[str, str]]) -> int:
    """How near `one` is to `other`, in tenths, a whole number of 0 to SAME. `topics` is topic -> (label,
    area).
    """
    if one == other:
        return SAME
    of_one_area = OF_ONE_AREA if topics[one][1] == topics[other][1] else 0
    return _NEIGHBOURS.get(one, {}).get(other, of_one_area)


def matrix(names: Sequence[str], topics: Mapping[str, tuple[str, str]]) -> NDArray[np.float32]:
    """The relatedness of each of `names` to each, as whole numbers: exact in any later
    product of matrices.
    """
    areas = np.array([topics[each][1] for each in names])
    near = np.where(areas[:, None] == areas[None, :], OF_ONE_AREA, 0).astype(np.float32)
    at = {name: number for number, name in enumerate(names)}
    for one, row in at.items():
        for other, tenths in _NEIGHBOURS.get(one, {}).items():
            if other in at:
                near[row, at[other]] = tenths
    np.fill_diagonal(near, SAME)
    return near
