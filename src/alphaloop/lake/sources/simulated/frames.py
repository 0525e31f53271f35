"""Turning arrays into rows of the lake: symbol by symbol, oldest first, marked as simulated.

The two times are always given apart; nothing here decides when a row became known.
"""

from typing import Any

import numpy as np
import polars as pl

from alphaloop.core.market import Floats, Ints
from alphaloop.lake.columns import TIME
from alphaloop.lake.schema import TABLES
from alphaloop.lake.sources.simulated.config import SimulatedMarket

SOURCE = "simulated"


def to_frame(table: str, market: SimulatedMarket, columns: dict[str, Any]) -> pl.DataFrame:
    """A frame in the declared order and types of ``table``, without ``ingested_at``.

    ``columns`` maps names to arrays or series of one length; ``asset`` (row of the symbol)
    stands for ``symbol``, times are int64 microseconds, and what is left out is null.
    """
    schema = TABLES[table]
    if "asset" in columns:
        columns = {"symbol": pl.Series(market.symbols, dtype=pl.String).gather(columns.pop("asset")), **columns}
    frame = pl.DataFrame(columns)
    constants = {
        "venue": pl.lit(market.venue),
        "timeframe": pl.lit(market.timeframe),
        "source": pl.lit(SOURCE),
        "is_synthetic": pl.lit(True),
        "is_derived": pl.lit(False),
    }
    wanted = [column for column in schema.columns if column.name != "ingested_at"]
    return frame.select(
        (pl.col(column.name) if column.name in columns else constants.get(column.name, pl.lit(None)))
        .cast(TIME if column.dtype == TIME else column.dtype)
        .alias(column.name)
        for column in wanted
    )


def by_symbol(values: Floats) -> Floats:
    """Values of shape (T, A) as one column, symbol after symbol, shape (A * T,)."""
    flat: Floats = np.ascontiguousarray(values.T).ravel()
    return flat


def assets_and_times(market: SimulatedMarket, times: Ints) -> tuple[Ints, Ints]:
    """Symbol rows and times of a panel, both of shape (A * T,)."""
    assets = len(market.symbols)
    return np.repeat(np.arange(assets), len(times)), np.tile(times, assets)


def on_grid(values: Floats, decimals: Ints) -> Floats:
    """``values`` (..., A) rounded to so many decimals: the double nearest to each decimal.

    A count of ticks is divided by a power of ten, so a price reads 101.3, not 101.30000000000001.
    """
    scale = 10.0**decimals
    return np.asarray(np.rint(values * scale) / scale)
