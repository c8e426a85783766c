"""Letters know their programme

Why: staff read the letters of the programmes they run, and of no others. Letters written before stay with
the administrators.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
NAME = "fk_letter_programme_id_programme"


def upgrade() -> None:
    """Bring the change in."""
    with op.batch_alter_table("letter") as table:
        table.add_column(sa.Column("programme_id", KEY, nullable=True))
        table.create_foreign_key(op.f(NAME), "programme", ["programme_id"], ["id"], ondelete="SET NULL")
        table.create_index(op.f("ix_letter_programme_id"), ["programme_id"])


def downgrade() -> None:
    """Take it back."""
    with op.batch_alter_table("letter") as table:
        table.drop_index(op.f("ix_letter_programme_id"))
        table.drop_constraint(op.f(NAME), type_="foreignkey")
        table.drop_column("programme_id")
