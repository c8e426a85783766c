"""Find entries that are not where they should be: under another name, in another calendar, or of an earlier
generation.

People move entries out of our calendar, servers come back from backups, and our own memory may be lost. So
before an entry is created or taken for deleted, the account is searched for it: what turns up is adopted
where it is, and nothing is there twice. A partner's copy in a calendar that both can write to carries the
same UID; it is left to its own account.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from sqlalchemy import select

from portal.calendars.models import CalendarAccount, CalendarItem
from portal.calendars.server import Item
from portal.calendars.syncing.context import SyncContext
from portal.calendars.syncing.planning import RoundPlan
from portal.calendars.syncing.sync_state import TEXTS
from portal.calendars.syncing.writing import Written
from portal.calendars.wire.addresses import Trouble
from portal.core.calendar import owner_edits, sync_plan
from portal.core.calendar.sync_plan import ItemState, Known, Step
from portal.core.calendar.uids import generation, stem
from portal.db import db

PASSED_OVER = (
    "calendar-gone",
    "not-allowed",
    "bad-answer",
    "not-a-calendar-server",
    "too-large",
    "server-error",
)
"""Problems of the person's other calendars that do not stop the search."""
GENERATIONS_SEARCHED = 3
"""How many generations of an entry are searched for singly where the server cannot find all at once."""
MOST_REFUSED = 2
"""How many UIDs of one entry may have been used before; a calendar that refuses one more takes nothing from
us.
"""


@dataclass(frozen=True)
class Search:
    """Searches the calendars of one account, ours first."""

    context: SyncContext

    @cached_property
    def calendars(self) -> list[str]:
        server = self.context.server
        others = (calendar.url for calendar in server.calendars(server.discover().url))
        return list(dict.fromkeys([self.context.calendar_url, *others]))

    def path_of(self, uid: str) -> str | None:
        """Where the entry with exactly this UID is."""
        return self._paths(uid).get(uid)

    def paths_like(self, missing: Sequence[Known], *, had_some: bool) -> dict[str, str]:
        """Where everything is that this portal ever wrote, by UID: one request to each calendar.

        Old servers match only whole UIDs. So where nothing turns up though we `had_some`, each is searched
        for singly.
        """
        host = missing[0].uid.partition("@")[2]
        paths = self._paths(f"@{host}")
        if not paths and had_some:
            for known in missing:
                latest = generation(known.uid)
                uids = (
                    f"{stem(known.uid)}-g{number}@{host}"
                    for number in range(latest, max(0, latest - GENERATIONS_SEARCHED), -1)
                )
                paths |= next(filter(None, map(self._paths, uids)), {})
        return paths

    def _paths(self, uid_part: str) -> dict[str, str]:
        paths: dict[str, str] = {}
        for calendar in self.calendars:
            items = self._items(uid_part, calendar)
            copies = self._copies_of_others({owner_edits.uid_of(item.text) for item in items.values()})
            for path, item in items.items():
                uid = owner_edits.uid_of(item.text)
                title = owner_edits.texts_of(item.text).get("SUMMARY", "") if uid in copies else ""
                if not any(path == href or title == summary for href, summary in copies.get(uid, [])):
                    paths.setdefault(uid, path)
        return paths

    def _items(self, uid_part: str, calendar: str) -> dict[str, Item]:
        try:
            return self.context.server.find(uid_part, [calendar])
        except Trouble as trouble:
            is_required = calendar == self.context.calendar_url and trouble.problem != "calendar-gone"
            if is_required or trouble.problem not in PASSED_OVER:
                raise
            return {}

    def _copies_of_others(self, uids: set[str]) -> dict[str, list[tuple[str, str]]]:
        """Path and title of the copies that other accounts on this server keep of the same entries."""
        account, item, account_id = CalendarAccount, CalendarItem, self.context.account_id
        origin = select(account.origin).where(account.id == account_id).scalar_subquery()
        query = (
            select(item.uid, item.href, item.base)
            .join(account, account.id == item.account_id)
            .where(account.id != account_id, account.origin == origin, account.state != "gone")
            .where(item.uid.in_(uids), item.state == ItemState.KEPT)
        )
        copies: dict[str, list[tuple[str, str]]] = {}
        for uid, href, base in db.session.execute(query):
            copies.setdefault(uid, []).append((href, (base or {}).get(TEXTS, {}).get("SUMMARY", "")))
        db.session.rollback()
        return copies


@dataclass(frozen=True)
class Located:
    """What became of entries that were refused or missing. `refused` holds the stem of each UID that was used
    before; `trouble` is set when the server refused one too many.
    """

    steps: Mapping[str, Step]
    refused: tuple[str, ...]
    trouble: Trouble | None = None


def adopt(search: Search, plan: RoundPlan) -> dict[str, Step]:
    """Steps that adopt, where it is, what the plan would create or holds for lost with most of the rest.
    Raises Trouble.
    """
    missing, known = plan.missing, plan.known
    paths = search.paths_like(missing, had_some=bool(known) or len(plan.steps) > len(missing))
    taken = {item.href for item in known.values() if item.state == ItemState.KEPT and item.etag}
    latest = {stem(uid): uid for uid in sorted(paths, key=generation) if paths[uid] not in taken}
    steps = {}
    for item in missing:
        uid = item.uid if item.uid in paths else latest.get(stem(item.uid), "")
        if uid and paths[uid] not in taken:
            before = known.get(uid) or (item if item.uid == uid else Known(uid, paths[uid]))
            steps[uid] = Step(sync_plan.moved(before, paths[uid]))
    return steps


def locate(search: Search, plan: RoundPlan, written: Written, refused: tuple[str, ...]) -> Located:
    """Search for what the server refused to create, whose UID is elsewhere or was used before, and for what
    is missing. `refused` holds the stems of earlier passes. Raises Trouble and LeaseLost.
    """
    steps: dict[str, Step] = {}
    for uid, status in written.refused.items():
        search.context.lease.renew()
        after, path = plan.steps[uid].after, search.path_of(uid)
        if path:
            steps[uid] = Step(sync_plan.moved(after, path))
        elif status != "412":
            refused = (*refused, stem(uid))
            if refused.count(stem(uid)) > MOST_REFUSED:
                trouble = Trouble("not-allowed", f"PUT answered {status}", permanent=True)
                return Located(steps, refused, trouble)
            steps[uid] = Step(sync_plan.gone(after))
    for uid in written.missing:
        search.context.lease.renew()
        after, path = plan.steps[uid].after, search.path_of(uid)
        wanted = uid in plan.wanted.entries
        steps[uid] = Step(sync_plan.moved(after, path)) if path else sync_plan.dropped(after, wanted=wanted)
    return Located(steps, refused)
