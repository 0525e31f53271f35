"""Frames: the matrix as rows of a lake table, and back as one column per feature.

A stored row carries its feature names, values and mask, so that rows of different
schemas live in one table; a value that is not known is null. Knows polars; does not
write anything.
"""

import numpy as np
import polars as pl

from alphaloop.core.errors import InvalidOption
from alphaloop.core.market import CLOSE, Ints, Market
from alphaloop.features.contract import Schema
from alphaloop.features.matrix import compute_arrays
from alphaloop.lake.schema import TABLES

TABLE = "feature_snapshots_main"
LOCAL = "local"  # venue of a market that does not say where it traded


def snapshots(market: Market, schema: Schema, *, source: str, synthetic: bool = False) -> pl.DataFrame:
    """Rows of ``feature_snapshots_main``: one per bar that exists, by symbol, then time.

    Parameters
    ----------
    market : Market
        Its ``sources`` name the venue of each symbol.
    schema : Schema
        Not empty.
    source : str
        Who computed the rows.
    synthetic : bool
        Whether the bars are simulated. The rows are always marked as derived.

    Returns
    -------
    polars.DataFrame
        The table's declared columns, without ``ingested_at``, which the lake adds.

    Raises
    ------
    InvalidOption
        If the schema has no feature.
    """
    if not schema.names:
        raise InvalidOption("a schema without features", "at least one name", "see: alphaloop features list")
    values, mask = compute_arrays(market, schema)
    step, names = market.timeframe.us, pl.Series([list(schema.names)])
    frames = []
    for asset, symbol in enumerate(market.symbols):
        rows = np.flatnonzero(~np.isnan(market.values[:, asset, CLOSE]))
        shape = (len(rows), len(schema.names))
        columns = {
            "event_time": _utc(market.ts[rows]),
            "available_at": _utc(market.ts[rows] + step),
            "names": names.new_from_index(0, len(rows)),
            "values": pl.Series(values[rows, asset].ravel()).fill_nan(None).reshape(shape).arr.to_list(),
            "mask": pl.Series(mask[rows, asset].ravel()).reshape(shape).arr.to_list(),
        }
        constants = {
            "venue": market.sources.get(symbol, LOCAL),
            "symbol": symbol,
            "timeframe": str(market.timeframe),
            "schema_hash": schema.hash,
            "source": source,
            "is_synthetic": synthetic,
            "is_derived": True,
        }
        frames.append(
            pl.DataFrame(columns).with_columns(pl.lit(value).alias(name) for name, value in constants.items())
        )
    table = TABLES[TABLE]
    return pl.concat(frames).select(
        pl.col(name).cast(table.dtypes[name]) for name in table.names if name != "ingested_at"
    )


def _utc(instants: Ints) -> pl.Series:
    return pl.Series(instants).cast(pl.Datetime("us")).dt.replace_time_zone("UTC")


def wide(frame: pl.DataFrame, schema: Schema) -> pl.DataFrame:
    """One Float64 column per feature in place of the lists; null where not known.

    Raises
    ------
    InvalidOption
        If a row was made by another schema.
    """
    others = set(frame["schema_hash"].unique()) - {schema.hash}
    if others:
        raise InvalidOption(f"rows of schema {sorted(others)[0][:12]}", schema.hash[:12], "filter by schema_hash first")
    columns = [pl.col("values").list.get(place).alias(name) for place, name in enumerate(schema.names)]
    return frame.select(pl.exclude("names", "values", "mask"), *columns)
