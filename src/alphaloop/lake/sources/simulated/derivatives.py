"""What stands beside the bars: order books, open interest, funding and chain flow.

Each row has its own delay between being so and being known. Books and interest are
taken at bar closes; funding settles every eight hours UTC; the chain reports by day.
"""

from typing import Any

import numpy as np
import polars as pl

from alphaloop.core.market import Floats, Ints
from alphaloop.core.time import DAY_US, HOUR_US, SECOND_US
from alphaloop.lake.sources.simulated.candles import prices
from alphaloop.lake.sources.simulated.config import SimulatedMarket
from alphaloop.lake.sources.simulated.frames import assets_and_times, by_symbol, on_grid, to_frame
from alphaloop.lake.sources.simulated.latent import autoregress, draw

BOOK, INTEREST, FUNDING, CHAIN = 20, 21, 22, 23
BOOK_DELAY_US = SECOND_US // 4
INTEREST_DELAY_US = 5 * SECOND_US
CHAIN_DELAY_US = 6 * HOUR_US  # after the end of the day
FUNDING_US = 8 * HOUR_US
FUNDING_CAP = 0.0075  # fraction of notional, either way
BOOK_TO_FLOW = 0.6  # correlation of a book's imbalance with the bar's private flow
HALF_SPREAD = 0.5e-4  # fraction of price in a market of average volatility


def orderbook_l2(market: SimulatedMarket) -> pl.DataFrame:
    """The table ``orderbook_l2``: a snapshot every ``book_every`` bars, at the close."""
    rows = _sampled(market, market.sampling.book_every)
    hidden, levels = draw(market), market.sampling.book_levels
    random, scale = market.random(BOOK), 10.0**market.price_decimals
    middle = np.rint(prices(market).close[rows] * scale)
    spread = np.maximum(1, np.rint(HALF_SPREAD * hidden.spread[rows] * middle))
    lean = BOOK_TO_FLOW * hidden.private_flow[rows]
    lean = np.tanh(0.3 * (lean + np.sqrt(1 - BOOK_TO_FLOW**2) * random.standard_normal(lean.shape)))
    asset, closed = assets_and_times(market, market.ts[rows] + market.interval.us)
    sides: dict[str, Any] = {}
    for name, sign in (("bid", -1), ("ask", 1)):
        steps = 1 + random.poisson(1.0, (*middle.shape, levels))
        steps[..., 0] = 1
        ticks = middle[..., None] + sign * spread[..., None] * np.cumsum(steps, axis=2)
        size = _depth(market, levels) * (1 - sign * lean[..., None]) * random.gamma(4.0, 0.25, steps.shape)
        lots = 10.0 ** market.quantity_decimals[:, None]
        sides[f"{name}_price"] = _lists(np.maximum(ticks, 1) / scale[:, None])
        sides[f"{name}_qty"] = _lists(np.maximum(np.rint(size * lots), 1) / lots)
    return to_frame(
        "orderbook_l2",
        market,
        {
            "asset": asset,
            "kind": pl.Series(["snapshot"], dtype=pl.String).gather(np.zeros_like(asset)),
            "sequence": np.tile(np.arange(len(rows)), len(market.symbols)),
            "event_time": closed,
            "available_at": closed + BOOK_DELAY_US,
            "timeframe": pl.Series([_cadence(market)], dtype=pl.String).gather(np.zeros_like(asset)),
            "precision": pl.Series(["second"], dtype=pl.String).gather(np.zeros_like(asset)),
            **sides,
        },
    )


def open_interest(market: SimulatedMarket) -> pl.DataFrame:
    """The table ``open_interest``: every ``interest_every`` bars, slowly returning to its mean."""
    rows = _sampled(market, market.sampling.interest_every)
    price = prices(market).close[rows]
    moves = 0.01 * draw(market).spread[rows] * market.random(INTEREST).standard_normal(price.shape)
    contracts = 5e8 / (1.0 + np.arange(len(market.symbols))) / market.first_price
    held = on_grid(contracts * np.exp(autoregress(moves, 0.99)), market.quantity_decimals)
    asset, closed = assets_and_times(market, market.ts[rows] + market.interval.us)
    return to_frame(
        "open_interest",
        market,
        {
            "asset": asset,
            "event_time": closed,
            "available_at": closed + INTEREST_DELAY_US,
            "oi_base": by_symbol(held),
            "oi_usd": by_symbol(on_grid(held * price, np.full(price.shape[1], 2))),
        },
    )


def funding_rates(market: SimulatedMarket) -> pl.DataFrame:
    """The table ``funding_rates``: mean zero, an AR(1) between settlements, clamped."""
    times = settlements(market)
    phi = market.planted.funding_persistence
    noise = market.random(FUNDING).standard_normal((len(times), len(market.symbols)))
    noise[1:] *= np.sqrt(1 - phi**2)
    rate = np.clip(market.sampling.funding_bp / 1e4 * autoregress(noise, phi), -FUNDING_CAP, FUNDING_CAP)
    asset, settled = assets_and_times(market, times)
    return to_frame(
        "funding_rates",
        market,
        {
            "asset": asset,
            "event_time": settled,
            "available_at": settled,
            "rate": by_symbol(on_grid(rate, np.full(rate.shape[1], 8))),
            "interval_hours": np.full(len(asset), FUNDING_US / HOUR_US),
        },
    )


def onchain_signals(market: SimulatedMarket) -> pl.DataFrame:
    """The table ``onchain_signals``: each day's net flow to exchanges in USD, known six hours after the day.

    It answers the same day's return (people sell into a fall) and says nothing of the next.
    """
    per_day = DAY_US // market.interval.us
    days = market.ts[::per_day]
    shocks = draw(market).shock.reshape(len(days), per_day, -1).sum(axis=1) / np.sqrt(per_day)
    own = market.random(CHAIN).standard_normal(shocks.shape)
    flow = 2e6 / np.sqrt(1.0 + np.arange(shocks.shape[1])) * (0.8 * own - 0.6 * shocks)
    asset, opened = assets_and_times(market, days)
    return to_frame(
        "onchain_signals",
        market,
        {
            "asset": asset,
            "metric": pl.Series(["netflow"], dtype=pl.String).gather(np.zeros_like(asset)),
            "event_time": opened,
            "available_at": opened + DAY_US + CHAIN_DELAY_US,
            "value": by_symbol(on_grid(flow, np.full(flow.shape[1], 2))),
        },
    )


def settlements(market: SimulatedMarket) -> Ints:
    """Funding instants after the start, up to and with the end, shape (S,), microseconds."""
    return np.arange(market.start + FUNDING_US, market.start + market.days * DAY_US + 1, FUNDING_US)


def _sampled(market: SimulatedMarket, every: int) -> Ints:
    return np.arange(every - 1, market.bars, every)


def _cadence(market: SimulatedMarket) -> str:
    return str(type(market.interval)(market.interval.us * market.sampling.book_every))


def _depth(market: SimulatedMarket, levels: int) -> Floats:
    """Mean quantity at each level, base units, shape (A, levels): deeper away from the price."""
    quote = 2e5 / (1.0 + np.arange(len(market.symbols)))
    return (quote / market.first_price)[:, None] * (1.0 + 0.3 * np.arange(levels))


def _lists(values: Floats) -> pl.Series:
    """Values (T, A, levels) as one list per row, symbol after symbol."""
    flat = np.ascontiguousarray(values.transpose(1, 0, 2)).reshape(-1, values.shape[2])
    return pl.Series(flat).arr.to_list()
