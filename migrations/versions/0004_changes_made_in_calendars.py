"""Requests for another time, and what a programme does with check-ins moved in people's own calendars

Why: what somebody moves in their own calendar comes back, and where the partner may mind they are asked
first.
"""

import sqlalchemy as sa
from alembic import op

from portal.db import Moment

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Bring the change in."""
    op.create_table(
        "move_request",
        sa.Column("id", KEY, nullable=False),
        sa.Column("check_in_id", KEY, nullable=False),
        sa.Column("by_id", KEY, nullable=False),
        sa.Column("starts_at", Moment(), nullable=True),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("answered_at", Moment(), nullable=True),
        sa.CheckConstraint(
            "state IN ('open', 'agreed', 'declined', 'over')", name=op.f("ck_move_request_state_known")
        ),
        sa.ForeignKeyConstraint(
            ["check_in_id"],
            ["check_in.id"],
            name=op.f("fk_move_request_check_in_id_check_in"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["by_id"], ["person.id"], name=op.f("fk_move_request_by_id_person"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_move_request")),
    )
    with op.batch_alter_table("move_request", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_move_request_by_id"), ["by_id"], unique=False)
        batch_op.create_index("ix_move_request_check_in_id_state", ["check_in_id", "state"], unique=False)
    with op.batch_alter_table("programme", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("calendar_moves", sa.String(length=8), nullable=False, server_default="apply")
        )
    with op.batch_alter_table("programme", schema=None) as batch_op:
        batch_op.alter_column("calendar_moves", server_default=None)


def downgrade() -> None:
    """Take it out again."""
    with op.batch_alter_table("programme", schema=None) as batch_op:
        batch_op.drop_column("calendar_moves")
    with op.batch_alter_table("move_request", schema=None) as batch_op:
        batch_op.drop_index("ix_move_request_check_in_id_state")
        batch_op.drop_index(batch_op.f("ix_move_request_by_id"))
    op.drop_table("move_request")
