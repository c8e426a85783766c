"""Taking all that was written out of a calendar again, when its owner disconnects and wishes it away."""

import logging
from urllib.parse import urlsplit

from portal.calendars.server import Server
from portal.calendars.syncing.push import Round
from portal.calendars.wire.addresses import Trouble

log = logging.getLogger(__name__)


def take_away(farewell: Round, *, own_calendar: bool) -> bool:
    """Take our entries away, wherever their owner moved them, and a calendar of our own with them; whether
    all are away.

    A calendar that is gone already is no hindrance: what was moved out of it before is somewhere still.
    Raises Trouble.
    """
    try:
        complete = farewell.empty().complete
    except Trouble as trouble:
        if trouble.problem != "calendar-gone":
            raise
        return farewell.empty(is_gone=True).complete
    if complete and own_calendar:
        _remove_if_empty(farewell.server, farewell.task.calendar_url)
    return complete


def _remove_if_empty(server: Server, url: str) -> None:
    """Delete a calendar of our own in which nothing is left, as a listing and a search both say: with it
    would go whatever its owner put there. One that stays does no harm.
    """
    try:
        if not server.look(url) and not server.find("", [url]):
            server.delete(urlsplit(url).path, if_match="")
    except Trouble as trouble:
        log.info("the calendar that we made stays: %s (%s)", trouble.problem, trouble.detail)
