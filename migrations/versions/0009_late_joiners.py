"""Staff let people join late

Why: whoever comes when sign-up is over finds no way in, though a running programme can do with them.
"""

import sqlalchemy as sa
from alembic import op

from portal.db import Moment

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the change in."""
    op.add_column("enrolment", sa.Column("let_in_at", Moment(), nullable=True))


def downgrade() -> None:
    """Take it back."""
    with op.batch_alter_table("enrolment") as table:
        table.drop_column("let_in_at")
