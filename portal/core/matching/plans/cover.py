"""How many of one side can be met at once, and how many of those whose turn it is."""

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import maximum_bipartite_matching

Whole = NDArray[np.int64]


def coverable(allowed: NDArray[np.bool_], seats: Whole, turns: Whole) -> int:
    """The most that columns who are met can count for together, where rows have so many seats and columns so
    many turns.

    The sets of columns that can be met together are a matroid, in which taking whoever counts most first is
    best: so what they count for is how many of all can be met, and how many of those who count double, taken
    together.
    """
    return sum(
        _matched(allowed[:, turns >= least], seats) for least in range(1, int(turns.max(initial=0)) + 1)
    )


def _matched(allowed: NDArray[np.bool_], seats: Whole) -> int:
    graph = sparse.csr_array(allowed)[np.repeat(np.arange(len(seats)), seats)]
    if not graph.nnz:
        return 0
    return int((maximum_bipartite_matching(graph, perm_type="column") >= 0).sum())
