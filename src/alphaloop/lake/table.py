"""The lake: declared tables one can append to, correct, and read as of a time.

Every write is one atomic commit under the table's lock, and writing the same rows again
writes nothing. Refused rows go to the quarantine *before* the good ones are committed, so
a crash in between loses nothing and importing again doubles nothing. Times of arguments
are int microseconds UTC, times in frames ``Datetime("us", "UTC")``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypedDict, Unpack

import polars as pl
from deltalake import DeltaTable

from alphaloop.core.errors import InvalidOption, SchemaViolation
from alphaloop.lake import dedupe, quality, storage
from alphaloop.lake.columns import TIME, TableSchema
from alphaloop.lake.quarantine import refuse
from alphaloop.lake.schema import QUARANTINE, TABLES, table_schema

NEVER = -1
"""The version of a table nobody has written to."""


@dataclass(frozen=True, slots=True)
class WriteReport:
    """What became of the rows of one write: ``read = written + duplicate + quarantined``.

    ``version`` is the table's version afterwards; unchanged if nothing was written.
    Quarantined rows count each time they are met, though they are stored once.
    """

    table: str
    read: int
    written: int
    duplicate: int
    quarantined: int
    version: int


class Where(TypedDict, total=False):
    """Which rows to read; everything left out is not asked for.

    ``start`` and ``end`` bound ``event_time`` as ``[start, end)``; ``as_of`` keeps rows
    with ``available_at <= as_of``; ``version`` reads the table as it was; ``columns``
    are given back in the order asked.
    """

    symbols: Sequence[str] | None
    venue: str | None
    timeframe: str | None
    start: int | None
    end: int | None
    as_of: int | None
    version: int | None
    columns: Sequence[str] | None


@dataclass(frozen=True, slots=True)
class Lake:
    """Delta tables under one folder.

    Parameters
    ----------
    root : Path
        Made at the first write.
    patience_s : float, seconds
        How long a writer waits for another one before it gives up.

    Examples
    --------
    >>> import tempfile
    >>> lake = Lake(Path(tempfile.mkdtemp()))
    >>> row = {"entity_id": "btc", "name": "Bitcoin", "kind": "coin", "event_time": 0, "available_at": 5,
    ...        "source": "doc", "is_synthetic": False, "is_derived": False}
    >>> lake.append("entities", pl.DataFrame([row]), ingested_at=9)
    WriteReport(table='entities', read=1, written=1, duplicate=0, quarantined=0, version=0)
    >>> lake.append("entities", pl.DataFrame([row]), ingested_at=10)
    WriteReport(table='entities', read=1, written=0, duplicate=1, quarantined=0, version=0)
    >>> lake.read("entities", as_of=4).height, lake.read("entities", as_of=5).height
    (0, 1)
    """

    root: Path
    patience_s: float = 120.0

    def append(self, table: str, frame: pl.DataFrame, *, ingested_at: int) -> WriteReport:
        """Write the rows that are facts and new, in one commit.

        Rows that cannot be true, and rows that contradict a stored one (the first stays),
        go to the quarantine with the reason. Rows already stored are counted and dropped.

        Parameters
        ----------
        table : str
        frame : DataFrame
            Columns as declared; see ``quality.conform`` for what is filled in.
        ingested_at : int, microseconds UTC

        Raises
        ------
        UnknownName, SchemaViolation
            If the table is not declared, or columns or types are wrong.
        LakeConflict, StorageFull
            If another writer holds the table, or the disk is full; nothing is changed.
        """
        schema = table_schema(table).widened(frame.schema)
        rows = quality.conform(frame, schema, ingested_at)
        if schema is QUARANTINE:
            return self._quarantine(rows)
        good, bad = quality.inspect(rows, schema)
        with storage.locked(self._path(table), self.patience_s):
            held = storage.newest(self._path(table))
            parts = dedupe.Split(good, 0, bad.clear())
            if not good.is_empty():
                parts = dedupe.split(good, _rows_of(held, schema), schema)
            refused = pl.concat([bad, parts.conflicts])
            self._refuse(refused, schema)
            counts = {
                "read": frame.height,
                "written": parts.fresh.height,
                "duplicate": parts.duplicate,
                "quarantined": refused.height,
            }
            version = self._commit(schema, parts.fresh, counts, held)
        return WriteReport(table, **counts, version=version)

    def upsert(self, table: str, frame: pl.DataFrame, *, ingested_at: int) -> WriteReport:
        """Write rows by key: new ones are added, changed ones replace what was stored.

        The last row of a key in the frame wins. Rows equal to the stored ones count as
        duplicates; if all are, there is no new version. What was replaced stays readable
        in older versions. Raises what :meth:`append` raises.
        """
        schema = table_schema(table).widened(frame.schema)
        if schema is QUARANTINE:
            raise InvalidOption("an upsert into the quarantine", "an append", "a refused row is never corrected")
        good, bad = quality.inspect(quality.conform(frame, schema, ingested_at), schema)
        with storage.locked(self._path(table), self.patience_s):
            held = storage.newest(self._path(table))
            self._refuse(bad, schema)
            merge = dedupe.to_merge(good, _rows_of(held, schema), schema)
            counts = {
                "read": frame.height,
                "written": merge.rows.height,
                "duplicate": good.height - merge.rows.height,
                "quarantined": bad.height,
            }
            if held is None or not merge.replaces:
                version = self._commit(schema, merge.rows.drop(dedupe.STORED_TIME), counts, held)
            else:
                version = storage.merge(self._path(table), held, merge.rows, schema, _notes(counts))
        return WriteReport(table, **counts, version=version)

    def read(self, table: str, **where: Unpack[Where]) -> pl.DataFrame:
        """Rows of one table, sorted by key; a declared table never written to is empty.

        Raises
        ------
        UnknownName
            If table or column is not declared.
        UnknownVersion
            If the version asked for does not exist.
        """
        rows = self.scan(table, **where)
        schema = table_schema(table).widened(rows.collect_schema())
        columns = where.get("columns")
        names = dict.fromkeys([*schema.key, *(schema.column(name).name for name in columns or schema.names)])
        frame = rows.select(list(names)).collect().sort(schema.key)
        return frame.select(columns or schema.names)

    def scan(self, table: str, **where: Unpack[Where]) -> pl.LazyFrame:
        """As :meth:`read`, but lazy, unsorted and with all columns."""
        schema = table_schema(table)
        path, version = self._path(table), where.get("version")
        if version is None and not storage.exists(path):
            stored = schema.empty().lazy()
        else:
            stored = _declared(pl.scan_delta(storage.open_table(path, version)), schema)
        return stored.filter(*_filters(schema, where))

    def version(self, table: str) -> int:
        """The newest version of a table; ``NEVER`` if nobody wrote to it."""
        path = self._path(table_schema(table).name)
        return storage.open_table(path).version() if storage.exists(path) else NEVER

    def versions(self) -> dict[str, int]:
        """The newest version of every table that has one."""
        return {name: self.version(name) for name in self.tables()}

    def history(self, table: str) -> list[dict[str, Any]]:
        """Every commit, newest first: version, time, operation and the counts of its write."""
        path = self._path(table_schema(table).name)
        return storage.open_table(path).history() if storage.exists(path) else []

    def compact(self, table: str, *, keep_hours: float | None = None) -> int:
        """Merge small files into large ones; the rows stay. Returns the version afterwards.

        With ``keep_hours``, files no version of the last so many hours needs are deleted,
        those a killed import left among them; older versions can no longer be read.
        """
        path = self._path(table_schema(table).name)
        if not storage.exists(path):
            return NEVER
        with storage.locked(path, self.patience_s):
            return storage.compact(path, keep_hours)

    def tables(self) -> list[str]:
        """Declared tables that hold at least one version."""
        return [name for name in TABLES if storage.exists(self._path(name))]

    def query(self, sql: str) -> pl.DataFrame:
        """Run one SQL query over all tables by name; see :mod:`alphaloop.lake.query`."""
        from alphaloop.lake.query import run_sql

        return run_sql(Path(self.root), sql)

    def _path(self, table: str) -> Path:
        return Path(self.root) / table

    def _commit(self, schema: TableSchema, rows: pl.DataFrame, counts: dict[str, int], held: DeltaTable | None) -> int:
        if rows.is_empty():
            return NEVER if held is None else held.version()
        return storage.append(self._path(schema.name), held, rows, schema, _notes(counts))

    def _refuse(self, rows: pl.DataFrame, schema: TableSchema) -> None:
        if not rows.is_empty():
            self._quarantine(refuse(rows, schema))

    def _quarantine(self, rows: pl.DataFrame) -> WriteReport:
        """Store refused rows, each once. The quarantine refuses nothing: what it cannot hold raises."""
        if rows.select(pl.any_horizontal(pl.col(QUARANTINE.key).is_null()).any()).item():
            raise SchemaViolation("refused rows without table_name, row or reason", "all three", "name them")
        path = self._path(QUARANTINE.name)
        with storage.locked(path, self.patience_s):
            held = storage.newest(path)
            fresh = rows.clear() if rows.is_empty() else dedupe.unseen(rows, _rows_of(held, QUARANTINE), QUARANTINE)
            counts = {"read": rows.height, "written": fresh.height, "duplicate": rows.height - fresh.height}
            version = self._commit(QUARANTINE, fresh, counts, held)
        return WriteReport(QUARANTINE.name, **counts, quarantined=0, version=version)


def _rows_of(held: DeltaTable | None, schema: TableSchema) -> pl.LazyFrame | None:
    return None if held is None else _declared(pl.scan_delta(held), schema)


def _notes(counts: dict[str, int]) -> dict[str, str]:
    return {name: str(count) for name, count in counts.items()}


def _declared(stored: pl.LazyFrame, schema: TableSchema) -> pl.LazyFrame:
    """All declared columns in order, then those an open-ended table was given; an older file's are null."""
    found = stored.collect_schema()
    has, schema = set(found.names()), schema.widened(found)
    return stored.select(
        pl.col(one.name) if one.name in has else pl.lit(None, one.dtype).alias(one.name) for one in schema.columns
    )


def _filters(schema: TableSchema, where: Where) -> list[pl.Expr]:
    found = []
    if (symbols := where.get("symbols")) is not None:
        found.append(pl.col(schema.column("symbol").name).is_in(list(symbols)))
    for name, value in (("venue", where.get("venue")), ("timeframe", where.get("timeframe"))):
        if value is not None:
            found.append(pl.col(schema.column(name).name) == value)
    bounds = {"start": pl.Expr.ge, "end": pl.Expr.lt, "as_of": pl.Expr.le}
    for name, compare in bounds.items():
        instant: Any = where.get(name)
        if instant is not None:
            column = "available_at" if name == "as_of" else "event_time"
            found.append(compare(pl.col(column), pl.lit(instant, pl.Int64).cast(TIME)))
    return found
