"""What the portal wants in a calendar x what it knows to have written x what the server has -> what to do,
item by item.

The state of a calendar is compared, events are never replayed: so it does not matter where the last round
broke off, which answers were lost, or that the whole memory was. Before each write the view about to be
written is kept as `intended`; what is found to equal it is our own write, though no answer ever came.

A person's own change is noted once and left as it is until the portal itself wants something else. An entry
they deleted is not written again by itself. When most entries vanish at once, nothing is done but to ask.

A server that was restored from an older backup shows entries as they were once, and others not at all. That
is nobody's wish: an entry that is older than we left it is written anew, and so are those that vanished with
it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from portal.core.calendar.expansion import View

FEW = 3
"""Fewer than that may vanish without our asking; of more, no more than half."""
Revision = tuple[int, str]
"""SEQUENCE and DTSTAMP of an entry (see core.touches.revision_of)."""
NO_REVISION: Revision = (0, "")
UNREADABLE: View = {"unreadable": {}}
"""Stands for what a person turned into something we cannot read with certainty."""


class ItemState(StrEnum):
    """Of an entry in one account: kept there, dropped by its owner, being taken away by us, and away for
    good.
    """

    KEPT = "kept"
    DROPPED = "dropped"
    LEAVING = "leaving"
    GONE = "gone"


class Act(StrEnum):
    """What is to be done on the server. SEARCH: it is not where it was; has its owner moved it to another
    calendar?
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

    `base` is its view as last written and read back, None before that; `intended` the view of a write whose
    outcome is not known yet. `written_hash` is that of the text in `base`, or of the text that goes with
    `intended` while there is one: "" when not known, or when nothing but the text would tell whether that
    write arrived. `texts` is what the portal last put there apart from times (core.touches), `revision` that
    of the text in `base`.
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
class Found:
    """An item as read from the server; `view` is None when it cannot be read with certainty."""

    etag: str
    view: View | None
    revision: Revision = NO_REVISION

    @property
    def says(self) -> View:
        """The view, or what stands for none."""
        return UNREADABLE if self.view is None else self.view


@dataclass(frozen=True)
class Step:
    """What to remember of one entry from now on, a change of its owner to note with it, and what to do on the
    server.
    """

    after: Known
    act: Act | None = None
    change: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Plan:
    """Steps by UID; with `suspend` nothing is done on the server, and the person is asked."""

    steps: Mapping[str, Step] = field(default_factory=dict)
    suspend: str = ""


def to_read(
    wanted: Mapping[str, Wanted], known: Mapping[str, Known], etags: Mapping[str, str]
) -> frozenset[str]:
    """The hrefs that must be read before a plan can be made; `etags` are those of all items on the server."""
    unclear = {each.href for each in known.values() if _unclear(each, etags)}
    not_known = {each.href for uid, each in wanted.items() if uid not in known and each.href in etags}
    return frozenset(unclear | not_known)


def plan(
    wanted: Mapping[str, Wanted],
    known: Mapping[str, Known],
    etags: Mapping[str, str],
    read: Mapping[str, Found],
) -> Plan:
    """What to do. An item that was to be read but is not in `read` has just gone; it waits for the next
    round.
    """
    missing = [each for each in known.values() if _was_there(each) and each.href not in etags]
    there = sum(map(_was_there, known.values()))
    if len(missing) >= FEW and 2 * len(missing) > there:
        lost = {
            each.uid: Step(replace(each, etag="", intended=None, state=ItemState.DROPPED)) for each in missing
        }
        return Plan(lost, "emptied")
    unread = to_read(wanted, known, etags) - set(read)
    restored = any(
        each.state == ItemState.KEPT and _older(each, read.get(each.href)) for each in known.values()
    )
    steps = {}
    for uid in sorted({*wanted, *known}):
        want, have = wanted.get(uid), known.get(uid)
        href = have.href if have else want.href if want else ""
        step = None if href in unread else _step(want, have, etags.get(href), read.get(href), restored)
        if step is not None and (step.act or step.change or step.after != have):
            steps[uid] = step
    return Plan(steps)


def written(have: Known, found: Found, *, etag: str, hash: str) -> Known | None:
    """What we know after a write whose answer named `etag` ("" for none) and that was read back; None when
    somebody else wrote in between, which is for the next round to see.

    Servers may rewrite what they are given: what was read back under the ETag of our write is what we wrote.
    """
    ours = found.view == have.intended or not etag or etag == found.etag
    return replace(_as_found(have, found), written_hash=hash) if ours else None


def _as_found(have: Known, found: Found) -> Known:
    return replace(have, etag=found.etag, base=found.says, intended=None, revision=found.revision)


def _older(have: Known, found: Found | None) -> bool:
    """Whether it is a copy from before we last saw it: whoever edits an entry stamps it later, or leaves its
    stamp alone.
    """
    if found is None or have.base is None or not have.revision[1] or not found.revision[1]:
        return False
    return found.revision[1] < have.revision[1] and found.revision[0] <= have.revision[0]


def _was_there(have: Known) -> bool:
    return have.state == ItemState.KEPT and have.base is not None


def _unclear(have: Known, etags: Mapping[str, str]) -> bool:
    if have.href not in etags or have.state == ItemState.GONE:
        return False
    same = have.etag != "" and have.etag == etags[have.href]
    return have.state == ItemState.DROPPED or have.intended is not None or not same


def _step(
    want: Wanted | None, have: Known | None, etag: str | None, found: Found | None, restored: bool
) -> Step | None:
    if have is None:
        return _new(want, found) if want else None
    if (
        have.state == ItemState.GONE
    ):  # there again, from a bin or a backup: another has taken its place, or none is wanted
        return _leave(have, etag) if etag is not None and want is None else None
    if have.state == ItemState.DROPPED:
        return _back_again(want, have, found) if found else None
    if want is None:
        return _leave(have, etag)
    if etag is None:
        return _vanished(want, have, restored)
    return _compared(want, replace(have, state=ItemState.KEPT), etag, found)


def _new(want: Wanted, found: Found | None) -> Step:
    """Not known to us: to be made, or there already since our memory was lost."""
    have = Known(want.uid, want.href)
    if found is None:
        return Step(_about_to_write(want, have), Act.CREATE)
    same = found.says == want.view
    have = replace(_as_found(have, found), written_hash=want.hash if same else "")
    return Step(have) if same else Step(_about_to_write(want, have), Act.CHANGE)


def _about_to_write(want: Wanted, have: Known) -> Known:
    """What is remembered before a write, so that its arrival can be told afterwards though no answer ever
    comes.
    """
    return replace(have, intended=want.view, written_hash="" if have.base == want.view else want.hash)


def _vanished(want: Wanted, have: Known, restored: bool) -> Step:
    if have.state == ItemState.LEAVING:
        return Step(replace(have, state=ItemState.GONE, etag="", intended=None))
    if restored or (have.base is None and have.intended is None):
        return Step(_about_to_write(want, replace(have, etag="", base=None)), Act.CREATE)
    return Step(have, Act.SEARCH)


def _leave(have: Known, etag: str | None) -> Step:
    """No longer wanted: a tombstone until it is seen to be away. What its owner moved elsewhere is looked for
    there.
    """
    if etag is None and _was_there(have):
        return Step(have, Act.SEARCH)
    if etag is None:
        return Step(replace(have, state=ItemState.GONE, etag="", intended=None))
    return Step(replace(have, state=ItemState.LEAVING, etag=etag, intended=None), Act.DELETE)


def _back_again(want: Wanted | None, have: Known, found: Found) -> Step:
    """Its owner had deleted it, and has taken it out of the bin, or the server had lost it for a while."""
    kept = replace(_as_found(have, found), state=ItemState.KEPT)
    return _compared(want, kept, found.etag, found) if want else _leave(kept, found.etag)


def _compared(want: Wanted, have: Known, etag: str, found: Found | None) -> Step:
    change = None
    if found is not None:
        have, change = _learned(want, have, found)
    if have.written_hash == want.hash:
        return Step(have, change=change)
    return Step(_about_to_write(want, replace(have, etag=found.etag if found else etag)), Act.CHANGE, change)


def _learned(want: Wanted, have: Known, found: Found) -> tuple[Known, Mapping[str, Any] | None]:
    """What the item as read tells: our own write, something cosmetic, an old copy, or a
    change of its owner.
    """
    now = _as_found(have, found)
    text_unknown = replace(now, written_hash="")
    if found.says == have.intended:
        return now, None
    if _older(have, found):
        return text_unknown, None
    if found.says == have.base:
        return (now if have.intended is None else text_unknown), None
    if have.base is None:
        return text_unknown, None
    return (now if have.intended is None else text_unknown), {"before": have.base, "after": found.view}


def moved(have: Known, href: str) -> Known:
    """It is elsewhere, where its owner moved it, or was there all the time; it is read there in the next
    round.
    """
    return replace(have, href=href, etag="", state=ItemState.KEPT)


def dropped(have: Known, *, wanted: bool = True) -> Step:
    """It is nowhere: its owner deleted it; or it never came there, if we never saw it, and is to be made."""
    if not wanted:
        return Step(replace(have, etag="", intended=None, state=ItemState.GONE))
    if have.base is None:
        return Step(replace(have, etag="", intended=None, written_hash=""))
    after = replace(have, etag="", intended=None, state=ItemState.DROPPED)
    return Step(after, change={"before": have.base, "after": None, "deleted": True})
