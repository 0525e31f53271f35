"""Which modalities the features of a symbol stand on: real, derived, simulated, or missing.

An audit counts rows by table; a modality stands on some columns of some tables, under any
name that its symbol has there. A table that is full while the column a feature reads is
empty is missing to that feature, and is called so here.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import polars as pl

from alphaloop.features.contract import Schema
from alphaloop.features.symbol import BARS, names_in
from alphaloop.lake.schema import SYMBOL_OF_NONE, TABLES
from alphaloop.lake.table import Lake

_LINKS = {"events": "event_links"}  # whose rows say which symbols a row is about
_NAMED = ("metric", "kind")  # columns whose values are series, which inputs name as if columns
_UNASKED = ("available_at", "received_at", "symbol", "interval_hours", "source")  # there in every row


def modalities(
    lake: Lake, schema: Schema, symbols: Sequence[str], *, start: int | None = None, end: int | None = None
) -> list[dict[str, Any]]:
    """One row per symbol, modality and table: what of its inputs the lake holds in the window.

    Parameters
    ----------
    lake : Lake
    schema : Schema
        Whose features' inputs are looked for.
    symbols : sequence of str
    start, end : int, microseconds UTC, optional
        Window ``[start, end)`` on ``event_time``.

    Returns
    -------
    list of dict
        ``status`` is ``missing``, or what kinds of rows there are: ``real``, ``derived``,
        ``synthetic``, joined by ``+``; each kind's count; ``from`` and ``to``; and ``empty``,
        the inputs of that table without a single value.
    """
    wanted = _inputs(schema)
    return [
        {"symbol": symbol, "modality": modality, "table": table, **_held(lake, table, columns, symbol, (start, end))}
        for symbol in symbols
        for (modality, table), columns in wanted.items()
    ]


def _inputs(schema: Schema) -> dict[tuple[str, str], list[str]]:
    """Columns by modality and table; features of bars name theirs without a table."""
    wanted: dict[tuple[str, str], list[str]] = {}
    for feature in schema.features:
        for name in feature.inputs:
            table, _, column = name.rpartition(".")
            columns = wanted.setdefault((feature.modality, table or BARS), [])
            if column not in columns:
                columns.append(column)
    return wanted


def _held(
    lake: Lake, table: str, columns: Iterable[str], symbol: str, window: tuple[int | None, int | None]
) -> dict[str, Any]:
    declared, linked = TABLES[table].names, _LINKS.get(table)
    named = next((name for name in _NAMED if name in declared), None)
    asked = [name for name in columns if name not in _UNASKED]
    value = {name: pl.col(name).is_not_null() if name in declared else pl.col(str(named)) == name for name in asked}
    scan = lake.scan(table, start=window[0], end=window[1], symbols=names_in(symbol) if "symbol" in declared else None)
    if linked:
        ours = [name for name in names_in(symbol) if name != SYMBOL_OF_NONE]
        keys = lake.scan(linked, symbols=ours).select("event_id").unique().collect()["event_id"]
        scan = scan.filter(pl.col("event_id").is_in(keys.implode()))
    any_value = pl.any_horizontal(list(value.values())) if value else pl.lit(True)
    first, last, rows, synthetic, derived, *found = (
        scan.filter(any_value)
        .select(
            pl.col("event_time").min().dt.strftime("%Y-%m-%d").alias("from"),
            pl.col("event_time").max().dt.strftime("%Y-%m-%d").alias("to"),
            pl.len().alias("rows"),
            pl.col("is_synthetic").sum().alias("synthetic"),
            (pl.col("is_derived") & ~pl.col("is_synthetic")).sum().alias("derived"),
            *(held.any().alias(f"has_{name}") for name, held in value.items()),
        )
        .collect()
        .row(0)
    )
    kinds = {"real": rows - synthetic - derived, "derived": derived, "synthetic": synthetic}
    return {
        "status": "+".join(kind for kind, count in kinds.items() if count) or "missing",
        **kinds,
        "from": first,
        "to": last,
        "empty": [name for name, held in zip(value, found, strict=True) if not held],
    }
