"""Writes a People file of a believable company, for `portal match`: the same numbers and seed, the same file.

    .venv/bin/python benchmarks/people.py --mentors 500 --mentees 500 --seed 1 > people.csv

Juniors offer what is fresh and wish for what is seasoned, seniors the other way round. With `--tight` nearly
all are after the same few topics and everybody has one seat, so that no choice is easy; without it some take
two or do both.
"""

import argparse
import csv
import sys
from collections.abc import Iterator, Sequence
from random import Random

from portal.core.matching.topics.index import CATALOGUE
from portal.demo.company import CAST, COMPANY, Employee, employees

HEADER = (
    *(
        "id",
        "name",
        "email",
        "grade",
        "manager_id",
        "department",
        "site",
        "time_zone",
        "hours",
        "languages",
        "role",
    ),
    *("capacity", "teaches", "learns", "style", "avoid", "past_partners", "locked_with"),
)
AT_ONCE = 1500
"""Employees of one branch; a large company has several. In each about half are juniors by grade."""
MOST_JUNIOR = 4
BOTH, TWO_SEATS, AVOIDS, MET = 0.06, 0.15, 0.02, 0.04
TIGHT_TOPICS = 6
LEVELS, LEVEL_SHARES = (1, 2, 3), (2, 5, 3)


def company(mentors: int, mentees: int, chance: Random) -> tuple[list[Employee], list[Employee]]:
    """So many juniors and seniors. Who answers to somebody left out answers to the next above them who is
    there.
    """
    known = {part.name for part in CAST}
    juniors: list[Employee] = []
    seniors: list[Employee] = []
    while len(juniors) < mentors or len(seniors) < mentees:
        branch = [each for each in employees(AT_ONCE, chance) if each.name not in known]
        juniors += [each for each in branch if each.grade <= MOST_JUNIOR]
        seniors += [each for each in branch if each.grade > MOST_JUNIOR]
    juniors, seniors = chance.sample(juniors, mentors), chance.sample(seniors, mentees)
    there = {id(each) for each in (*juniors, *seniors)}
    for each in (*juniors, *seniors):
        while each.manager is not None and id(each.manager) not in there:
            each.manager = each.manager.manager
    return juniors, seniors


class Topics:
    """Which topics are in favour: those of the demo company's tables more than others, or a few far above
    all.
    """

    def __init__(self, chance: Random, *, tight: bool) -> None:
        self.chance = chance
        fresh = {
            topic.id: int(COMPANY["fresh"].get(topic.id, 1))
            for topic in CATALOGUE
            if topic.area != "leadership"
        }
        seasoned = {topic.id: 3 for topic in CATALOGUE if topic.area == "leadership"}
        self.favour = {"fresh": fresh, "seasoned": seasoned}
        if tight:
            for topics in self.favour.values():
                for number, topic in enumerate(sorted(topics, key=lambda each: -topics[each])[:TIGHT_TOPICS]):
                    topics[topic] = 600 - 80 * number

    def some(self, kind: str, most: int) -> str:
        """Up to `most` different topics with levels, as a cell holds them."""
        topics = self.favour[kind]
        drawn = self.chance.choices(list(topics), list(topics.values()), k=self.chance.randint(1, most))
        return "; ".join(
            f"{each}:{self.chance.choices(LEVELS, LEVEL_SHARES)[0]}" for each in dict.fromkeys(drawn)
        )


def rows(mentors: int, mentees: int, seed: int, *, tight: bool) -> Iterator[Sequence[object]]:
    """The rows of the file, juniors first."""
    chance = Random(f"{mentors} {mentees} {seed} {tight}")  # noqa: S311 - a play, not a secret
    juniors, seniors = company(mentors, mentees, chance)
    topics = Topics(chance, tight=tight)
    ids = {id(each): f"p{number:05}" for number, each in enumerate((*juniors, *seniors), 1)}
    names = list(ids.values())
    for each in (*juniors, *seniors):
        junior = each.grade <= MOST_JUNIOR
        both = not tight and chance.random() < BOTH
        teaches, learns = ("fresh", "seasoned") if junior else ("seasoned", "fresh")
        yield (
            *(ids[id(each)], each.name, f"{ids[id(each)]}@nordlicht.invalid", each.grade),
            *(
                ids[id(each.manager)] if each.manager else "",
                each.department,
                each.site,
                each.zone,
                each.hours,
            ),
            *(";".join(each.languages), "both" if both else "mentor" if junior else "mentee"),
            2 if not tight and chance.random() < TWO_SEATS else 1,
            *(topics.some(teaches, 5 if junior else 3), topics.some(learns, 3 if junior else 5), each.style),
            *(_somebody(names, AVOIDS, chance), _somebody(names, MET, chance), ""),
        )


def _somebody(names: Sequence[str], share: float, chance: Random) -> str:
    return chance.choice(names) if chance.random() < share else ""


def main() -> None:
    """Write the file to standard output."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--mentors", type=int, metavar="N")
    parser.add_argument("--mentees", type=int, metavar="N")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--tight", action="store_true")
    asked = parser.parse_args()
    if asked.mentors is None and asked.mentees is None:
        parser.print_usage()
        return
    table = csv.writer(sys.stdout, lineterminator="\n")
    table.writerow(HEADER)
    table.writerows(rows(asked.mentors or 0, asked.mentees or 0, asked.seed, tight=asked.tight))


if __name__ == "__main__":
    main()
