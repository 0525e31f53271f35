"""How the tables of the registry came to be: one script a version, run by Alembic."""

from pathlib import Path

from alphaloop.lake.ledger.database import Migrations

REGISTRY = Migrations(Path(__file__).parent, "registry_2", "alembic_registry")
