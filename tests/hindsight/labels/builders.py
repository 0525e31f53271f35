"""Small builders for the tests of labels: minute bars of one symbol, round costs."""

import numpy as np

from alphaloop.core.market import Instrument, Market
from alphaloop.core.time import MINUTE_US, Timeframe
from alphaloop.hindsight.labels.windows import Windows, windows

NAN = float("nan")
MISSING = (NAN,) * 6
FREE = Instrument("X", taker_fee=0.0, maker_fee=0.0, slippage=0.0)
DEAR = Instrument("X", taker_fee=0.001, maker_fee=0.0004, slippage=0.01)


def make_market(*rows: tuple[float, ...]) -> Market:
    """Minute bars from open, high, low, close and perhaps volume (1) and funding rate (0)."""
    values = np.array([(*row, *(1.0, 0.0)[len(row) - 4 :]) if len(row) < 6 else row for row in rows], dtype=float)
    return Market(np.arange(len(rows)) * MINUTE_US, ("X",), values[:, None, :].copy(), Timeframe(MINUTE_US))


def flat(price: float, volume: float = 1.0) -> tuple[float, ...]:
    """A bar that never moved."""
    return (price, price, price, price, volume, 0.0)


def make_windows(horizon: int, *rows: tuple[float, ...], by: str = "time") -> Windows:
    return windows(make_market(*rows), 0, horizon, by)  # type: ignore[arg-type]
