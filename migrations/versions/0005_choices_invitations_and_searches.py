"""What people choose for their calendars, invitations by e-mail, and searches for a time

Why: people without a calendar server of their own can be invited by e-mail and answer, everybody chooses
their reminders, and a pair can be shown the hours at which both are free without anybody's busy times being
kept.
"""

import sqlalchemy as sa
from alembic import op

from portal.db import Moment

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Bring the change in."""
    op.create_table(
        "calendar_choice",
        sa.Column("id", KEY, nullable=False),
        sa.Column("person_id", KEY, nullable=False),
        sa.Column("alarm_minutes", KEY, nullable=True),
        sa.Column("busy", sa.Boolean(), nullable=False),
        sa.Column("invitations", sa.Boolean(), nullable=False),
        sa.Column("version", KEY, nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_calendar_choice_person_id_person"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_choice")),
        sa.UniqueConstraint("person_id", name=op.f("uq_calendar_choice_person_id")),
    )
    op.create_table(
        "invitation",
        sa.Column("id", KEY, nullable=False),
        sa.Column("uid", sa.String(length=200), nullable=False),
        sa.Column("person_id", KEY, nullable=False),
        sa.Column("check_in_id", KEY, nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("sequence", KEY, nullable=False),
        sa.Column("said", sa.String(length=64), nullable=False),
        sa.Column("starts_at", Moment(), nullable=False),
        sa.Column("ends_at", Moment(), nullable=False),
        sa.Column("summary", sa.String(length=300), nullable=False),
        sa.Column("sent_at", Moment(), nullable=False),
        sa.Column("answer", sa.String(length=10), nullable=False),
        sa.Column("answered_at", Moment(), nullable=True),
        sa.Column("answer_sequence", KEY, nullable=True),
        sa.CheckConstraint(
            "answer IN ('', 'accepted', 'declined', 'tentative')", name=op.f("ck_invitation_answer_known")
        ),
        sa.CheckConstraint("state IN ('invited', 'cancelled')", name=op.f("ck_invitation_state_known")),
        sa.ForeignKeyConstraint(
            ["check_in_id"],
            ["check_in.id"],
            name=op.f("fk_invitation_check_in_id_check_in"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_invitation_person_id_person"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitation")),
        sa.UniqueConstraint("person_id", "check_in_id", name=op.f("uq_invitation_person_id")),
        sa.UniqueConstraint("uid", name=op.f("uq_invitation_uid")),
    )
    with op.batch_alter_table("invitation", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_invitation_check_in_id"), ["check_in_id"], unique=False)

    op.create_table(
        "time_search",
        sa.Column("id", KEY, nullable=False),
        sa.Column("pairing_id", KEY, nullable=False),
        sa.Column("by_id", KEY, nullable=False),
        sa.Column("check_in_id", KEY, nullable=True),
        sa.Column("minutes", KEY, nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("slots", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("notes", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("done_at", Moment(), nullable=True),
        sa.Column("lease_holder", sa.String(length=32), nullable=True),
        sa.Column("lease_until", Moment(), nullable=True),
        sa.CheckConstraint("state IN ('waiting', 'done', 'failed')", name=op.f("ck_time_search_state_known")),
        sa.ForeignKeyConstraint(
            ["by_id"], ["person.id"], name=op.f("fk_time_search_by_id_person"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["check_in_id"],
            ["check_in.id"],
            name=op.f("fk_time_search_check_in_id_check_in"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["pairing_id"], ["pairing.id"], name=op.f("fk_time_search_pairing_id_pairing"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_time_search")),
    )
    with op.batch_alter_table("time_search", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_time_search_by_id"), ["by_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_time_search_check_in_id"), ["check_in_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_time_search_pairing_id"), ["pairing_id"], unique=False)
        batch_op.create_index("ix_time_search_state_created_at", ["state", "created_at"], unique=False)

    with op.batch_alter_table("letter", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("calendar_method", sa.String(length=10), nullable=False, server_default="")
        )
        batch_op.add_column(sa.Column("calendar_text", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("reply_to", sa.String(length=254), nullable=False, server_default=""))
    with op.batch_alter_table("letter", schema=None) as batch_op:
        batch_op.alter_column("calendar_method", server_default=None)
        batch_op.alter_column("reply_to", server_default=None)


def downgrade() -> None:
    """Take it out again."""
    with op.batch_alter_table("letter", schema=None) as batch_op:
        batch_op.drop_column("reply_to")
        batch_op.drop_column("calendar_text")
        batch_op.drop_column("calendar_method")

    with op.batch_alter_table("time_search", schema=None) as batch_op:
        batch_op.drop_index("ix_time_search_state_created_at")
        batch_op.drop_index(batch_op.f("ix_time_search_pairing_id"))
        batch_op.drop_index(batch_op.f("ix_time_search_check_in_id"))
        batch_op.drop_index(batch_op.f("ix_time_search_by_id"))

    op.drop_table("time_search")
    with op.batch_alter_table("invitation", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_invitation_check_in_id"))

    op.drop_table("invitation")
    op.drop_table("calendar_choice")
