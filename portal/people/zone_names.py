"""Time zones by what people and other systems call them: "W. Europe Standard Time", MEZ, UTC+01:00, Germany.

Windows' names, abbreviations, countries and the German names of cities are those of the CLDR, in Babel. The
answers are asked back, never taken for granted: many zones share an abbreviation or an offset.
"""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel import Locale
from babel.core import get_global

from portal.people.zones import WELL_KNOWN, main_names

MOST = 4
LOCALES = ("en", "en_GB", "en_AU", "en_IN", "de", "fr")
"""Whose abbreviations and names of countries and cities are known."""
LIKELY = (
    *(zone for zone in WELL_KNOWN if zone != "UTC"),
    *("America/Chicago", "America/Denver", "America/Sao_Paulo", "Europe/Lisbon", "Europe/Athens"),
    *("Europe/Moscow", "Asia/Dubai", "Asia/Shanghai", "Asia/Tokyo", "Australia/Sydney", "Pacific/Auckland"),
)
"""Of several zones that share an abbreviation, an offset or a country, the one that is offered."""
OFFSET = re.compile(
    r"\(?\s*(?:etc/)?(?:utc|gmt|z)?\s*(?P<sign>[+\-\u2212\u2013])\s*(?P<hours>\d{1,2})(?::?(?P<minutes>[0-5]\d))?\s*"
    r"(?:\)\s*(?P<places>.*))?",
    re.IGNORECASE,
)
"""An offset as UTC+01:00, GMT-5 or +0530; and as Windows shows it, with places behind it."""
WINTER, SUMMER = datetime(2026, 1, 15, tzinfo=UTC), datetime(2026, 7, 15, tzinfo=UTC)


def zones_meant(text: str) -> tuple[str, ...]:
    """The zones that somebody means who writes `text`, the likeliest first; none where nothing is known."""
    name = " ".join(text[:200].casefold().replace("_", " ").split())
    if name in ("gmt", "z", "zulu", "utc", "utc+0", "utc+00:00", "gmt+0", "coordinated universal time"):
        return ("Europe/London", "UTC") if name.startswith("gmt") else ("UTC",)
    if offset := OFFSET.fullmatch(name):
        return _at_offset(offset)
    windows = {name.casefold(): zone for name, zone in get_global("windows_zone_mapping").items()}
    for spelling in (name, name.replace("daylight", "standard").replace("summer", "standard")):
        if spelling in windows:
            return (windows[spelling],)
    return _clocks().get(name) or _in_country(name) or _cities().get(name, ())


def _fixed(offset: re.Match[str]) -> tuple[str, ...]:
    """The zone that keeps an offset of whole hours all year. POSIX counts the signs of these the other way
    round: Etc/GMT-1 is one hour ahead of UTC.
    """
    hours, rest = divmod(_minutes(offset), 60)
    known = hours and not rest and -12 <= hours <= 14 and not offset["places"]
    return (f"Etc/GMT{-hours:+}",) if known else ()


def _minutes(offset: re.Match[str]) -> int:
    minutes = int(offset["hours"]) * 60 + int(offset["minutes"] or 0)
    return minutes if offset["sign"] == "+" else -minutes


def _at_offset(offset: re.Match[str]) -> tuple[str, ...]:
    """One zone at an offset in standard time; of those whose city Windows names, where it does."""
    away = timedelta(minutes=_minutes(offset))
    zones = [zone for zone in _ranked() if _standard(zone) == away]
    named = [
        zone
        for place in (offset["places"] or "").split(",")
        for zone in _cities().get(place.strip(), ())
        if zone in zones
    ]
    return (*(named or zones)[:1], *(() if named else _fixed(offset)))


def _standard(zone: str) -> timedelta | None:
    """How far a zone's standard time is ahead of UTC."""
    offsets = [moment.astimezone(ZoneInfo(zone)).utcoffset() for moment in (WINTER, SUMMER)]
    return min((offset for offset in offsets if offset is not None), default=None)


@lru_cache(maxsize=1)
def _ranked() -> tuple[str, ...]:
    """All zones by their main names, the likely ones first, then those that Windows names a zone after."""
    windows = get_global("windows_zone_mapping")
    by_windows = [windows[name] for name in sorted(windows, key=lambda name: (len(name), name))]
    main = set(main_names())
    return tuple(zone for zone in dict.fromkeys((*LIKELY, *by_windows, *sorted(main))) if zone in main)


@lru_cache(maxsize=1)
def _clocks() -> dict[str, tuple[str, ...]]:
    """Abbreviation or name of a clock, as "Eastern Time" -> a zone for each of the offsets it stands for."""
    zones: dict[str, dict[timedelta | None, str]] = {}
    for zone in _ranked():
        for moment in (WINTER, SUMMER):
            name = (moment.astimezone(ZoneInfo(zone)).tzname() or "").casefold()
            if name.isalpha():
                zones.setdefault(name, {}).setdefault(_standard(zone), zone)
    for locale in map(Locale.parse, LOCALES):
        for area, names in locale.meta_zones.items():
            likeliest = next((zone for zone in _ranked() if get_global("meta_zones").get(zone) == area), "")
            written = [name for width in ("short", "long") for name in dict(names.get(width, {})).values()]
            for name in written if likeliest else ():
                zones.setdefault(name.casefold(), {}).setdefault(_standard(likeliest), likeliest)
    return {name: tuple(by_offset.values())[:MOST] for name, by_offset in zones.items()}


def _in_country(name: str) -> tuple[str, ...]:
    """One zone for each offset of a country, by its code or its name in one of LOCALES."""
    codes = (
        code
        for locale in map(Locale.parse, LOCALES)
        for code, country in locale.territories.items()
        if name in (country.casefold(), code.casefold())
    )
    of_country = set(get_global("territory_zones").get(next(codes, ""), ()))
    by_offset: dict[timedelta | None, str] = {}
    for zone in _ranked():
        if zone in of_country:
            by_offset.setdefault(_standard(zone), zone)
    return tuple(by_offset.values())[:MOST]


@lru_cache(maxsize=1)
def _cities() -> dict[str, tuple[str, ...]]:
    """City -> zone, in English, German and French."""
    cities: dict[str, tuple[str, ...]] = {
        zone.rpartition("/")[2].replace("_", " ").casefold(): (zone,) for zone in _ranked()
    }
    for locale in map(Locale.parse, LOCALES):
        for zone in _ranked():
            city = dict(locale.time_zones[zone]).get("city") if zone in locale.time_zones else None
            if city:
                cities.setdefault(city.casefold(), (zone,))
    return cities
