"""networkx, `max_weight_matching` (Galil's blossoms): the four goals in one whole number, one node for each
seat.
"""

import networkx
from stage import FORBIDDEN, Given, Goals, Pairs, play


def pair(given: Given) -> Pairs:
    """The heaviest matching of the graph of all allowed seats."""
    goals, scores = Goals.of(given), given.scores()
    graph = networkx.Graph()
    for row, row_seats in enumerate(given.row_seats):
        for column, column_seats in enumerate(given.column_seats):
            if scores[row][column] == FORBIDDEN:
                continue
            worth = goals.pair(scores[row][column], given.line)
            for first in range(row_seats):
                for second in range(column_seats):
                    more = goals.mentor * (first == 0) + goals.mentee * (second == 0)
                    graph.add_edge(("row", row, first), ("column", column, second), weight=worth + more)
    chosen = [sorted(each, reverse=True) for each in networkx.max_weight_matching(graph)]
    return sorted((row[1], column[1]) for row, column in chosen)


if __name__ == "__main__":
    play(pair)
