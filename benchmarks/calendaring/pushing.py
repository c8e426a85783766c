"""A push by reconciliation beside bare PUTs of the same texts: `python -m calendaring pushing FOLDER PAIRINGS
ROUNDS`.

Each way gets an empty calendar on the same server, one after the other, in an order that turns with the
rounds. Ours is the whole of what the worker does for an account: claim, look, write the texts, compare,
search the account for what may be there already, write down what is intended, PUT, read back, write down what
came of it, look once more, settle.
"""

import os
import statistics
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import caldav
from caldav.lib.error import NotFoundError
from sqlalchemy import update

from calendaring import company, machine
from calendaring.bare import Bare
from portal import worker
from portal.calendars.accounts import actions as accounts
from portal.calendars.models import CalendarAccount
from portal.calendars.syncing import sync
from portal.clock import now
from portal.core.calendar import documents
from portal.db import db, transaction
from portal.pairings.models import Pairing
from portal.people import versions
from portal.people.models import Person
from tests.calendars.servers import CalendarServer, running_server

KINDS = ("radicale", "xandikos")
CHANGED = 0.1
BARE, OURS = "bare PUTs", "the portal's push"
Texts = Sequence[tuple[str, bytes]]


class Account:
    """Somebody's calendar on the server, connected while they had nothing to show."""

    def __init__(self, server: CalendarServer, person_id: int, name: str) -> None:
        server.make_calendar(f"{server.home}{name}/", name)
        with transaction():
            person = db.session.get_one(Person, person_id)
            given = {
                "address": server.url,
                "username": server.username,
                "password": server.password,
                "calendar": name,
            }
            self.id = accounts.connect(person, **given, by=None, at=now()).id
            db.session.execute(update(Pairing).where(Pairing.mentor_id == person_id).values(state="draft"))
        self.sync()
        with transaction():
            db.session.execute(update(Pairing).where(Pairing.mentor_id == person_id).values(state="active"))
            versions.raise_calendar([person_id])

    def sync(self) -> None:
        """One round; everything must be there afterwards."""
        sync.sync(self.id, at_once=True)
        db.session.expire_all()
        account = db.session.get_one(CalendarAccount, self.id)
        assert (account.state, account.problem) == ("connected", ""), (
            account.state,
            account.problem,
            account.detail,
        )
        self.folder = urlsplit(account.calendar_url).path
        db.session.rollback()

    def count(self) -> int:
        """How many entries are known to be there."""
        found = accounts.counts(self.id)
        db.session.rollback()
        return sum(found.values())


def texts_of(person_id: int) -> Texts:
    """Name and text of each entry, each under a UID that the portal would not know again."""
    found = company.entries_of(person_id)
    return [
        (documents.href_of(each.uid), documents.document_of(each).replace(b"@localhost", b"@elsewhere"))
        for each in found
    ]


def write_bare(server: CalendarServer, folder: str, texts: Texts) -> None:
    """The floor."""
    with Bare(server) as bare:
        bare.put([(f"{folder}{name}", text) for name, text in texts])


def write_by_library(server: CalendarServer, folder: str, texts: Texts, *, search: bool) -> None:
    """The library's own way to have an entry in a calendar."""
    with caldav.DAVClient(
        server.url, username=server.username, password=server.password, enable_rfc6764=False
    ) as client:
        calendar = client.calendar(url=f"http://localhost:{server.port}{folder}")
        for name, text in texts:
            if search:
                with suppress(NotFoundError):
                    event = calendar.get_event_by_uid(name.removesuffix(".ics") + "@elsewhere")
                    event.data = text.decode()
                    event.save(increase_seqno=False)
                    continue
            calendar.add_event(text.decode(), increase_seqno=False)


OTHERS: dict[str, Callable[[CalendarServer, str, Texts], None]] = {
    BARE: write_bare,
    "caldav, add_event": partial(write_by_library, search=False),
    "caldav, looked for first": partial(write_by_library, search=True),
}


class Contest:
    """Takes the times on one server, in which there is never more than what is being measured."""

    def __init__(self, server: CalendarServer, pairings: int) -> None:
        self.server, self.pairings = server, pairings
        self.taken: dict[tuple[str, str], list[dict[str, float]]] = {}

    def take(self, stage: str, name: str, many: int, act: Callable[[], object]) -> None:
        """Do it, and note what it took."""
        assert self.server.process is not None
        watch = machine.Stopwatch(self.server.process.pid)
        act()
        self.taken.setdefault((stage, name), []).append({**watch.read(), "many": many})

    def round(self, number: int) -> None:
        """Each way in turn, each time with another one first; ours tells the others what to write."""
        ids = company.people(self.pairings + 1, seed=number)
        company.pair_up([(ids[0], other) for other in ids[1:]], seed=number)
        texts = texts_of(ids[0])
        ways = [
            lambda: self.ours(ids[0], len(texts), number),
            *(partial(self.theirs, each, texts) for each in OTHERS),
        ]
        for way in [*ways[number % len(ways) :], *ways[: number % len(ways)]]:
            way()

    def ours(self, person_id: int, many: int, number: int) -> None:
        """Everything, then what changed, through the portal."""
        account = Account(self.server, person_id, f"push-{number}")
        documents._event_texts.cache_clear()  # the portal has to write its texts itself
        self.take("first", OURS, many, account.sync)
        assert account.count() == many
        changed = company.change(person_id, CHANGED)
        self.take("changed", OURS, len(changed), account.sync)
        self.server.delete(account.folder)

    def theirs(self, name: str, texts: Texts) -> None:
        """The same in another way."""
        folder = f"{self.server.home}other/"
        self.server.make_calendar(folder, "other")
        write = partial(OTHERS[name], self.server, folder)
        self.take("first", name, len(texts), partial(write, texts))
        changed = [
            (path, text.replace(b"SEQUENCE:0", b"SEQUENCE:1")) for path, text in texts[:: round(1 / CHANGED)]
        ]
        self.take("changed", name, len(changed), partial(write, changed))
        self.server.delete(folder)

    def rows(self) -> list[dict[str, Any]]:
        """What came of all rounds: medians, and ratios to the bare PUTs of the same round."""
        names = (BARE, OURS, *OTHERS)
        in_order = sorted(self.taken.items(), key=lambda item: names.index(item[0][1]))
        return [self._row(stage, name, found) for (stage, name), found in in_order]

    def _row(self, stage: str, name: str, found: list[dict[str, float]]) -> dict[str, Any]:
        floor = self.taken[stage, BARE]
        pairs = list(zip(found, floor, strict=True))
        middle = {
            "rate": statistics.median(each["many"] / each["wall"] for each in found),
            "own": statistics.median(each["own"] / each["many"] for each in found),
            "others": statistics.median(each["others"] / each["many"] for each in found),
            "of_bare": statistics.median(bare["wall"] / one["wall"] for one, bare in pairs),
            "busy_of_bare": statistics.median(_busy(bare) / _busy(one) for one, bare in pairs),
        }
        return {"stage": stage, "name": name, "many": int(found[0]["many"]), **middle}


def _busy(taken: dict[str, float]) -> float:
    return taken["own"] + taken["others"] or float("nan")


def figures(folder: Path, pairings: int, rounds: int) -> dict[str, Any]:
    """All rounds on each server in turn; the rows, and the most memory that this process ever held."""
    rows: list[dict[str, Any]] = []
    for kind in KINDS:
        app = company.application(folder / kind)
        worker.settle()
        with running_server(kind, folder) as server, app.app_context():
            run = Contest(server, pairings)
            for number in range(rounds):
                run.round(number)
            rows += [{"server": kind, **each} for each in run.rows()]
    return {"rows": rows, "peak": machine.memory(os.getpid())[1]}
