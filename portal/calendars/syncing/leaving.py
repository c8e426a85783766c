"""Remove everything we wrote from a calendar, when its owner disconnects and asks for that."""

import logging
from dataclasses import replace
from urllib.parse import urlsplit

from portal.calendars.server import Server
from portal.calendars.syncing.context import SyncContext
from portal.calendars.syncing.rounds import bring_in_step
from portal.calendars.wire.addresses import Trouble

log = logging.getLogger(__name__)


def remove_all(context: SyncContext, *, own_calendar: bool) -> bool:
    """Remove our entries, wherever their owner moved them, and a calendar of our own with them; whether all
    are removed. Raises Trouble and LeaseLost.
    """
    leaving = replace(context, full=True, leaving=True)
    try:
        complete = bring_in_step(leaving).complete
    except Trouble as trouble:
        if trouble.problem != "calendar-gone":
            raise
        # What was moved out of the calendar before it was deleted may still be elsewhere.
        return bring_in_step(replace(leaving, calendar_is_gone=True)).complete
    if complete and own_calendar:
        _remove_if_empty(context.server, context.calendar_url)
    return complete


def _remove_if_empty(server: Server, url: str) -> None:
    """Delete a calendar of our own that is empty, as a listing and a search both say: with it would go
    whatever its owner put there. One that stays does no harm.
    """
    try:
        if not server.look(url) and not server.find("", [url]):
            server.delete(urlsplit(url).path, if_match="")
    except Trouble as trouble:
        log.info("the calendar that we made stays: %s (%s)", trouble.problem, trouble.detail)
