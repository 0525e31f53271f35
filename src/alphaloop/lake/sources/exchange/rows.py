"""Answers of an exchange as rows of the lake.

Quantities are base units, times microseconds, and each row says when it could be known:
a candle when it closes, a trade, a settlement or a statistic when it is stamped, a book
when it was read.
"""

from itertools import pairwise
from typing import Any

import polars as pl

from alphaloop.core.time import HOUR_US
from alphaloop.lake.columns import TIME
from alphaloop.lake.schema import TABLES
from alphaloop.lake.sources.exchange.paging import Row

KLINE_COLUMNS = (
    "open",
    "high",
    "low",
    "close",
    "volume",
    "quote_volume",
    "trades",
    "taker_buy_volume",
    "taker_buy_quote_volume",
)
TRADE_COLUMNS = ("trade_id", "price", "quantity", "buyer_is_maker", "first_trade_id", "last_trade_id", "kind")
SETTLED_HOURS = (1, 2, 4, 8)


def frame_of(table: str, rows: list[Row], columns: tuple[str, ...], known_after_us: int, **same: str) -> pl.DataFrame:
    """Rows as a frame of ``table``, without ``ingested_at``; values in the order of ``columns``.

    ``known_after_us`` is added to the event time for ``available_at``; ``same`` holds columns
    that are the same in every row (venue, symbol, timeframe).
    """
    schema = TABLES[table]
    wanted = {name: schema.column(name).dtype for name in columns}
    values = [row.values + (None,) * (len(columns) - len(row.values)) for row in rows]
    times = pl.Series("event_time", [row.time for row in rows], dtype=pl.Int64)
    return pl.DataFrame(values, schema=wanted, orient="row", strict=False).with_columns(
        times.cast(TIME),
        (times + known_after_us).cast(TIME).alias("available_at"),
        pl.lit(f"{same['venue']} REST").alias("source"),
        pl.lit(False).alias("is_synthetic"),
        pl.lit(False).alias("is_derived"),
        **{name: pl.lit(value) for name, value in same.items()},
    )


def candles(answer: list[list[Any]]) -> list[Row]:
    """Candles: time, five figures, and Binance's four more."""
    return [Row(int(line[0]) * 1000, tuple(line[1:])) for line in answer]


def trades(answer: list[dict[str, Any]], contract_size: float) -> list[Row]:
    """Trades; the taker's side says whether the buyer was the maker."""
    found = []
    for trade in answer:
        info = trade.get("info") or {}
        first, last = (int(info[name]) if name in info else None for name in ("f", "l"))
        maker = None if trade.get("side") is None else trade["side"] == "sell"
        kind = "trade" if first is None else "aggregate"
        quantity = float(trade["amount"]) * contract_size
        values = (str(trade["id"]), float(trade["price"]), quantity, maker, first, last, kind)
        found.append(Row(int(trade["timestamp"]) * 1000, values))
    return found


def settlements(answer: list[dict[str, Any]], usual_hours: float) -> list[Row]:
    """Funding history, each with the hours since the settlement before.

    A distance that no venue settles at (a missing row, the first row) is read as the usual one.
    """
    found = sorted((int(one["timestamp"]) * 1000, float(one["fundingRate"])) for one in answer)
    times = [time for time, _ in found]
    first_gap = times[1] - times[0] if len(times) > 1 else 0
    gaps = [first_gap, *(later - earlier for earlier, later in pairwise(times))]
    hours = [round(gap / HOUR_US) for gap in gaps]
    return [
        Row(time, (rate, float(hour if hour in SETTLED_HOURS else usual_hours)))
        for (time, rate), hour in zip(found, hours, strict=False)
    ]


def interests(answer: list[dict[str, Any]]) -> list[Row]:
    """Open interest history: base units, and their value where the venue says it."""
    return [
        Row(int(one["timestamp"]) * 1000, (one.get("openInterestAmount"), one.get("openInterestValue")))
        for one in answer
    ]


def book_frame(book: dict[str, Any], now: int, contract_size: float, **same: str) -> pl.DataFrame:
    """One order book read at ``now`` (microseconds), stamped by the venue where it does so."""
    time = int(book["timestamp"]) * 1000 if book.get("timestamp") else now
    sides = [[float(level[place]) for level in book[side]] for side in ("bids", "asks") for place in (0, 1)]
    bid_price, bid_qty, ask_price, ask_qty = sides
    number = int(book["nonce"]) if book.get("nonce") else 0
    values = (
        "snapshot",
        number,
        bid_price,
        [size * contract_size for size in bid_qty],
        ask_price,
        [size * contract_size for size in ask_qty],
        number or None,
    )
    columns = ("kind", "sequence", "bid_price", "bid_qty", "ask_price", "ask_qty", "final_update_id")
    frame = frame_of("orderbook_l2", [Row(time, values)], columns, max(0, now - time), **same)
    return frame.with_columns(precision=pl.lit("second" if book.get("timestamp") else "none"))
