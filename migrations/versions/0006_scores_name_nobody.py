"""Stored scores name nobody, and topics by their ids

Why: a score's sentences held the names of both people and the labels of topics as they were then. Whoever is
erased, renamed or merged would have stayed in them. The two people of a pair are known by the pair itself.
A label that no topic has any more stays as it is, and is read as it is.
"""

from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TOPICS = ("topic", "second", "wish")
Parts = list[dict[str, Any]]

PERSON = sa.table("person", sa.column("id"), sa.column("name"))
TOPIC = sa.table("topic", sa.column("id", sa.String), sa.column("label", sa.String))
ENROLMENT = sa.table("enrolment", sa.column("id"), sa.column("person_id"))
PAIRING = sa.table(
    "pairing", sa.column("id"), sa.column("mentor_id"), sa.column("mentee_id"), sa.column("parts", sa.JSON)
)
LEFT_OVER = sa.table("left_over", sa.column("id"), sa.column("args", sa.JSON))
PROPOSAL = sa.table(
    "proposal",
    sa.column("id"),
    sa.column("mentor_enrolment_id"),
    sa.column("mentee_enrolment_id"),
    sa.column("parts", sa.JSON),
)


def upgrade() -> None:
    """Bring the change in."""
    ids = {label: topic for topic, label in op.get_bind().execute(sa.select(TOPIC.c.id, TOPIC.c.label))}

    def without_names(parts: Parts, _mentor: str, _mentee: str) -> Parts:
        return [{**part, "args": _topics(_nameless(part["args"]), ids)} for part in parts]

    _rewrite(without_names)
    _rewrite_left_over(ids)


def downgrade() -> None:
    """Take it back."""
    labels = dict(op.get_bind().execute(sa.select(TOPIC.c.id, TOPIC.c.label)).all())

    def with_names(parts: Parts, mentor: str, mentee: str) -> Parts:
        names = {"mentor": mentor, "mentee": mentee}
        return [
            {**part, "args": {**names, **_topics(part["args"], labels)} if part["template"] else part["args"]}
            for part in parts
        ]

    _rewrite(with_names)
    _rewrite_left_over(labels)


def _nameless(args: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in args.items() if name not in ("mentor", "mentee")}


def _topics(args: Mapping[str, Any], others: Mapping[str, str]) -> dict[str, Any]:
    return {name: others.get(value, value) if name in TOPICS else value for name, value in args.items()}


def _rewrite(change: Callable[[Parts, str, str], Parts]) -> None:
    """Change the parts of each pairing and proposal, given the names of the two."""
    mentor, mentee = PERSON.alias("mentor"), PERSON.alias("mentee")
    junior, senior = ENROLMENT.alias("junior"), ENROLMENT.alias("senior")
    names = (mentor.c.name, mentee.c.name)
    pairings = (
        sa.select(PAIRING.c.id, PAIRING.c.parts, *names)
        .join(mentor, mentor.c.id == PAIRING.c.mentor_id)
        .join(mentee, mentee.c.id == PAIRING.c.mentee_id)
    )
    proposals = (
        sa.select(PROPOSAL.c.id, PROPOSAL.c.parts, *names)
        .join(junior, junior.c.id == PROPOSAL.c.mentor_enrolment_id)
        .join(senior, senior.c.id == PROPOSAL.c.mentee_enrolment_id)
        .join(mentor, mentor.c.id == junior.c.person_id)
        .join(mentee, mentee.c.id == senior.c.person_id)
    )
    connection = op.get_bind()
    for table, query in ((PAIRING, pairings), (PROPOSAL, proposals)):
        for row_id, parts, *two in connection.execute(query).all():
            changed = change(parts, *two)
            if changed != parts:
                connection.execute(sa.update(table).where(table.c.id == row_id).values(parts=changed))


def _rewrite_left_over(others: Mapping[str, str]) -> None:
    """Change what topics are called in what is said to those who were left over."""
    connection = op.get_bind()
    for row_id, args in connection.execute(sa.select(LEFT_OVER.c.id, LEFT_OVER.c.args)).all():
        if "topic" in args:
            changed = sa.update(LEFT_OVER).where(LEFT_OVER.c.id == row_id).values(args=_topics(args, others))
            connection.execute(changed)
