"""One round for one account: look, read what changed, compare (core.reconcile), write, read back.

The intended view is committed before each write and what was read back after it, so a round may be broken off
anywhere: the next one finds out what arrived. No transaction is open while the server is asked, and nothing
is noted by a worker whose lease was taken over. Before anything is made anew, or most of it passes for gone,
the account is asked for it (seeking.py).
"""

import hashlib
import logging
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from portal.calendars.entries import entries_of
from portal.calendars.server import Conflict, Item, Server
from portal.calendars.syncing import reading
from portal.calendars.syncing.moved_items import Seeker, generation, generations, stem, taken_up
from portal.calendars.syncing.sync_state import Lease, known_items, store, unsettled
from portal.calendars.wire.addresses import Trouble
from portal.core.calendar import documents
from portal.core.calendar import owner_edits as touches
from portal.core.calendar import sync_plan as reconcile
from portal.core.calendar.documents import Entry, MeetingSeries
from portal.core.calendar.sync_plan import Act, ItemState, Known, Plan, Step, Wanted
from portal.db import db
from portal.errors import Invalid

log = logging.getLogger(__name__)
ROUND_SECONDS = 60
"""How long one round may take before it gives its place to another account; it goes on where it was."""
PASSES = 4
MOST_REFUSED = 2
"""So many UIDs in a row may have been used before; a calendar that refuses the next as well takes nothing
from us.
"""


@dataclass(frozen=True)
class Task:
    """What a round is about."""

    person_id: int
    calendar_url: str
    ctag: str
    full: bool = False

    @property
    def folder(self) -> str:
        """The path of the calendar."""
        return urlsplit(self.calendar_url).path


@dataclass
class Outcome:
    """How a round went. Without `complete` another one is to follow at once; `suspend` is why the person is
    asked. `settled` counts the writes that were found to have arrived: some servers say yes and keep
    nothing."""

    complete: bool = False
    suspend: str = ""
    ctag: str = ""
    writes: int = 0
    settled: int = 0


class Round:
    """One round through an account."""

    def __init__(self, task: Task, lease: Lease, server: Server) -> None:
        self.task, self.lease, self.server = task, lease, server
        self.until = time.monotonic() + ROUND_SECONDS
        self.outcome = Outcome()
        self.seeker = Seeker(lease.account_id, task.calendar_url, server)
        self.sought = self.is_gone = False
        self.refused: dict[str, int] = {}
        self.touched: dict[str, frozenset[str]] = {}

    def run(self, *, same: bool = False) -> Outcome:
        """Until nothing is left to do, or the time is up; raises Trouble and LeaseLost. With `same`, what
        should be there is what it was in the last round, so a glance may do."""
        glanced = self._glance() if same else None
        if glanced:
            return glanced
        entries = _entries(self.task.person_id)
        for number in range(PASSES):
            plan, texts = self._plan(entries, first=number == 0)
            self.outcome.suspend = plan.suspend
            self._note(plan)
            acts = 0 if plan.suspend else sum(each.act is not None for each in plan.steps.values())
            if not acts or self._carry_out(plan, texts) == acts:
                self.outcome.complete = True
                return self.outcome
            if time.monotonic() > self.until:
                break
        return self._unfinished()

    def _glance(self) -> Outcome | None:
        """The outcome when nothing changed on the server, as one small question tells, and nothing is left to
        do.
        """
        ctag = self.server.ctag(self.task.calendar_url)
        if (
            self.task.full
            or not ctag
            or ctag != self.task.ctag
            or unsettled(self.lease.account_id, self.task.folder)
        ):
            return None
        return Outcome(complete=True, ctag=ctag)

    def empty(self, *, is_gone: bool = False) -> Outcome:
        """Take away all that was written, as the person wishes who disconnects, wherever they moved it. The
        calendar itself may be gone."""
        self.is_gone = is_gone
        for number in range(PASSES):
            plan, texts = self._plan([], first=number == 0)
            self._note(plan)
            if not plan.suspend and not any(each.act for each in plan.steps.values()):
                self.outcome.complete = True
                return self.outcome
            self._carry_out(Plan(plan.steps), texts)
        return self._unfinished()

    def _unfinished(self) -> Outcome:
        """There is more to do; raises Trouble when nothing came of this round, so that we do not run on the
        spot.
        """
        if not self.outcome.settled:
            raise Trouble("bad-answer", "nothing came of a whole round")
        return self.outcome

    def _plan(self, entries: list[Entry], *, first: bool) -> tuple[Plan, dict[str, bytes]]:
        plan, texts = self._compared(entries, first=first)
        if not self.sought and self._take_up(plan):
            plan, texts = self._compared(entries, first=False)
        return plan, texts

    def _compared(self, entries: list[Entry], *, first: bool) -> tuple[Plan, dict[str, bytes]]:
        self.lease.renew()
        known = known_items(self.lease.account_id)
        ctag = "" if self.is_gone else self.server.ctag(self.task.calendar_url)
        kept = [each for each in known.values() if each.state == ItemState.KEPT]
        settled = all(not each.intended and each.etag for each in kept)
        at_rest = settled and not any(each.state == ItemState.LEAVING for each in known.values())
        if first and ctag and ctag == self.task.ctag and at_rest and not self.task.full:
            etags = {each.href: each.etag for each in kept if each.href.startswith(self.task.folder)}
        else:
            etags = {} if self.is_gone else self.server.look(self.task.calendar_url)
        etags |= self._elsewhere(known)
        self.outcome.ctag = ctag
        wanted, texts = self._wanted(entries, known, etags)
        known = {uid: each for uid, each in known.items() if stem(uid) not in self.left_alone}
        items = self.server.read(reconcile.to_read(wanted, known, etags))
        read = {href: reading.found(item) for href, item in items.items()}
        return reading.with_texts(reconcile.plan(wanted, known, etags, read), texts, items), texts

    def _take_up(self, plan: Plan) -> bool:
        """Take up where it is what the plan would make anew, or holds for lost with most of the rest."""
        missing = [each.after for each in plan.steps.values() if plan.suspend or each.act == Act.CREATE]
        if not missing:
            return False
        self.sought = True
        known = known_items(self.lease.account_id)
        there = self.seeker.all_like(missing, had_some=bool(known) or len(plan.steps) > len(missing))
        found = taken_up(missing, known, there)
        self._note(Plan(found))
        return bool(found)

    def _elsewhere(self, known: Mapping[str, Known]) -> dict[str, str]:
        """The ETags of what its owner moved to other calendars; in one that is gone, or closed to us, there
        is nothing.
        """
        kept = (each.href for each in known.values() if each.state in (ItemState.KEPT, ItemState.LEAVING))
        elsewhere = [href for href in kept if not href.startswith(self.task.folder)]
        found: dict[str, Item] = {}
        for folder in {href.rpartition("/")[0] for href in elsewhere}:
            try:
                found |= self.server.read([href for href in elsewhere if href.rpartition("/")[0] == folder])
            except Trouble as trouble:
                if trouble.problem not in ("calendar-gone", "not-allowed"):
                    raise
        return {href: item.etag for href, item in found.items()}

    def _wanted(
        self, entries: list[Entry], known: Mapping[str, Known], etags: Mapping[str, str]
    ) -> tuple[dict[str, Wanted], dict[str, bytes]]:
        wanted, texts = {}, {}
        self.left_alone = set()
        now_at = generations(
            known, [href.rpartition("/")[2] for href in etags if href.startswith(self.task.folder)]
        )
        for each in entries:
            entry = documents.again(each, now_at.get(stem(each.uid), generation(each.uid)))
            try:
                text = documents.document_of(entry)
            except Invalid:
                if isinstance(entry, MeetingSeries) and entry.held:
                    log.exception("entry %s cannot be written; what is there of it is left alone", entry.uid)
                    self.left_alone.add(stem(entry.uid))
                continue
            href = self.task.folder + documents.href_of(entry.uid)
            digest = hashlib.sha256(text).hexdigest()
            wanted[entry.uid] = Wanted(entry.uid, href, digest, documents.view_of(entry))
            texts[entry.uid] = text
        self.hashes = {uid: each.hash for uid, each in wanted.items()}
        return wanted, texts

    def _note(self, plan: Plan) -> None:
        """Commit what is known and intended, and the changes of the owner with it."""
        if plan.steps:
            with self.lease.held():
                store(self.lease.account_id, plan.steps)

    def _carry_out(self, plan: Plan, texts: Mapping[str, bytes]) -> int:
        """Write and delete, and search for what is not where it was; how many writes and deletions were found
        done.
        """
        wrote: dict[str, str] = {}
        there = self.server.read([each.after.href for each in plan.steps.values() if each.act == Act.CHANGE])
        deleted, searched = [], []
        for uid, step in plan.steps.items():
            if time.monotonic() > self.until:
                break
            self.lease.renew()
            try:
                if step.act in (Act.CREATE, Act.CHANGE):
                    wrote[uid] = self._write(step, texts[uid], there.get(step.after.href))
                elif step.act == Act.DELETE:
                    self.server.delete(step.after.href, if_match=_matchable(step.after.etag))
                    self.outcome.writes += 1
                    deleted.append(uid)
                elif step.act == Act.SEARCH:
                    searched.append(uid)
            except Conflict as conflict:
                self._in_the_way(step, str(conflict))
        settled = self._read_back(plan, wrote, deleted, texts)
        if searched:
            self._search([plan.steps[uid] for uid in searched])
        self.outcome.settled += settled
        return settled

    def _write(self, step: Step, text: bytes, there: Item | None) -> str:
        """Write our text, with the touches that the owner gave to what is there."""
        etag = step.after.etag
        if step.act == Act.CHANGE:
            if there is None or there.etag != etag:
                raise Conflict("412")
            with suppress(Invalid):
                names = touches.touched_in(there.text, step.after.texts)
                text = touches.with_touches(text, there.text, names)
                self.touched[step.after.uid] = names
        etag = self.server.write(
            step.after.href, text, if_match=None if step.act == Act.CREATE else _matchable(etag)
        )
        self.outcome.writes += 1
        return etag

    def _read_back(
        self, plan: Plan, wrote: Mapping[str, str], deleted: list[str], texts: Mapping[str, bytes]
    ) -> int:
        """See what the server made of it, and write it down; what is away is away for good.
        How many it was.
        """
        hrefs = {uid: plan.steps[uid].after.href for uid in (*wrote, *deleted)}
        if not hrefs:
            return 0
        found = self.server.read(hrefs.values())
        after: dict[str, Step] = {}
        for uid, etag in wrote.items():
            item, before = found.get(hrefs[uid]), plan.steps[uid].after
            if item is None:
                continue
            says, names = reading.as_written(item, before, texts[uid]), self.touched.get(uid, frozenset())
            settled = reconcile.written(before, says, etag=etag, hash=self.hashes[uid])
            if settled:
                after[uid] = Step(replace(settled, texts=touches.read_back(item.text, texts[uid], names)))
        for uid in deleted:
            if hrefs[uid] not in found:
                after[uid] = Step(_gone(plan.steps[uid].after))
        self._note(Plan(after))
        return len(after)

    def _in_the_way(self, step: Step, status: str) -> None:
        """It changed since we looked (412): look again. Or its UID is elsewhere, or was used before and
        deleted.
        """
        uid = step.after.uid
        if step.act != Act.CREATE:
            if status != "412":
                raise Trouble("not-allowed", f"PUT answered {status}", permanent=status == "403")
            return
        path = self.seeker.path_of(uid)
        if path:
            self._note(Plan({uid: Step(reconcile.moved(step.after, path))}))
        elif status != "412":
            self.refused[stem(uid)] = self.refused.get(stem(uid), 0) + 1
            if self.refused[stem(uid)] > MOST_REFUSED:
                raise Trouble("not-allowed", f"PUT answered {status}", permanent=True)
            self._note(Plan({uid: Step(_gone(step.after))}))

    def _search(self, steps: list[Step]) -> None:
        after = {}
        for step in steps:
            self.lease.renew()
            uid = step.after.uid
            path = self.seeker.path_of(uid)
            after[uid] = (
                Step(reconcile.moved(step.after, path))
                if path
                else reconcile.dropped(step.after, wanted=uid in self.hashes)
            )
        self._note(Plan(after))


def _entries(person_id: int) -> list[Entry]:
    found = entries_of(person_id)
    db.session.rollback()
    return found


def _gone(known: Known) -> Known:
    return Known(known.uid, known.href, base=known.base, state=ItemState.GONE)


def _matchable(etag: str) -> str:
    """What may stand in If-Match: weak ETags never match (RFC 9110, 13.1.1), so any version has to do."""
    return etag if etag and not etag.startswith("W/") else "*"
