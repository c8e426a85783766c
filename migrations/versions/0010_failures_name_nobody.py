"""Stored failures of runs and of price lists name nobody

Why: a failure's sentence was stored with the names in it, in the language of whoever had asked, so that
whoever is erased stayed there. Now it is stored as a template and its facts, with people by their ids. Which
names an old sentence holds cannot be told, so old sentences go: a failed run says that it stopped, and a list
of prices that could not be made is made anew when somebody looks at it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

MATCH_RUN = sa.table("match_run", sa.column("error"))
PRICE_TABLE = sa.table("price_table", sa.column("problem"))


def upgrade() -> None:
    """Bring the change in."""
    _forget_failures()


def downgrade() -> None:
    """Take it back."""
    _forget_failures()


def _forget_failures() -> None:
    connection = op.get_bind()
    connection.execute(sa.update(MATCH_RUN).values(error=None))
    connection.execute(sa.delete(PRICE_TABLE).where(PRICE_TABLE.c.problem.is_not(None)))
