"""Write: carry out a plan with PUT and DELETE, each on the condition that nobody else wrote in between.

What is intended was stored before, so a round may be broken off after any of these requests.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from portal.calendars.server import Conflict, Item
from portal.calendars.syncing.context import SyncContext
from portal.calendars.syncing.planning import RoundPlan
from portal.calendars.wire.addresses import Trouble
from portal.core.calendar import owner_edits
from portal.core.calendar.sync_plan import Act, Step
from portal.errors import Invalid


@dataclass(frozen=True)
class Put:
    """A PUT that the server accepted: the ETag it answered, "" for none, and the properties in which the
    owner's values were written instead of ours.
    """

    etag: str
    owner_properties: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Written:
    """What the server answered, by UID.

    `refused` holds the status of each PUT of a new entry that was refused; `missing` are the entries to be
    searched for, since they are not where they were.
    """

    puts: Mapping[str, Put]
    deleted: tuple[str, ...]
    missing: tuple[str, ...]
    refused: Mapping[str, str]

    @property
    def count(self) -> int:
        return len(self.puts) + len(self.deleted)


def write(context: SyncContext, plan: RoundPlan) -> Written:
    """Carry out the steps until the round's time is up. Raises Trouble and LeaseLost."""
    changing = [step.after.href for step in plan.steps.values() if step.act == Act.CHANGE]
    present = context.server.read(changing)
    puts, refused = dict[str, Put](), dict[str, str]()
    deleted, missing = list[str](), list[str]()
    for uid, step in plan.steps.items():
        if context.is_late:
            break
        context.lease.renew()
        try:
            if step.act == Act.CREATE:
                puts[uid] = _create(context, step, plan.wanted.texts[uid])
            elif step.act == Act.CHANGE:
                puts[uid] = _change(context, step, plan.wanted.texts[uid], present.get(step.after.href))
            elif step.act == Act.DELETE:
                context.server.delete(step.after.href, if_match=_if_match(step.after.etag))
                deleted.append(uid)
            elif step.act == Act.SEARCH:
                missing.append(uid)
        except Conflict as conflict:
            status = str(conflict)
            if step.act == Act.CREATE:
                refused[uid] = status
            elif status != "412":  # 412: it changed since we looked, so the next pass looks again
                raise Trouble("not-allowed", f"PUT answered {status}", permanent=status == "403") from None
    return Written(puts, tuple(deleted), tuple(missing), refused)


def _create(context: SyncContext, step: Step, text: bytes) -> Put:
    return Put(context.server.write(step.after.href, text, if_match=None))


def _change(context: SyncContext, step: Step, text: bytes, present: Item | None) -> Put:
    """Write our text with what its owner edited in the `present` item."""
    if present is None or present.etag != step.after.etag:
        raise Conflict("412")
    names: frozenset[str] = frozenset()
    with suppress(Invalid):
        edited = owner_edits.edited_in(present.text, step.after.texts)
        text, names = owner_edits.with_edits(text, present.text, edited), edited
    etag = context.server.write(step.after.href, text, if_match=_if_match(step.after.etag))
    return Put(etag, names)


def _if_match(etag: str) -> str:
    """What may stand in If-Match: weak ETags never match (RFC 9110, 13.1.1), so any version has to do."""
    return etag if etag and not etag.startswith("W/") else "*"
