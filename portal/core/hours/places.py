"""Time zones and their countries, from the tables of the IANA database in the tzdata package.

The country is a first guess for public holidays; people can change it.
"""

from functools import cache
from importlib.resources import files

# Old names that the database links to a zone in another country, since both clocks have agreed since 1970.
ELSEWHERE = {
    "Africa/Asmera": "ER",
    "Africa/Timbuktu": "ML",
    "America/Coral_Harbour": "CA",
    "America/Virgin": "VI",
    "Antarctica/South_Pole": "AQ",
    "Atlantic/Jan_Mayen": "SJ",
    "Iceland": "IS",
    "Pacific/Ponape": "FM",
    "Pacific/Truk": "FM",
    "Pacific/Yap": "FM",
}

# Names of a clock rather than a place, though the database makes each a link to some city.
NOWHERE = frozenset({"CET", "EET", "EST", "HST", "MET", "MST", "WET"})

NOT_A_CHOICE = frozenset({"Factory"})  # what a clock shows that nobody has set


@cache
def known_zones() -> tuple[str, ...]:
    """The names of all time zones that may be chosen, in order; with old ones, which browsers still send."""
    return tuple(sorted(set(_lines("zones")) - NOT_A_CHOICE))


def country_of(time_zone: str) -> str | None:
    """The ISO 3166 code of a zone's country; None for UTC and the like, and for unknown zones."""
    if time_zone in NOWHERE:
        return None
    if time_zone in ELSEWHERE:
        return ELSEWHERE[time_zone]
    countries = _countries()
    return countries.get(time_zone) or countries.get(_links().get(time_zone, ""))


@cache
def _countries() -> dict[str, str]:
    """Zone -> country, from zone.tab. Its columns, separated by tabs: country, coordinates, zone, remarks."""
    rows = (line.split("\t") for line in _lines("zoneinfo/zone.tab") if not line.startswith("#"))
    return {zone: country for country, _, zone, *_ in rows}


@cache
def _links() -> dict[str, str]:
    """Old name -> present name, from the lines `L present old` of tzdata.zi."""
    rows = (line.split() for line in _lines("zoneinfo/tzdata.zi") if line.startswith("L "))
    return {old: present for _, present, old in rows}


def _lines(path: str) -> list[str]:
    text = files("tzdata").joinpath(*path.split("/")).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line.strip()]
