"""Server time of the pages people and staff use most, at 120 and at 5,000 people, and of staff's board with
40 and with more than 1,000 drafts, beside the plainest route of the same server (`/healthz`), in one run.
`make bench` runs it; `.venv/bin/python benchmarks/pages.py [PEOPLE …]` takes other sizes.

Each figure is the median of 40 requests through the whole application (cookies, session, database, template),
without the network; the ratio is to `/healthz` in the same round, so that it holds when the machine's speed
drifts. The queries are those of one request.
"""

import re
import statistics
import sys
import tempfile
import time
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, func, select

from portal.app import create_app
from portal.clock import now
from portal.db import db, transaction
from portal.demo.load import SIGN_INS, load
from portal.pairings.models import Pairing
from portal.pairings.prices import tables
from portal.settings import Settings

ROUNDS = 40
PLAIN = "/healthz"
PAGES = {
    "home, a member": ("member", "/"),
    "home, staff": ("staff", "/"),
    "staff's table, first page": ("staff", "/people"),
    "staff's table, searched": ("staff", "/people?q=finance"),
    "staff's table, by site, page 2": ("staff", "/people?sort=-site&page=2"),
    "enrolments of a programme": ("staff", "/programmes/1/enrolments"),
    "the first step of joining": ("member", "/join/1/role"),
    "suggestions while typing": ("member", "/join/topics?q=reel"),
}
BOARD = {
    "the board, first page": "/pairings/board",
    "a row being edited": "/pairings/board/{pairing}/edit",
    "all mentors priced for it": "/pairings/prices/{pairing}",
    "one more seat, at whom": "/pairings/prices/seats?programme={programme}",
    "try changes": "/pairings/bench?programme={programme}",
    "fairness": "/pairings/fairness?programme={programme}",
}


def application(people: int, folder: Path, stage: str = "signed-up") -> Flask:
    """The demo company of that size in a fresh SQLite database."""
    app = create_app(Settings.from_environment({"PORTAL_DEMO": "1", "PORTAL_INSTANCE": str(folder)}))
    with app.app_context():
        db.create_all()
        load(people=people, stage=stage)
    return app


def signed_in(app: Flask, email: str, password: str) -> FlaskClient:
    """A client whose cookies say who it is."""
    client = app.test_client()
    page = client.get("/sign-in").text
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert token, "the sign-in page carries no token"
    answer = client.post("/sign-in", data={"csrf_token": token[1], "email": email, "password": password})
    assert answer.status_code == 303, f"{email} could not sign in: {answer.status_code}"
    return client


def milliseconds(client: FlaskClient, path: str) -> float:
    """How long one request takes; its answer must be a page."""
    start = time.perf_counter()
    answer = client.get(path)
    taken = (time.perf_counter() - start) * 1000
    assert answer.status_code == 200, f"{path}: {answer.status_code}"
    return taken


def queries(app: Flask, client: FlaskClient, path: str) -> int:
    """How many statements one request sends to the database."""
    seen: list[str] = []
    with app.app_context():
        engine = db.engine

    def note(connection: object, cursor: object, statement: str, *rest: object) -> None:
        seen.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    client.get(path)
    event.remove(engine, "before_cursor_execute", note)
    return sum(not each.startswith(("BEGIN", "PRAGMA")) for each in seen)


def measure(people: int) -> None:
    """Print the table for one size of company."""
    with tempfile.TemporaryDirectory() as folder:
        app = application(people, Path(folder))
        clients = {
            "staff": signed_in(app, SIGN_INS[0].email, SIGN_INS[0].password),
            "member": signed_in(app, SIGN_INS[1].email, SIGN_INS[1].password),
        }
        head(f"{people:,} people")
        for name, (who, path) in PAGES.items():
            line(app, clients[who], name, path)


def measure_board(people: int) -> None:
    """Print the table for staff's board, with prices worked out as the worker does."""
    with tempfile.TemporaryDirectory() as folder:
        app = application(people, Path(folder), "matched")
        pairing, programme, drafts = with_prices(app)
        staff = signed_in(app, SIGN_INS[0].email, SIGN_INS[0].password)
        head(f"{drafts:,} drafts")
        for name, path in BOARD.items():
            line(app, staff, name, path.format(pairing=pairing, programme=programme))


def with_prices(app: Flask) -> tuple[int, int, int]:
    """Have the prices worked out; a draft's id, its programme's, and how many drafts there are."""
    with app.app_context():
        draft = db.session.scalars(
            select(Pairing).where(Pairing.state == "draft").order_by(Pairing.id)
        ).first()
        assert draft, "nobody was matched"
        pairing, programme = draft.id, draft.programme_id
        drafts = db.session.scalar(select(func.count()).where(Pairing.state == "draft")) or 0
        db.session.rollback()
        with transaction():
            tables.request_table(programme, at=now())
        tables.price(programme)
    return pairing, programme, drafts


def head(title: str) -> None:
    """Print the head of a table."""
    print(f"\n{title:<32}     ms   x {PLAIN}  queries  kB of HTML")


def line(app: Flask, client: FlaskClient, name: str, path: str) -> None:
    """Measure one page and print its line."""
    milliseconds(client, path)
    pairs = [(milliseconds(client, path), milliseconds(client, PLAIN)) for _ in range(ROUNDS)]
    median = statistics.median(page for page, _ in pairs)
    ratio = statistics.median(page / plain for page, plain in pairs)
    size = len(client.get(path).data) / 1000
    print(f"{name:<32} {median:6.1f} {ratio:9.0f} {queries(app, client, path):8} {size:9.1f}")


if __name__ == "__main__":
    for size in [int(each) for each in sys.argv[1:]] or [120, 5_000]:
        measure(size)
    for size in [int(each) for each in sys.argv[1:]] or [120, 2_700]:
        measure_board(size)
