"""Who stands above whom, at any height, among a few people of a company.

Lines may be ten thousand long, and may go in circles: each person's walk stops at the next of the few, or
where it has been.
"""

from collections.abc import Mapping


def lines(people: Mapping[int, int | None], managers: Mapping[int, int | None]) -> dict[int, tuple[int, ...]]:
    """For each of `people` (person -> manager), which others of them stand above, the nearest first."""
    ends: dict[int, int | None] = {}
    above = {person: _first_from(manager, people, managers, ends) for person, manager in people.items()}
    found = {}
    for person in people:
        line: dict[int, None] = {}
        at = above[person]
        while at is not None and at != person and at not in line:
            line[at] = None
            at = above[at]
        found[person] = tuple(line)
    return found


def _first_from(
    start: int | None,
    people: Mapping[int, int | None],
    managers: Mapping[int, int | None],
    ends: dict[int, int | None],
) -> int | None:
    """The first of `people` on the way up from `start`, itself included; `ends` remembers where other walks
    ended.
    """
    walked: dict[int, None] = {}
    at = start
    while at is not None and at not in people and at not in ends and at not in walked:
        walked[at] = None
        at = managers.get(at)
    end = at if at in people else ends.get(at) if at is not None else None
    ends.update(dict.fromkeys(walked, end))
    return end
