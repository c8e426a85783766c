"""Pairs that are to stay together whatever the scores: all of them can be kept, or the run is refused with
the reason.
"""

from collections import Counter

from portal.core.matching.candidates import Problem, Refusal, person_of
from portal.core.matching.rules import forbidden
from portal.core.translatable import N_


def check_locks(problem: Problem) -> list[tuple[int, int]]:
    """The locked pairs as (row, column), in order; raises Refusal for those that cannot all be kept, naming
    who and why.
    """
    rows = {each.id: number for number, each in enumerate(problem.mentors)}
    columns = {each.id: number for number, each in enumerate(problem.mentees)}
    for mentor, mentee in problem.locked:
        people = {"mentor": person_of(problem, mentor), "mentee": person_of(problem, mentee)}
        if mentor not in rows or mentee not in columns:
            absent = people["mentor" if mentor not in rows else "mentee"]
            raise Refusal(ABSENT, {**people, "name": absent})
        if mentor != mentee and (mentee, mentor) in problem.locked:
            raise Refusal(BOTH_WAYS, people)
        if (
            why := forbidden(problem.mentors[rows[mentor]], problem.mentees[columns[mentee]], problem)
        ) is not None:
            raise Refusal(FORBIDDEN[why.name], people)
    _check_seats(problem)
    return [(rows[mentor], columns[mentee]) for mentor, mentee in problem.locked]


def _check_seats(problem: Problem) -> None:
    as_mentor, as_mentee = (Counter(pair[side] for pair in problem.locked) for side in (0, 1))
    for each in problem.candidates:
        for locked, seats in (
            (as_mentor[each.id], each.mentor_capacity),
            (as_mentee[each.id], each.mentee_capacity),
        ):
            if locked > seats:
                raise Refusal(TOO_MANY, {"name": each}, locked=locked, seats=seats)


ABSENT = N_(
    "%(mentor)s and %(mentee)s are locked together, but %(name)s does not wait for a match in that role. "
    "Unlock or discard that pair."
)
BOTH_WAYS = N_("%(mentor)s and %(mentee)s are locked together both ways round. Unlock one of the two pairs.")
TOO_MANY = N_(
    "%(name)s is locked into more pairs than they have seats: %(locked)s for %(seats)s. Unlock one of them."
)
FORBIDDEN = {
    "self": N_("%(mentor)s is locked to themselves. Unlock or discard that pair."),
    "grade": N_(
        "%(mentor)s and %(mentee)s are locked together, but %(mentor)s is not junior enough to mentor"
        " %(mentee)s. Unlock or discard that pair."
    ),
    "line": N_(
        "%(mentor)s and %(mentee)s are locked together, but are in one line of managers. Unlock or discard"
        " that pair."
    ),
    "language": N_(
        "%(mentor)s and %(mentee)s are locked together, but share no language. Unlock or discard that pair."
    ),
    "time": N_(
        "%(mentor)s and %(mentee)s are locked together, but share no working hour. Unlock or discard that"
        " pair."
    ),
    "department": N_(
        "%(mentor)s and %(mentee)s are locked together, but are not known to work in different departments. "
        "Unlock or discard that pair."
    ),
    "site": N_(
        "%(mentor)s and %(mentee)s are locked together, but are not known to work at the same site. "
        "Unlock or discard that pair."
    ),
    "topic": N_(
        "%(mentor)s and %(mentee)s are locked together, but %(mentor)s teaches nothing that %(mentee)s wants"
        " to learn. Unlock or discard that pair."
    ),
    "private": N_(
        "%(mentor)s and %(mentee)s are locked together, but these two cannot be paired. Unlock or discard"
        " that pair."
    ),
}
