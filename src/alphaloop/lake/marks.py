"""Mark prices for a market: the lowest and highest by which its venue judged margins in each bar.

Read from the table ``prices`` (kind ``mark``) of the venue each symbol's bars are from. Candles of the
market's own timeframe or of one that divides it are used; coarser ones are not, because they do not
say in which bar their low came. A bar is known only where every candle in it is.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from alphaloop.core.market import CLOSE, Floats, Ints, Market
from alphaloop.core.time import Timeframe
from alphaloop.lake.table import Lake


@dataclass(frozen=True, slots=True)
class Marks:
    """Mark prices laid on a market.

    Parameters
    ----------
    values : float array, shape (T, A, 2)
        Lowest and highest; NaN where it is not known.
    timeframes : mapping of symbol to timeframe
        Of the candles; a symbol without any is not in it.
    known : mapping of symbol to float
        Share of the symbol's bars that have a mark, 0 to 1.
    """

    values: Floats
    timeframes: Mapping[str, str]
    known: Mapping[str, float]

    def words(self, symbol: str) -> str:
        """By which price a symbol is liquidated, for people."""
        if symbol not in self.timeframes:
            return "traded prices"
        part = self.known[symbol]
        rest = "" if part == 1 else f" where known ({part:.1%} of bars), else traded prices"
        return f"mark price, {self.timeframes[symbol]} candles{rest}"


def load_marks(lake: Lake, market: Market) -> Marks:
    """The mark prices that the lake has for a market's bars.

    Parameters
    ----------
    lake : Lake
    market : Market
        With the venue of each symbol in ``sources``.

    Returns
    -------
    Marks

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> values = np.full((1, 1, 6), 10.0)
    >>> market = Market(np.array([0]), ("X",), values, Timeframe(60_000_000), {"X": "binance"})
    >>> load_marks(Lake(Path(tempfile.mkdtemp())), market).words("X")
    'traded prices'
    """
    values = np.full((len(market), len(market.symbols), 2), np.nan)
    timeframes, known = {}, {}
    for asset, symbol in enumerate(market.symbols):
        rows = _candles(lake, market, symbol)
        usable = sorted(
            (step for name in rows["timeframe"].unique() if _divides(step := Timeframe.parse(name), market.timeframe)),
            key=lambda step: step.us,
        )
        if not usable:
            continue
        best = usable[-1]  # the coarsest that fits: the fewest rows for the same two numbers
        own = rows.filter(pl.col("timeframe") == str(best)).sort("event_time")
        values[:, asset] = _per_bar(market, own, market.timeframe.us // best.us)
        there = ~np.isnan(market.values[:, asset, CLOSE])
        values[~there, asset] = np.nan
        timeframes[symbol] = str(best)
        known[symbol] = float(np.mean(~np.isnan(values[there, asset, 0]))) if there.any() else 0.0
    return Marks(values, timeframes, known)


def _divides(step: Timeframe, whole: Timeframe) -> bool:
    return step.us <= whole.us and whole.us % step.us == 0


def _candles(lake: Lake, market: Market, symbol: str) -> pl.DataFrame:
    if len(market) == 0:
        return pl.DataFrame({"timeframe": []}, schema={"timeframe": pl.String})
    first, last = int(market.ts[0]), int(market.ts[-1]) + market.timeframe.us
    found = lake.scan("prices", symbols=[symbol], venue=market.sources.get(symbol), start=first, end=last)
    marks = found.filter(pl.col("kind") == "mark")
    return marks.select("timeframe", "event_time", "low", "high").collect()


def _per_bar(market: Market, candles: pl.DataFrame, needed: int) -> Floats:
    """Lowest and highest of the ``needed`` candles inside each bar, shape (T, 2); NaN where one is missing."""
    opened: Ints = candles["event_time"].to_physical().to_numpy()
    bar = np.searchsorted(market.ts, opened, side="right") - 1
    inside = (bar >= 0) & (opened < market.ts[np.maximum(bar, 0)] + market.timeframe.us)
    bar, low, high = bar[inside], candles["low"].to_numpy()[inside], candles["high"].to_numpy()[inside]
    bounds = np.full((len(market), 2), (np.inf, -np.inf))
    np.minimum.at(bounds[:, 0], bar, low)
    np.maximum.at(bounds[:, 1], bar, high)
    complete = np.bincount(bar, minlength=len(market)) >= needed
    return np.where(complete[:, None], bounds, np.nan)
