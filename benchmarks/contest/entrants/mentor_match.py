"""The package mentor-match: Munkres in plain Python on a table of whole-number scores, one partner each a
round.

It brings no knowledge of what forbids a pair, so it is told by its own rule `Disqualify`. Its scores come
from rules that its user writes; here the shared topics, the departments and the sites, in the way of its own
documentation. With `ours` as second argument the rule gives our score instead, so that only the assignment
differs. It fills one seat each a round: there are as many rounds as the most seats that anybody has, and
whoever is full is disqualified.
"""

import sys
from typing import Any

from matching.mentee import Mentee
from matching.mentor import Mentor
from matching.process import process_data
from matching.rules.rule import Disqualify, Generic
from stage import FORBIDDEN, Given, Pairs, play


class OurScore:
    """A rule of the package's own protocol that gives the score of the table."""

    def __init__(self, scores: list[Any]) -> None:
        self.scores = scores

    def evaluate(self, match: Any) -> bool:
        """Whether there is any score."""
        return self.apply(match) > 0

    def apply(self, match: Any) -> int:
        """The score of the two."""
        return self.scores[int(match.mentor.email)][int(match.mentee.email)]


def own_rules() -> list[Any]:
    """Points for what the two share, as somebody might write them with what the package offers."""

    def teaches(rank: int) -> Generic:
        points = {True: 30 - 5 * rank, False: 0}
        return Generic(
            points, lambda match: bool(set(match.mentee.role[rank : rank + 1]) & set(match.mentor.role))
        )

    return [
        *(teaches(rank) for rank in range(5)),
        Generic({True: 6, False: 0}, lambda match: match.mentee.organisation != match.mentor.organisation),
        Generic({True: 3, False: 0}, lambda match: match.mentee.profession == match.mentor.profession),
    ]


def pair(given: Given) -> Pairs:
    """Rounds of the package's own matching."""
    scores = given.scores()
    mentors = [Mentor(**_facts(number, each)) for number, each in enumerate(given.row_facts)]
    mentees = [Mentee(**_facts(number, each)) for number, each in enumerate(given.column_facts)]

    def closed(match: Any) -> bool:
        row, column = int(match.mentor.email), int(match.mentee.email)
        full = (
            len(match.mentor.mentees) >= given.row_seats[row]
            or len(match.mentee.mentors) >= given.column_seats[column]
        )
        return full or scores[row][column] == FORBIDDEN

    points = [OurScore(scores)] if sys.argv[2:] == ["ours"] else own_rules()
    # The package takes rules from the end of the list: what disqualifies comes last, so that nothing is
    # scored in vain.
    process_data(mentors, mentees, [[*points, Disqualify(closed)] for _ in range(max(given.row_seats))])
    return [(int(mentor.email), int(mentee.email)) for mentor in mentors for mentee in mentor.mentees]


def _facts(number: int, facts: dict[str, Any]) -> dict[str, Any]:
    """What the package's people hold; their field `role` takes the topics, since it may be anything."""
    own = {"organisation": facts["department"], "profession": facts["site"], "role": facts["topics"]}
    return {"email": str(number), "grade": facts["grade"], **own}


if __name__ == "__main__":
    play(pair)
