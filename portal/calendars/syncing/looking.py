"""Look: what the server says is there, by ctag and ETags, without reading any entry of the calendar."""

from collections.abc import Mapping
from dataclasses import dataclass

from portal.calendars.server import Item
from portal.calendars.syncing.context import SyncContext
from portal.calendars.syncing.sync_state import has_unsettled
from portal.calendars.wire.addresses import Trouble
from portal.core.calendar.sync_plan import ItemState, Known


@dataclass(frozen=True)
class Look:
    """The calendar's ctag, "" for none, and the ETags by path of all that is in it and of our entries in
    other calendars.
    """

    ctag: str
    etags: Mapping[str, str]


def is_unchanged(context: SyncContext) -> bool:
    """Whether nothing changed on the server, as one small request tells, and nothing is left to do. Raises
    Trouble.
    """
    ctag = context.server.ctag(context.calendar_url)
    if context.full or not ctag or ctag != context.ctag:
        return False
    return not has_unsettled(context.account_id, context.folder)


def look(context: SyncContext, known: Mapping[str, Known], *, trust_ctag: bool) -> Look:
    """Look at the calendar; with `trust_ctag` an unchanged ctag vouches for its ETags. Raises Trouble."""
    if context.calendar_is_gone:
        return Look("", _etags_elsewhere(context, known))
    # The ctag comes first, so that what changes while we look differs from it in the next round.
    ctag = context.server.ctag(context.calendar_url)
    unchanged = trust_ctag and ctag and ctag == context.ctag and not context.full
    if unchanged and _is_settled(known):
        etags = _known_etags(context, known)
    else:
        etags = context.server.look(context.calendar_url)
    return Look(ctag, etags | _etags_elsewhere(context, known))


def _is_settled(known: Mapping[str, Known]) -> bool:
    """Whether no write's outcome is unknown and nothing is still to be removed."""
    kept = (item for item in known.values() if item.state == ItemState.KEPT)
    is_leaving = any(item.state == ItemState.LEAVING for item in known.values())
    return all(item.etag and not item.intended for item in kept) and not is_leaving


def _known_etags(context: SyncContext, known: Mapping[str, Known]) -> dict[str, str]:
    return {
        item.href: item.etag
        for item in known.values()
        if item.state == ItemState.KEPT and item.href.startswith(context.folder)
    }


def _etags_elsewhere(context: SyncContext, known: Mapping[str, Known]) -> dict[str, str]:
    """The ETags of what its owner moved to other calendars; one that is gone or closed to us has none."""
    watched = (item.href for item in known.values() if item.state in (ItemState.KEPT, ItemState.LEAVING))
    elsewhere = [href for href in watched if not href.startswith(context.folder)]
    items: dict[str, Item] = {}
    for folder in {href.rpartition("/")[0] for href in elsewhere}:
        try:
            items |= context.server.read([href for href in elsewhere if href.rpartition("/")[0] == folder])
        except Trouble as trouble:
            if trouble.problem not in ("calendar-gone", "not-allowed"):
                raise
    return {href: item.etag for href, item in items.items()}
