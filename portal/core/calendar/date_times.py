"""DATE-TIME values (RFC 5545, 3.3.5) of lines that are read without a whole calendar around them.

A zone that only the text itself defines is not used: expanding such a definition can take for ever.
"""

import re
from datetime import UTC, datetime

from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from portal.core.calendar import vtimezones
from portal.core.translatable import N_
from portal.errors import Invalid

LOCAL = re.compile(r"[0-9]{8}T[0-9]{6}")
NO_MOMENT = N_("This calendar entry names no moment that can be read.")


def moment_of(value: str, zone_name: str = "") -> datetime:
    """The moment, in UTC; raises Invalid for a day, a time without a zone, or a zone that is not known.

    Zones may have Windows' names, as Outlook writes them, or a path before the name.
    """
    local = value.removesuffix("Z")
    if not LOCAL.fullmatch(local):
        raise Invalid(NO_MOMENT)
    try:
        zone = UTC if value.endswith("Z") else vtimezones.zone(_known_name(zone_name))
        return datetime.strptime(local, "%Y%m%dT%H%M%S").replace(tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Invalid(NO_MOMENT) from error


def _known_name(tzid: str) -> str:
    name = vtimezones.name_in(tzid) or vtimezones.name_in(WINDOWS_TO_OLSON.get(tzid.strip('"'), ""))
    if name is None:
        raise Invalid(NO_MOMENT)
    return name
