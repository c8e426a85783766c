"""Decide, entry by entry, what to do in a calendar: from what the portal wants there, what it knows to have
written, and what the server has.

States are compared; events are never replayed. So it does not matter where the last round broke off, which
answers were lost, or that our whole memory was. Before each write the view about to be written is stored as
`intended`; whatever is found to equal it is our own write, even if no answer to it ever came.

A change by the calendar's owner is recorded once and left alone until the portal itself wants something else.
An entry they deleted is not written again. When most entries vanish at once, nothing is done: the owner is
asked. A server restored from an older backup shows entries in an earlier revision and lacks others, which is
nobody's wish: both are written anew.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from portal.core.calendar.expansion import View

FEW = 3
"""Fewer entries than this may vanish at once without our asking; of more, no more than half."""
Revision = tuple[int, str]
"""SEQUENCE and DTSTAMP of an entry (see `owner_edits.revision_of`)."""
NO_REVISION: Revision = (0, "")
UNREADABLE: View = {"unreadable": {}}
"""The view of an entry that its owner turned into something we cannot read with certainty."""


class ItemState(StrEnum):
    """Of an entry in one account: KEPT there, DROPPED by its owner, LEAVING since we are removing it, or GONE
    for good.
    """

    KEPT = "kept"
    DROPPED = "dropped"
    LEAVING = "leaving"
    GONE = "gone"


class Act(StrEnum):
    """What to do on the server. SEARCH: the entry is not where it was; its owner may have moved it to another
    calendar.
    """

    CREATE = "create"
    CHANGE = "change"
    DELETE = "delete"
    SEARCH = "search"


@dataclass(frozen=True)
class Wanted:
    """An entry as the portal has it now. `hash` differs when anything in its text does."""

    uid: str
    href: str
    hash: str
    view: View


@dataclass(frozen=True)
class Known:
    """What we know of one entry in one account.

    `base` is its view as last written and read back, None before that; `intended` is the view of a write
    whose outcome is not known yet. `written_hash` belongs to the text in `base`, or to the text of `intended`
    while there is one; it is "" when unknown, or when only the text could tell whether that write arrived.
    `texts` is what the portal last put there apart from times (see `owner_edits`), `revision` that of the
    text in `base`.
    """

    uid: str
    href: str
    etag: str = ""
    base: View | None = None
    intended: View | None = None
    written_hash: str = ""
    state: str = ItemState.KEPT
    texts: Mapping[str, str] = field(default_factory=dict)
    revision: Revision = NO_REVISION


@dataclass(frozen=True)
class RemoteItem:
    """An item as read from the server; `view` is None when it cannot be read with certainty."""

    etag: str
    view: View | None
    revision: Revision = NO_REVISION

    @property
    def base(self) -> View:
        """The view to remember it by."""
        return UNREADABLE if self.view is None else self.view


@dataclass(frozen=True)
class Step:
    """For one entry: what to know of it from now on, what to do on the server, and its owner's change to
    record.
    """

    after: Known
    act: Act | None = None
    change: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Plan:
    """Steps by UID. With `suspend`, the reason to ask the owner, nothing is done on the server."""

    steps: Mapping[str, Step] = field(default_factory=dict)
    suspend: str = ""


def to_read(
    wanted: Mapping[str, Wanted], known: Mapping[str, Known], etags: Mapping[str, str]
) -> frozenset[str]:
    """The hrefs that must be read before a plan can be made; `etags` are those of all items on the server."""
    unclear = {item.href for item in known.values() if _is_unclear(item, etags)}
    unknown = {entry.href for uid, entry in wanted.items() if uid not in known and entry.href in etags}
    return frozenset(unclear | unknown)


def plan(
    wanted: Mapping[str, Wanted],
    known: Mapping[str, Known],
    etags: Mapping[str, str],
    read: Mapping[str, RemoteItem],
) -> Plan:
    """What to do. An item that should have been read but is not in `read` has just vanished: it waits for the
    next round.
    """
    present = [item for item in known.values() if _was_present(item)]
    vanished = [item for item in present if item.href not in etags]
    if len(vanished) >= FEW and 2 * len(vanished) > len(present):
        lost = {
            item.uid: Step(replace(item, etag="", intended=None, state=ItemState.DROPPED))
            for item in vanished
        }
        return Plan(lost, "emptied")
    unread = to_read(wanted, known, etags) - set(read)
    restored = any(
        item.state == ItemState.KEPT and _is_older(item, read.get(item.href)) for item in known.values()
    )
    steps = {}
    for uid in sorted({*wanted, *known}):
        entry, item = wanted.get(uid), known.get(uid)
        href = item.href if item else entry.href if entry else ""
        step = None if href in unread else _step(entry, item, etags.get(href), read.get(href), restored)
        if step is not None and (step.act or step.change or step.after != item):
            steps[uid] = step
    return Plan(steps)


def written(known: Known, remote: RemoteItem, *, etag: str, hash: str) -> Known | None:
    """What we know after a write was read back, whose answer named `etag` ("" for none). None when somebody
    else wrote in between, which the next round will see.

    Servers may rewrite what they are given: what was read back under the ETag of our write is what we wrote.
    """
    is_ours = remote.view == known.intended or not etag or etag == remote.etag
    return replace(_as_read(known, remote), written_hash=hash) if is_ours else None


def moved(known: Known, href: str) -> Known:
    """It is at `href`: its owner moved it there, or it was there all along. The next pass reads it."""
    return replace(known, href=href, etag="", state=ItemState.KEPT)


def dropped(known: Known, *, wanted: bool = True) -> Step:
    """It is nowhere. If we ever saw it, its owner deleted it; if not, our write never arrived and is to be
    repeated.
    """
    if not wanted:
        return Step(replace(known, etag="", intended=None, state=ItemState.GONE))
    if known.base is None:
        return Step(replace(known, etag="", intended=None, written_hash=""))
    after = replace(known, etag="", intended=None, state=ItemState.DROPPED)
    return Step(after, change={"before": known.base, "after": None, "deleted": True})


def gone(known: Known) -> Known:
    """It was deleted for good."""
    return Known(known.uid, known.href, base=known.base, state=ItemState.GONE)


def _as_read(known: Known, remote: RemoteItem) -> Known:
    return replace(known, etag=remote.etag, base=remote.base, intended=None, revision=remote.revision)


def _is_older(known: Known, remote: RemoteItem | None) -> bool:
    """Whether `remote` is a copy from before we last saw it: programs that edit an entry stamp it later, or
    leave its stamp alone.
    """
    if remote is None or known.base is None or not known.revision[1] or not remote.revision[1]:
        return False
    return remote.revision[1] < known.revision[1] and remote.revision[0] <= known.revision[0]


def _was_present(known: Known) -> bool:
    return known.state == ItemState.KEPT and known.base is not None


def _is_unclear(known: Known, etags: Mapping[str, str]) -> bool:
    if known.href not in etags or known.state == ItemState.GONE:
        return False
    is_unchanged = known.etag != "" and known.etag == etags[known.href]
    return known.state == ItemState.DROPPED or known.intended is not None or not is_unchanged


def _step(
    wanted: Wanted | None,
    known: Known | None,
    etag: str | None,
    remote: RemoteItem | None,
    restored: bool,
) -> Step | None:
    if known is None:
        return _unknown(wanted, remote) if wanted else None
    if known.state == ItemState.GONE:
        # There again, from a bin or a backup: another took its place, or none is wanted.
        return _remove(known, etag) if etag is not None and wanted is None else None
    if known.state == ItemState.DROPPED:
        return _restored_by_owner(wanted, known, remote) if remote else None
    if wanted is None:
        return _remove(known, etag)
    if etag is None:
        return _vanished(wanted, known, restored)
    return _compare(wanted, replace(known, state=ItemState.KEPT), etag, remote)


def _unknown(wanted: Wanted, remote: RemoteItem | None) -> Step:
    """Not known to us: to be created, unless it is there already since our memory was lost."""
    known = Known(wanted.uid, wanted.href)
    if remote is None:
        return Step(_about_to_write(wanted, known), Act.CREATE)
    is_same = remote.base == wanted.view
    known = replace(_as_read(known, remote), written_hash=wanted.hash if is_same else "")
    return Step(known) if is_same else Step(_about_to_write(wanted, known), Act.CHANGE)


def _about_to_write(wanted: Wanted, known: Known) -> Known:
    """What to remember before a write, so that its arrival can be told afterwards even if no answer comes."""
    only_text_differs = known.base == wanted.view
    return replace(known, intended=wanted.view, written_hash="" if only_text_differs else wanted.hash)


def _vanished(wanted: Wanted, known: Known, restored: bool) -> Step:
    if known.state == ItemState.LEAVING:
        return Step(replace(known, state=ItemState.GONE, etag="", intended=None))
    if restored or (known.base is None and known.intended is None):
        return Step(_about_to_write(wanted, replace(known, etag="", base=None)), Act.CREATE)
    return Step(known, Act.SEARCH)


def _remove(known: Known, etag: str | None) -> Step:
    """No longer wanted: LEAVING until it is seen to be absent. What its owner moved elsewhere is searched
    for.
    """
    if etag is None and _was_present(known):
        return Step(known, Act.SEARCH)
    if etag is None:
        return Step(replace(known, state=ItemState.GONE, etag="", intended=None))
    return Step(replace(known, state=ItemState.LEAVING, etag=etag, intended=None), Act.DELETE)


def _restored_by_owner(wanted: Wanted | None, known: Known, remote: RemoteItem) -> Step:
    """Its owner took it out of the bin again, or the server had lost it for a while."""
    known = replace(_as_read(known, remote), state=ItemState.KEPT)
    return _compare(wanted, known, remote.etag, remote) if wanted else _remove(known, remote.etag)


def _compare(wanted: Wanted, known: Known, etag: str, remote: RemoteItem | None) -> Step:
    change = None
    if remote is not None:
        known, change = _learn(known, remote)
    if known.written_hash == wanted.hash:
        return Step(known, change=change)
    known = replace(known, etag=remote.etag if remote else etag)
    return Step(_about_to_write(wanted, known), Act.CHANGE, change)


def _learn(known: Known, remote: RemoteItem) -> tuple[Known, Mapping[str, Any] | None]:
    """What the item as read tells: our own write, something cosmetic, an old copy, or a change of its
    owner.
    """
    as_read = _as_read(known, remote)
    text_unknown = replace(as_read, written_hash="")
    if remote.base == known.intended:
        return as_read, None
    if _is_older(known, remote):
        return text_unknown, None
    if remote.base == known.base:
        return (as_read if known.intended is None else text_unknown), None
    if known.base is None:
        return text_unknown, None
    after = as_read if known.intended is None else text_unknown
    return after, {"before": known.base, "after": remote.view}
