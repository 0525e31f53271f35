"""How the tables of runs came to be: one script a version, run by Alembic."""

from pathlib import Path

from alphaloop.lake.ledger.database import Migrations

RUNS = Migrations(Path(__file__).parent, "runs_1", "alembic_runs")
