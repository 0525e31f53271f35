"""Drawdowns: how far below its best the equity fell, and how long until it was back.

Depth is a positive fraction of the peak: 0.25 is a quarter lost. A drawdown starts at the
peak, reaches its trough, and ends when the peak is reached again, or never.
"""

import numpy as np
import polars as pl

from alphaloop.core.market import Floats, Ints
from alphaloop.core.time import DAY_US

_TIME = pl.Datetime("us", "UTC")
SCHEMA = {
    "start": _TIME,
    "trough": _TIME,
    "recovery": _TIME,  # null while it lasts
    "depth": pl.Float64(),
    "bars": pl.Int64(),  # from the peak to recovery, or to the end
    "days": pl.Float64(),
}


def underwater(equity: Floats) -> Floats:
    """Loss from the running peak, shape (T,), fraction of the peak, >= 0.

    Examples
    --------
    >>> underwater(np.array([100.0, 80.0, 120.0]))
    array([0. , 0.2, 0. ])
    """
    peak = np.maximum.accumulate(equity)
    positive = peak > 0
    return np.where(positive, 1.0 - equity / np.where(positive, peak, 1.0), 0.0)


def drawdowns(now: Ints, equity: Floats, worst: int | None = None) -> pl.DataFrame:
    """Every stretch below a peak, deepest first.

    Parameters
    ----------
    now : int array, shape (T,), microseconds UTC
    equity : float array, shape (T,), quote currency
    worst : int, optional
        Keep only so many.

    Returns
    -------
    polars.DataFrame
        Columns of :data:`SCHEMA`.

    Examples
    --------
    >>> day = np.arange(4) * DAY_US
    >>> drawdowns(day, np.array([100.0, 75.0, 90.0, 110.0])).select("depth", "bars", "days").row(0)
    (0.25, 3, 3.0)
    """
    depth = underwater(equity)
    below = np.concatenate(([False], depth > 0, [False]))
    edges = np.flatnonzero(np.diff(below.astype(np.int8)))
    first, after = edges[::2], edges[1::2]
    if len(first) == 0:
        return pl.DataFrame(schema=SCHEMA)
    lowest = np.maximum.reduceat(np.append(depth, 0.0), edges)[::2]
    order = np.argsort(-lowest, kind="stable")[:worst]
    return pl.DataFrame([_row(now, depth, first[i], after[i]) for i in order], schema=SCHEMA, orient="row")


def _row(now: Ints, depth: Floats, first: int, after: int) -> tuple[int, int, int | None, float, int, float]:
    """``first`` is the first row below the peak, ``after`` the first row back at it."""
    trough = first + int(np.argmax(depth[first:after]))
    end = min(after, len(now) - 1)
    recovery = int(now[after]) if after < len(now) else None
    start = int(now[first - 1])
    days = (int(now[end]) - start) / DAY_US
    return start, int(now[trough]), recovery, float(depth[trough]), int(end - first + 1), days
