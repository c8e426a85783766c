"""Links know when they were replaced

Why: somebody with an old letter read that its link was used, though another letter's was: now it says so.
"""

import sqlalchemy as sa
from alembic import op

from portal.db import Moment

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the change in."""
    op.add_column("account_link", sa.Column("replaced_at", Moment(), nullable=True))


def downgrade() -> None:
    """Take it back. A link that was replaced counts as used again."""
    link = sa.table("account_link", sa.column("used_at"), sa.column("replaced_at"))
    replaced = link.c.replaced_at.is_not(None)
    op.execute(sa.update(link).where(replaced).values(used_at=link.c.replaced_at))
    with op.batch_alter_table("account_link") as table:
        table.drop_column("replaced_at")
