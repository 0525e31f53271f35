"""Returns of equal periods, and the ratios made of them.

Simple returns, no risk-free rate, a year of 365 days. Calendar time counts: a day without
bars has a return of zero, so a stock's weekends and a crypto day are treated alike, and
``sqrt(365)`` is right for both. A ratio that the data cannot carry is ``None``: never
infinite, never NaN.
"""

import numpy as np

from alphaloop.core.market import Floats, Ints

MIN_PERIODS = 5  # fewer returns say nothing about a year
MIN_TAIL = 20  # fewer returns hold no 5 % tail
_NO_SPREAD = 1e-12  # of the largest return: rounding, not variation


def periodic(now: Ints, values: Floats, period_us: int) -> tuple[Ints, Floats]:
    """The first value, then the last value of every whole period of the UTC calendar.

    A value known exactly at a boundary closes the period before it, as a bar's close does.
    Periods without a value repeat the one before. The first and last period may be partial.

    Parameters
    ----------
    now : int array, shape (T,), microseconds UTC, ascending
    values : float array, shape (T,)
    period_us : int, microseconds

    Returns
    -------
    times : int array, shape (P,), microseconds UTC
        ``now[0]``, then the ends of the periods (the last one may lie after ``now[-1]``).
    values : float array, shape (P,)

    Examples
    --------
    >>> periodic(np.array([5, 10, 12, 35]), np.array([1.0, 2.0, 3.0, 4.0]), 10)
    (array([ 5, 10, 20, 30, 40]), array([1., 2., 3., 3., 4.]))
    """
    if len(now) == 0:
        return np.array([], dtype=np.int64), np.array([])
    first, last = (int(now[0]) - 1) // period_us, (int(now[-1]) - 1) // period_us
    ends = (np.arange(first, last + 1, dtype=np.int64) + 1) * period_us
    rows = np.searchsorted(now, ends, side="right") - 1
    if rows[0] == 0:  # the first period holds nothing but the starting value itself
        ends, rows = ends[1:], rows[1:]
    return np.append(now[:1], ends), np.append(values[:1], values[rows])


def simple_returns(values: Floats) -> Floats:
    """``values[t] / values[t - 1] - 1``, up to and including the first value of zero or less.

    Examples
    --------
    >>> simple_returns(np.array([100.0, 50.0, -50.0, 10.0]))
    array([-0.5, -2. ])
    """
    gone = np.flatnonzero(values <= 0)
    kept = values[: gone[0] + 1] if len(gone) else values
    return np.asarray(kept[1:] / kept[:-1] - 1.0) if len(kept) > 1 else np.array([])


def _spread(returns: Floats) -> float | None:
    """Sample standard deviation, or none when nothing varies."""
    if len(returns) < MIN_PERIODS:
        return None
    deviation = float(returns.std(ddof=1))
    return deviation if deviation > _NO_SPREAD * float(np.abs(returns).max()) else None


def volatility(returns: Floats, per_year: float) -> float | None:
    """``std(returns, ddof=1) * sqrt(per_year)``; 0 for constant returns, none below 5 returns."""
    if len(returns) < MIN_PERIODS:
        return None
    return (_spread(returns) or 0.0) * float(np.sqrt(per_year))


def sharpe(returns: Floats, per_year: float) -> float | None:
    """``mean / std(ddof=1) * sqrt(per_year)``; none below 5 returns or without variation.

    Examples
    --------
    >>> round(sharpe(np.array([0.01, -0.01, 0.02, 0.0, 0.03]), 365), 3)
    12.083
    >>> sharpe(np.zeros(100), 365) is None
    True
    """
    deviation = _spread(returns)
    return None if deviation is None else float(returns.mean() / deviation * np.sqrt(per_year))


def sortino(returns: Floats, per_year: float) -> float | None:
    """``mean / sqrt(mean(min(r, 0)^2)) * sqrt(per_year)``; none without a losing period."""
    if _spread(returns) is None:
        return None
    downside = float(np.sqrt(np.mean(np.minimum(returns, 0.0) ** 2)))
    return float(returns.mean() / downside * np.sqrt(per_year)) if downside > 0 else None


def value_at_risk(returns: Floats, level: float = 0.95) -> float | None:
    """Historical: minus the ``1 - level`` quantile (linear), a loss above zero; none below 20 returns."""
    return None if len(returns) < MIN_TAIL else -float(np.quantile(returns, 1.0 - level))


def expected_shortfall(returns: Floats, level: float = 0.95) -> float | None:
    """Minus the mean of the returns at or below the ``1 - level`` quantile (CVaR); none below 20."""
    if len(returns) < MIN_TAIL:
        return None
    return -float(returns[returns <= np.quantile(returns, 1.0 - level)].mean())


def skewness(returns: Floats) -> float | None:
    """Adjusted Fisher-Pearson G1 (as pandas, Excel); none below 20 returns or without variation."""
    if len(returns) < MIN_TAIL or _spread(returns) is None:
        return None
    n, centred = len(returns), returns - returns.mean()
    g1 = np.mean(centred**3) / np.mean(centred**2) ** 1.5
    return float(g1 * np.sqrt(n * (n - 1)) / (n - 2))


def excess_kurtosis(returns: Floats) -> float | None:
    """Unbiased G2, 0 for a normal law (as pandas, Excel); none below 20 returns or without variation."""
    if len(returns) < MIN_TAIL or _spread(returns) is None:
        return None
    n, centred = len(returns), returns - returns.mean()
    g2 = np.mean(centred**4) / np.mean(centred**2) ** 2 - 3.0
    return float((n - 1) / ((n - 2) * (n - 3)) * ((n + 1) * g2 + 6.0))
