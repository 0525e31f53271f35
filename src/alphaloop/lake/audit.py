"""What the lake holds and what it lacks, series by series, and whether that is enough.

A series is one (venue, symbol, timeframe, and metric or kind) of a table. Only rows that
nobody simulated or derived are ``real``. What the columns of an audit mean:

    expected     buckets in the window; null where the series has no cadence
    present      of these, buckets with a row
    real         rows neither synthetic nor derived
    derived      rows computed from others
    synthetic    rows simulated
    duplicates   rows whose key an earlier row has: 0 unless somebody wrote past the lake,
                 which refuses them at the door (and counts them in the import report)
    quarantined  rows refused, by reason to be read in the quarantine table
    late         rows known later than one bucket after their bucket closed; a day counts
                 as the bucket of a series without cadence
    gaps         holes, that is runs of missing buckets; ``gap_buckets`` is their sum

Without a window each series is judged from its first to its last row.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from alphaloop.core.market import Ints
from alphaloop.core.time import DAY_US, HOUR_US, iso
from alphaloop.lake.columns import TableSchema
from alphaloop.lake.coverage import Hole, cover, picture, usual_step
from alphaloop.lake.quality import bucket_us
from alphaloop.lake.schema import QUARANTINE, SYMBOL_OF_NONE, TABLES, table_schema
from alphaloop.lake.table import Lake

SESSION_VENUES = ("stocks", "alpaca")
"""Venues that keep trading hours; see :mod:`alphaloop.lake.coverage`."""

LISTED_HOLES = 5  # the largest ones, named in each row
DEFAULT_COVERAGE = 0.99

_JUDGED = ("event_time", "available_at", "source", "is_synthetic", "is_derived")

Window = tuple[int | None, int | None]


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One series of one table in one window; see the module for the columns.

    Times are microseconds UTC here and ISO text in :meth:`as_dict`. ``start`` and ``end``
    are the window as ``[start, end)``; ``coverage`` is ``present / expected``;
    ``picture`` holds the fraction present in equal slices of the window.
    """

    table: str
    venue: str | None
    symbol: str | None
    timeframe: str | None
    series: str | None
    start: int | None
    end: int | None
    first: int | None
    last: int | None
    rows: int
    expected: int | None
    present: int
    real: int
    derived: int
    synthetic: int
    duplicates: int
    quarantined: int
    late: int
    gaps: int | None
    gap_buckets: int | None
    largest_gap_buckets: int | None
    coverage: float | None
    sources: tuple[str, ...]
    holes: tuple[Hole, ...]
    picture: tuple[float, ...]

    def as_dict(self) -> dict[str, Any]:
        """The row as JSON can hold it."""
        row = asdict(self)
        for name in ("start", "end", "first", "last"):
            row[name] = None if row[name] is None else iso(row[name])
        row["holes"] = [
            {"after": iso(hole.after), "before": iso(hole.before), "buckets": hole.buckets} for hole in self.holes
        ]
        return {**row, "sources": list(self.sources), "picture": list(self.picture)}


def audit(
    lake: Lake,
    *,
    start: int | None = None,
    end: int | None = None,
    symbols: Sequence[str] | None = None,
    tables: Sequence[str] | None = None,
) -> list[AuditRow]:
    """Judge every series of the lake, or of some tables and symbols.

    Parameters
    ----------
    lake : Lake
    start, end : int, microseconds UTC, optional
        Window ``[start, end)`` on ``event_time``.
    symbols, tables : sequence of str, optional
        A symbol asked for that a table asked for lacks gets a row with nothing present.

    Raises
    ------
    UnknownName
        If a table is not declared.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from alphaloop.core.time import MINUTE_US
    >>> rows = audit(Lake(Path(tempfile.mkdtemp())), symbols=["X"], tables=["market_bars"], start=0, end=MINUTE_US)
    >>> [(row.symbol, row.present, row.coverage) for row in rows]
    [('X', 0, None)]
    """
    asked = [table_schema(name) for name in tables] if tables is not None else list(TABLES.values())
    held = set(lake.tables())
    refused = _refused(lake, (start, end)) if QUARANTINE.name in held else {}
    rows: list[AuditRow] = []
    for schema in asked:
        if schema is QUARANTINE:
            continue
        found = _audit_table(lake, schema, (start, end), symbols) if schema.name in held else []
        seen = {row.symbol for row in found}
        wanted = symbols if tables is not None and symbols and "symbol" in schema.names else ()
        found += [_absent(schema, symbol, (start, end)) for symbol in wanted if symbol not in seen]
        rows += [replace(row, quarantined=refused.get(_identity(row), 0)) for row in found]
    return rows


def _identity(row: AuditRow) -> tuple[str | None, ...]:
    return row.table, row.venue, row.symbol, row.timeframe


def _refused(lake: Lake, window: Window) -> dict[tuple[str | None, ...], int]:
    groups = ["table_name", "venue", "symbol", "timeframe"]
    rows = lake.scan(QUARANTINE.name, start=window[0], end=window[1]).group_by(groups).len().collect()
    return {row[:-1]: row[-1] for row in rows.iter_rows()}


def _audit_table(lake: Lake, schema: TableSchema, window: Window, symbols: Sequence[str] | None) -> list[AuditRow]:
    series = list(schema.series)
    interval = ["interval_hours"] if schema.cadence == "interval" else []
    columns = dict.fromkeys([*series, *schema.key, *interval, *_JUDGED])
    scan = lake.scan(schema.name, symbols=symbols if "symbol" in schema.names else None)
    frame = scan.select(list(columns)).collect()
    parts = frame.partition_by(series, as_dict=True, include_key=False) if series else {(): frame}
    return [
        _audit_series(schema, dict(zip(series, names, strict=True)), rows, window)
        for names, rows in sorted(parts.items(), key=lambda item: tuple(map(str, item[0])))
    ]


def _audit_series(schema: TableSchema, names: dict[str, Any], rows: pl.DataFrame, window: Window) -> AuditRow:
    """One row of the audit, from all rows of its series in any order."""
    time = pl.col("event_time").to_physical()
    rows = rows.with_columns(time - time % schema.grain_us, delay=pl.col("available_at").to_physical() - time)
    rows = rows if rows["event_time"].is_sorted() else rows.sort("event_time")
    lengths = _lengths(schema, names, rows)
    times = rows["event_time"].to_numpy()
    low = 0 if window[0] is None else int(np.searchsorted(times, window[0]))
    high = len(times) if window[1] is None else int(np.searchsorted(times, window[1]))
    rows, lengths, times = rows[low:high], lengths[low:high], times[low:high]
    empty = _absent(schema, names.get("symbol"), window, names)
    if rows.is_empty():
        return empty
    bucket = np.where(lengths > 0, lengths, DAY_US)
    return replace(
        empty,
        first=int(times[0]),
        last=int(times[-1]),
        rows=len(rows),
        duplicates=len(rows) - _distinct(schema, rows),
        late=int(np.count_nonzero(rows["delay"].to_numpy() > 2 * bucket)),
        sources=tuple(rows["source"].unique().sort()),
        **_coverage(rows, times, lengths, window, names.get("venue") in SESSION_VENUES),
    )


def _lengths(schema: TableSchema, names: dict[str, Any], rows: pl.DataFrame) -> Ints:
    """Bucket length that leads to each row in microseconds; 0 where there is none."""
    if schema.cadence == "interval":
        hours = rows["interval_hours"].to_numpy()
        return np.asarray(np.rint(hours * HOUR_US), dtype=np.int64)
    length = 0
    if schema.cadence == "timeframe":
        length = bucket_us(names["timeframe"]) or 0
    if schema.cadence == "inferred":
        length = usual_step(np.unique(rows["event_time"].to_numpy()))
    return np.full(rows.height, length, dtype=np.int64)


def _distinct(schema: TableSchema, rows: pl.DataFrame) -> int:
    key = [name for name in schema.key if name in rows.columns]
    return rows[key[0]].n_unique() if len(key) == 1 else rows.select(pl.struct(key).n_unique()).item()


def _coverage(rows: pl.DataFrame, times: Ints, lengths: Ints, window: Window, sessions: bool) -> dict[str, Any]:
    """The fields of an audit row that count buckets, or rows where there is no cadence."""
    regular = bool(lengths[0])
    first_of_time = np.concatenate([[True], np.diff(times) > 0]) if regular else np.ones(len(times), dtype=bool)
    flags = rows.select("is_synthetic", "is_derived").filter(first_of_time)
    counts = {
        "present": flags.height,
        "real": flags.filter(~pl.col("is_synthetic") & ~pl.col("is_derived")).height,
        "derived": int(flags["is_derived"].sum()),
        "synthetic": int(flags["is_synthetic"].sum()),
    }
    if not regular:
        start = int(times[0]) if window[0] is None else window[0]
        end = int(times[-1]) + 1 if window[1] is None else window[1]
        return {**counts, "start": start, "end": end, "picture": picture(times, (start, end), len(times))}
    found = cover(times[first_of_time], lengths[first_of_time], window, sessions)
    sizes = [hole.buckets for hole in found.holes]
    return {
        **counts,
        "start": found.start,
        "end": found.end,
        "expected": found.expected,
        "gaps": len(sizes),
        "gap_buckets": sum(sizes),
        "largest_gap_buckets": max(sizes, default=0),
        "coverage": found.present / found.expected,
        "holes": tuple(sorted(found.holes, key=lambda hole: -hole.buckets)[:LISTED_HOLES]),
        "picture": found.picture,
    }


def _absent(
    schema: TableSchema, symbol: str | None, window: Window, names: Mapping[str, Any] | None = None
) -> AuditRow:
    """The row of a series that has nothing in the window."""
    names = names or {}
    length = bucket_us(names.get("timeframe"))
    whole = window[1] - window[0] if window[0] is not None and window[1] is not None else None
    expected = whole // length if length and whole is not None else None
    gap = expected if expected is None else min(expected, 1)
    return AuditRow(
        schema.name, names.get("venue"), symbol, names.get("timeframe"), names.get("metric") or names.get("kind"),
        window[0], window[1], None, None, 0, expected, 0, 0, 0, 0, 0, 0, 0, gap, expected, expected,
        0.0 if expected else None, (), (), (),
    )  # fmt: skip


def readiness(
    rows: Sequence[AuditRow], required: Sequence[str] | Mapping[str, float], *, synthetic_counts: bool = False
) -> dict[str, Any]:
    """Whether every required kind of data is there, for every symbol.

    A kind is a table, or a table and one timeframe, metric or kind of it:
    ``market_bars``, ``market_bars:5m``, ``onchain_signals:FlowInExNtv``. Of a symbol's
    series the best one counts; of the symbols the worst one decides. A series without
    cadence is covered when it has any row. Where the table has venues, every symbol is
    asked for that any required table with venues has; other tables (on-chain, posts) name
    coins their own way and answer for their own symbols.

    Parameters
    ----------
    rows : sequence of AuditRow
        Of one window.
    required : names, or mapping of name to smallest coverage (fraction, default 0.99)
    synthetic_counts : bool
        For markets known to be simulated; else only real rows count.

    Returns
    -------
    dict
        ``ready``, ``missing_data_kinds`` and per kind ``coverage`` (mean over symbols),
        ``worst``, ``worst_symbol``, ``required``.

    Examples
    --------
    >>> readiness([], ["market_bars:5m"])["missing_data_kinds"]
    ['market_bars:5m']
    """
    floors = required if isinstance(required, Mapping) else dict.fromkeys(required, DEFAULT_COVERAGE)
    tables = {kind.partition(":")[0] for kind in floors}
    traded = {row.symbol for row in rows if row.table in tables and "venue" in table_schema(row.table).names}
    kinds = {kind: _kind(rows, kind, traded, synthetic_counts) | {"required": floors[kind]} for kind in floors}
    missing = [kind for kind, found in kinds.items() if found["worst"] < found["required"]]
    return {"ready": not missing, "missing_data_kinds": missing, "kinds": kinds}


def _kind(rows: Sequence[AuditRow], kind: str, traded: set[str | None], synthetic_counts: bool) -> dict[str, Any]:
    """Coverage of one kind: of every traded symbol where the table has venues, else of its own symbols."""
    table, _, which = kind.partition(":")
    best = dict.fromkeys(traded if "venue" in table_schema(table).names else (), 0.0)
    for row in rows:
        if row.table == table and (not which or which in (row.timeframe, row.series)):
            best[row.symbol] = max(best.get(row.symbol, 0.0), _counted(row, synthetic_counts))
    best.pop(SYMBOL_OF_NONE, None)
    best = best or {None: 0.0}
    worst = min(best, key=lambda symbol: (best[symbol], str(symbol)))
    return {"coverage": sum(best.values()) / len(best), "worst": best[worst], "worst_symbol": worst}


def _counted(row: AuditRow, synthetic_counts: bool) -> float:
    buckets = row.present if synthetic_counts else row.real
    if row.expected is None:
        return float(buckets > 0)
    return buckets / row.expected if row.expected else 0.0
