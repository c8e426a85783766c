"""What a score is worth in the fourth goal: below fifty points each missing point counts double."""

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.signedinteger]
"""Of any width: 10000 with phi's half as much again fits into 16 bits."""

BEND = 5000


def phi(scores: Scores) -> Scores:
    """s + min(s, 5000): below fifty points each missing point counts double."""
    return scores + np.minimum(scores, BEND)
