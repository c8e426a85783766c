"""A moment as a line of a calendar text says it: in UTC, or by the clocks of a zone whose name is known (RFC
5545, 3.3.5).

A zone that only the text itself defines is not read: reckoning with such a definition can take for ever.
"""

import re
from datetime import UTC, datetime

from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from portal.core.calendar import vtimezones as timezones
from portal.core.translatable import N_
from portal.errors import Invalid

LOCAL = re.compile(r"[0-9]{8}T[0-9]{6}")
NO_MOMENT = N_("This calendar entry names no moment that can be read.")


def moment_of(value: str, zone_name: str = "") -> datetime:
    """The moment, in UTC; raises Invalid for a day, a time without a zone, or a zone that is not known.

    Zones may have Windows' names, as Outlook writes them, or a path before their name.
    """
    local = value.removesuffix("Z")
    if not LOCAL.fullmatch(local):
        raise Invalid(NO_MOMENT)
    try:
        zone = UTC if value.endswith("Z") else timezones.zone(_known(zone_name))
        return datetime.strptime(local, "%Y%m%dT%H%M%S").replace(tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Invalid(NO_MOMENT) from error


def _known(name: str) -> str:
    parts = name.strip('"').split("/")
    paths = ("/".join(parts[at:]) for at in range(len(parts)))
    found = next(
        (each for each in (*paths, WINDOWS_TO_OLSON.get(name.strip('"'), "")) if each in timezones.names()),
        None,
    )
    if found is None:
        raise Invalid(NO_MOMENT)
    return found
