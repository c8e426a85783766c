"""Who works at the demo company: names, sites, hours, grades and a reporting tree. Pure: the same chance, the
same people.

The one chief has grade 9, the heads of departments 8 and answer to the chief; everybody else answers to
somebody of a higher grade in their own department.
"""

import tomllib
import unicodedata
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from portal.people.models import STYLES

COMPANY: dict[str, Any] = tomllib.loads(Path(__file__).with_name("company.toml").read_text(encoding="utf-8"))
DOMAIN: str = COMPANY["domain"]
SITES: dict[str, dict[str, Any]] = {each["name"]: each for each in COMPANY["site"]}
DEPARTMENTS: dict[str, int] = {each["name"]: each["share"] for each in COMPANY["department"]}
BOARD = "Board"

CHIEF, HEAD = 9, 8
GRADES, GRADE_SHARES = (1, 2, 3, 4, 5, 6, 7), (11, 18, 14, 13, 11, 19, 14)
LEADS_FROM, SPAN, SAMPLE = 4, 7, 14
"""From which grade people lead, how many answer to one where it can be helped, how many are looked at for the
part.
"""

LETTERS_WITHOUT_ACCENT = str.maketrans({"ł": "l", "ø": "o", "ı": "i", "ß": "ss", "æ": "ae", " ": "-"})


@dataclass
class Employee:
    """One person of the company. `manager` is the one they answer to; only the chief has none."""

    name: str
    email: str
    department: str
    site: str
    grade: int
    hours: str
    languages: list[str]
    style: str
    manager: "Employee | None" = field(default=None, repr=False)

    @property
    def zone(self) -> str:
        """The IANA name of the time zone they work in."""
        return str(SITES[self.site]["zone"])

    @property
    def country(self) -> str:
        """The ISO 3166 code of the country they work in."""
        return str(SITES[self.site]["country"])


@dataclass(frozen=True)
class Cast:
    """Somebody with a fixed part in the demo: the people one signs in as, and the chief."""

    name: str
    department: str
    site: str
    grade: int
    style: str
    languages: tuple[str, ...]


PETRA = Cast("Petra Okonkwo", "People and Culture", "Vienna", 6, "balanced", ("de", "en"))
MIRA = Cast("Mira Kaya", "Marketing", "Berlin", 2, "introvert", ("de", "en", "tr"))
JOAO = Cast("João Duarte", "Finance", "Lisbon", 7, "extrovert", ("pt", "en"))
ADA = Cast("Ada Lindqvist", "Engineering", "Berlin", 6, "introvert", ("en", "sv"))
RUTH = Cast("Ruth Castellan", BOARD, "Berlin", CHIEF, "extrovert", ("en", "de", "fr"))
CAST = (RUTH, PETRA, MIRA, JOAO, ADA)


def address(name: str) -> str:
    """The address of somebody called `name`, in plain ASCII: `João Duarte` ->
    `joao.duarte@nordlicht.invalid`.
    """
    given, _, family = name.rpartition(" ")
    spelled = unicodedata.normalize("NFKD", f"{given}.{family}".lower().translate(LETTERS_WITHOUT_ACCENT))
    return f"{spelled.encode('ascii', 'ignore').decode()}@{DOMAIN}"


def employees(count: int, chance: Random) -> list[Employee]:
    """`count` people (at least 30), those with a part first, the others by department from its head down."""
    namer = _Namer(chance)
    chief, *known = [_with_a_part(each, namer) for each in CAST]
    staff: dict[str, list[Employee]] = {
        name: [each for each in known if each.department == name] for name in DEPARTMENTS
    }
    for department, size in _sizes(count - 1).items():
        missing = size - len(staff[department])
        grades = [HEAD, *chance.choices(GRADES, GRADE_SHARES, k=missing - 1)]
        staff[department] += [_somebody(namer, department, grade, chance) for grade in grades]
        _lay_out_lines(staff[department], chief, chance)
    others = [each for members in staff.values() for each in members if each not in known]
    return [chief, *known, *others]


def _sizes(count: int) -> dict[str, int]:
    """How many people each department has: by its share, with the rest in the largest."""
    sizes = {name: max(3, count * share // 100) for name, share in DEPARTMENTS.items()}
    largest = max(sizes, key=lambda name: sizes[name])
    sizes[largest] += count - sum(sizes.values())
    return sizes


class _Namer:
    """Gives out names and addresses, each address once and each name once while there are enough."""

    def __init__(self, chance: Random) -> None:
        self.chance = chance
        self.given: defaultdict[str, int] = defaultdict(int)

    def name(self, site: str) -> str:
        origins = COMPANY["origins"]
        for _ in range(30):
            origin = self._origin(site)
            family = origin if self.chance.random() < 0.93 else self._origin(site)
            name = (
                f"{self.chance.choice(origins[origin]['given'])}"
                f" {self.chance.choice(origins[family]['family'])}"
            )
            if not self.given[address(name)]:
                break
        return name

    def _origin(self, site: str) -> str:
        """Where a name comes from: mostly from near the site, at times from anywhere."""
        near = self.chance.random() < 0.8
        origins: list[str] = SITES[site]["origins"] if near else list(COMPANY["origins"])
        return self.chance.choice(origins)

    def address(self, name: str) -> str:
        plain = address(name)
        self.given[plain] += 1
        number = self.given[plain]
        return plain if number == 1 else plain.replace("@", f".{number}@")


def _with_a_part(part: Cast, namer: _Namer) -> Employee:
    hours = SITES[part.site]["hours"][0]
    address = namer.address(part.name)
    languages = list(part.languages)
    return Employee(part.name, address, part.department, part.site, part.grade, hours, languages, part.style)


def _somebody(namer: _Namer, department: str, grade: int, chance: Random) -> Employee:
    site = chance.choices(list(SITES), [each["share"] for each in SITES.values()])[0]
    name = namer.name(site)
    hours: list[str] = SITES[site]["hours"]
    usual = [6, *[2] * (len(hours) - 1)]
    return Employee(
        name=name,
        email=namer.address(name),
        department=department,
        site=site,
        grade=grade,
        hours=chance.choices(hours, usual)[0],
        languages=_languages(site, grade, chance),
        style=chance.choices(STYLES, (36, 32, 32))[0],
    )


def _languages(site: str, grade: int, chance: Random) -> list[str]:
    """The site's languages; some speak one more, and a few juniors do not speak English at work."""
    spoken: list[str] = list(SITES[site]["languages"])
    if grade <= 2 and spoken[0] != "en" and chance.random() < 0.06:
        return spoken[:1]
    if chance.random() < 0.2:
        spoken.append(
            chance.choice([each for each in ("es", "fr", "it", "de", "pt", "ar", "tr") if each not in spoken])
        )
    return spoken


def _lay_out_lines(members: list[Employee], chief: Employee, chance: Random) -> None:
    """Give everybody in a department a manager of a higher grade: near in grade, of the same site, without a
    crowd.
    """
    reports: defaultdict[int, int] = defaultdict(int)
    ordered = sorted(members, key=lambda each: -each.grade)
    for person in ordered:
        least = max(person.grade + 1, LEADS_FROM)
        higher = [each for each in ordered if least <= each.grade <= least + 2]
        higher = higher or [each for each in ordered if each.grade > person.grade]
        if not higher:
            person.manager = chief
            continue
        asked = chance.sample(higher, min(SAMPLE, len(higher)))
        person.manager = min(asked, key=lambda each: _fit(person, each, reports[id(each)]))
        reports[id(person.manager)] += 1


def _fit(person: Employee, manager: Employee, reports: int) -> tuple[bool, bool, bool, int]:
    """The lower, the better: room for one more, the same site, somebody who leads already,
    the nearer grade.
    """
    return (reports >= SPAN, person.site != manager.site, reports == 0, manager.grade - person.grade)
