"""Marks: the last known price of each symbol, and what merely holding them would have paid.

A symbol without a bar keeps its last price; before its first bar it has none (NaN).
"""

import numpy as np

from alphaloop.core.market import Floats


def carry_forward(prices: Floats) -> Floats:
    """Fill each hole with the last value above it; leading holes stay NaN.

    Parameters
    ----------
    prices : float array, shape (T, A), quote per base

    Returns
    -------
    float array, shape (T, A)

    Examples
    --------
    >>> carry_forward(np.array([[np.nan], [2.0], [np.nan]]))[:, 0]
    array([nan,  2.,  2.])
    """
    rows = np.where(np.isnan(prices), 0, np.arange(len(prices))[:, None])
    np.maximum.accumulate(rows, axis=0, out=rows)
    return np.take_along_axis(prices, rows, axis=0)


def buy_and_hold(prices: Floats, cost: float = 0.0) -> Floats:
    """Value of one unit of money split equally over the symbols and never touched again.

        value[t] = mean over symbols of (1 - cost) * mark[t] / first mark

    The part of a symbol that has not started yet waits in cash; a delisted symbol stays
    at its last price. No funding, no exit cost.

    Parameters
    ----------
    prices : float array, shape (T, A), quote per base
        NaN where a symbol has no bar.
    cost : float, fraction of notional
        Paid once, on entry.

    Returns
    -------
    float array, shape (T,), starts at 1

    Examples
    --------
    >>> buy_and_hold(np.array([[100.0, np.nan], [110.0, 50.0], [120.0, 25.0]]))
    array([1.  , 1.05, 0.85])
    """
    if prices.size == 0:
        return np.ones(len(prices))
    marks = carry_forward(prices)
    known = ~np.isnan(marks)
    first = np.where(known.any(axis=0), known.argmax(axis=0), 0)
    base = marks[first, np.arange(marks.shape[1])]
    grown = np.where(known, marks / base * (1.0 - cost), 1.0)
    grown[0] = 1.0  # bought after the first look, so the first value is what was paid in
    return np.asarray(grown.mean(axis=1))
