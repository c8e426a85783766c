"""One round of a real worker over many accounts: `python -m calendaring rounds FOLDER ACCOUNTS ROUNDS`.

Every person has one pairing, and a user and a calendar of their own on one Radicale. First the worker writes
everything; then nothing has changed, and it glances at each account again and again. Beside it, a bare
PROPFIND for each account, with as many connections at a time as the worker has threads and a new one for each
account, since each is somebody else's.
"""

import statistics
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any
from unittest.mock import patch
from uuid import uuid4

from sqlalchemy import event, func, insert, select, update

from calendaring import company, machine
from calendaring.bare import Bare
from portal import worker
from portal.calendars.models import CalendarAccount, CalendarItem
from portal.calendars.syncing import due_accounts, sync
from portal.calendars.syncing.passwords import place
from portal.calendars.wire.session import GuardedSession
from portal.clock import now
from portal.db import db, transaction
from portal.vault import keyring
from portal.work import Heartbeat
from tests.calendars.servers import CalendarServer, running_server

PATIENCE_SECONDS = 600


Place = tuple[CalendarServer, str]
"""The server as one of its users knows it, and the path of their calendar."""


def connected(server: CalendarServer, ids: Sequence[int]) -> list[Place]:
    """An account for each of these people, with a user of their own, whose only calendar is
    there and empty.
    """
    assert server.folder is not None
    places = [(replace(server, username=f"user-{each}"), f"/user-{each}/pairs/") for each in ids]
    with (server.folder / "users").open("a") as file:  # read again for each who signs in
        file.writelines(f"{user.username}:{user.password}\n" for user, _ in places)
    for user, path in places:
        with Bare(user) as bare:
            assert bare.ask("MKCALENDAR", path) == 201
    origin = server.url.rstrip("/")
    rows = []
    for person_id, (user, path) in zip(ids, places, strict=True):
        uid = str(uuid4())
        about = {"uid": uid, "person_id": person_id, "address": server.url, "username": user.username}
        where = {
            "origin": origin,
            "calendar_url": origin + path,
            "calendar_name": path,
            "own_calendar": False,
        }
        sealed = keyring().seal(server.password, place(uid))
        rows.append({**about, **where, "sealed_password": sealed, "state": "connected", "created_at": now()})
    with transaction():
        db.session.execute(insert(CalendarAccount), rows)
    return places


def sweep() -> None:
    """Ring for all that is due, as many at a time as the worker's own round does, and wait
    until it is done.
    """
    until = time.monotonic() + PATIENCE_SECONDS
    while due := len(due_accounts.find(at=now())) or _held():
        due_accounts.sweep()
        while len(due_accounts.find(at=now())) > max(0, due - due_accounts.MOST_ENQUEUED) or _held():
            assert time.monotonic() < until, "the worker does not get through"
            time.sleep(0.02)


def _held() -> int:
    """How many accounts a worker holds."""
    query = select(func.count()).select_from(CalendarAccount).where(CalendarAccount.lease_until.is_not(None))
    found = db.session.scalar(query) or 0
    db.session.rollback()
    return found


def grow_due() -> None:
    """Have every account looked at again, as if a quarter of an hour had gone by."""
    with transaction():
        db.session.execute(
            update(CalendarAccount).values(failures=1).execution_options(synchronize_session=False)
        )


def glance_bare(places: Sequence[Place]) -> None:
    """The floor."""

    def one(place: Place) -> None:
        user, path = place
        with Bare(user) as bare:
            bare.look(path)

    with ThreadPoolExecutor(worker.THREADS) as pool:
        list(pool.map(one, places))


@contextmanager
def counted() -> Iterator[dict[str, int]]:
    """How many requests and statements are made inside."""
    found = {"requests": 0, "queries": 0}
    real = GuardedSession.request

    def request(self: GuardedSession, *given: Any, **more: Any) -> Any:
        found["requests"] += 1
        return real(self, *given, **more)

    def note(connection: object, cursor: object, statement: str, *rest: object) -> None:
        found["queries"] += not statement.startswith(("BEGIN", "PRAGMA"))

    engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    with patch.object(GuardedSession, "request", request):
        yield found
    event.remove(engine, "before_cursor_execute", note)


def wait_for_worker() -> None:
    """Until a worker is there."""
    until = time.monotonic() + 60
    while not db.session.scalar(select(func.count()).select_from(Heartbeat)):
        db.session.rollback()
        assert time.monotonic() < until, "the worker does not start"
        time.sleep(0.05)
    db.session.rollback()


def measure(folder: Path, server: CalendarServer, many: int, rounds: int) -> dict[str, Any]:
    """The first writing, then rounds without news, each beside the bare requests."""
    ids = company.people(many, seed=3)
    company.pair_up(list(zip(ids[::2], ids[1::2], strict=True)), seed=3)
    places = connected(server, ids)
    assert server.process is not None
    with machine.running(
        ("-m", "portal.cli.main", "worker"), company.environment(folder), folder / "worker.log"
    ) as process:
        wait_for_worker()
        pids = (process.pid, server.process.pid)
        found: dict[str, Any] = {"idle": machine.memory(process.pid)[0], "rounds": []}
        found["first"] = _taken(pids, sweep)
        found["written"] = db.session.scalar(select(func.count()).select_from(CalendarItem))
        found["first"]["memory"] = machine.memory(process.pid)[0]
        for _ in range(rounds):
            bare = _taken(pids, lambda: glance_bare(places))
            grow_due()
            ours = _taken(pids, sweep)
            found["rounds"].append({"bare": bare, "ours": ours, "memory": machine.memory(process.pid)[0]})
        found["peak"] = machine.memory(process.pid)[1]
    account_id = db.session.scalars(select(CalendarAccount.id)).first()
    db.session.rollback()
    with counted() as each:
        assert sync.sync(account_id or 0)
    with counted() as of_sweep:
        due_accounts.find(at=now())
    troubled = db.session.scalar(
        select(func.count()).select_from(CalendarAccount).where(CalendarAccount.problem != "")
    )
    assert (found["written"], troubled) == (company.ENTRIES * many, 0)
    return {**found, "each": each, "of_sweep": of_sweep["queries"]}


def _taken(pids: tuple[int, int], act: Any) -> dict[str, float]:
    """What something took: wall time; processor time of this process, of the worker, and of the calendar
    server.
    """
    watches = [machine.Stopwatch(pid) for pid in pids]
    act()
    read = [each.read() for each in watches]
    return {
        "wall": read[0]["wall"],
        "own": read[0]["own"],
        "worker": read[0]["others"],
        "server": read[1]["others"],
    }


def summary(found: dict[str, Any], many: int) -> dict[str, Any]:
    """Accounts per second, ratios to the bare requests of the same round, and how memory went."""
    rounds = found["rounds"]
    ratios = [each["bare"]["wall"] / each["ours"]["wall"] for each in rounds]
    memories = [each["memory"] for each in rounds]
    grown = [after - before for before, after in pairwise(memories)]
    return {
        "accounts": many,
        "rate": many / statistics.median(each["ours"]["wall"] for each in rounds),
        "bare_rate": many / statistics.median(each["bare"]["wall"] for each in rounds),
        "of_bare": statistics.median(ratios),
        "worker": statistics.median(each["ours"]["worker"] for each in rounds) / many,
        "server": statistics.median(each["ours"]["server"] for each in rounds) / many,
        "bare_own": statistics.median(each["bare"]["own"] for each in rounds) / many,
        "bare_server": statistics.median(each["bare"]["server"] for each in rounds) / many,
        "requests": found["each"]["requests"],
        "queries": found["each"]["queries"],
        "sweep_queries": found["of_sweep"],
        "first_rate": found["written"] / found["first"]["wall"],
        "entries": found["written"],
        "idle": found["idle"],
        "after_first": found["first"]["memory"],
        "memories": memories,
        "grown": grown,
        "peak": found["peak"],
    }


def figures(folder: Path, many: int, rounds: int) -> dict[str, Any]:
    """Rounds over so many accounts, an even number."""
    app = company.application(folder)
    with running_server("radicale", folder) as server, app.app_context():
        return summary(measure(folder, server, many, rounds), many)
