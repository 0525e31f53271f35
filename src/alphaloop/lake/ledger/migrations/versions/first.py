"""Runs, and what was decided, ordered and filled in each."""

import sqlalchemy as sa
from alembic import op

from alphaloop.core.errors import LedgerError
from alphaloop.lake.ledger.database import append_only

revision = "runs_1"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the four tables; orders and fills lie by the order's id, which is what is asked for."""
    whole = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    # sorted by bytes, everywhere alike: the hash of a run depends on the order of its rows
    name = sa.Text(collation="C").with_variant(sa.Text(), "sqlite")
    op.create_table(
        "runs",
        sa.Column("run", whole, primary_key=True, autoincrement=False),
        sa.Column("trace", sa.Text(), nullable=False),
        sa.Column("world", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("candidate", sa.Text(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.UniqueConstraint("trace", "world"),
    )
    op.create_table(
        "decisions",
        sa.Column("run", whole, primary_key=True, autoincrement=False),
        sa.Column("at", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("symbol", name, primary_key=True),
        sa.Column("proposed", sa.Text(), nullable=True),
        sa.Column("allowed", sa.Text(), nullable=True),
        sa.Column("cuts", sa.Text(), nullable=True),
        sa.Column("votes", sa.Text(), nullable=True),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "orders",
        sa.Column("id", name, primary_key=True),
        sa.Column("run", whole, primary_key=True, autoincrement=False),
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("quantity", sa.Double(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("price", sa.Double(), nullable=True),
        sa.Column("terms", sa.Text(), nullable=True),
        sqlite_with_rowid=False,
    )
    op.create_index("orders_by_run", "orders", ["run", "at"])
    op.create_table(
        "fills",
        sa.Column("order_id", name, primary_key=True),
        sa.Column("run", whole, primary_key=True, autoincrement=False),
        sa.Column("n", whole, primary_key=True, autoincrement=False),
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        *(
            sa.Column(name, sa.Double(), nullable=False)
            for name in ("quantity", "price", "fee", "slippage", "funding", "shortfall", "leverage")
        ),
        sqlite_with_rowid=False,
    )
    op.create_index("fills_by_run", "fills", ["run", "n"])
    for table in ("runs", "decisions", "orders", "fills"):
        for statement in append_only(op.get_bind().dialect.name, table):
            op.execute(statement)


def downgrade() -> None:
    """There is no way back: a ledger is not unwritten."""
    raise LedgerError("a step back", "steps forward: a ledger is not unwritten", "keep a copy of the older one")
