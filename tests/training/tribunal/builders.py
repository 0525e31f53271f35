"""Small subjects made of functions on the closes of one symbol."""

from collections.abc import Callable

import numpy as np
import polars as pl

from alphaloop.core.market import Floats
from alphaloop.training.tribunal.subject import Frames, Memory, Recipe


def on_closes(function: Callable[[Floats], Floats], memory: int | None = None) -> Recipe:
    """Subject with one column: ``function`` of each symbol's closes, oldest first."""

    def compute(frames: Frames) -> pl.DataFrame:
        bars = frames["market_bars"].filter(pl.col("close").is_not_nan()).sort("symbol", "event_time")
        parts = [pl.DataFrame(schema={"symbol": pl.String, "known_at": pl.Datetime("us", "UTC"), "value": pl.Float64})]
        for own in bars.partition_by("symbol", maintain_order=True):
            value = pl.Series(np.asarray(function(own["close"].to_numpy()), dtype=np.float64))
            parts.append(own.select("symbol", pl.col("available_at").alias("known_at"), value.alias("value")))
        return pl.concat(parts)

    declared = {} if memory is None else {"value": Memory(bars=memory)}
    return Recipe("function", ("value",), ("market_bars",), compute, declared)


def lagged(values: Floats, lag: int) -> Floats:
    """``values[i - lag]``; a negative lag looks ahead, NaN beyond the ends."""
    out = np.full(len(values), np.nan)
    if lag >= 0:
        out[lag:] = values[: max(len(values) - lag, 0)]
    elif -lag < len(values):
        out[:lag] = values[-lag:]
    return out
