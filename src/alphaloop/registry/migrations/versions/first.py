"""The chain of entries, and the questions that need an index."""

import sqlalchemy as sa
from alembic import op

from alphaloop.core.errors import LedgerError
from alphaloop.lake.ledger.database import append_only

revision = "registry_1"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table that all the rest is read from."""
    op.create_table(
        "entries",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True, autoincrement=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("figure", sa.Double(), nullable=True),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("prev", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
    )
    op.create_index("entries_by_subject", "entries", ["subject", "kind", "seq"])
    op.create_index("entries_by_scope", "entries", ["kind", "scope", "seq"])
    for statement in append_only(op.get_bind().dialect.name, "entries"):
        op.execute(statement)


def downgrade() -> None:
    """There is no way back: a ledger is not unwritten."""
    raise LedgerError("a step back", "steps forward: a ledger is not unwritten", "keep a copy of the older one")
