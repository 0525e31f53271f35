"""SQL over the lake: every declared table by name, read-only.

DuckDB reads the tables through Arrow, so that filters and columns are pushed into the
files and nothing has to be downloaded. The session lives in memory and is cut off from
disk and network: a query can neither write to the lake nor read around it.
"""

from pathlib import Path
from typing import Any

import polars as pl

from alphaloop.core.errors import InvalidOption
from alphaloop.lake import storage
from alphaloop.lake.schema import TABLES

_QUESTIONS = ("SELECT", "EXPLAIN")  # DuckDB's statement types that answer and change nothing


def run_sql(root: Path, sql: str) -> pl.DataFrame:
    """The answer to one query; tables nobody wrote to are there and empty.

    Parameters
    ----------
    root : Path
        Folder of the lake.
    sql : str
        DuckDB SQL. Times are ``TIMESTAMP WITH TIME ZONE`` in UTC.

    Returns
    -------
    DataFrame

    Raises
    ------
    InvalidOption
        If the SQL does not parse, names something unknown, or tries to leave the lake.

    Examples
    --------
    >>> import tempfile
    >>> run_sql(Path(tempfile.mkdtemp()), "select count(*) as bars from market_bars").item()
    0
    """
    import duckdb

    with duckdb.connect(":memory:") as session:
        session.execute("SET TimeZone = 'UTC'")
        for name, schema in TABLES.items():
            path = root / name
            stored = (
                storage.open_table(path).to_pyarrow_dataset() if storage.exists(path) else schema.empty().to_arrow()
            )
            session.register(name, stored)
        session.execute("SET enable_external_access = false")
        session.execute("SET python_enable_replacements = false")
        session.execute("SET lock_configuration = true")
        try:
            _refuse_all_but_one_question(session.extract_statements(sql))
            answer = pl.from_arrow(session.sql(sql).to_arrow_table())
        except duckdb.Error as error:
            written = ", ".join(name for name in TABLES if storage.exists(root / name)) or "no tables yet"
            raise InvalidOption(f"SQL that fails: {error}", f"a query over {written}", "") from error
    return answer if isinstance(answer, pl.DataFrame) else answer.to_frame()


def _refuse_all_but_one_question(statements: list[Any]) -> None:
    kinds = [statement.type.name for statement in statements]
    if len(kinds) != 1 or kinds[0] not in _QUESTIONS:
        raise InvalidOption(f"SQL that is {', '.join(kinds) or 'empty'}", "one query", "the lake is read-only here")
