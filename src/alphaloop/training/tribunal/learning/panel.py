"""A small training table made from the scene's bars: lagged returns, and a forward return of twelve bars.

By time, then symbol, as a lake hands rows out; holes and a delisted symbol included.
"""

from dataclasses import dataclass

import numpy as np

from alphaloop.core.market import CLOSE, FUNDING, VOLUME, Bools, Floats, Instrument, Ints, Market
from alphaloop.core.time import HOUR_US, Timeframe
from alphaloop.hindsight.labels import forward, windows
from alphaloop.training.tribunal.registered import to_market
from alphaloop.training.tribunal.scene import CLOCK, SYMBOLS
from alphaloop.training.tribunal.subject import Frames

HORIZON = 12  # bars
LAGS = (1, 3, 6, 24)
STEP_US = HOUR_US // 2  # of the scene
EMBARGO_US = (LAGS[-1] + 12) * STEP_US  # longer than the memory of any feature, holes included
WIDTH = len(LAGS) + 2


@dataclass(frozen=True, slots=True)
class Panel:
    """Rows that can be learned from.

    Parameters
    ----------
    symbol : int array, shape (n,)
    start, end : int array, shape (n,), microseconds UTC
        Of the label.
    X : float array, shape (n, WIDTH)
    y : float array, shape (n,), fraction
    """

    symbol: Ints
    start: Ints
    end: Ints
    X: Floats
    y: Floats

    def rows(self, chosen: Bools | Ints) -> "Panel":
        """Some of the rows."""
        return Panel(self.symbol[chosen], self.start[chosen], self.end[chosen], self.X[chosen], self.y[chosen])


def make_panel(frames: Frames) -> Panel:
    """The table of the given facts; a row whose features or label are not all known is left out.

    Examples
    --------
    >>> from alphaloop.training.tribunal.scene import make_scene
    >>> panel = make_panel(make_scene(days=3).frames)
    >>> panel.X.shape[1] == WIDTH, bool((panel.end > panel.start).all())
    (True, True)
    """
    market = with_funding(frames)
    close, volume = market.values[:, :, CLOSE], market.values[:, :, VOLUME]
    columns = [close / _back(close, lag) - 1 for lag in LAGS]
    with np.errstate(divide="ignore", invalid="ignore"):
        columns += [np.log(volume / _back(volume, LAGS[-1])), _hour(market)]
    X = np.stack(columns, axis=-1)
    label, end = np.full(close.shape, np.nan), np.zeros(close.shape, dtype=np.int64)
    for asset, symbol in enumerate(market.symbols):
        found = forward(windows(market, asset, HORIZON), Instrument(symbol))
        label[:, asset], end[:, asset] = found.fwd_ret, found.end
    rows, assets = np.nonzero(np.isfinite(X).all(axis=-1) & np.isfinite(label))
    start = market.ts[rows] + market.timeframe.us
    return Panel(assets, start, end[rows, assets], X[rows, assets], label[rows, assets])


def with_funding(frames: Frames) -> Market:
    """The bars on one clock; where funding rates are given, those that were paid when a bar opened."""
    market = to_market(frames[CLOCK], SYMBOLS, Timeframe(STEP_US))
    rates = frames.get("funding_rates")
    if rates is None or len(market) == 0:
        return market
    values = market.values.copy()
    paid = rates["event_time"].to_physical().to_numpy()
    place = np.minimum(np.searchsorted(market.ts, paid), len(market) - 1)
    there = market.ts[place] == paid
    asset = np.array([SYMBOLS.index(one) for one in rates["symbol"]], dtype=np.int64)
    values[place[there], asset[there], FUNDING] = rates["rate"].to_numpy()[there]
    return Market(market.ts, market.symbols, values, market.timeframe)


def _back(values: Floats, lag: int) -> Floats:
    """``values`` of so many rows before, shape (T, A)."""
    moved = np.full(values.shape, np.nan)
    moved[lag:] = values[: max(len(values) - lag, 0)]
    return moved


def _hour(market: Market) -> Floats:
    """Hour of the day at each close."""
    hour = (market.ts + market.timeframe.us) // HOUR_US % 24
    return np.repeat(hour[:, None], len(market.symbols), axis=1).astype(np.float64)


def probe(scale: float = 0.02) -> Floats:
    """Inputs to predict on that come from no table, shape (64, WIDTH)."""
    random = np.random.default_rng(11)
    made = random.normal(0.0, scale, (64, WIDTH))
    made[:, -2:] = np.stack([random.normal(0, 0.5, 64), random.integers(0, 24, 64)], axis=1)
    return np.asarray(made)
