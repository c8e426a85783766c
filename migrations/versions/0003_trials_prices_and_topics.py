"""Trials of the matching, prices of changes by hand, and topics that staff keep

Why: staff may try a change and see its cost before they keep it, and topics are theirs to add to and to
merge.
"""

import sqlalchemy as sa
from alembic import op

from portal.db import Moment

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the change in."""
    op.create_table(
        "price_table",
        sa.Column("programme_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("stamp", sa.String(length=64), nullable=False),
        sa.Column("wanted_at", Moment(), nullable=False),
        sa.Column("made_at", Moment(), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("data", sa.LargeBinary(), nullable=True),
        sa.Column("lease_holder", sa.String(length=32), nullable=True),
        sa.Column("lease_until", Moment(), nullable=True),
        sa.ForeignKeyConstraint(
            ["programme_id"],
            ["programme.id"],
            name=op.f("fk_price_table_programme_id_programme"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("programme_id", name=op.f("pk_price_table")),
    )
    op.create_table(
        "topic_suggestion",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("plain", sa.String(length=160), nullable=False),
        sa.Column("typed", sa.String(length=160), nullable=False),
        sa.Column("times", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("topic_id", sa.String(length=60), nullable=True),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("settled_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(
            ["by_id"], ["person.id"], name=op.f("fk_topic_suggestion_by_id_person"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["topic_id"], ["topic.id"], name=op.f("fk_topic_suggestion_topic_id_topic"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_topic_suggestion")),
        sa.UniqueConstraint("plain", name=op.f("uq_topic_suggestion_plain")),
    )
    with op.batch_alter_table("topic_suggestion", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_topic_suggestion_by_id"), ["by_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_topic_suggestion_settled_at"), ["settled_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_topic_suggestion_topic_id"), ["topic_id"], unique=False)

    op.create_table(
        "run_pair",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("run_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("mentor_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("mentee_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("how", sa.String(length=8), nullable=False),
        sa.ForeignKeyConstraint(
            ["mentee_id"], ["person.id"], name=op.f("fk_run_pair_mentee_id_person"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["mentor_id"], ["person.id"], name=op.f("fk_run_pair_mentor_id_person"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["run_id"], ["match_run.id"], name=op.f("fk_run_pair_run_id_match_run"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run_pair")),
        sa.UniqueConstraint("run_id", "mentor_id", "mentee_id", name=op.f("uq_run_pair_run_id")),
    )
    with op.batch_alter_table("run_pair", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_run_pair_mentee_id"), ["mentee_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_run_pair_mentor_id"), ["mentor_id"], unique=False)

    with op.batch_alter_table("match_run", schema=None) as batch_op:
        batch_op.add_column(sa.Column("trial", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column("title", sa.String(length=80), nullable=False, server_default=""))
        batch_op.add_column(
            sa.Column("line", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True)
        )
        batch_op.add_column(
            sa.Column("held_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True)
        )
        batch_op.add_column(
            sa.Column("gap", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True)
        )
        batch_op.create_index(batch_op.f("ix_match_run_held_by_id"), ["held_by_id"], unique=False)
        batch_op.create_foreign_key(
            batch_op.f("fk_match_run_held_by_id_person"),
            "person",
            ["held_by_id"],
            ["id"],
            ondelete="SET NULL",
        )

    with op.batch_alter_table("proposal", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("next_mentor_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True)
        )
        batch_op.add_column(
            sa.Column(
                "next_mentor_score", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
            )
        )
        batch_op.add_column(
            sa.Column("next_mentee_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True)
        )
        batch_op.add_column(
            sa.Column(
                "next_mentee_score", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
            )
        )
        batch_op.create_index(batch_op.f("ix_proposal_next_mentee_id"), ["next_mentee_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_proposal_next_mentor_id"), ["next_mentor_id"], unique=False)
        batch_op.create_foreign_key(
            batch_op.f("fk_proposal_next_mentee_id_enrolment"),
            "enrolment",
            ["next_mentee_id"],
            ["id"],
            ondelete="SET NULL",
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_proposal_next_mentor_id_enrolment"),
            "enrolment",
            ["next_mentor_id"],
            ["id"],
            ondelete="SET NULL",
        )

    with op.batch_alter_table("topic", schema=None) as batch_op:
        batch_op.add_column(sa.Column("shipped", sa.Boolean(), nullable=False, server_default=sa.true()))
        batch_op.add_column(sa.Column("edited_at", Moment(), nullable=True))
        batch_op.add_column(
            sa.Column(
                "version",
                sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
                nullable=False,
                server_default="1",
            )
        )

    _drop_defaults("match_run", "trial", "title")
    _drop_defaults("topic", "shipped", "version")


def _drop_defaults(table: str, *columns: str) -> None:
    """The rows that are there have their values; new ones get theirs from the portal."""
    with op.batch_alter_table(table, schema=None) as batch_op:
        for column in columns:
            batch_op.alter_column(column, server_default=None)


def downgrade() -> None:
    """Take it out again."""
    with op.batch_alter_table("topic", schema=None) as batch_op:
        batch_op.drop_column("version")
        batch_op.drop_column("edited_at")
        batch_op.drop_column("shipped")

    with op.batch_alter_table("proposal", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_proposal_next_mentor_id_enrolment"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("fk_proposal_next_mentee_id_enrolment"), type_="foreignkey")
        batch_op.drop_index(batch_op.f("ix_proposal_next_mentor_id"))
        batch_op.drop_index(batch_op.f("ix_proposal_next_mentee_id"))
        batch_op.drop_column("next_mentee_score")
        batch_op.drop_column("next_mentee_id")
        batch_op.drop_column("next_mentor_score")
        batch_op.drop_column("next_mentor_id")

    with op.batch_alter_table("match_run", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_match_run_held_by_id_person"), type_="foreignkey")
        batch_op.drop_index(batch_op.f("ix_match_run_held_by_id"))
        batch_op.drop_column("gap")
        batch_op.drop_column("held_by_id")
        batch_op.drop_column("line")
        batch_op.drop_column("title")
        batch_op.drop_column("trial")

    with op.batch_alter_table("run_pair", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_run_pair_mentor_id"))
        batch_op.drop_index(batch_op.f("ix_run_pair_mentee_id"))

    op.drop_table("run_pair")
    with op.batch_alter_table("topic_suggestion", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_topic_suggestion_topic_id"))
        batch_op.drop_index(batch_op.f("ix_topic_suggestion_settled_at"))
        batch_op.drop_index(batch_op.f("ix_topic_suggestion_by_id"))

    op.drop_table("topic_suggestion")
    op.drop_table("price_table")
