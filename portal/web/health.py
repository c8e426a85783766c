"""What machines ask: is the process up, is the portal ready, and a few numbers. No page, no session.

`/readyz` is 200 only when the database answers, its tables are those of this release, and a worker was seen
lately.
"""

import logging
import re
from functools import lru_cache
from ipaddress import ip_address

from flask import Blueprint, Response, jsonify, request
from sqlalchemy import func, inspect, select, text
from sqlalchemy.exc import SQLAlchemyError

from portal import work
from portal.clock import now
from portal.core.permissions import May
from portal.db import Model, db
from portal.errors import NotFound, SettingsError
from portal.settings import HOUSE
from portal.web.access import may, public

log = logging.getLogger(__name__)
blueprint = Blueprint("health", __name__)
OK = "ok"
REVISION = re.compile(r'^(down_)?revision\b[^=\n]*= *"(\w+)"', re.MULTILINE)


@blueprint.get("/healthz")
@public
def healthz() -> Response:
    """The process answers. It asks nobody else, so that a database in trouble does not get the process
    killed.
    """
    return jsonify(alive=True)


@blueprint.get("/readyz")
@public
def readyz() -> tuple[Response, int]:
    """Each part, `ok` or what is wrong with it, and 503 unless all are."""
    parts = {"database": OK, "migrations": OK, "worker": OK}
    try:
        db.session.execute(text("SELECT 1"))
        if not migrated():
            parts["migrations"] = "not at the latest; run `portal migrate`"
        if parts["migrations"] == OK and not work.alive():
            parts["worker"] = "none seen lately; is `portal worker` running?"
    except SQLAlchemyError:
        log.exception("the database does not answer")
        parts = {"database": "does not answer", "migrations": "unknown", "worker": "unknown"}
        db.session.rollback()
    ready = all(state == OK for state in parts.values())
    return jsonify(ready=ready, **parts), 200 if ready else 503


@lru_cache
def latest_migration() -> str | None:
    """The newest migration that this release carries."""
    # Read from the files, since Alembic is a lot to load for one word.
    texts = [path.read_text(encoding="utf-8") for path in (HOUSE / "migrations" / "versions").glob("*.py")]
    marks = [mark for text in texts for mark in REVISION.findall(text)]
    replaced = {revision for before, revision in marks if before}
    return next((revision for before, revision in marks if not before and revision not in replaced), None)


def migrated() -> bool:
    """Whether the database has the tables of this release."""
    return _revisions() == [latest_migration()]


def refuse_later_release() -> None:
    """Raise SettingsError when a later release has made the database: this one does not know its tables."""
    known = {path.name.partition("_")[0] for path in (HOUSE / "migrations" / "versions").glob("*.py")}
    if unknown := sorted(set(_revisions()) - known):
        raise SettingsError(
            f"The database was made by a later release of the portal (migration {unknown[0]}). "
            "Install that release, or restore a backup that this one made."
        )


def _revisions() -> list[str]:
    if not inspect(db.session.connection()).has_table("alembic_version"):
        return []
    return list(db.session.scalars(text("SELECT version_num FROM alembic_version")))


@blueprint.get("/metrics")
@public
def metrics() -> Response:
    """Counts in Prometheus's text format, for staff and for a scraper on this machine."""
    if not (may(May.RUN_PROGRAMMES) or _on_this_machine()):
        raise NotFound
    lines = [
        *_lines("portal_letters", "Letters in the outbox by state.", _by("letter", "state")),
        *_lines("portal_enrolments", "Enrolments by state.", _by("enrolment", "state")),
        *_lines("portal_people", "People with an account.", {"": _count("person", "disabled_at IS NULL")}),
        *_lines("portal_sessions", "Browsers signed in.", {"": _sessions()}),
        *_lines("portal_worker_alive", "1 if a worker was seen lately.", {"": int(work.alive())}),
    ]
    return Response("\n".join(lines) + "\n", content_type="text/plain; version=0.0.4; charset=utf-8")


def _on_this_machine() -> bool:
    """Asked from this machine and not through a proxy, behind which everybody seems to be local."""
    passed_on = any(name in request.headers for name in ("X-Forwarded-For", "Forwarded", "X-Real-Ip", "Via"))
    try:
        return not passed_on and ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        return False


def _lines(name: str, description: str, values: dict[str, int]) -> list[str]:
    head = [f"# HELP {name} {description}", f"# TYPE {name} gauge"]
    return head + [f"{name}{label} {value}" for label, value in sorted(values.items())]


def _by(table: str, column: str) -> dict[str, int]:
    """Counts of a table's rows by a column. By name, since models belong to packages above this one."""
    by = Model.metadata.tables[table].c[column]
    return {
        f'{{{column}="{value}"}}': count
        for value, count in db.session.execute(select(by, func.count()).group_by(by))
    }


def _count(table: str, condition: str) -> int:
    return (
        db.session.scalar(
            select(func.count()).select_from(Model.metadata.tables[table]).where(text(condition))
        )
        or 0
    )


def _sessions() -> int:
    sessions = Model.metadata.tables["user_session"]
    return (
        db.session.scalar(select(func.count()).select_from(sessions).where(sessions.c.expires_at > now()))
        or 0
    )
