"""Every column is accounted for, and the migrations make what the models say, on both databases."""

from __future__ import annotations

import ast

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from sqlalchemy import CheckConstraint, inspect

from portal.db import Model, Moment, db
from portal.operating import migrations
from tests.source import HOUSE

pytestmark = pytest.mark.both_databases

SAID_OTHERWISE = ("at", "lease_until", "blocked_until", "answer_by", "not_before")
"""Moments whose names say in other words that they are moments."""
MIGRATIONS = sorted((HOUSE / "migrations" / "versions").glob("*.py"))


COLUMNS = [column for table in Model.metadata.tables.values() for column in table.columns]


def test_every_column_says_why_it_is_kept_and_for_how_long() -> None:
    stated = {str(column): column.info.get("retention") for column in COLUMNS}
    assert [
        name
        for name, retention in stated.items()
        if not (retention and retention.purpose and retention.period)
    ] == []


def test_every_reference_to_a_person_says_whose_row_it_is() -> None:
    references = [
        column for column in COLUMNS for key in column.foreign_keys if str(key.column) == "person.id"
    ]
    assert [str(column) for column in references if "owner" not in column.info] == []


def test_migrations_make_what_the_models_say(app: Flask) -> None:
    with db.engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        assert compare_metadata(context, Model.metadata) == []


def test_constraints_made_by_migrations_are_those_of_the_models(app: Flask) -> None:
    there = inspect(db.engine)
    for name, table in Model.metadata.tables.items():
        checks = {str(each.name) for each in table.constraints if isinstance(each, CheckConstraint)}
        assert {each["name"] for each in there.get_check_constraints(name)} == checks, name


def test_migrations_can_be_gone_back_on_and_done_again(app: Flask) -> None:
    db.session.rollback()
    migrations.downgrade(app, revision="base")
    assert set(inspect(db.engine).get_table_names()) <= {"alembic_version"}
    migrations.upgrade(app)
    assert set(inspect(db.engine).get_table_names()) == {*Model.metadata.tables, "alembic_version"}


@pytest.mark.parametrize("file", MIGRATIONS, ids=lambda each: each.stem)
def test_a_migration_says_why(file: object) -> None:
    said = ast.get_docstring(ast.parse(open(str(file), encoding="utf-8").read())) or ""  # noqa: PTH123, SIM115 - one line
    assert len(said.partition("\n")[0]) > 15


def test_a_name_tells_a_moment_from_a_date() -> None:
    wrong = []
    for table in Model.metadata.tables.values():
        for column in table.columns:
            moment, date = isinstance(column.type, Moment), str(column.type) == "DATE"
            named_for_moment = column.name.endswith("_at") or column.name in SAID_OTHERWISE
            named_for_date = column.name.endswith(("_on", "_until"))
            if (moment and not named_for_moment) or (date and not named_for_date):
                wrong.append(f"{table.name}.{column.name}")
    assert wrong == []
