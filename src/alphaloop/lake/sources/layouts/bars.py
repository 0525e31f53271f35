"""Candles: bars that traded, and candles of a price nobody trades at (mark, index).

    market_bars   time, open, high, low, close, volume [quote_volume, trades, taker_buy_*]
    prices        time, open, high, low, close; or any candles in a file named mark or index

The time is the OPEN of the bar; ``available_at`` is the open plus the timeframe. A file
named ``funding`` that holds candles is freqtrade's way to store rates, see ``figures``.
"""

import polars as pl

from alphaloop.lake.sources.columns import Sheet
from alphaloop.lake.sources.layouts import rows

NUMBERS = ("open", "high", "low", "close", "volume", "quote_volume", "taker_buy_volume", "taker_buy_quote_volume")


def build_bars(sheet: Sheet) -> dict[str, pl.DataFrame]:
    """Rows of ``market_bars``."""
    optional = {name: sheet.number(name) for name in NUMBERS[5:] if sheet.has(name)}
    if sheet.has("trades"):
        optional["trades"] = sheet.integer("trades")
    prices = {name: sheet.number(name, nullable=False) for name in NUMBERS[:5]}
    return {"market_bars": rows.lake_rows(sheet, **_bucket(sheet), **prices, **optional)}


def build_prices(sheet: Sheet) -> dict[str, pl.DataFrame]:
    """Rows of ``prices``; the kind is the file's, else ``last``."""
    kind = sheet.origin.name.kind
    prices = {name: sheet.number(name, nullable=False) for name in NUMBERS[:4]}
    kind = kind if kind in ("mark", "index") else "last"
    return {"prices": rows.lake_rows(sheet, kind=kind, **_bucket(sheet), **prices)}


def _bucket(sheet: Sheet) -> dict[str, rows.Value]:
    times, symbol = sheet.time("time"), rows.symbols(sheet)
    venue = rows.venues(sheet, symbol)
    timeframe = rows.timeframes(sheet, times, venue, symbol)
    return {
        "venue": venue,
        "symbol": symbol,
        "timeframe": timeframe,
        "event_time": times,
        "available_at": rows.known_at(sheet, rows.bucket_end(times, timeframe)),
    }
