"""Plan: the entries wanted, compared with what is known and what the server has, entry by entry.

What changed on the server is read here; `portal.core.calendar.sync_plan` decides what it means.
"""

import hashlib
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from portal.calendars.syncing import items
from portal.calendars.syncing.context import SyncContext
from portal.calendars.syncing.looking import Look
from portal.core.calendar import documents, sync_plan
from portal.core.calendar.documents import Entry, MeetingSeries
from portal.core.calendar.sync_plan import Act, ItemState, Known, Step, Wanted
from portal.core.calendar.uids import generation, stem
from portal.errors import Invalid

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class WantedTexts:
    """The entries that the calendar should show, with their texts, by UID. `unwritable` holds the stems of
    those that cannot be written; what the calendar has of them is left alone.
    """

    entries: Mapping[str, Wanted]
    texts: Mapping[str, bytes]
    unwritable: frozenset[str]


@dataclass(frozen=True)
class RoundPlan:
    """The steps of one pass by UID, what they write, and what was known before them.

    With `suspend` nothing is written: it is the reason to ask the owner.
    """

    known: Mapping[str, Known]
    wanted: WantedTexts
    steps: Mapping[str, Step]
    suspend: str
    ctag: str

    @property
    def acts(self) -> int:
        """How many steps do something on the server."""
        return sum(step.act is not None for step in self.steps.values())

    @property
    def missing(self) -> list[Known]:
        """What would be created, or with `suspend` is held for lost."""
        return [step.after for step in self.steps.values() if self.suspend or step.act == Act.CREATE]


def plan(context: SyncContext, entries: Sequence[Entry], known: Mapping[str, Known], look: Look) -> RoundPlan:
    """Read what changed and decide what to do. Raises Trouble."""
    wanted = _wanted(context, entries, known, look)
    compared = {uid: item for uid, item in known.items() if stem(uid) not in wanted.unwritable}
    changed = context.server.read(sync_plan.to_read(wanted.entries, compared, look.etags))
    remote = {href: items.remote_item(item) for href, item in changed.items()}
    decision = sync_plan.plan(wanted.entries, compared, look.etags, remote)
    steps = items.with_texts(decision.steps, wanted.texts, changed)
    return RoundPlan(known, wanted, steps, decision.suspend, look.ctag)


def _wanted(
    context: SyncContext, entries: Sequence[Entry], known: Mapping[str, Known], look: Look
) -> WantedTexts:
    names = [href.rpartition("/")[2] for href in look.etags if href.startswith(context.folder)]
    latest = _generations(known, names)
    wanted, texts, unwritable = dict[str, Wanted](), dict[str, bytes](), set[str]()
    for first in entries:
        entry = documents.again(first, latest.get(stem(first.uid), generation(first.uid)))
        try:
            text = documents.document_of(entry)
        except Invalid:
            if isinstance(entry, MeetingSeries) and entry.held:
                log.exception("entry %s cannot be written; what is there of it is left alone", entry.uid)
                unwritable.add(stem(entry.uid))
            continue
        href = context.folder + documents.href_of(entry.uid)
        digest = hashlib.sha256(text).hexdigest()
        wanted[entry.uid] = Wanted(entry.uid, href, digest, documents.view_of(entry))
        texts[entry.uid] = text
    return WantedTexts(wanted, texts, frozenset(unwritable))


def _generations(known: Mapping[str, Known], names: Iterable[str]) -> dict[str, int]:
    """The present generation of each entry by stem; `names` are those of the resources in the calendar.

    After one that is gone for good comes the next, since no UID is used twice. An entry that is still in the
    calendar, or that its owner dropped, keeps its own.
    """
    latest: dict[str, int] = {}
    for name in names:
        local = name.removesuffix(".ics")
        latest[stem(local)] = max(latest.get(stem(local), 1), generation(local))
    for uid, item in known.items():
        latest[stem(uid)] = max(latest.get(stem(uid), 1), generation(uid) + (item.state == ItemState.GONE))
    present: dict[str, int] = {}
    for uid, item in known.items():
        if item.state in (ItemState.KEPT, ItemState.DROPPED) and (item.base is not None or item.etag):
            present[stem(uid)] = max(present.get(stem(uid), 1), generation(uid))
    return latest | present
