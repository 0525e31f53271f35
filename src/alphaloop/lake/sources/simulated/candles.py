"""Bars: prices on a tick grid with extremes of a continuous path, volume, takers, trades.

A bar opens where the last one closed. Given its open, close and volatility, the path
inside is a Brownian bridge, whose extremes have a closed form; high and low are drawn from
their own exact distributions, one apart from the other.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import polars as pl

from alphaloop.core.market import Floats
from alphaloop.lake.sources.simulated.config import FLOW_TO_RETURN, IMBALANCE_SCALE, SimulatedMarket
from alphaloop.lake.sources.simulated.frames import assets_and_times, by_symbol, on_grid, to_frame
from alphaloop.lake.sources.simulated.latent import Latent, draw

EXTREMES, VOLUME, TRADES = 10, 11, 12
LARGEST_IMBALANCE = 0.95  # 4.3 standard deviations: about one bar in 60 000 is cut
TURNOVER_PER_HOUR = 60e6  # quote units of the first symbol; the others trade less
MEAN_TRADE = 2000.0  # quote units


@dataclass(frozen=True, slots=True)
class Prices:
    """Open, high, low and close on the tick grid, each of shape (T, A), quote."""

    open: Floats
    high: Floats
    low: Floats
    close: Floats


@lru_cache(maxsize=1)
def prices(market: SimulatedMarket) -> Prices:
    """Walk the returns from the first price, and draw the extremes of each bar."""
    hidden = draw(market)
    close = market.first_price * np.cumprod(1.0 + hidden.returns, axis=0)
    start = np.vstack([market.first_price, close[:-1]])
    path = np.log1p(hidden.returns)
    # extremes of a bridge from 0 to path with variance v: (path +- sqrt(path^2 - 2 v log U)) / 2
    uniform = 1.0 - market.random(EXTREMES).random((2, *path.shape))
    variance = market.noise_variance * hidden.spread**2
    reach = np.sqrt(path**2 - 2.0 * variance * np.log(uniform))
    ticks = market.price_decimals
    open_, close = on_grid(start, ticks), on_grid(close, ticks)
    high = on_grid(start * np.exp((path + reach[0]) / 2), ticks)
    low = on_grid(start * np.exp((path - reach[1]) / 2), ticks)
    return Prices(open_, np.maximum(high, np.maximum(open_, close)), np.minimum(low, np.minimum(open_, close)), close)


def imbalance(hidden: Latent) -> Floats:
    """``2 * taker_buy / volume - 1`` before rounding, shape (T, A)."""
    c = FLOW_TO_RETURN
    standard = c * hidden.shock + np.sqrt(1 - c * c) * hidden.private_flow
    return np.asarray(np.clip(IMBALANCE_SCALE * standard, -LARGEST_IMBALANCE, LARGEST_IMBALANCE))


def market_bars(market: SimulatedMarket) -> pl.DataFrame:
    """The table ``market_bars``: T * A rows."""
    hidden, price = draw(market), prices(market)
    mean_price = (price.open + price.high + price.low + price.close) / 4
    lots = market.quantity_decimals
    volume = on_grid(_turnover(market, hidden) / mean_price, lots) + 10.0**-lots
    volume = on_grid(volume, lots)
    bought = on_grid(volume * (1 + imbalance(hidden)) / 2, lots)
    turnover = volume * mean_price
    sizes = market.random(TRADES).standard_normal(turnover.shape)
    count = np.maximum(1, np.rint(turnover / MEAN_TRADE * np.exp(0.2 * sizes)))
    asset, opened = assets_and_times(market, market.ts)
    cents = np.full(len(market.symbols), 4)
    columns = {
        "open": price.open,
        "high": price.high,
        "low": price.low,
        "close": price.close,
        "volume": volume,
        "quote_volume": on_grid(turnover, cents),
        "trades": count,
        "taker_buy_volume": bought,
        "taker_buy_quote_volume": on_grid(bought * mean_price, cents),
    }
    rows: dict[str, Any] = {"asset": asset, "event_time": opened, "available_at": opened + market.interval.us}
    return to_frame("market_bars", market, rows | {name: by_symbol(value) for name, value in columns.items()})


def _turnover(market: SimulatedMarket, hidden: Latent) -> Floats:
    """Quote volume of each bar, (T, A): more when volatile, and more when the price has moved."""
    share = 1.0 / (1.0 + np.arange(len(market.symbols)))
    base = TURNOVER_PER_HOUR * market.interval.us / 3.6e9 * share
    own = market.random(VOLUME).standard_normal(hidden.shock.shape)
    return np.asarray(base * hidden.spread * np.exp(0.6 * own + 0.3 * (np.abs(hidden.shock) - 0.8)))
