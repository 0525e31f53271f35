"""A ledger for each test; the whole suite runs on PostgreSQL too where ``ALPHALOOP_TEST_POSTGRES`` names one."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from alphaloop.registry.ledger import Ledger
from tests.registry.builders import POSTGRES, empty_postgres, open_ledger


@pytest.fixture(scope="session")
def blank(tmp_path_factory) -> Path:
    """A home whose tables are made; a copy of it saves every test the migrations."""
    home = tmp_path_factory.mktemp("blank")
    made = open_ledger(home)
    made.trials()
    made.close()
    return home


@pytest.fixture(params=["sqlite", "postgres"])
def ledger(request, blank, tmp_path) -> Iterator[Ledger]:
    """An empty ledger whose clock counts microseconds."""
    url = None
    if request.param == "postgres":
        if not POSTGRES:
            pytest.skip("no PostgreSQL: set ALPHALOOP_TEST_POSTGRES to the URL of an empty database")
        pytest.importorskip("psycopg", reason="the extra [postgres] is not installed")
        empty_postgres()
        url = POSTGRES
    else:
        shutil.copytree(blank, tmp_path / "home")
    made = open_ledger(tmp_path / "home", url=url)
    yield made
    made.close()
