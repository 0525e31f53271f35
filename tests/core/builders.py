"""Small builders for the tests of the ground floor."""

import numpy as np

from alphaloop.core.account import AccountView
from alphaloop.core.market import Market
from alphaloop.core.time import Timeframe

NAN = float("nan")


def make_view(held: float = 0.0, mark: float = 100.0, equity: float = 1000.0, symbol: str = "X") -> AccountView:
    """An account of one symbol that holds ``held`` units at ``mark``."""
    columns = (np.array([value]) for value in (held, mark, mark, abs(held) * mark))
    return AccountView((symbol,), equity, equity, equity, *columns)


def make_market(rows: list[list[float]], ts: list[int] | None = None) -> Market:
    """A market of one symbol from (open, high, low, close, volume, funding) rows, one minute apart."""
    minute = Timeframe.parse("1m")
    times = np.array(ts if ts is not None else [i * minute.us for i in range(len(rows))], dtype=np.int64)
    return Market(times, ("X",), np.array(rows, dtype=float).reshape(len(rows), 1, 6), minute)
