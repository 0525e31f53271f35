"""Small builders for the tests of the oracle: minute bars, tapes, and all plans there are."""

from itertools import product

import numpy as np
from hypothesis import strategies as st

from alphaloop.core.market import Floats, Instrument, Market
from alphaloop.core.time import MINUTE_US, Timeframe
from alphaloop.execution.simulator import layout as at
from alphaloop.execution.simulator.batch import BatchResult, simulate, targets

NAN = float("nan")
MISSING = [NAN] * 6
FREE = Instrument("X", taker_fee=0.0, slippage=0.0)
CASH = 100_000.0


def market_of(*columns: list[list[float]]) -> Market:
    """Minute bars from one list of (open, high, low, close, volume, funding) rows per symbol."""
    values = np.array(columns, dtype=float).transpose(1, 0, 2).copy()
    symbols = ("X", "Y", "Z")[: len(columns)]
    return Market(np.arange(len(values)) * MINUTE_US, symbols, values, Timeframe(MINUTE_US))


def steady(*prices: float) -> Market:
    """Bars that open and close at one price."""
    return market_of([[price, price, price, price, 1.0, 0.0] for price in prices])


@st.composite
def rows(draw):
    kind = draw(st.integers(0, 7))
    if kind == 0:
        return MISSING
    price = st.integers(90, 110).map(float)
    start, end = draw(price), draw(price)
    rate = draw(st.sampled_from([0.0, 0.0, 0.001, -0.01]))
    if kind == 1:
        return [start, start, start, start, 0.0, rate]
    return [start, max(start, end) + 1, min(start, end) - 1, end, 1.0, rate]


@st.composite
def instruments(draw, symbol: str = "X"):
    return Instrument(
        symbol,
        taker_fee=draw(st.sampled_from([0.0, 0.0005, 0.02])),
        slippage=draw(st.sampled_from([0.0, 0.0001, 0.03])),
        min_notional=draw(st.sampled_from([0.0, 0.0, 120.0])),
    )


def held(result: BatchResult) -> Floats:
    """Positions after each bar, (T, A), from the fills."""
    traded = np.zeros(result.market.values.shape[:2])
    for row in result.rows:
        traded[int(row[at.F_BAR]), int(row[at.F_ASSET])] += row[at.F_QUANTITY]
    return np.cumsum(traded, axis=0)


def every_path(market: Market, instrument: Instrument, levels: Floats) -> dict[tuple[float, ...], float]:
    """Profit of every position path the simulator can be made to walk, by walking it."""
    found = {}
    for plan in product(levels.tolist(), repeat=len(market) - 1):
        wanted = np.array([*plan, NAN])[:, None]
        result = simulate(market, targets(wanted, units=True), [instrument], CASH)
        found[tuple(held(result)[:, 0].tolist())] = float(result.equity[-1]) - CASH
    return found
