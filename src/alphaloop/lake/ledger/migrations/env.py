"""What Alembic runs first; imported by anybody else it does nothing."""

from alphaloop.lake.ledger.database import run_environment

if __name__ == "env_py":  # the name under which Alembic loads this file
    run_environment()
