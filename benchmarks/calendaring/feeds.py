"""Feeds beside the plainest route of the same web server: `python -m calendaring feeds FOLDER REQUESTS ROUNDS
UNREAD`.
"""

import re
import statistics
import time
from pathlib import Path

from flask import Flask
from sqlalchemy import event

from calendaring import company, machine, wire
from portal.calendars.feeds.links import address, link_for
from portal.clock import now
from portal.db import db, transaction
from tests.calendars.servers import free_port

PLAIN = "/healthz"
CONNECTIONS = (1, 8)
ETAG = re.compile(rb"\r\netag: ([^\r]+)", re.IGNORECASE)


def addresses(ids: list[int]) -> list[str]:
    """The path of each person's feed."""
    with transaction():
        links = [link_for(person_id, at=now()) for person_id in ids]
        return [(address(link) or "").removeprefix("http://localhost") for link in links]


def queries(app: Flask, path: str, **headers: str) -> int:
    """How many statements one request sends to the database, inside and outside a writing transaction."""
    seen: list[str] = []

    def note(connection: object, cursor: object, statement: str, *rest: object) -> None:
        seen.append(statement)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    headers = {name.replace("_", "-"): said for name, said in headers.items()}
    app.test_client().get(path, headers=headers)
    event.remove(engine, "before_cursor_execute", note)
    return sum(not each.startswith(("BEGIN", "PRAGMA")) for each in seen)


def wait_for(port: int) -> None:
    """Until the web server answers."""
    until = time.monotonic() + 30
    while True:
        try:
            wire.ask(port, wire.get(PLAIN))
            return
        except (OSError, AssertionError):
            assert time.monotonic() < until, "the web server does not start"
            time.sleep(0.05)


class Kinds:
    """The kinds of request, and those of people whose feeds nobody has read yet."""

    def __init__(self, app: Flask, port: int, paths: list[str], cold: int) -> None:
        self.share, self.cold = cold, [wire.get(each, Accept_Encoding="gzip") for each in paths[1:]]
        known = {"Accept_Encoding": "gzip"}
        answer = wire.ask(port, wire.get(paths[0], **known))
        etag = (ETAG.search(answer) or [b"", b""])[1].decode()
        self.kinds = {
            PLAIN: (PLAIN, {}, 200),
            "feed, 304": (paths[0], {**known, "If_None_Match": etag}, 304),
            "feed, 200, packed": (paths[0], known, 200),
            "feed, 200, not packed": (paths[0], {}, 200),
        }
        queries(app, paths[0], **known)
        self.queries = {
            name: queries(app, path, **headers) for name, (path, headers, _) in self.kinds.items()
        }
        unread = self.cold.pop().split(b" ")[1].decode()
        self.queries["feed, never read before"] = queries(app, unread, **known)

    def requests(self, name: str, many: int) -> tuple[list[bytes], int]:
        """Requests of one kind for one slice, and the status they are answered with."""
        if name in self.kinds:
            path, headers, status = self.kinds[name]
            return [wire.get(path, **headers)] * many, status
        taken, self.cold = self.cold[: self.share], self.cold[self.share :]
        return taken, 200


def measure(
    app: Flask, folder: Path, paths: list[str], many: int, rounds: int, cold: int
) -> list[dict[str, object]]:
    """Every kind in turn, again and again; each slice beside the one of the plainest route
    in the same round.
    """
    port = free_port()
    command = ("-m", "portal.cli.main", "web", "--bind", f"127.0.0.1:{port}")
    rows: list[dict[str, object]] = []
    with machine.running(command, company.environment(folder), folder / "web.log") as server:
        wait_for(port)
        kinds = Kinds(app, port, paths, cold)
        for connections in CONNECTIONS:
            slices: dict[str, list[dict[str, float]]] = {name: [] for name in kinds.queries}
            for _ in range(rounds):
                for name, found in slices.items():
                    requests, status = kinds.requests(name, many)
                    watch = machine.Stopwatch(server.pid)
                    taken = wire.load(port, requests, connections=connections, status=status)
                    middle = statistics.median(taken.each)
                    figures = {"rate": len(requests) / taken.wall, "median": middle, "bytes": taken.body}
                    found.append({**figures, "busy": watch.read()["others"] / len(requests)})
            rows += [_row(name, connections, slices, kinds.queries[name]) for name in slices]
    return rows


def _row(
    name: str, connections: int, slices: dict[str, list[dict[str, float]]], many_queries: int
) -> dict[str, object]:
    own, plain = slices[name], slices[PLAIN]
    ratios = [one["rate"] / other["rate"] for one, other in zip(own, plain, strict=True)]
    middle = {each: statistics.median(one[each] for one in own) for each in ("rate", "median", "bytes")}
    busy = statistics.fmean(one["busy"] for one in own)
    share = {"of_plain": statistics.median(ratios), "busy": busy, "busy_ratio": busy / _some(plain)}
    return {"name": name, "connections": connections, **middle, **share, "queries": many_queries}


def _some(plain: list[dict[str, float]]) -> float:
    return statistics.fmean(one["busy"] for one in plain) or float("nan")


def figures(folder: Path, many: int, rounds: int, unread: int) -> list[dict[str, object]]:
    """Every kind of request, `many` at a time, so many rounds; of feeds never read before, `unread` at a
    time.
    """
    app = company.application(folder)
    with app.app_context():
        ids = company.people(unread * rounds * len(CONNECTIONS) + 2, seed=1)
        company.pair_up(company.ring_of(ids), seed=1)
        paths = addresses(ids)
    return measure(app, folder, paths, many, rounds, unread)
