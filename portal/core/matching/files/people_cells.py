"""What single cells of a People file say. Each reader answers the value, or raises Unreadable: why, and what
to do.

An empty cell says the same as a column that is not there: grade unknown, time zone UTC, Monday to Friday from
9 to 17, English, balanced, one partner, and nothing in the lists. The texts are for an operator at the
command line.
"""

import re
import unicodedata
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property, lru_cache
from zoneinfo import available_timezones

from portal.core.hours.hours_meant import hours_meant
from portal.core.hours.weekly_hours import HoursError, WeeklyHours, parse_hours
from portal.core.matching.candidates import MOST_SEATS, STYLES, Wish
from portal.core.matching.topics.index import CATALOGUE, LONGEST, Topic, exact_names, normalise, suggest

LONGEST_TEXT = 300
"""Characters of a cell that holds one thing: an id, a name, a place, hours."""
MOST_HINTS = 40
"""Unknown topics of one file for which a near one is looked up."""
NEAR_ENOUGH = 0.4
"""The least score of a topic that is offered in place of one that is not known."""
SHORTEST_CITY = 4
"""Letters of a city for which a near one is looked up."""
MOST_GRADE = 1000
USUAL_ZONE, USUAL_HOURS, USUAL_LANGUAGES = "UTC", "Mon-Fri 09:00-17:00", ("en",)
ROLES = {"mentor": (True, False), "mentee": (False, True), "both": (True, True), "none": (False, False)}
"""Role -> whether as mentor, whether as mentee. `none` takes no part, but counts where somebody answers to
them.
"""
LEVEL = re.compile(r"(?P<name>.*?)(?:[\s:=(]+(?P<level>[1-3])\)?|\s*:\s*[^\s:]*)?", re.DOTALL)
"""A topic as it is often written, perhaps with its level after a space or in brackets: python (3)."""
WHOLE = re.compile(r"[+-]?[0-9]{1,9}")

Languages = Callable[[str], Sequence[str]]
"""From languages as people write them to codes; raises ValueError with the one it does not know."""


ZonesMeant = Callable[[str], Sequence[str]]
"""From what people call a time zone to the names of zones that may be meant."""


def no_zones(text: str) -> Sequence[str]:
    """No zone is known by another name."""
    del text
    return ()


class Unreadable(ValueError):
    """A cell that cannot be taken: why, and what to do about it."""

    def __init__(self, reason: str, way: str) -> None:
        self.reason, self.way = reason, way
        super().__init__(f"{reason} {way}")


def quoted(text: str, most: int = 40) -> str:
    """A piece of the file as a message shows it: on one line, short, and nothing that moves the cursor."""
    shown = "".join(letter if letter.isprintable() else "\ufffd" for letter in text[: most + 1])
    return f"“{shown if len(shown) <= most else shown[: most - 1] + '…'}”"


def nearest(text: str, names: Collection[str], cutoff: float = 0.6) -> str | None:
    """The one of a few names that is spelled most like `text`."""
    return next(iter(get_close_matches(text[:LONGEST_TEXT].casefold(), sorted(names), 1, cutoff)), None)


def cleaned(cell: str) -> str:
    """A cell without the spaces around it; raises Unreadable for marks that no text has."""
    if cell.isprintable():
        return cell.strip()
    for letter in cell:
        if unicodedata.category(letter) in ("Cc", "Cs") and letter not in "\t\r\n":
            code = f"U+{ord(letter):04X}"
            raise Unreadable(f"it holds {code}, which is no part of any text.", "Write the cell anew.")
    return cell.strip()


def too_long(cell: str) -> Unreadable:
    """What is wrong with a cell that is longer than what it holds can be."""
    return Unreadable(f"it has {len(cell):,} characters.", f"Write {LONGEST_TEXT} at most.")


def text(cell: str) -> str:
    """One line of text, perhaps empty."""
    if len(cell) > LONGEST_TEXT:
        raise too_long(cell)
    return " ".join(cell.split())


def person(cell: str) -> str:
    """An id: any text, but for the semicolon that parts ids in lists."""
    if not cell:
        raise Unreadable("it is empty.", "Give each person an id of their own.")
    if len(cell) > LONGEST_TEXT or any(letter in ";\t\r\n" for letter in cell):
        raise Unreadable(
            f"{quoted(cell)} is no id.",
            f"Write up to {LONGEST_TEXT} characters on one line, without a semicolon.",
        )
    return cell


def manager(cell: str) -> str | None:
    """The id of a manager, if there is one."""
    return person(cell) if cell else None


def people(cell: str) -> tuple[str, ...]:
    """Ids, each once, in order."""
    return tuple(dict.fromkeys(person(each) for each in _listed(cell)))


def grade(cell: str) -> int | None:
    """A grade; None where it is not known."""
    return _whole(cell, -MOST_GRADE, MOST_GRADE, "or leave it empty") if cell else None


def capacity(cell: str) -> int:
    """How many partners somebody wants in a role."""
    return _whole(cell, 1, MOST_SEATS, "or leave it empty for one partner") if cell else 1


def _whole(cell: str, least: int, most: int, otherwise: str) -> int:
    way = f"Write a whole number from {least} to {most}, {otherwise}."
    if not WHOLE.fullmatch(cell):
        raise Unreadable(f"{quoted(cell)} is no whole number.", way)
    if not least <= int(cell) <= most:
        raise Unreadable(f"{quoted(cell)} is too {'small' if int(cell) < least else 'large'}.", way)
    return int(cell)


def role(cell: str) -> tuple[bool, bool]:
    """Whether somebody joins as mentor, and whether as mentee."""
    found = ROLES.get(cell.casefold())
    if found is None:
        said = f"{quoted(cell)} is no role." if cell else "it is empty."
        raise Unreadable(
            said, "Write mentor, mentee or both; or none for somebody who is only a manager of others."
        )
    return found


def style(cell: str) -> str:
    """One of STYLES."""
    if cell and cell.casefold() not in STYLES:
        raise Unreadable(
            f"{quoted(cell)} is no style.",
            f"Write {', '.join(STYLES[:-1])} or {STYLES[-1]}, or leave it empty.",
        )
    return cell.casefold() or "balanced"


@lru_cache(maxsize=4096)
def hours(cell: str) -> WeeklyHours:
    """The local hours of a week, of which at least one can be met in."""
    if len(cell) > LONGEST_TEXT:
        raise too_long(cell)
    try:
        return parse_hours(cell or USUAL_HOURS)
    except HoursError as error:
        meant = hours_meant(cell)
        way = f"Did you mean {meant}?" if meant else str(error)
        raise Unreadable(f"{quoted(cell)} cannot be read as hours.", way) from error


@lru_cache(maxsize=1)
def _zones() -> dict[str, str]:
    return {name.casefold(): name for name in available_timezones() if "/" in name or name == "UTC"}


@lru_cache(maxsize=1)
def _cities() -> dict[str, str]:
    """The zones by their last word, which most people know them by."""
    zones = {name: zone for name, zone in _zones().items() if not name.startswith("etc/")}
    return {name.rpartition("/")[2]: zone for name, zone in sorted(zones.items(), reverse=True)}


@dataclass
class Known:
    """What cells may name: languages, topics and time zones. For the first few unknown names a near one is
    looked up.
    """

    read_languages: Languages
    catalogue: tuple[Topic, ...] = CATALOGUE
    zones_meant: ZonesMeant = no_zones
    hints: int = MOST_HINTS

    def languages(self, cell: str) -> tuple[str, ...]:
        """The codes of languages."""
        if len(cell) > LONGEST_TEXT:
            raise too_long(cell)
        try:
            return tuple(self.read_languages(cell)) or USUAL_LANGUAGES
        except ValueError as error:
            way = "Write up to twelve codes or names like en or Deutsch, separated by semicolons."
            raise Unreadable(
                f"{quoted(str(error) or cell)} is no language that is known here.", way
            ) from error

    def zone(self, cell: str) -> str:
        """The name of a time zone in the IANA database."""
        written = cell[:LONGEST_TEXT].casefold().replace(" ", "_")
        if not cell or written in _zones():
            return _zones()[written] if cell else USUAL_ZONE
        zones = self._near_zones(cell[:LONGEST_TEXT], written) if self._may_look() else ()
        names = [f"{zone} (this offset all year)" if zone.startswith("Etc/GMT") else zone for zone in zones]
        way = (
            f"Did you mean {', '.join(names[:-1])}{' or ' if names[1:] else ''}{names[-1]}?" if names else ""
        )
        raise Unreadable(
            f"{quoted(cell)} is no time zone.", way or "Write the name of a zone, like Europe/Berlin."
        )

    def _near_zones(self, cell: str, written: str) -> Sequence[str]:
        """The zones that may be meant: by another name, else by a city that is spelled nearly so. Short names
        are abbreviations, of which the nearest city says nothing: CET is not Ceuta.
        """
        zones = self.zones_meant(cell)
        city = written.rpartition("/")[2]
        if zones or len(city) < SHORTEST_CITY or not city.replace("_", "").isalpha():
            return zones
        near = nearest(city, _cities(), 0.75)
        return (_cities()[near],) if near else ()

    def wishes(self, cell: str) -> tuple[Wish, ...]:
        """Topics with levels from 1 to 3, in the order they are written, each once."""
        found: dict[str, Wish] = {}
        for each in _listed(cell):
            name, colon, level = (piece.strip() for piece in each.rpartition(":"))
            if not colon or level not in ("1", "2", "3"):
                like = self._with_levels(each if "," in each else name if colon else each)
                raise Unreadable(
                    f"{quoted(each)} has no level from 1 to 3.", f"Write it like {quoted(like, 200)}."
                )
            topic = self._topics_by_name.get(_plain(name))
            if topic is None and "," in name:
                raise Unreadable(
                    f"{quoted(each)} is no topic that is known here.",
                    f"Separate topics with semicolons: {quoted(self._with_levels(each), 200)}.",
                )
            if topic is None:
                raise Unreadable(f"{quoted(name)} is no topic that is known here.", self._near_topic(name))
            if topic.id in found:
                raise Unreadable(f"{quoted(name)} names {topic.id} a second time.", "Name each topic once.")
            found[topic.id] = Wish(topic.id, int(level))
        return tuple(found.values())

    def _with_levels(self, text: str) -> str:
        """A list of topics as it should be written, with semicolons and a level for each: 2 where none is
        said.
        """
        text = text[:LONGEST_TEXT]
        whole = LEVEL.fullmatch(text)
        if whole and _plain(whole["name"]) in self._topics_by_name:
            return f"{whole['name']}:{whole['level'] or 2}"
        pieces = [found for piece in text.split(",") if (found := LEVEL.fullmatch(piece.strip()))]
        return "; ".join(f"{found['name']}:{found['level'] or 2}" for found in pieces if found["name"])

    @cached_property
    def _topics_by_name(self) -> dict[str, Topic]:
        return exact_names(self.catalogue)

    def _near_topic(self, name: str) -> str:
        near = suggest(name, self.catalogue, limit=1) if self._may_look() else ()
        meant = f"Did you mean {near[0].topic.id} ({near[0].topic.label})? " if near else ""
        return f"{meant}`portal topics --shipped` lists those there are."

    def _may_look(self) -> bool:
        self.hints -= 1
        return self.hints >= 0


@lru_cache(maxsize=4096)
def _plain(name: str) -> str:
    """A name of a topic as it is compared; "" for what is longer than any."""
    return normalise(name) if len(name) <= LONGEST else ""


def _listed(cell: str) -> Iterator[str]:
    """What the semicolons of a list part, without what is empty."""
    return (piece for each in cell.split(";") if (piece := each.strip()))
