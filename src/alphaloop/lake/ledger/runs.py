"""Runs in the ledger: what a backtest or a paper session decided, ordered and got.

A run is named by the digest of its trace and the world it ran in; the same one twice is
kept once. Its rows are sealed by one hash over all of them, which whoever records the run
keeps elsewhere.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from hashlib import sha256
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import Connection, text

from alphaloop.core.trace import Trace
from alphaloop.lake.ledger.rows import TABLES, Row, rows_of

CHUNK = 10_000
DECIDED = ("proposed", "allowed", "cuts", "votes")
FILLED = ("n", "at", "reason", "quantity", "price", "fee", "funding")
HEAD = ("trace", "world", "at", "candidate", "facts")
_ORDER_BY = {"decisions": "at, symbol", "orders": "at, id", "fills": "n"}
_SORTED = {
    table: itemgetter(*(TABLES[table].index(name) for name in names.split(", "))) for table, names in _ORDER_BY.items()
}


class Recorded(NamedTuple):
    """What was kept of a run.

    Parameters
    ----------
    run : int
        Its number in this database.
    trace : str
        Digest of its trace.
    seal : str
        Hash of its rows.
    counts : dict
        Rows by table.
    new : bool
        Whether it was not there before.
    """

    run: int
    trace: str
    seal: str
    counts: dict[str, int]
    new: bool


class Prepared(NamedTuple):
    """A run ready to be kept: all the work that needs no database."""

    trace: str
    facts: str
    rows: dict[str, list[Row]]
    digest: str


def prepare(trace: Trace) -> Prepared:
    """Rows, digest and facts of a trace. Done before it is one's turn to write: others wait for that."""
    rows = {table: sorted(found, key=_SORTED[table]) for table, found in rows_of(trace).items()}
    facts = json.dumps(asdict(trace.header), sort_keys=True)
    return Prepared(trace.digest(), facts, rows, _digest(rows))


def record(connection: Connection, run: Prepared, world: str, at: int, candidate: str = "") -> Recorded:
    """Keep a run; the same one a second time changes nothing.

    Parameters
    ----------
    connection : Connection
        That holds the turn to write; the caller commits.
    run : Prepared
    world : str
        ``backtest``, ``paper``, ``live``.
    at : int, microseconds UTC
        When it is recorded.
    candidate : str
        Id of the model that decided, where there is one.
    """
    known = connection.execute(
        text("SELECT run FROM runs WHERE trace = :trace AND world = :world"), {"trace": run.trace, "world": world}
    ).scalar()
    if known is not None:
        return Recorded(int(known), run.trace, seal(connection, int(known)), counts(connection, int(known)), new=False)
    number = int(connection.execute(text("SELECT coalesce(max(run), 0) + 1 FROM runs")).scalar_one())
    head = (run.trace, world, at, candidate, run.facts)
    _insert(connection, "runs", ("run", *HEAD), [(number, *head)])
    for table, columns in TABLES.items():
        _insert(connection, table, ("run", *columns), [(number, *row) for row in run.rows[table]])
    many = {table: len(run.rows[table]) for table in TABLES}
    return Recorded(number, run.trace, _sealed(head, run.digest), many, new=True)


def seal(connection: Connection, run: int) -> str:
    """SHA-256 over all rows of a run, as they stand in the database."""
    question = text(f"SELECT {', '.join(HEAD)} FROM runs WHERE run = :run")  # noqa: S608
    head = connection.execute(question, {"run": run}).first()
    return _sealed(
        () if head is None else tuple(head), _digest({table: _rows(connection, table, run) for table in TABLES})
    )


def _digest(rows: Mapping[str, Iterable[Row]]) -> str:
    state = sha256()
    for table in TABLES:
        state.update(table.encode())
        for row in rows[table]:
            state.update(json.dumps(row).encode())
    return state.hexdigest()


def _sealed(head: Row, digest: str) -> str:
    return sha256(json.dumps([*head, digest]).encode()).hexdigest()


def counts(connection: Connection, run: int) -> dict[str, int]:
    """Rows of a run, by table."""
    return {
        table: int(
            connection.execute(text(f"SELECT count(*) FROM {table} WHERE run = :run"), {"run": run}).scalar_one()  # noqa: S608
        )
        for table in TABLES
    }


def order_ids(connection: Connection, run: int, many: int = CHUNK) -> list[str]:
    """Ids of a run's orders, oldest first."""
    question = text(f"SELECT id FROM orders WHERE run = :run ORDER BY at, id LIMIT {int(many)}")  # noqa: S608
    return [str(row[0]) for row in connection.execute(question, {"run": run})]


def decided(connection: Connection, order: str, trace: str = "", many: int = 20) -> list[dict[str, Any]]:
    """What led to an order: its run, its decision, its fills; newest runs first.

    Parameters
    ----------
    connection : Connection
    order : str
        Its id. Runs over the same bars give equal ids: each answers.
    trace : str
        Beginning of the digest of one run, to ask for that alone.
    many : int
        Answers at most.

    Returns
    -------
    list of dict
        ``order``, ``decision``, ``fills``, and the run's ``trace``, ``world``, ``recorded_at``,
        ``candidate`` and ``facts`` (the header of the trace).
    """
    question = (
        "SELECT o.run, r.trace, r.world, r.at, r.candidate, r.facts, o.symbol, o.at, o.quantity, o.type, "
        "o.price, o.terms, d.proposed, d.allowed, d.cuts, d.votes FROM orders o JOIN runs r ON r.run = o.run "
        "LEFT JOIN decisions d ON d.run = o.run AND d.at = o.at AND d.symbol = o.symbol "
        "WHERE o.id = :id AND substr(r.trace, 1, :length) = :trace ORDER BY o.run DESC LIMIT :many"
    )
    given = {"id": order, "trace": trace, "length": len(trace), "many": many}
    found = connection.execute(text(question), given).all()
    return [_answer(connection, order, tuple(row)) for row in found]


def _answer(connection: Connection, order: str, row: Row) -> dict[str, Any]:
    run, trace, world, at, candidate, facts, symbol, created, quantity, kind, price, terms, *decision = row
    question = f"SELECT {', '.join(FILLED)} FROM fills WHERE order_id = :id AND run = :run"  # noqa: S608
    fills = connection.execute(text(question), {"id": order, "run": run})
    return {
        "order": {
            "id": order, "symbol": symbol, "at": created, "quantity": quantity, "type": kind, "price": price,
            **_parsed(terms, {}),
        },
        "decision": dict(zip(DECIDED, (_parsed(one) for one in decision), strict=True)),
        "fills": [dict(zip(FILLED, one, strict=True)) for one in sorted(map(tuple, fills))],
        "trace": trace,
        "world": world,
        "recorded_at": at,
        "candidate": candidate or None,
        "facts": json.loads(facts),
    }  # fmt: skip


def _parsed(held: str | None, nothing: Any = None) -> Any:
    return nothing if held is None else json.loads(held)


def _insert(connection: Connection, table: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
    mark = "?" if connection.dialect.paramstyle == "qmark" else "%s"
    statement = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join(mark for _ in columns)})"  # noqa: S608
    for first in range(0, len(rows), CHUNK):
        connection.exec_driver_sql(statement, list(rows[first : first + CHUNK]))


def _rows(connection: Connection, table: str, run: int) -> Iterator[Row]:
    columns = ", ".join(TABLES[table])
    question = text(f"SELECT {columns} FROM {table} WHERE run = :run ORDER BY {_ORDER_BY[table]}")  # noqa: S608
    with connection.execute(question.execution_options(yield_per=CHUNK), {"run": run}) as rows:
        yield from (tuple(row) for row in rows)
