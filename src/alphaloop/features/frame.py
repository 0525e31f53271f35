"""Frames: features as rows of a lake table, one typed column each.

A feature ``ret_1`` is a Float64 column ``ret_1``, null where it is not known, and a
Boolean column ``m_ret_1`` that says whether it is. So SQL reads them by name, statistics
skip what is unknown, and a table takes new features without a rewrite; rows of different
schemas live beside each other and are told apart by ``schema_hash``. Knows polars; does
not write anything.
"""

from collections.abc import Iterable

import numpy as np
import polars as pl

from alphaloop.core.errors import InvalidOption
from alphaloop.core.market import Bools, Floats, Ints
from alphaloop.features.contract import Schema
from alphaloop.features.symbol import Own
from alphaloop.lake.columns import MASK
from alphaloop.lake.schema import TABLES

SNAPSHOTS, MATRIX = "feature_snapshots_main", "feature_matrix_main"
SOURCE = "alphaloop.features"


def rows_of(own: Own, schema: Schema, values: Floats, mask: Bools, first: int = 0) -> pl.DataFrame:
    """Rows of a feature table for the bars of a symbol from ``first`` on.

    Parameters
    ----------
    own : Own
        n bars.
    schema : Schema
        F features.
    values, mask : arrays, shape (F, n - first)

    Returns
    -------
    polars.DataFrame
        Declared columns without ``ingested_at``, which the lake adds, then the features,
        then their masks. The rows are always marked as derived.

    Raises
    ------
    InvalidOption
        If the schema has no feature.
    """
    if not schema.names:
        raise InvalidOption("a schema without features", "at least one name", "see: alphaloop features list")
    stamps: dict[str, object] = {
        "venue": own.venue,
        "symbol": own.symbol,
        "timeframe": str(own.timeframe),
        "event_time": _utc(own.opens[first:]),
        "available_at": _utc(own.now[first:]),
        "schema_hash": schema.hash,
        "source": SOURCE,
        "is_synthetic": pl.Series(own.synthetic[first:]),
        "is_derived": True,
    }
    features = {name: pl.Series(values[k], nan_to_null=True) for k, name in enumerate(schema.names)}
    masks = {MASK + name: pl.Series(mask[k]) for k, name in enumerate(schema.names)}
    head = [name for name in TABLES[MATRIX].names if name != "ingested_at"]
    return pl.DataFrame({**{name: stamps[name] for name in head}, **features, **masks})


def narrowed(frame: pl.DataFrame, schema: Schema) -> pl.DataFrame:
    """The same rows under a schema with fewer of their features; nothing is copied.

    Parameters
    ----------
    frame : polars.DataFrame
        Made by :func:`rows_of`.
    schema : Schema
        All of its features in ``frame``.
    """
    head = [name for name in TABLES[SNAPSHOTS].names if name != "ingested_at"]
    masks = [MASK + name for name in schema.names]
    return frame.select(*head, *schema.names, *masks).with_columns(schema_hash=pl.lit(schema.hash))


def arrays(frame: pl.DataFrame, names: Iterable[str]) -> tuple[Floats, Bools]:
    """Values and mask of some features, both (rows, F); NaN and false where not known.

    Raises
    ------
    InvalidOption
        If the rows were made by more than one schema, whose columns may differ in meaning.
    """
    hashes = frame["schema_hash"].unique().sort().to_list()
    if len(hashes) > 1:
        raise InvalidOption(
            f"rows of schemas {', '.join(one[:12] for one in hashes)}", "of one schema", "filter by schema_hash first"
        )
    values = frame.select(pl.col(name).fill_null(np.nan) for name in names).to_numpy()
    return values, np.isfinite(values)


def _utc(instants: Ints) -> pl.Series:
    return pl.Series(instants).cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
