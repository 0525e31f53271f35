"""Taker flow: who crossed the spread, summed over closed windows.

    bars     windows made of whole bars, all of them there and all of them known
    trades   rows of ``available_at`` in ``(now - width, now]`` of a feed that is alive

A feed that is silent for longer than ``quiet`` has stopped: its window is unknown, not
zero. All sums are of notional (quote currency), taken afresh for each window, oldest
row first. Knows arrays alone; does not know where rows come from.

Source
------
Cumulative volume delta and taker ratio as in ``research`` notes on Hyper Alpha Arena (b.2),
on closed windows instead of its unfinished bucket, and without its ratio of 1 where
nothing was sold.
"""

from typing import NamedTuple

import numpy as np

from alphaloop.core.market import Floats, Ints
from alphaloop.core.time import MINUTE_US
from alphaloop.features.family import compiled

BUY, SELL, COUNT, LARGE = range(4)  # rows of the sums of a window: quote, quote, trades, quote
SUMS = 4
LARGE_TRADE = 10.0  # a trade is large at so many times the mean trade of its window


class Takers(NamedTuple):
    """m rows of flow in the order they became known; ``trades`` is NaN where trades are not counted."""

    available: Ints
    event: Ints
    buy: Floats
    sell: Floats
    trades: Floats


@compiled
def from_bars(now: Ints, bars: Takers, step: int, width: int, reach: int) -> Floats:
    """Sums over the whole bars of ``(now - width, now]``.

    Parameters
    ----------
    now : int array, shape (n,), microseconds, ascending
    bars : Takers
        Bars of one length, ``event`` their open.
    step, width, reach : int, microseconds
        Length of a bar, of the window, and of memory.

    Returns
    -------
    float array, shape (4, n), quote currency
        Bought, sold, number of trades, and NaN: bars do not tell large trades. NaN where the
        newest bar is not of the last ``step``, a bar is absent, or one does not say.
    """
    sums = np.full((SUMS, len(now)), np.nan)
    need = width // step
    if need == 0 or width % step != 0:
        return sums
    newest = -1
    for i in range(len(now)):
        while newest + 1 < len(bars.available) and bars.available[newest + 1] <= now[i]:
            newest += 1
        first = newest - need + 1
        if first < 0 or bars.available[newest] <= now[i] - step or bars.available[first] <= now[i] - reach:
            continue
        # Events ascend by one bar a row if and only if none is absent and none is late.
        whole = True
        buy, sell, count = 0.0, 0.0, 0.0
        for j in range(first, newest + 1):
            whole = whole and bars.event[newest] - bars.event[j] == (newest - j) * step
            buy += bars.buy[j]
            sell += bars.sell[j]
            count += bars.trades[j]
        if whole:
            sums[BUY, i], sums[SELL, i], sums[COUNT, i] = buy, sell, count
    return sums


@compiled
def from_feed(now: Ints, feed: Takers, width: int, quiet: int) -> Floats:
    """Sums over the rows of a feed known in ``(now - width, now]``.

    Parameters
    ----------
    now : int array, shape (n,), microseconds, ascending
    feed : Takers
        Trades, or messages that tell what was traded since the one before.
    width, quiet : int, microseconds
        Length of the window; longest silence of a feed that is alive.

    Returns
    -------
    float array, shape (4, n), quote currency
        Bought, sold, number of trades, traded in large trades. NaN where the feed was silent too
        long before, within or after the window; bought and sold NaN where a side is not known.
    """
    sums = np.full((SUMS, len(now)), np.nan)
    first, stop = 0, 0
    for i in range(len(now)):
        while stop < len(feed.available) and feed.available[stop] <= now[i]:
            stop += 1
        while first < stop and feed.available[first] <= now[i] - width:
            first += 1
        if first == 0 or feed.available[first - 1] <= now[i] - width - quiet:
            continue
        last = feed.available[first - 1]
        alive, buy, sell, count = True, 0.0, 0.0, 0.0
        for j in range(first, stop):
            alive = alive and feed.available[j] - last <= quiet
            last = feed.available[j]
            buy += feed.buy[j]
            sell += feed.sell[j]
            count += feed.trades[j]
        if alive and now[i] - last <= quiet:
            sums[BUY, i], sums[SELL, i], sums[COUNT, i] = buy, sell, count
            sums[LARGE, i] = _large(feed, first, stop, buy + sell)
    return sums


@compiled
def _large(feed: Takers, first: int, stop: int, total: float) -> float:
    """Notional of the rows at or above :data:`LARGE_TRADE` times the mean row."""
    if np.isnan(feed.trades[first:stop]).any():
        return np.nan  # rows that are not trades have no size of a trade
    least, large = LARGE_TRADE * total / max(stop - first, 1), 0.0
    for j in range(first, stop):
        notional = feed.buy[j] + feed.sell[j]
        if notional >= least:
            large += notional
    return large


def figures(sums: Floats, width: int) -> dict[str, Floats]:
    """Features of a window from its sums.

    Parameters
    ----------
    sums : float array, shape (4, n)
    width : int, microseconds

    Returns
    -------
    dict of str to float array, shape (n,)
        ``cvd taker_buy taker_sell`` in quote currency; ``cvd_ratio`` -1 to 1; ``taker_log_ratio``;
        ``large_trade_share`` 0 to 1; ``trade_intensity`` per minute. NaN where not known.

    Examples
    --------
    >>> made = figures(np.array([[30.0], [10.0], [8.0], [20.0]]), 2 * MINUTE_US)
    >>> {name: round(float(value[0]), 3) for name, value in made.items()}  # doctest: +NORMALIZE_WHITESPACE
    {'cvd': 20.0, 'cvd_ratio': 0.5, 'taker_buy': 30.0, 'taker_sell': 10.0, 'taker_log_ratio': 1.099,
     'large_trade_share': 0.5, 'trade_intensity': 4.0}
    """
    buy, sell, count, large = sums
    with np.errstate(divide="ignore", invalid="ignore"):
        return {
            "cvd": buy - sell,
            "cvd_ratio": np.where(buy + sell > 0.0, (buy - sell) / (buy + sell), np.nan),
            "taker_buy": buy,
            "taker_sell": sell,
            "taker_log_ratio": np.where((buy > 0.0) & (sell > 0.0), np.log(buy / sell), np.nan),
            "large_trade_share": np.where(buy + sell > 0.0, large / (buy + sell), np.nan),
            "trade_intensity": count / (width / MINUTE_US),
        }
