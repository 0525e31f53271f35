"""Excursions: how far a trade went against us, and for us, while it was open (MAE and MFE).

Fractions of the entry price, zero or more, whatever the leverage. A bar tells four prices
but not their order, so only what was certainly traded while the position stood counts:

* between entry and exit: highs and lows;
* in the bar of an entry at market: the whole bar; at a limit: the adverse extreme and the
  close; at a stop: the favourable extreme and the close;
* in the bar of the exit: its open, where the position stood then, and the price of the exit.

The entry price of a position that was built in steps is the average of all of them, so its
excursions before the later steps are against a price that was not yet paid.
"""

import numba
import numpy as np
import polars as pl

from alphaloop.core.errors import SchemaViolation
from alphaloop.core.market import CLOSE, HIGH, LOW, OPEN, Floats, Ints, Market

_KINDS = {"market": 0, "limit": 1, "stop_entry": 2}


def excursions(trades: pl.DataFrame, market: Market) -> pl.DataFrame:
    """The trades with two more columns, ``mae`` and ``mfe``.

    Parameters
    ----------
    trades : polars.DataFrame
        As :func:`alphaloop.hindsight.trades.round_trips` makes it.
    market : Market
        The bars of the run; open trades are measured until its last one.

    Returns
    -------
    polars.DataFrame
        ``mae`` (maximum adverse excursion) and ``mfe`` (maximum favourable), fractions of the
        entry price; null for a row of costs that never was a position.

    Raises
    ------
    SchemaViolation
        If a trade is of a symbol or a time that the market has no bar for.

    Source
    ------
    Sweeney (1997), Maximum Adverse Excursion: Analyzing Price Fluctuations for Trading Management.

    Examples
    --------
    >>> from alphaloop.core.orders import Fill, Reason
    >>> from alphaloop.core.time import Timeframe
    >>> from alphaloop.hindsight.trades import round_trips
    >>> prices = np.array([[100, 101, 98, 100, 1, 0], [100, 110, 99, 105, 1, 0], [104, 120, 80, 90, 1, 0]], dtype=float)
    >>> market = Market(np.arange(3) * 60_000_000, ("X",), prices[:, None], Timeframe.parse("1m"))
    >>> fills = [Fill("a", "X", 0, 1.0, 100.0, Reason.MARKET), Fill("b", "X", 120_000_000, -1.0, 104.0, Reason.MARKET)]
    >>> excursions(round_trips(fills), market).select("mae", "mfe").row(0)
    (0.02, 0.1)
    """
    count = len(trades)
    mae, mfe = np.full(count, np.nan), np.full(count, np.nan)
    first = _rows(market, trades["entry_time"].dt.epoch("us").to_numpy())
    exits = trades["exit_time"].dt.epoch("us").fill_null(-1).to_numpy()
    last = np.where(exits < 0, len(market), _rows(market, np.where(exits < 0, market.ts[:1].sum(), exits)))
    kind = trades["entry_reason"].replace_strict(_KINDS, default=1, return_dtype=pl.Int64).to_numpy()
    side = trades["side"].to_numpy().astype(np.float64)
    prices = trades.select("entry_price", "exit_price").to_numpy()
    for asset, symbol in enumerate(market.symbols):
        own = np.flatnonzero((trades["symbol"] == symbol).to_numpy() & (side != 0))
        bars = np.ascontiguousarray(market.values[:, asset, :])
        columns = (np.stack([first[own], last[own], kind[own]], axis=1), side[own], np.ascontiguousarray(prices[own]))
        mae[own], mfe[own] = _excursions(bars, *columns)
    if bool((np.isnan(mae) & (side != 0)).any()):
        raise SchemaViolation("trades of symbols the market lacks", f"trades of {market.symbols}", "pass its market")
    return trades.with_columns(pl.Series("mae", mae).fill_nan(None), pl.Series("mfe", mfe).fill_nan(None))


def _rows(market: Market, times: Ints) -> Ints:
    """Row of the market whose bar opens at each time."""
    rows = np.searchsorted(market.ts, times)
    inside = np.minimum(rows, max(0, len(market) - 1))
    if len(times) and (len(market) == 0 or bool((market.ts[inside] != times).any())):
        raise SchemaViolation("trades at times the market has no bar for", "opens of its bars", "pass the run's market")
    return rows


@numba.njit(cache=True)
def _excursions(bars: Floats, places: Ints, sides: Floats, prices: Floats) -> tuple[Floats, Floats]:
    adverse, favourable = np.zeros(len(sides)), np.zeros(len(sides))
    for n in range(len(sides)):
        first, last, kind = places[n]
        side, entry, out = sides[n], prices[n, 0], prices[n, 1]
        worst = best = out
        if last > first and last < len(bars):
            worst = side * min(side * worst, side * bars[last, OPEN])
            best = side * max(side * best, side * bars[last, OPEN])
        for row in range(first, min(last, len(bars))):
            if np.isnan(bars[row, CLOSE]):
                continue
            low, high = (bars[row, LOW], bars[row, HIGH]) if side > 0.0 else (bars[row, HIGH], bars[row, LOW])
            if row == first and kind == 1:
                high = bars[row, CLOSE]
            if row == first and kind == 2:
                low = bars[row, CLOSE]
            worst, best = side * min(side * worst, side * low), side * max(side * best, side * high)
        adverse[n] = max(0.0, side * (entry - worst) / entry)
        favourable[n] = max(0.0, side * (best - entry) / entry)
    return adverse, favourable
