"""Prices: candles of each symbol, and where trades were entered and left.

Candles are widened until a few hundred tell the story; entries and exits keep their exact
time and price.
"""

from typing import TypedDict

import numpy as np
import polars as pl

from alphaloop.app.report.curves import Curve, short
from alphaloop.core.market import CLOSE, HIGH, LOW, OPEN, Market
from alphaloop.core.time import DAY_US, HOUR_US, MINUTE_US, Timeframe

MAX_CANDLES = 1200
ALL_CANDLES = 12000  # over all symbols of a page
ALL_MARKS = 6000
_STEPS = [n * MINUTE_US for n in (1, 5, 15, 30)] + [n * HOUR_US for n in (1, 2, 4, 6, 12)]
_STEPS += [n * DAY_US for n in (1, 2, 7, 14, 28)]


class Prices(TypedDict):
    """One symbol's picture.

    ``candles`` is ``[ms, open, high, low, close]``, column by column; ``trades`` are rows of
    ``[entry ms, exit ms, entry price, exit price, net, quantity, return, side, entry reason, exit reason]``.
    """

    symbol: str
    candle: str
    candles: Curve
    trades: list[list[object]]
    left_out: int


def prices_of(market: Market, trades: pl.DataFrame) -> list[Prices]:
    """Candles and trades of every symbol.

    Parameters
    ----------
    market : Market
        Only the bars of the run.
    trades : polars.DataFrame
        As :func:`alphaloop.hindsight.trades.round_trips` makes it.
    """
    share = max(1, len(market.symbols))
    step = candle_us(market, min(MAX_CANDLES, ALL_CANDLES // share))
    return [_prices(market, asset, step, trades, ALL_MARKS // share) for asset in range(len(market.symbols))]


def candle_us(market: Market, most: int) -> int:
    """The narrowest usual candle of which the market's span holds at most ``most``, microseconds."""
    span = int(market.ts[-1] - market.ts[0]) + market.timeframe.us
    usual = [step for step in _STEPS if step % market.timeframe.us == 0]
    fitting = (step for step in [market.timeframe.us, *usual] if span / step <= most)
    return next(fitting, -(-span // most // market.timeframe.us + 1) * market.timeframe.us)


def candles(market: Market, asset: int, step_us: int) -> Curve:
    """``[ms, open, high, low, close]`` of candles ``step_us`` wide; candles without a bar are left out.

    Examples
    --------
    >>> ts = np.arange(4, dtype=np.int64) * MINUTE_US
    >>> bar = np.array([[[1.0, 3.0, 1.0, 2.0, 9.0, 0.0]]] * 4)
    >>> candles(Market(ts, ("X",), bar, Timeframe(MINUTE_US)), 0, 2 * MINUTE_US)
    [[0, 120000], [1.0, 1.0], [3.0, 3.0], [1.0, 1.0], [2.0, 2.0]]
    """
    values = market.values[:, asset, :]
    there = np.flatnonzero(~np.isnan(values[:, CLOSE]))
    if len(there) == 0:
        return [[], [], [], [], []]
    opens = market.ts[there] // step_us
    first = np.flatnonzero(np.append(True, np.diff(opens) > 0))
    last = np.append(first[1:], len(there)) - 1
    bars = values[there]
    columns = [
        bars[first, OPEN],
        np.maximum.reduceat(bars[:, HIGH], first),
        np.minimum.reduceat(bars[:, LOW], first),
        bars[last, CLOSE],
    ]
    return [(opens[first] * step_us // 1000).tolist(), *(short(column, 7) for column in columns)]


def _prices(market: Market, asset: int, step: int, trades: pl.DataFrame, most: int) -> Prices:
    symbol = market.symbols[asset]
    own = trades.filter((pl.col("symbol") == symbol) & (pl.col("side") != 0))
    shown = own.tail(most).select(
        pl.col("entry_time").dt.epoch("ms"),
        pl.col("exit_time").dt.epoch("ms"),
        pl.col("entry_price", "exit_price", "net_pnl", "quantity").round_sig_figs(8),
        pl.col("return").round_sig_figs(5),
        "side",
        "entry_reason",
        "exit_reason",
    )
    return Prices(
        symbol=symbol,
        candle=str(Timeframe(step)),
        candles=candles(market, asset, step),
        trades=[list(row) for row in shown.rows()],
        left_out=len(own) - len(shown),
    )
