"""Small frames for the lake's tests: bars that are right unless told otherwise."""

from pathlib import Path
from typing import Any

import polars as pl

from alphaloop.core.time import HOUR_US, MINUTE_US
from alphaloop.lake.table import Lake

FIVE = 5 * MINUTE_US
NOW = 1_700_000_000_000_000
REAL = {"source": "test", "is_synthetic": False, "is_derived": False}


def bar(index: int, **changes: Any) -> dict[str, Any]:
    """The 5m bar of BTCUSDT number ``index`` after 1970."""
    prices = {"open": 100.0, "high": 102.0, "low": 99.0, "close": 101.0, "volume": 7.0}
    where = {"venue": "binance", "symbol": "BTCUSDT", "timeframe": "5m", "event_time": index * FIVE}
    return {**where, "available_at": (index + 1) * FIVE, **prices, **REAL, **changes}


def bars(*indices: int, **changes: Any) -> pl.DataFrame:
    """Bars with the given numbers, in that order."""
    return pl.DataFrame([bar(index, **changes) for index in indices])


def funding(*hours: float, interval: float = 8.0, **changes: Any) -> pl.DataFrame:
    """Funding of BTCUSDT settled at the given hours after 1970, rate 0.0001."""
    rows = [
        {
            "venue": "binance",
            "symbol": "BTCUSDT",
            "event_time": round(hour * HOUR_US),
            "available_at": round(hour * HOUR_US),
            "rate": 1e-4,
            "interval_hours": interval,
            **REAL,
            **changes,
        }
        for hour in hours
    ]
    return pl.DataFrame(rows)


def signals(times: list[int], metric: str = "flow", **changes: Any) -> pl.DataFrame:
    """On-chain figures at the given times (microseconds), known at once."""
    rows = [
        {"symbol": "BTC", "metric": metric, "event_time": time, "available_at": time, "value": 1.0} for time in times
    ]
    return pl.DataFrame([{**row, **REAL, **changes} for row in rows])


def snapshot(index: int, **changes: Any) -> dict[str, Any]:
    """An order book of two levels a side."""
    book = {"bid_price": [99.0, 98.0], "bid_qty": [1.0, 2.0], "ask_price": [101.0, 102.0], "ask_qty": [1.0, 2.0]}
    where = {"venue": "binance", "symbol": "BTCUSDT", "kind": "snapshot", "event_time": index, "sequence": index}
    return {**where, "available_at": index, **book, **REAL, **changes}


def lake_with(folder: Path, *frames: pl.DataFrame, table: str = "market_bars") -> Lake:
    """A lake that holds these frames in one table."""
    lake = Lake(folder)
    for frame in frames:
        lake.append(table, frame, ingested_at=NOW)
    return lake


def real_bars(path: Path, venue: str, symbol: str, timeframe: str) -> pl.DataFrame:
    """A bar file of the shared data, in the columns of ``market_bars``."""
    frame = pl.read_parquet(path)
    more = [
        name
        for name in ("quote_volume", "trades", "taker_buy_volume", "taker_buy_quote_volume")
        if name in frame.columns
    ]
    time = "ts" if "ts" in frame.columns else "date"
    return frame.select(
        pl.lit(venue).alias("venue"),
        pl.lit(symbol).alias("symbol"),
        pl.lit(timeframe).alias("timeframe"),
        pl.col(time).cast(pl.Datetime("us", "UTC")).alias("event_time"),
        *("open", "high", "low", "close"),
        pl.col("volume").cast(pl.Float64),
        *more,
        source=pl.lit("shared"),
        is_synthetic=pl.lit(value=False),
        is_derived=pl.lit(value=False),
    )
