"""Windows: what the last bars of an asset say, made anew for every bar.

Each figure at bar i is a pure function of bars ``begin .. i``, summed oldest first, where
``begin`` lies a fixed reach back or where memory began. So a feed that keeps only that
reach computes the very bits of the batch. Knows arrays of closed bars; nothing of labels.
"""

import numpy as np

from alphaloop.core.market import CLOSE, HIGH, LOW, Floats, Ints
from alphaloop.core.time import DAY_US, Timeframe
from alphaloop.features.family import compiled

CUSTOMARY = 14  # bars of Wilder's averages
LONGEST_HOLE_US = 7 * DAY_US  # longer than any exchange holiday
LONGEST_HOLE_BARS = 12
REACH = 100  # bars a Wilder average is run over: the weight of its seed is below 0.2 % by then


def longest_hole_us(timeframe: Timeframe) -> int:
    """The longest time between two opens of an asset that its memory bridges, microseconds.

    Examples
    --------
    >>> longest_hole_us(Timeframe.parse("5m")) // DAY_US, longest_hole_us(Timeframe.parse("1w")) // DAY_US
    (7, 84)
    """
    return max(LONGEST_HOLE_US, LONGEST_HOLE_BARS * timeframe.us)


@compiled
def beginnings(now: Ints, longest: int) -> Ints:
    """First row of each row's memory, (n,): it begins anew after a hole longer than ``longest``.

    Examples
    --------
    >>> beginnings(np.array([0, 1, 2, 9, 10]), 5).tolist()
    [0, 0, 0, 3, 3]
    """
    begin = np.zeros(len(now), dtype=np.int64)
    for i in range(1, len(now)):
        begin[i] = i if now[i] - now[i - 1] > longest else begin[i - 1]
    return begin


@compiled
def log_steps(close: Floats) -> Floats:
    """``log(close / close[-1])`` of each bar, (n,); NaN for the first."""
    steps = np.full(len(close), np.nan)
    for i in range(1, len(close)):
        steps[i] = np.log(close[i] / close[i - 1])
    return steps


@compiled
def wilder(bars: Floats, begin: int, i: int, n: int) -> tuple[float, float]:
    """Wilder's average true range and relative strength index at bar ``i``.

    Both are run over bars ``begin .. i`` as TA-Lib would over those bars alone.

    Parameters
    ----------
    bars : float array, shape (4 or more, m)
        Rows ``open high low close``.
    begin, i : int
        First and last bar.
    n : int, bars
        Length of the average.

    Returns
    -------
    atr : float, quote per base
    rsi : float, 0 to 100
        NaN where the price never moved; both NaN until n changes are known.
    """
    if i - begin < n:
        return np.nan, np.nan
    high, low, close, weight = bars[HIGH], bars[LOW], bars[CLOSE], 1.0 / n
    reach, gain, loss = 0.0, 0.0, 0.0
    for j in range(begin + 1, begin + n + 1):
        change = close[j] - close[j - 1]
        reach += max(high[j], close[j - 1]) - min(low[j], close[j - 1])
        gain += max(change, 0.0)
        loss += max(-change, 0.0)
    reach, gain, loss = reach * weight, gain * weight, loss * weight
    for j in range(begin + n + 1, i + 1):
        change = close[j] - close[j - 1]
        reach += (max(high[j], close[j - 1]) - min(low[j], close[j - 1]) - reach) * weight
        gain += (max(change, 0.0) - gain) * weight
        loss += (max(-change, 0.0) - loss) * weight
    moved = gain + loss
    return reach, 100.0 * (gain / moved) if moved > 0.0 else np.nan


@compiled
def drift(steps: Floats, begin: int, i: int) -> tuple[float, float]:
    """Sum of steps ``begin .. i``, and the root of the sum of their squares."""
    total, squares = 0.0, 0.0
    for j in range(begin, i + 1):
        total += steps[j]
        squares += steps[j] * steps[j]
    return total, np.sqrt(squares)


@compiled
def rank(values: Floats, begin: int, i: int) -> float:
    """Rank of value ``i`` among ``begin .. i``, itself included: (below + equal / 2) / count, 0 to 1.

    Examples
    --------
    >>> rank(np.array([1.0, 3.0, 2.0, 2.0]), 0, 3)
    0.5
    """
    below, equal, value = 0, 0, values[i]
    for j in range(begin, i + 1):
        below += values[j] < value
        equal += values[j] == value
    return (below + 0.5 * equal) / (i + 1 - begin)


@compiled
def score(values: Floats, begin: int, i: int, least: int) -> float:
    """Deviations of value ``i`` from the mean of the known ones of ``begin .. i`` (ddof 1).

    NaN where it is unknown, where fewer than ``least`` are known, or where all are equal.

    Examples
    --------
    >>> score(np.array([1.0, np.nan, 2.0, 3.0]), 0, 3, 3)
    1.0
    """
    value, count, total, squares = values[i], 0, 0.0, 0.0
    for j in range(begin, i + 1):
        away = values[j] - value  # from the value itself: no digits are lost on a large mean
        known = not np.isnan(away)
        count += known
        total += away if known else 0.0
        squares += away * away if known else 0.0
    spread = squares - total * total / count if count > 1 else 0.0
    if np.isnan(value) or count < max(least, 2) or spread <= 0.0:
        return np.nan
    deviations: float = -(total / count) / np.sqrt(spread / (count - 1))
    return deviations
