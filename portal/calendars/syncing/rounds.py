"""One round through an account: load, look, plan, write, read back, store, until nothing is left to do.

What is intended is committed before each write and what was read back after it, so a round may be broken off
anywhere: the next one finds out what arrived. No transaction is open during a request, and a worker whose
lease was taken over stores nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from portal.calendars.entries import entries_of
from portal.calendars.syncing.context import SyncContext
from portal.calendars.syncing.looking import is_unchanged, look
from portal.calendars.syncing.moved_items import Search, adopt, locate
from portal.calendars.syncing.planning import RoundPlan, plan
from portal.calendars.syncing.reading_back import read_back
from portal.calendars.syncing.sync_state import load, store
from portal.calendars.syncing.writing import write
from portal.calendars.wire.addresses import Trouble
from portal.core.calendar.documents import Entry
from portal.db import db

PASSES = 4


@dataclass(frozen=True)
class Progress:
    """How far a round has come. Without `complete` another one should follow at once; `suspend` is the reason
    to ask the owner.

    `writes` counts what the server accepted and `settled` what was then seen to have arrived, since some
    servers say yes and keep nothing. `searched`: the account was searched for what would have been created.
    `refused` holds the stem of each UID that the server refused.
    """

    complete: bool = False
    suspend: str = ""
    ctag: str = ""
    passes: int = 0
    searched: bool = False
    refused: tuple[str, ...] = ()
    writes: int = 0
    settled: int = 0


def bring_in_step(context: SyncContext, *, same: bool = False) -> Progress:
    """Pass through the account until nothing is left to do, or the time is up. With `same`, the entries are
    those of the last round, so one small request may do. Raises Trouble and LeaseLost.
    """
    if same and is_unchanged(context):
        return Progress(complete=True, ctag=context.ctag)
    entries = [] if context.leaving else _entries(context.person_id)
    search, progress = Search(context), Progress()
    while not progress.complete and progress.passes < PASSES:
        progress = _pass(context, entries, search, progress)
        if context.is_late and not context.leaving:
            break
    if not progress.complete and not progress.settled:
        # Otherwise the next round would follow at once, and the next, for ever.
        raise Trouble("bad-answer", "nothing came of a whole round")
    return progress


def _pass(context: SyncContext, entries: Sequence[Entry], search: Search, progress: Progress) -> Progress:
    planned = _planned(context, entries, trust_ctag=progress.passes == 0)
    searched = progress.searched or bool(planned.missing)
    if searched and not progress.searched:
        adopted = adopt(search, planned)
        store(context.lease, adopted)
        if adopted:
            planned = _planned(context, entries, trust_ctag=False)
    store(context.lease, planned.steps)
    written = write(context, planned)
    arrived = read_back(context, planned, written)
    store(context.lease, arrived)
    located = locate(search, planned, written, progress.refused)
    store(context.lease, located.steps)
    if located.trouble:
        raise located.trouble
    # Whoever leaves wants to see that nothing is there; else it is enough that all writes arrived.
    complete = not (planned.acts or planned.suspend) if context.leaving else len(arrived) == planned.acts
    return Progress(
        complete=complete,
        suspend=planned.suspend,
        ctag=planned.ctag,
        passes=progress.passes + 1,
        searched=searched,
        refused=located.refused,
        writes=progress.writes + written.count,
        settled=progress.settled + len(arrived),
    )


def _planned(context: SyncContext, entries: Sequence[Entry], *, trust_ctag: bool) -> RoundPlan:
    context.lease.renew()
    known = load(context.account_id)
    return plan(context, entries, known, look(context, known, trust_ctag=trust_ctag))


def _entries(person_id: int) -> list[Entry]:
    entries = entries_of(person_id)
    db.session.rollback()
    return entries
