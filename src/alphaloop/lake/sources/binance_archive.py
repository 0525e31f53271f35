"""Binance archives without a header: the columns by position.

The venue's daily and monthly files carry a header since about 2022 for futures and never
for spot. What a row is can be read off its first line: how many fields, where the time
stands, where the true/false stands. Plain candle files of five or six numbers are read the
same way.
"""

import re
from collections.abc import Sequence

KLINES = (
    "open_time",
    "open",
    "high",
    "low",
    "close",
    "volume",
    "close_time",
    "quote_volume",
    "trades",
    "taker_buy_volume",
    "taker_buy_quote_volume",
    "ignore",
)
AGG_TRADES = ("agg_id", "price", "qty", "first_trade_id", "last_trade_id", "time", "is_buyer_maker", "is_best_match")
TRADES = ("id", "price", "qty", "quote_qty", "time", "is_buyer_maker", "is_best_match")
_VALUE = re.compile(r"^\s*(-?\d+(\.\d*)?([eE][-+]?\d+)?|true|false|nan|\d{4}-\d{2}-\d{2}.*|)\s*$", re.IGNORECASE)


def is_headerless(fields: Sequence[str]) -> bool:
    """Whether a first line holds values and no names.

    Examples
    --------
    >>> is_headerless(["1735689600000", "93576.0"]), is_headerless(["open_time", "open"])
    (True, False)
    """
    return any(field.strip() for field in fields) and all(_VALUE.match(field.strip('"')) for field in fields)


def positional_names(fields: Sequence[str]) -> tuple[str, ...] | None:
    """Column names for a line of values, or None if no layout has that shape.

    Examples
    --------
    >>> positional_names(["7", "0.1", "2", "9", "9", "1735689600000", "true"])[0]
    'agg_id'
    """
    count = len(fields)
    flags = [field.strip().lower() in ("true", "false") for field in fields]
    if not any(flags) and count in (5, 6, 11, 12):
        return KLINES[:count]
    if not any(flags) and count == 7:
        return (*KLINES[:6], "trades")
    if count in (7, 8) and flags[6] and not flags[5]:
        return AGG_TRADES[:count]
    if count in (6, 7) and flags[5]:
        return TRADES[:count]
    return None
