"""Connect an account: find the calendar to write to, or make one."""

from portal.calendars.server import Server, new_address
from portal.calendars.syncing.claims import Claim
from portal.calendars.syncing.outcomes import WELL, record, set_columns
from portal.calendars.syncing.sync_state import inherit
from portal.calendars.wire.addresses import Origin, Trouble, rules
from portal.calendars.wire.credentials import Credentials
from portal.settings import current


def connect(claim: Claim, credentials: Credentials) -> str:
    """Find or make the calendar; its address. It is stored before the calendar is made, so that one made is
    not lost. Raises Trouble and LeaseLost.
    """
    url = claim.calendar_url or _choose(claim, credentials)
    if claim.own_calendar:
        with Server(url, credentials, rules()) as server:
            try:
                server.make_calendar(url, claim.calendar_name or current().portal_name)
            except Trouble as trouble:
                if trouble.problem != "no-new-calendar":
                    raise
                record(claim, {"calendar_url": ""})
                raise _to_choose(claim, credentials, "no-new-calendar") from None
    with claim.lease.held():
        inherit(claim.account_id, claim.person_id, url)
        set_columns(claim, {"state": "connected", **WELL})
    return url


def _choose(claim: Claim, credentials: Credentials) -> str:
    """The address of the calendar named, of one of ours from before, or of a new one."""
    name = claim.calendar_name or current().portal_name
    with Server(claim.address, credentials, rules()) as server:
        home = server.discover()
        # Of two with the same name the first counts, hence reversed.
        calendars = {calendar.name.casefold(): calendar for calendar in reversed(server.calendars(home.url))}
    calendar = calendars.get(name.casefold())
    if calendar is None and not claim.own_calendar:
        raise _to_choose(claim, credentials, "no-such-calendar")
    url = calendar.url if calendar else new_address(home.url, name)
    values = {
        "calendar_url": url,
        "calendar_name": calendar.name if calendar else name,
        "origin": str(Origin.of(url)),
        "scheme": credentials.scheme,
    }
    record(claim, values)
    return url


def _to_choose(claim: Claim, credentials: Credentials, problem: str) -> Trouble:
    """A trouble whose detail lists the calendars there are to choose from, one a line."""
    with Server(claim.address, credentials, rules()) as server:
        names = [calendar.name for calendar in server.calendars(server.discover().url)]
    return Trouble(problem, "\n".join(dict.fromkeys(names)), permanent=True)
