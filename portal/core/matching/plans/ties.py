"""Of all choices that are equally good, the one that pairs the first rows with the first columns.

So the pairs depend on who takes part and on nothing else: not on the order in which people came, and not on
the solver. Two best choices differ by rounds of pairs that are exactly worth their prices; so row by row, and
in each row column by column, a pair is taken in whenever a round leads back to its row without touching what
is decided.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from portal.core.matching.plans.network import NEVER, Network, bonus

Nodes = NDArray[np.int64]
Mask = NDArray[np.bool_]


def break_ties(network: Network) -> None:
    """Change the pairs of `network`, which are the best, to the best that come first."""
    Ties(network).settle()


class Ties:
    """Pairs that could be `taken` in without loss, and pairs that could be `left` without loss and are not
    decided yet.
    """

    def __init__(self, network: Network) -> None:
        self.network = network
        even = network.worth == network.mentor_price[:, None] + network.mentee_price[None, :]
        even &= network.worth > NEVER // 2
        self.left = even & network.pairs
        self.taken = even & ~network.pairs
        part = self._parts()
        mentors = network.worth.shape[0]
        self.taken &= part[:mentors, None] == part[None, mentors:-1]

    def settle(self) -> None:
        """Decide row by row."""
        for row in range(self.network.worth.shape[0]):
            if self.taken[row].any():
                self._settle_row(row)
            self.left[row] = False

    def _settle_row(self, row: int) -> None:
        open_columns = set(np.nonzero(self.taken[row] | self.left[row])[0].tolist())
        while open_columns:
            column = min(open_columns)
            open_columns.discard(column)
            if self.taken[row, column]:
                onward = self._ways_to(row, goal=self.network.mentee(column))
                if onward[self.network.mentee(column)] < 0:
                    reached = onward[self.network.worth.shape[0] : -1] >= 0
                    open_columns = {each for each in open_columns if reached[each] or self.left[row, each]}
                    continue
                self._turn(row, column, onward)
            self.left[row, column] = False

    def _turn(self, row: int, column: int, onward: Nodes) -> None:
        """Pair two, and follow the way back to the row, changing each pair on it."""
        at, then = row, self.network.mentee(column)
        while True:
            self.network.push(at, then)
            self._note(at, then)
            if then == row:
                return
            at, then = then, int(onward[then])

    def _note(self, start: int, end: int) -> None:
        mentors, hub = self.network.worth.shape[0], self.network.hub
        if hub in (start, end):
            return
        paired = start < mentors
        row, column = (start, end - mentors) if paired else (end, start - mentors)
        self.left[row, column], self.taken[row, column] = paired, not paired

    def _ways_to(self, row: int, goal: int) -> Nodes:
        """For each node, the next one on a way to `row` that loses nothing; -1 for none. Ends early when
        `goal` has one.
        """
        mentors = self.network.worth.shape[0]
        onward = np.full(self.network.hub + 1, -1)
        onward[row] = row
        edge = np.array([row])
        while len(edge) and onward[goal] < 0:
            found = []
            for at in (edge[edge < mentors], edge[(edge >= mentors) & (edge < self.network.hub)]):
                if len(at):
                    found.append(self._before(at, onward))
                    found.append(self._hub_before(at, onward))
            if self.network.hub in edge:
                found.append(self._before_hub(onward))
            edge = np.concatenate(found)
        return onward

    def _before(self, at: Nodes, onward: Nodes) -> Nodes:
        """New nodes from which flow can go to one of `at`, all of them mentors or all mentees."""
        mentors = self.network.worth.shape[0]
        if at[0] < mentors:
            block, shift = self.left[at].T, mentors
        else:
            block, shift = self.taken[:, at - mentors], 0
        new = np.nonzero(block.any(axis=1) & (onward[shift : shift + len(block)] < 0))[0]
        onward[shift + new] = at[block[new].argmax(axis=1)]
        found: Nodes = shift + new
        return found

    def _hub_before(self, at: Nodes, onward: Nodes) -> Nodes:
        """The hub, if it is new and flow can go from it to one of `at`."""
        hub = self.network.hub
        out_of_hub = at[self._seats()[0][at]]
        if onward[hub] >= 0 or not len(out_of_hub):
            return at[:0]
        onward[hub] = out_of_hub[0]
        return np.array([hub])

    def _before_hub(self, onward: Nodes) -> Nodes:
        """New nodes from which flow can go to the hub."""
        new = np.nonzero(self._seats()[1] & (onward[:-1] < 0))[0]
        onward[new] = self.network.hub
        return new

    def _seats(self) -> tuple[Mask, Mask]:
        """For each mentor and mentee: whether flow can go to them from the hub without loss, and from them to
        it.
        """
        net = self.network
        more = (net.mentors_used < net.mentor_seats) & (
            bonus(net.first_mentor, net.mentors_used) == -net.mentor_price
        )
        last = bonus(net.first_mentor, net.mentors_used, last=True)
        less = (net.mentors_used > 0) & (last == -net.mentor_price)
        drop = (net.mentees_used > 0) & (
            bonus(net.first_mentee, net.mentees_used, last=True) == -net.mentee_price
        )
        fill = (net.mentees_used < net.mentee_seats) & (
            bonus(net.first_mentee, net.mentees_used) == -net.mentee_price
        )
        return np.concatenate([more, drop]), np.concatenate([less, fill])

    def _parts(self) -> Nodes:
        """The strongly connected part of each node: only within one can pairs change without loss."""
        mentors, hub = self.network.worth.shape[0], self.network.hub
        starts, ends = np.nonzero(self.taken)
        paired, partners = np.nonzero(self.left)
        from_hub, to_hub = (np.nonzero(each)[0] for each in self._seats())
        tails = np.concatenate([starts, partners + mentors, np.full(len(from_hub), hub), to_hub])
        heads = np.concatenate([ends + mentors, paired, from_hub, np.full(len(to_hub), hub)])
        graph = sparse.csr_array((np.ones(len(tails), np.int8), (tails, heads)), shape=(hub + 1, hub + 1))
        part: Nodes = connected_components(graph, connection="strong")[1]
        return part
