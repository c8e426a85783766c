"""Where an entry is that is not where it should be: under another name, in another calendar, or of an earlier
generation.

People move entries out of our calendar, servers come back from backups, and our own memory may be lost. So
before an entry is made anew or taken for deleted, the account is asked for it: what is found is taken up
where it is, and nothing is there twice. A partner's copy in a calendar that both can write to carries the
same UID; it is left to its own account.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import select

from portal.calendars.models import CalendarAccount, CalendarItem
from portal.calendars.server import Item, Server
from portal.calendars.syncing.sync_state import TEXTS
from portal.calendars.wire.addresses import Trouble
from portal.core.calendar import owner_edits as touches
from portal.core.calendar import sync_plan as reconcile
from portal.core.calendar.sync_plan import ItemState, Known, Step
from portal.db import db

PASSED_OVER = (
    "calendar-gone",
    "not-allowed",
    "bad-answer",
    "not-a-calendar-server",
    "too-large",
    "server-error",
)
"""What another calendar of the account may answer without ours having to wait for it."""
MOST_DIGITS = 6
ASKED_FOR = 3
"""So many generations of an entry are asked for one by one where no server finds them all at once."""


@dataclass
class Seeker:
    """Looks through the calendars of one account, ours first."""

    account_id: int
    calendar_url: str
    server: Server
    calendars: list[str] = field(default_factory=list)

    def path_of(self, uid: str) -> str | None:
        """Where the entry with exactly this UID is."""
        return self._found(uid).get(uid)

    def all_like(self, missing: Sequence[Known], *, had_some: bool) -> dict[str, str]:
        """Where everything is that this portal ever wrote, by UID: one question to each calendar.

        An old server knows UIDs only as a whole. Where nothing is found though we `had_some`, it is asked for
        each.
        """
        host = missing[0].uid.partition("@")[2]
        there = self._found(f"@{host}")
        if not there and had_some:
            for each in missing:
                latest = generation(each.uid)
                before = (
                    f"{stem(each.uid)}-g{number}@{host}"
                    for number in range(latest, max(0, latest - ASKED_FOR), -1)
                )
                there |= next(filter(None, map(self._found, before)), {})
        return there

    def _found(self, words: str) -> dict[str, str]:
        found: dict[str, str] = {}
        for calendar in self._all():
            items = self._items(words, calendar)
            theirs = self._of_others({touches.uid_of(item.text) for item in items.values()})
            for path, item in items.items():
                uid = touches.uid_of(item.text)
                said = touches.texts_of(item.text).get("SUMMARY", "") if uid in theirs else ""
                if not any(path == href or said == summary for href, summary in theirs.get(uid, [])):
                    found.setdefault(uid, path)
        return found

    def _items(self, words: str, calendar: str) -> dict[str, Item]:
        try:
            return self.server.find(words, [calendar])
        except Trouble as trouble:
            ours = calendar == self.calendar_url and trouble.problem != "calendar-gone"
            if ours or trouble.problem not in PASSED_OVER:
                raise
            return {}

    def _all(self) -> list[str]:
        if not self.calendars:
            others = (each.url for each in self.server.calendars(self.server.discover().url))
            self.calendars = list(dict.fromkeys([self.calendar_url, *others]))
        return self.calendars

    def _of_others(self, uids: set[str]) -> dict[str, list[tuple[str, str]]]:
        """Path and title of the copies that other accounts on this server keep of the same entries."""
        account, item = CalendarAccount, CalendarItem
        origin = select(account.origin).where(account.id == self.account_id).scalar_subquery()
        query = (
            select(item.uid, item.href, item.base)
            .join(account, account.id == item.account_id)
            .where(account.id != self.account_id, account.origin == origin, account.state != "gone")
            .where(item.uid.in_(uids), item.state == ItemState.KEPT)
        )
        found: dict[str, list[tuple[str, str]]] = {}
        for uid, href, base in db.session.execute(query):
            found.setdefault(uid, []).append((href, (base or {}).get(TEXTS, {}).get("SUMMARY", "")))
        db.session.rollback()
        return found


def taken_up(
    missing: Iterable[Known], known: Mapping[str, Known], there: Mapping[str, str]
) -> dict[str, Step]:
    """Steps that take up what was found `there` (paths by UID) in place of what would be made anew, or passes
    for gone.
    """
    at = {each.href for each in known.values() if each.state == ItemState.KEPT and each.etag}
    latest = {stem(uid): uid for uid in sorted(there, key=generation) if there[uid] not in at}
    steps = {}
    for each in missing:
        uid = each.uid if each.uid in there else latest.get(stem(each.uid), "")
        if uid and there[uid] not in at:
            before = known.get(uid) or (each if each.uid == uid else Known(uid, there[uid]))
            steps[uid] = Step(reconcile.moved(before, there[uid]))
    return steps


def stem(uid: str) -> str:
    """A UID without its generation and host."""
    return uid.partition("@")[0].rpartition("-g")[0]


def generation(uid: str) -> int:
    """How manieth entry in place of the same it is."""
    number = uid.partition("@")[0].rpartition("-g")[2]
    return int(number) if number.isdecimal() and len(number) <= MOST_DIGITS else 1


def generations(known: Mapping[str, Known], names: Iterable[str]) -> dict[str, int]:
    """The generation that each entry has now, by stem; `names` are those of the resources in the calendar.

    After one that is gone for good comes the next, since no UID is used twice; one that is there after all
    stays.
    """
    latest: dict[str, int] = {}
    for name in names:
        local = name.removesuffix(".ics")
        latest[stem(local)] = max(latest.get(stem(local), 1), generation(local))
    for uid, each in known.items():
        latest[stem(uid)] = max(latest.get(stem(uid), 1), generation(uid) + (each.state == ItemState.GONE))
    kept: dict[str, int] = {}
    for uid, each in known.items():
        if each.state in (ItemState.KEPT, ItemState.DROPPED) and (each.base is not None or each.etag):
            kept[stem(uid)] = max(kept.get(stem(uid), 1), generation(uid))
    return latest | kept
