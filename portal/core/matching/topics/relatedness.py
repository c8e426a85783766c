"""How near two topics are, in tenths: the same, near by a table made by hand, of one area, or nothing in
common.

The same for everybody. Topics that staff added stand in no table, so for them the area alone tells.
"""

from collections.abc import Mapping

from portal.core.matching.topics.near import NEAR

SAME, OF_ONE_AREA = 10, 3

PAIRS: dict[frozenset[str], int] = {
    frozenset((one, other)): tenths for one, tenths, others in NEAR for other in others.split()
}
"""Two topics of the table -> how near they are."""

NEIGHBOURS: dict[str, dict[str, int]] = {}
"""Topic -> topics of the table near it, and how near."""
for _one, _tenths, _others in NEAR:
    for _other in _others.split():
        NEIGHBOURS.setdefault(_one, {})[_other] = _tenths
        NEIGHBOURS.setdefault(_other, {})[_one] = _tenths


def relatedness(one: str, other: str, topics: Mapping[str, tuple[str, str]]) -> int:
    """How near `one` is to `other`, in tenths, a whole number of 0 to SAME. `topics` is topic -> (label,
    area).
    """
    if one == other:
        return SAME
    of_one_area = OF_ONE_AREA if topics[one][1] == topics[other][1] else 0
    return NEIGHBOURS.get(one, {}).get(other, of_one_area)
